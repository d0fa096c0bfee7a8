//! Messages that belong together: those of the assistant in a row, and those of everybody else between two of them.
//!
//! Anthropic joins neighbours of one role; and the results that answer an assistant's calls may be spread over several
//! messages, while OpenAI wants all of them right behind the calls.

use super::block::Block;
use super::notes::Notes;
use crate::shared::block::mark;
use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Kind, Str, Value};
use std::ops::Range;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    User,
    Assistant,
    System,
}

impl Role {
    pub(super) fn of(index: usize, message: Value<'_>) -> Result<Self, Fault> {
        let role = message.get("role").and_then(Value::as_str).map(Str::decode).unwrap_or_default();
        match &*role {
            "user" => Ok(Self::User),
            "assistant" => Ok(Self::Assistant),
            "system" | "developer" => Ok(Self::System),
            other => Err(Fault::invalid(format!(
                "messages.{index}.role: `{other}` is not a role; use `user`, `assistant` or `system`."
            ))),
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Run<'d> {
    blocks: Vec<Block<'d>>,
    messages: Vec<(Role, Range<usize>)>,
    /// Each block's `cache_control`, by its number; only where they are kept.
    marks: Vec<(usize, Value<'d>)>,
}

impl<'d> Run<'d> {
    /// Whether a message of this role begins another run.
    pub(super) fn ends_before(&self, role: Role) -> bool {
        self.messages.first().is_some_and(|(first, _)| (*first == Role::Assistant) != (role == Role::Assistant))
    }

    pub(super) fn is_assistant(&self) -> bool {
        self.messages.first().is_some_and(|(first, _)| *first == Role::Assistant)
    }

    pub(super) fn add(&mut self, role: Role, content: Option<Value<'d>>, notes: &mut Notes) {
        let start = self.blocks.len();
        match content {
            Some(list) if list.kind() == Kind::Array => {
                list.items().for_each(|block| self.add_block(block, notes));
            }
            Some(single) => self.add_block(single, notes),
            None => {}
        }
        self.messages.push((role, start..self.blocks.len()));
    }

    fn add_block(&mut self, value: Value<'d>, notes: &mut Notes) {
        let Some(block) = Block::read(value, notes) else { return };
        if notes.keep_cache_control {
            self.marks.extend(mark(value).map(|mark| (self.blocks.len(), mark)));
        }
        self.blocks.push(block);
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
        self.blocks.clear();
        self.messages.clear();
    }

    /// All blocks with their number in the run.
    pub(super) fn blocks(&self) -> impl Iterator<Item = (usize, Block<'d>)> {
        self.blocks.iter().copied().enumerate()
    }

    /// The messages: role, and the blocks with their number in the run.
    pub(super) fn messages(&self) -> impl Iterator<Item = (Role, impl Iterator<Item = (usize, Block<'d>)> + Clone)> {
        self.messages.iter().map(|(role, range)| {
            let blocks = self.blocks.get(range.clone()).unwrap_or_default();
            (*role, range.clone().zip(blocks.iter().copied()))
        })
    }
}
