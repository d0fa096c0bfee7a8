//! Messages that belong together: those of the assistant in a row, and those of everybody else between two of them.
//!
//! The results that answer an assistant's calls may be spread over several messages, and models expect them right behind
//! the calls.

use super::block;
use crate::shared::block::Block;
use crate::shared::notes::Notes;
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

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::System => "system",
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Run<'d> {
    blocks: Vec<Block<'d>>,
    messages: Vec<(Role, Range<usize>)>,
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
                self.blocks.extend(list.items().filter_map(|block| block::read(block, notes)));
            }
            Some(single) => self.blocks.extend(block::read(single, notes)),
            None => {}
        }
        self.messages.push((role, start..self.blocks.len()));
    }

    pub(super) fn clear(&mut self) {
        self.blocks.clear();
        self.messages.clear();
    }

    /// The messages: role, and the blocks with their number in the run.
    pub(super) fn messages(&self) -> impl Iterator<Item = (Role, impl Iterator<Item = (usize, Block<'d>)>)> {
        self.messages.iter().map(|(role, range)| {
            let blocks = self.blocks.get(range.clone()).unwrap_or_default();
            (*role, range.clone().zip(blocks.iter().copied()))
        })
    }
}
