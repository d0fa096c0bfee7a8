//! Tool results: the calls that wait for one, and the message that answers each of them.

use super::marked::read;
use super::media::{self, Image, begin_text, end_text, image_left_out};
use super::notes::Notes;
use crate::shared::block::{Block, ToolResult, is_blank};
use crate::shared::placeholder;
use crate::shared::results::{
    Call, ERROR, Joined, NO_OUTPUT, NO_RESULT, answered, from_result, inner_mark, says_it_failed, values,
};
use ccr_plugin::messages::json::{Value, Writer};

/// Tool messages take no images in OpenAI's format.
const IMAGE_FOLLOWS: &str = "[An image, which follows in the next message]";

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
    let Some(call) = answered(calls, result.id) else { return false };
    begin(&call.wire, out);
    content(result, pictures, notes, out);
    out.end_string();
    // A mark within the result marks its end as well as one on it.
    let inner = || inner_mark(result).filter(|_| notes.keep_cache_control);
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
    for value in values(result.content) {
        let Some(block) = read(value, notes) else { continue };
        if matches!(block, Block::Text(text) if is_blank(text.raw()))
            || matches!(block, Block::Thinking(thinking) if is_blank(thinking.text))
        {
            continue;
        }
        if result.is_error && !joined.has_begun() {
            mark(block, out);
        }
        joined.part(out);
        match block {
            Block::Text(text) => _ = out.escaped_part(text.raw()),
            Block::Thinking(thinking) => _ = out.escaped_part(thinking.text),
            Block::Image(source) => image(result.id, source, pictures, notes, out),
            Block::Document(document) => media::document(document, notes, out),
            Block::Other(other, kind) => placeholder::other(other, kind, &mut notes.list, out),
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

/// Says in the text what OpenAI's format has no field for, unless the text does already.
fn mark(block: Block<'_>, out: &mut Writer) {
    if !matches!(block, Block::Text(text) if says_it_failed(text)) {
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
            from_result(picture.call, out);
            end_text(out);
            call = Some(picture.call);
        }
        picture.image.begin(out);
        out.end_object();
    }
    out.end_array().end_object();
}
