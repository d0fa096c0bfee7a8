//! Tool results: the calls that wait for one, and what is said where words are missing.

use crate::shared::block::{ToolResult, mark};
use ccr_plugin::messages::json::{Kind, Str, Value, Writer};
use std::borrow::Cow;

/// Providers refuse a result without text, or it reads to the model as if the tool had not run.
pub(crate) const NO_OUTPUT: &str = "(no output)";

/// Providers refuse a conversation in which a call has no result; a user who interrupts a tool leaves one behind.
pub(crate) const NO_RESULT: &str = "(no result: the call was interrupted)";

/// How the result of a call that failed begins where a format has no field for it.
pub(crate) const ERROR: &str = "Error: ";

/// A call of the assistant's last turn.
#[derive(Debug)]
pub(crate) struct Call<'d> {
    /// The client's id, as it stands in a JSON string.
    pub(crate) id: &'d str,
    /// The id on the wire; another one where the client's cannot be sent.
    pub(crate) wire: Cow<'d, str>,
    pub(crate) answered: bool,
}

/// The call that waits for a result with this id; it waits no longer.
pub(crate) fn answered<'c, 'd>(calls: &'c mut [Call<'d>], id: &str) -> Option<&'c Call<'d>> {
    let call = calls.iter_mut().find(|call| !call.answered && call.id == id)?;
    call.answered = true;
    Some(call)
}

/// A result is text, a list of blocks, or (from some clients) one block.
pub(crate) fn values(content: Option<Value<'_>>) -> impl Iterator<Item = Value<'_>> {
    let single = content.filter(|content| content.kind() != Kind::Array && !content.is_null());
    content.into_iter().flat_map(Value::items).chain(single)
}

/// The first `cache_control` within a result: it marks the result's end as well as one on it.
pub(crate) fn inner_mark(result: ToolResult<'_>) -> Option<Value<'_>> {
    values(result.content).find_map(mark)
}

/// Whether the text says itself that a call failed.
pub(crate) fn says_it_failed(text: Str<'_>) -> bool {
    ["Error", "error", "<tool_use_error>"].iter().any(|start| text.raw().starts_with(start))
}

/// What stands above a result that no call of the conversation asked for, into the open string.
pub(crate) fn orphaned(id: &str, out: &mut Writer) {
    out.escaped_part("[Result of the tool call ").escaped_part(id);
    out.escaped_part(", which is no longer in the conversation]");
}

/// What stands above the images and files of a result where they follow behind it, into the open string.
pub(crate) fn from_result(id: &str, out: &mut Writer) {
    out.escaped_part("From the result of the tool call ").escaped_part(id).escaped_part(":");
}

/// Texts of several blocks in one string, with an empty line between them, as they are things of their own.
#[derive(Debug, Default)]
pub(crate) struct Joined {
    begun: bool,
}

impl Joined {
    /// Makes ready for the next text in the open string.
    pub(crate) fn part<'w>(&mut self, out: &'w mut Writer) -> &'w mut Writer {
        if self.begun {
            out.escaped_part("\\n\\n");
        }
        self.begun = true;
        out
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.begun
    }
}
