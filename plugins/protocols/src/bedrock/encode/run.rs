//! Messages that belong together: those of the assistant in a row, and those of everybody else between two of them.
//!
//! The results that answer an assistant's calls may be spread over several messages, and Converse wants all of them in the
//! message behind the calls.

use crate::shared::block::{Block, cites, mark};
use crate::shared::notes::Notes;
use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Kind, Str, Value};

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

/// A block, who said it, and its `cache_control`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Said<'d> {
    pub(super) role: Role,
    pub(super) block: Block<'d>,
    pub(super) mark: Option<Value<'d>>,
}

#[derive(Debug, Default)]
pub(super) struct Run<'d> {
    said: Vec<Said<'d>>,
    /// Who spoke first, even without a word.
    first: Option<Role>,
}

impl<'d> Run<'d> {
    /// Whether a message of this role begins another run.
    pub(super) fn ends_before(&self, role: Role) -> bool {
        self.first.is_some_and(|first| (first == Role::Assistant) != (role == Role::Assistant))
    }

    pub(super) fn is_assistant(&self) -> bool {
        self.first == Some(Role::Assistant)
    }

    pub(super) fn add(&mut self, role: Role, content: Option<Value<'d>>, notes: &mut Notes) {
        self.first.get_or_insert(role);
        match content {
            Some(list) if list.kind() == Kind::Array => list.items().for_each(|value| self.read(role, value, notes)),
            Some(single) => self.read(role, single, notes),
            None => {}
        }
    }

    fn read(&mut self, role: Role, value: Value<'d>, notes: &mut Notes) {
        if let Some(block) = read(value, notes) {
            self.said.push(Said { role, block, mark: mark(value) });
        }
    }

    pub(super) fn clear(&mut self) {
        self.said.clear();
        self.first = None;
    }

    pub(super) fn said(&self) -> &[Said<'d>] {
        &self.said
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
