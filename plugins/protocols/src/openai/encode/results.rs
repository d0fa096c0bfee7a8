//! Tool results: the calls that wait for one, and the message that answers each of them.

use super::block::{Block, Thought, ToolResult, is_blank, mark as mark_of};
use super::content::{Joined, begin_text, end_text, image_left_out};
use super::media::{self, Image};
use super::notes::Notes;
use ccr_plugin::messages::json::{Kind, Str, Value, Writer};
use std::borrow::Cow;

/// Several providers refuse a tool message without text.
const NO_OUTPUT: &str = "(no output)";

/// OpenAI refuses a conversation in which a call has no answer; a user who interrupts a tool leaves one behind.
const NO_RESULT: &str = "(no result: the call was interrupted)";

/// Tool messages take no images in OpenAI's format.
const IMAGE_FOLLOWS: &str = "[An image, which follows in the next message]";

/// How the result of a call that failed begins.
const ERROR: &str = "Error: ";

/// A call of the last assistant message.
#[derive(Debug)]
pub(super) struct Call<'d> {
    /// The client's id.
    pub(super) id: &'d str,
    /// The id on the wire; another one where the client's is not unique.
    pub(super) wire: Cow<'d, str>,
    pub(super) answered: bool,
}

/// An image out of a tool result, which goes into a user message.
#[derive(Debug)]
pub(super) struct Picture<'d> {
    /// The client's id of the call.
    call: &'d str,
    image: Image<'d>,
}

/// Writes the tool message if a call waits for this result.
pub(super) fn answer<'d>(
    calls: &mut [Call<'d>],
    result: ToolResult<'d>,
    mark: Option<Value<'d>>,
    pictures: &mut Vec<Picture<'d>>,
    notes: &mut Notes,
    out: &mut Writer,
) -> bool {
    let Some(call) = calls.iter_mut().find(|call| !call.answered && call.id == result.id) else { return false };
    call.answered = true;
    begin(&call.wire, out);
    content(result, pictures, notes, out);
    out.end_string();
    // A mark within the result marks its end as well as one on it.
    let inner = || result.content.into_iter().flat_map(blocks).filter(|_| notes.keep_cache_control).find_map(mark_of);
    if let Some(mark) = mark.or_else(inner) {
        out.key("cache_control").value(mark);
    }
    out.end_object();
    true
}

/// Answers the calls that nobody answered.
pub(super) fn answer_the_rest(calls: &mut Vec<Call<'_>>, out: &mut Writer) {
    for call in calls.drain(..).filter(|call| !call.answered) {
        begin(&call.wire, out);
        out.escaped_part(NO_RESULT);
        end(out);
    }
}

fn begin(wire_id: &str, out: &mut Writer) {
    out.begin_object().key("role").string("tool").key("tool_call_id").escaped(wire_id).key("content").begin_string();
}

fn end(out: &mut Writer) {
    out.end_string().end_object();
}

/// The text of a result into the open string; its images are put aside.
pub(super) fn content<'d>(
    result: ToolResult<'d>,
    pictures: &mut Vec<Picture<'d>>,
    notes: &mut Notes,
    out: &mut Writer,
) {
    let mut joined = Joined::default();
    for value in result.content.into_iter().flat_map(blocks) {
        let Some(block) = Block::read(value, notes) else { continue };
        if matches!(block, Block::Text(text) | Block::Thinking(Thought { text, .. }) if is_blank(text)) {
            continue;
        }
        if result.is_error && !joined.has_begun() {
            mark(block, out);
        }
        joined.part(out);
        match block {
            Block::Text(text) | Block::Thinking(Thought { text, .. }) => _ = out.escaped_part(text.raw()),
            Block::Image(source) => image(result.id, source, pictures, notes, out),
            Block::Document(document) => media::document(document, notes, out),
            Block::Other(other, kind) => media::other(other, kind, notes, out),
            // None of these belongs into a result; what it says is kept as it stands.
            Block::ToolUse(_) | Block::ToolResult(_) | Block::Redacted(_) => _ = out.string_part(value.raw()),
        }
    }
    if !joined.has_begun() {
        out.escaped_part(if result.is_error { ERROR } else { "" }).escaped_part(NO_OUTPUT);
    }
}

fn image<'d>(call: &'d str, source: Value<'d>, pictures: &mut Vec<Picture<'d>>, notes: &mut Notes, out: &mut Writer) {
    match Image::read(source).filter(|_| !notes.omit_images) {
        Some(image) => {
            pictures.push(Picture { call, image });
            out.escaped_part(IMAGE_FOLLOWS);
        }
        None => image_left_out(notes, out),
    }
}

/// A result is text, a list of blocks, or (from some clients) one block.
fn blocks(content: Value<'_>) -> impl Iterator<Item = Value<'_>> {
    let single = (content.kind() != Kind::Array && !content.is_null()).then_some(content);
    content.items().chain(single)
}

/// Says in the text what OpenAI's format has no field for, unless the text does already.
fn mark(block: Block<'_>, out: &mut Writer) {
    let says_so =
        |text: Str<'_>| ["Error", "error", "<tool_use_error>"].iter().any(|start| text.raw().starts_with(start));
    if !matches!(block, Block::Text(text) if says_so(text)) {
        out.escaped_part(ERROR);
    }
}

/// The images of the results, in a message of the user's.
pub(super) fn show(pictures: &[Picture<'_>], out: &mut Writer) {
    if pictures.is_empty() {
        return;
    }
    out.begin_object().key("role").string("user").key("content").begin_array();
    let mut call = None;
    for picture in pictures {
        if call != Some(picture.call) {
            begin_text(out);
            out.escaped_part("From the result of the tool call ").escaped_part(picture.call).escaped_part(":");
            end_text(out);
            call = Some(picture.call);
        }
        picture.image.begin(out);
        out.end_object();
    }
    out.end_array().end_object();
}
