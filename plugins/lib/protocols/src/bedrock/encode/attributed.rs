//! What is said, by whom, and where a cache shall end.

use crate::shared::block::{Block, cites, mark};
use crate::shared::notes::Notes;
use crate::shared::run::Role;
use ccr_plugin::messages::json::Value;

/// A block, who said it, and its `cache_control`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attributed<'d> {
    pub(super) role: Role,
    pub(super) block: Block<'d>,
    pub(super) mark: Option<Value<'d>>,
}

impl<'d> Attributed<'d> {
    pub(super) fn read(role: Role, value: Value<'d>, notes: &mut Notes) -> Option<Self> {
        read(value, notes).map(|block| Self { role, block, mark: mark(value) })
    }
}

/// Reads a block; only the citations of a text are lost.
pub(super) fn read<'d>(value: Value<'d>, notes: &mut Notes) -> Option<Block<'d>> {
    Block::read(value, |key, member| {
        if key == "citations" && cites(member) {
            notes.dropped("citations");
        }
    })
}
