//! Tool results: the block that answers each call, and what is said where there is none.

use super::To;
use super::block::{Block, ToolResult, is_blank, mark};
use super::media::{Media, begin_text};
use super::messages::{Messages, Side, end_text};
use super::words;
use crate::shared::notes::Notes;
use ccr_plugin::messages::json::{Kind, Value};
use std::borrow::Cow;

/// Converse refuses a result without content.
const NO_OUTPUT: &str = "(no output)";

/// Converse refuses a conversation in which a call has no result; a user who interrupts a tool leaves one behind.
const NO_RESULT: &str = "(no result: the call was interrupted)";

/// How the result of a failed call begins where its status cannot be told.
const ERROR: &str = "Error: ";

/// A call of the assistant's last turn.
#[derive(Debug)]
pub(super) struct Call<'d> {
    /// The client's id, as it stands in a JSON string.
    pub(super) id: &'d str,
    /// The id on the wire; another one where the client's cannot be sent.
    pub(super) wire: Cow<'d, str>,
    pub(super) answered: bool,
}

/// An image or document out of a result that cannot hold it.
#[derive(Debug)]
pub(super) struct Attachment<'d> {
    /// The client's id of the call.
    call: &'d str,
    media: Media<'d>,
}

/// Writes the result if a call waits for it.
pub(super) fn answer<'d>(
    calls: &mut [Call<'d>],
    result: ToolResult<'d>,
    to: To<'_>,
    attachments: &mut Vec<Attachment<'d>>,
    notes: &mut Notes,
    messages: &mut Messages<'_, '_>,
) -> bool {
    let Some(call) = calls.iter_mut().find(|call| !call.answered && call.id == result.id) else { return false };
    call.answered = true;
    begin(call, messages);
    content(result, to, attachments, notes, messages);
    end(result.is_error && to.model.has_rich_results(), messages);
    true
}

/// Answers the calls that nobody answered.
pub(super) fn answer_the_rest(calls: &mut Vec<Call<'_>>, to: To<'_>, messages: &mut Messages<'_, '_>) {
    for call in calls.drain(..).filter(|call| !call.answered) {
        begin(&call, messages);
        messages.writer().begin_object().key("text").string(NO_RESULT).end_object();
        end(to.model.has_rich_results(), messages);
    }
}

fn begin(call: &Call<'_>, messages: &mut Messages<'_, '_>) {
    let out = messages.block(Side::User).begin_object().key("toolResult").begin_object();
    out.key("toolUseId").escaped(&call.wire).key("content").begin_array();
}

fn end(is_error: bool, messages: &mut Messages<'_, '_>) {
    let out = messages.writer().end_array();
    if is_error {
        out.key("status").string("error");
    }
    out.end_object().end_object();
}

/// One block for each of the result's, into the open list.
fn content<'d>(
    result: ToolResult<'d>,
    to: To<'_>,
    attachments: &mut Vec<Attachment<'d>>,
    notes: &mut Notes,
    messages: &mut Messages<'_, '_>,
) {
    let mut error = if result.is_error && !to.model.has_rich_results() { ERROR } else { "" };
    let mut is_empty = true;
    for (value, block) in blocks(result, notes) {
        is_empty = false;
        let media = Media::of(block, to);
        if let Some(media) = media.filter(|_| to.model.has_rich_results()) {
            media.add(true, messages);
            continue;
        }
        let out = begin_text(messages.writer()).escaped_part(std::mem::take(&mut error));
        match (block, media) {
            (_, Some(media)) => {
                attachments.push(Attachment { call: result.id, media });
                out.escaped_part("[").escaped_part(media.noun()).escaped_part(", which follows]");
            }
            (Block::Text(text), _) => _ = out.escaped_part(text.raw()),
            // None of these belongs into a result; what it says is kept as it stands.
            (Block::ToolUse(_) | Block::ToolResult(_) | Block::Thinking(_) | Block::Redacted(_), _) => {
                out.string_part(value.raw());
            }
            (other, _) => words::write(other, notes, out),
        }
        end_text(out);
    }
    if is_empty {
        end_text(begin_text(messages.writer()).escaped_part(error).escaped_part(NO_OUTPUT));
    }
}

/// A result that no call asked for: text of the user's.
pub(super) fn orphan<'d>(result: ToolResult<'d>, to: To<'_>, notes: &mut Notes, messages: &mut Messages<'_, '_>) {
    let mut attachments = Vec::new();
    let out = messages.text(Side::User);
    out.escaped_part("[Result of the tool call ").escaped_part(result.id);
    out.escaped_part(", which is no longer in the conversation]");
    end_text(out);
    for (value, block) in blocks(result, notes) {
        match (block, Media::of(block, to)) {
            (_, Some(media)) => attachments.push(Attachment { call: result.id, media }),
            (Block::Text(text), _) => end_text(messages.text(Side::User).escaped_part(text.raw())),
            (Block::ToolUse(_) | Block::ToolResult(_) | Block::Thinking(_) | Block::Redacted(_), _) => {
                end_text(messages.text(Side::User).string_part(value.raw()));
            }
            (other, _) => {
                let out = messages.text(Side::User);
                words::write(other, notes, out);
                end_text(out);
            }
        }
    }
    attachments.iter().for_each(|attachment| attachment.media.add(false, messages));
}

/// Images and documents of the results, behind all of them.
pub(super) fn show(attachments: &[Attachment<'_>], messages: &mut Messages<'_, '_>) {
    let mut call = None;
    for attachment in attachments {
        if call != Some(attachment.call) {
            let out = messages.text(Side::User);
            out.escaped_part("From the result of the tool call ").escaped_part(attachment.call).escaped_part(":");
            end_text(out);
            call = Some(attachment.call);
        }
        attachment.media.add(false, messages);
    }
}

/// The first `cache_control` within a result: it marks the result's end as well as one on it.
pub(super) fn inner_mark(result: ToolResult<'_>) -> Option<Value<'_>> {
    result.content.into_iter().flat_map(Value::items).find_map(mark)
}

/// The blocks that say something. A result is text, a list of blocks, or (from some clients) one block.
fn blocks<'d>(result: ToolResult<'d>, notes: &mut Notes) -> Vec<(Value<'d>, Block<'d>)> {
    let content = result.content;
    let single = content.filter(|content| content.kind() != Kind::Array && !content.is_null());
    let values = content.into_iter().flat_map(Value::items).chain(single);
    values
        .filter_map(|value| Some((value, Block::read(value, notes)?)))
        .filter(|(_, block)| !matches!(block, Block::Text(text) if is_blank(text.raw())))
        .collect()
}
