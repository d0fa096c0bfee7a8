//! A run of messages, its blocks, and the `cache_control` of these.

use super::notes::Notes;
use crate::shared::block::{Block, cites, mark};
use crate::shared::run::{self, Role};
use ccr_plugin::messages::json::Value;
use std::ops::Deref;

#[derive(Debug, Default)]
pub(super) struct Run<'d> {
    run: run::Run<Block<'d>>,
    /// Each block's `cache_control`, by its number; only where they are kept.
    marks: Vec<(usize, Value<'d>)>,
}

impl<'d> Deref for Run<'d> {
    type Target = run::Run<Block<'d>>;

    fn deref(&self) -> &Self::Target {
        &self.run
    }
}

impl<'d> Run<'d> {
    pub(super) fn add(&mut self, role: Role, content: Option<Value<'d>>, notes: &mut Notes) {
        let mut number = self.run.list().len();
        self.run.add(role, content, |value| {
            let block = read(value, notes)?;
            if notes.keep_cache_control {
                self.marks.extend(mark(value).map(|mark| (number, mark)));
            }
            number += 1;
            Some(block)
        });
    }

    /// The `cache_control` of a block, if it is kept.
    pub(super) fn mark(&self, number: usize) -> Option<Value<'d>> {
        self.marks.iter().find(|(marked, _)| *marked == number).map(|(_, mark)| *mark)
    }

    /// The last one of all blocks.
    pub(super) fn last_mark(&self) -> Option<Value<'d>> {
        self.marks.last().map(|(_, mark)| *mark)
    }

    pub(super) fn clear(&mut self) {
        self.marks.clear();
        self.run.clear();
    }
}

/// Reads a block; marks of caches are noted where they are not kept.
pub(super) fn read<'d>(value: Value<'d>, notes: &mut Notes) -> Option<Block<'d>> {
    Block::read(value, |key, member| match key {
        "cache_control" if !member.is_null() => notes.cache_control(),
        "citations" if cites(member) => notes.dropped("citations"),
        _ => {}
    })
}
