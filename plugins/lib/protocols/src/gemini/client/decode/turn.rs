//! One message being written: nothing is written for one without blocks, pieces of thoughts and of the model's text are joined.

use crate::gemini::signature;
use ccr_plugin::messages::json::Writer;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    User,
    Model,
}

/// What is open in the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Nothing,
    /// The string of a text block of the model's.
    Text,
    /// The string of a thinking block.
    Thinking,
}

#[derive(Debug)]
pub(super) struct Turn<'w> {
    out: &'w mut Writer,
    role: Option<Role>,
    /// The message has begun.
    begun: bool,
    open: Open,
    any: bool,
}

impl<'w> Turn<'w> {
    pub(super) fn begin(out: &'w mut Writer) -> Self {
        Self { out, role: None, begun: false, open: Open::Nothing, any: false }
    }

    /// What follows is of this role. Says whether another message begins with it.
    pub(super) fn take(&mut self, role: Role) -> bool {
        let is_other = self.role != Some(role);
        if is_other {
            self.close_message();
            self.role = Some(role);
        }
        is_other
    }

    pub(super) fn role(&self) -> Role {
        self.role.unwrap_or(Role::User)
    }

    /// Makes ready for a block of any kind.
    pub(super) fn block(&mut self) -> &mut Writer {
        self.close_block();
        if !self.begun {
            self.begun = true;
            self.any = true;
            let name = if self.role() == Role::User { "user" } else { "assistant" };
            self.out.begin_object().key("role").string(name).key("content").begin_array();
        }
        self.out
    }

    /// A text; `raw` is as it stands in a JSON string.
    pub(super) fn text(&mut self, raw: &str) {
        if self.open != Open::Text {
            self.block().begin_object().key("type").string("text").key("text").begin_string();
            self.open = Open::Text;
        }
        self.out.escaped_part(raw);
        if self.role() == Role::User {
            self.close_block();
        }
    }

    /// A piece of thoughts; `raw` is as it stands in a JSON string.
    pub(super) fn think(&mut self, raw: &str) {
        if self.open != Open::Thinking {
            self.block().begin_object().key("type").string("thinking").key("thinking").begin_string();
            self.open = Open::Thinking;
        }
        self.out.escaped_part(raw);
    }

    /// The signature of the open thoughts, or of thoughts that the client was not shown.
    pub(super) fn sign(&mut self, signature: &str) {
        self.think("");
        self.end_thinking(signature);
    }

    fn end_thinking(&mut self, signature: &str) {
        self.out.end_string().key("signature").string(signature).end_object();
        self.open = Open::Nothing;
    }

    fn close_block(&mut self) {
        match self.open {
            Open::Nothing => {}
            Open::Text => _ = self.out.end_string().end_object(),
            // Gemini signs thoughts of its own only where a call follows them.
            Open::Thinking => self.end_thinking(&signature::wrap("")),
        }
        self.open = Open::Nothing;
    }

    fn close_message(&mut self) {
        self.close_block();
        if std::mem::take(&mut self.begun) {
            self.out.end_array().end_object();
        }
    }

    /// Ends the last message; says whether there is any.
    pub(super) fn end(mut self) -> bool {
        self.close_message();
        self.any
    }
}
