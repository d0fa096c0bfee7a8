//! The parts of a message or of a tool's output: texts, images, files.

use super::media::{self, Attachment, begin_text, end_text};
use super::results;
use crate::shared::block::{Block, ToolResult, is_blank};
use crate::shared::notes::Notes;
use crate::shared::placeholder;
use crate::shared::results::orphaned;
use ccr_plugin::messages::json::Writer;

/// A message that is begun when it has something to say.
#[derive(Debug)]
pub(super) struct Message {
    role: &'static str,
    /// The type of its text parts.
    text: &'static str,
    begun: bool,
}

impl Message {
    pub(super) fn of(role: &'static str) -> Self {
        Self { role, text: "input_text", begun: false }
    }

    /// What the model said itself.
    pub(super) fn of_the_model() -> Self {
        Self { role: "assistant", text: "output_text", begun: false }
    }

    fn begin(&mut self, out: &mut Writer) {
        if !self.begun {
            self.begun = true;
            out.begin_object().key("type").string("message").key("role").string(self.role);
            out.key("content").begin_array();
        }
    }

    pub(super) fn add(&mut self, block: Block<'_>, notes: &mut Notes, out: &mut Writer) {
        if says_something(block) {
            self.begin(out);
            part(self.text, block, notes, out);
        }
    }

    /// Ends it, if it was begun; what is added later is a message of its own.
    pub(super) fn end(&mut self, out: &mut Writer) {
        if self.begun {
            self.begun = false;
            out.end_array().end_object();
        }
    }
}

/// Whether a block leaves anything in a message.
pub(super) fn says_something(block: Block<'_>) -> bool {
    match block {
        Block::Text(text) => !is_blank(text.raw()),
        Block::Thinking(_) | Block::Redacted(_) | Block::ToolUse(_) => false,
        Block::Image(_) | Block::Document(_) | Block::ToolResult(_) | Block::Other(..) => true,
    }
}

/// One part; `kind` is the type of a text part.
fn part(kind: &str, block: Block<'_>, notes: &mut Notes, out: &mut Writer) {
    if let Some(attachment) = Attachment::of(block) {
        return attachment.write(out);
    }
    begin_text(kind, out);
    text(block, notes, out);
    end_text(out);
}

/// What stands for a block in the open string.
fn text(block: Block<'_>, notes: &mut Notes, out: &mut Writer) {
    match block {
        Block::Text(text) => _ = out.escaped_part(text.raw()),
        Block::Image(_) => media::image_left_out(notes, out),
        Block::Document(document) => media::document(document, notes, out),
        Block::Other(block, kind) => placeholder::other(block, kind, notes, out),
        Block::ToolResult(result) => {
            orphaned(result.id, out);
            out.escaped_part("\\n");
            results::as_text(result, notes, out);
        }
        // Never said in a message; see `says_something`.
        Block::Thinking(_) | Block::Redacted(_) | Block::ToolUse(_) => {}
    }
}

/// The images and files of a result that no call asked for, behind its text.
pub(super) fn attachments(result: ToolResult<'_>, message: &mut Message, notes: &mut Notes, out: &mut Writer) {
    let blocks = results::blocks(result, notes);
    for (_, block) in blocks.into_iter().filter(|(_, block)| Attachment::of(*block).is_some()) {
        message.add(block, notes, out);
    }
}
