//! Tool results: the part that answers each call, and the images and files that go behind it.

use super::block;
use super::contents::{Contents, Role};
use super::media::{self, Media};
use crate::shared::block::{Block, ToolResult, is_blank};
use crate::shared::notes::Notes;
use crate::shared::results::{NO_OUTPUT, NO_RESULT, from_result, values};
use ccr_plugin::messages::json::Writer;

/// A call of the model's last turn.
#[derive(Debug)]
pub(super) struct Call<'d> {
    /// The client's id, as it stands in a JSON string.
    pub(super) id: &'d str,
    /// The id that was sent; empty if none was.
    pub(super) wire_id: &'d str,
    /// The name that was sent.
    pub(super) name: String,
}

/// An image or file out of a result.
#[derive(Debug)]
pub(super) struct Attachment<'d> {
    /// The client's id of the call.
    call: &'d str,
    media: Media<'d>,
}

/// Writes the part that answers a call.
pub(super) fn answer<'d>(
    call: &Call<'_>,
    result: ToolResult<'d>,
    attachments: &mut Vec<Attachment<'d>>,
    notes: &mut Notes,
    contents: &mut Contents<'_>,
) {
    // The members that Google's reference of `FunctionResponse` names.
    let out = begin(call, if result.is_error { "error" } else { "output" }, contents);
    content(result, attachments, notes, out);
    end(out);
}

/// Answers a call that nobody answered.
pub(super) fn missing(call: &Call<'_>, contents: &mut Contents<'_>) {
    let out = begin(call, "error", contents);
    out.escaped_part(NO_RESULT);
    end(out);
}

fn begin<'c>(call: &Call<'_>, member: &str, contents: &'c mut Contents<'_>) -> &'c mut Writer {
    let out = contents.part(Role::User).begin_object().key("functionResponse").begin_object();
    if !call.wire_id.is_empty() {
        out.key("id").escaped(call.wire_id);
    }
    out.key("name").string(&call.name).key("response").begin_object().key(member).begin_string()
}

fn end(out: &mut Writer) {
    out.end_string().end_object().end_object().end_object();
}

/// The text of a result into the open string; its images and files are put aside.
pub(super) fn content<'d>(
    result: ToolResult<'d>,
    attachments: &mut Vec<Attachment<'d>>,
    notes: &mut Notes,
    out: &mut Writer,
) {
    let mut begun = false;
    for value in values(result.content) {
        let Some(block) = block::read(value, notes) else { continue };
        if matches!(block, Block::Text(text) if is_blank(text.raw())) {
            continue;
        }
        if begun {
            out.escaped_part("\\n\\n");
        }
        begun = true;
        match block {
            Block::Text(text) => _ = out.escaped_part(text.raw()),
            // None of these belongs into a result; what it says is kept as it stands.
            Block::ToolUse(_) | Block::ToolResult(_) | Block::Thinking(_) | Block::Redacted(_) => {
                _ = out.string_part(value.raw())
            }
            other => match Media::of(other) {
                Some(media) => {
                    attachments.push(Attachment { call: result.id, media });
                    out.escaped_part("[").escaped_part(media.noun()).escaped_part(", which follows]");
                }
                None => media::in_words(other, notes, out),
            },
        }
    }
    if !begun {
        out.escaped_part(NO_OUTPUT);
    }
}

/// Images and files of the results, behind all of them: only the newest models take them within.
pub(super) fn show(attachments: &[Attachment<'_>], contents: &mut Contents<'_>) {
    let mut call = None;
    for attachment in attachments {
        if call != Some(attachment.call) {
            let out = contents.part(Role::User).begin_object().key("text").begin_string();
            from_result(attachment.call, out);
            out.end_string().end_object();
            call = Some(attachment.call);
        }
        let out = contents.part(Role::User).begin_object();
        attachment.media.write(out);
        out.end_object();
    }
}
