//! Reading one content block of the inner request, with its `cache_control`.

use super::notes::Notes;
use crate::shared::block::{Block, cites, mark};
use crate::shared::run;
use ccr_plugin::messages::json::Value;

/// A block, and its `cache_control` if it is kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Marked<'d> {
    pub(super) block: Block<'d>,
    pub(super) mark: Option<Value<'d>>,
}

pub(super) type Run<'d> = run::Run<Marked<'d>>;

impl<'d> Marked<'d> {
    pub(super) fn read(value: Value<'d>, notes: &mut Notes) -> Option<Self> {
        let block = read(value, notes)?;
        Some(Self { block, mark: mark(value).filter(|_| notes.keep_cache_control) })
    }
}

/// The block alone; marks are noted where they are not kept.
pub(super) fn read<'d>(value: Value<'d>, notes: &mut Notes) -> Option<Block<'d>> {
    Block::read(value, |key, member| match key {
        "cache_control" if !member.is_null() => notes.cache_control(),
        "citations" if cites(member) => notes.dropped("citations"),
        _ => {}
    })
}
