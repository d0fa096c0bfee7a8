//! The list `contents`: turns of `user` and `model`, which must alternate and have at least one part each.

use ccr_plugin::messages::json::Writer;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    User,
    Model,
}

/// What the user says where a conversation begins with the model, which Gemini refuses: compacted histories do so.
const BEGINNING: &str = "(The beginning of the conversation is not shown.)";

/// Writes parts, opening and closing turns around them as their roles change. Nothing is written for a turn without parts.
#[derive(Debug)]
pub(super) struct Contents<'w> {
    out: &'w mut Writer,
    open: Option<Role>,
}

impl<'w> Contents<'w> {
    pub(super) fn begin(out: &'w mut Writer) -> Self {
        out.key("contents").begin_array();
        Self { out, open: None }
    }

    /// Makes ready for one part of this role, an object.
    pub(super) fn part(&mut self, role: Role) -> &mut Writer {
        if self.open.is_none() && role == Role::Model {
            self.turn(Role::User).begin_object().key("text").string(BEGINNING).end_object();
        }
        if self.open != Some(role) {
            self.turn(role);
        }
        self.out
    }

    fn turn(&mut self, role: Role) -> &mut Writer {
        self.close();
        self.open = Some(role);
        let name = if role == Role::User { "user" } else { "model" };
        self.out.begin_object().key("role").string(name).key("parts").begin_array()
    }

    fn close(&mut self) {
        if self.open.is_some() {
            self.out.end_array().end_object();
        }
    }

    /// Ends the list; says whether there is anything in it.
    pub(super) fn end(mut self) -> bool {
        self.close();
        self.out.end_array();
        self.open.is_some()
    }
}
