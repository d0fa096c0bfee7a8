//! Tool results: the block that answers each call, and what is said where there is none.

use super::media::{Media, begin_text};
use super::messages::{Messages, Side, end_text};
use super::to::To;
use super::{attributed, placeholder};
use crate::shared::block::{Block, ToolResult, is_blank};
use crate::shared::notes::Notes;
use crate::shared::results::{Call, ERROR, NO_OUTPUT, NO_RESULT, answered, from_result, orphaned, values};
use ccr_plugin::messages::json::Value;

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
    let Some(call) = answered(calls, result.id) else { return false };
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
            (other, _) => placeholder::write(other, notes, out),
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
    orphaned(result.id, out);
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
                placeholder::write(other, notes, out);
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
            from_result(attachment.call, out);
            end_text(out);
            call = Some(attachment.call);
        }
        attachment.media.add(false, messages);
    }
}

/// The blocks that say something. A result is text, a list of blocks, or (from some clients) one block.
fn blocks<'d>(result: ToolResult<'d>, notes: &mut Notes) -> Vec<(Value<'d>, Block<'d>)> {
    values(result.content)
        .filter_map(|value| Some((value, attributed::read(value, notes)?)))
        .filter(|(_, block)| !matches!(block, Block::Text(text) if is_blank(text.raw())))
        .collect()
}
