//! Tool results: the calls that wait for one, and the item that answers each of them.

use super::block;
use super::media::{self, Attachment, begin_text, end_text};
use crate::shared::block::{Block, ToolResult, is_blank};
use crate::shared::notes::Notes;
use crate::shared::placeholder;
use crate::shared::results::{Call, ERROR, Joined, NO_OUTPUT, NO_RESULT, answered, says_it_failed, values};
use ccr_plugin::messages::json::{Value, Writer};

/// Writes the output if a call waits for this result.
pub(super) fn answer(calls: &mut [Call<'_>], result: ToolResult<'_>, notes: &mut Notes, out: &mut Writer) -> bool {
    let Some(call) = answered(calls, result.id) else { return false };
    begin(&call.wire, out);
    output(result, notes, out);
    out.end_object();
    true
}

/// Answers the calls that nobody answered.
pub(super) fn answer_the_rest(calls: &mut Vec<Call<'_>>, out: &mut Writer) {
    for call in calls.drain(..).filter(|call| !call.answered) {
        begin(&call.wire, out);
        out.string(NO_RESULT).end_object();
    }
}

fn begin(wire_id: &str, out: &mut Writer) {
    out.begin_object().key("type").string("function_call_output").key("call_id").escaped(wire_id).key("output");
}

/// One string where texts are all there is, else a list of parts.
fn output(result: ToolResult<'_>, notes: &mut Notes, out: &mut Writer) {
    let blocks = blocks(result, notes);
    if !blocks.iter().any(|(_, block)| Attachment::of(*block).is_some()) {
        out.begin_string();
        write_texts(result, &blocks, notes, out);
        out.end_string();
        return;
    }
    out.begin_array();
    if result.is_error && !blocks.first().is_some_and(|(_, block)| says_failed(*block)) {
        begin_text("input_text", out);
        out.escaped_part(ERROR);
        end_text(out);
    }
    for (value, block) in blocks {
        if let Some(attachment) = Attachment::of(block) {
            attachment.write(out);
            continue;
        }
        begin_text("input_text", out);
        text(value, block, notes, out);
        end_text(out);
    }
    out.end_array();
}

/// The result in the open string, without what is no text: for results that no call asked for.
pub(super) fn as_text(result: ToolResult<'_>, notes: &mut Notes, out: &mut Writer) {
    let blocks = blocks(result, notes);
    write_texts(result, &blocks, notes, out);
}

fn write_texts(result: ToolResult<'_>, blocks: &[(Value<'_>, Block<'_>)], notes: &mut Notes, out: &mut Writer) {
    let mut joined = Joined::default();
    for (value, block) in blocks.iter().filter(|(_, block)| Attachment::of(*block).is_none()) {
        if result.is_error && !joined.has_begun() && !says_failed(*block) {
            out.escaped_part(ERROR);
        }
        joined.part(out);
        text(*value, *block, notes, out);
    }
    if !joined.has_begun() {
        out.escaped_part(if result.is_error { ERROR } else { "" }).escaped_part(NO_OUTPUT);
    }
}

fn text(value: Value<'_>, block: Block<'_>, notes: &mut Notes, out: &mut Writer) {
    match block {
        Block::Text(text) => _ = out.escaped_part(text.raw()),
        Block::Thinking(thinking) => _ = out.escaped_part(thinking.text),
        Block::Image(_) => media::image_left_out(notes, out),
        Block::Document(document) => media::document(document, notes, out),
        Block::Other(other, kind) => placeholder::other(other, kind, notes, out),
        // Neither belongs into a result; what it says is kept as it stands.
        Block::ToolUse(_) | Block::ToolResult(_) | Block::Redacted(_) => _ = out.string_part(value.raw()),
    }
}

/// The blocks that say something. A result is text, a list of blocks, or (from some clients) one block.
pub(super) fn blocks<'d>(result: ToolResult<'d>, notes: &mut Notes) -> Vec<(Value<'d>, Block<'d>)> {
    values(result.content)
        .filter_map(|value| Some((value, block::read(value, notes)?)))
        .filter(|(_, block)| match block {
            Block::Text(text) => !is_blank(text.raw()),
            Block::Thinking(thinking) => !thinking.text.is_empty(),
            _ => true,
        })
        .collect()
}

/// Whether the text says what OpenAI's format has no field for.
fn says_failed(block: Block<'_>) -> bool {
    matches!(block, Block::Text(text) if says_it_failed(text))
}
