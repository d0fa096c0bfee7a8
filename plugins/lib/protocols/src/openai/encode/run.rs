//! A run of messages, and the `cache_control` of its blocks.

use super::block::Block;
use super::notes::Notes;
use crate::shared::block::mark;
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
            let block = Block::read(value, notes)?;
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
