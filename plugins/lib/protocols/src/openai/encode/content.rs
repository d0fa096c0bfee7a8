//! The content of user and system messages: one string where texts are all there is, else OpenAI's list of parts.

use super::marked::Marked;
use super::media::{self, Media, begin_text};
use super::notes::Notes;
use super::results;
use crate::shared::block::{Block, is_blank};
use crate::shared::placeholder;
use crate::shared::results::Joined;
use crate::shared::results::orphaned;
use ccr_plugin::messages::json::{Value, Writer};

/// Whether a block leaves anything in a user or system message.
pub(super) fn says_something(block: Block<'_>) -> bool {
    match block {
        Block::Text(text) => !is_blank(text.raw()),
        Block::Thinking(_) | Block::Redacted(_) | Block::ToolUse(_) => false,
        Block::Image(_) | Block::Document(_) | Block::ToolResult(_) | Block::Other(..) => true,
    }
}

/// Writes a message of these blocks; none if there is nothing to say.
/// Tool results among them are those that no call asked for. Each comes with the `cache_control` that is kept.
pub(super) fn message<'d>(
    role: &str,
    blocks: impl Iterator<Item = Marked<'d>> + Clone,
    notes: &mut Notes,
    out: &mut Writer,
) {
    let blocks = blocks.filter(|marked| says_something(marked.block));
    if blocks.clone().next().is_none() {
        return;
    }
    out.begin_object().key("role").string(role).key("content");
    let needs_parts = |it: Marked<'d>| it.mark.is_some() || Media::of(it.block, notes).is_some();
    if blocks.clone().any(needs_parts) {
        out.begin_array();
        for Marked { block, mark } in blocks {
            part(block, mark, notes, out);
        }
        out.end_array();
    } else {
        out.begin_string();
        let mut joined = Joined::default();
        for marked in blocks {
            joined.part(out);
            text(marked.block, notes, out);
        }
        out.end_string();
    }
    out.end_object();
}

fn part(block: Block<'_>, mark: Option<Value<'_>>, notes: &mut Notes, out: &mut Writer) {
    if let Some(media) = Media::of(block, notes) {
        media.begin(out);
    } else {
        begin_text(out);
        text(block, notes, out);
        out.end_string();
    }
    if let Some(mark) = mark {
        out.key("cache_control").value(mark);
    }
    out.end_object();
}

/// What stands for a block in the open string.
fn text(block: Block<'_>, notes: &mut Notes, out: &mut Writer) {
    match block {
        Block::Text(text) => _ = out.escaped_part(text.raw()),
        Block::Image(_) => media::image_left_out(notes, out),
        Block::Document(document) => media::document(document, notes, out),
        Block::Other(block, kind) => placeholder::other(block, kind, &mut notes.list, out),
        Block::ToolResult(result) => {
            orphaned(result.id, out);
            out.escaped_part("\\n");
            results::content(result, &mut Vec::new(), notes, out);
        }
        // Never said by a user; see `says_something`.
        Block::Thinking(_) | Block::Redacted(_) | Block::ToolUse(_) => {}
    }
}
