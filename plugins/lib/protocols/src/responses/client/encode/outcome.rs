//! The response object: what it says of how the answer ended, what came of it, and the request's fields once more.

use crate::responses::client::errors;
use ccr_plugin::messages::event::{Failure, FinishReason, Usage};
use ccr_plugin::messages::json::Writer;

/// What the response object says of the answer.
#[derive(Debug)]
pub(super) struct Response<'a> {
    pub(super) id: String,
    pub(super) model: &'a str,
    pub(super) created_at: u64,
    /// The items that are done, as members of an array.
    pub(super) items: &'a str,
    pub(super) usage: Usage,
    /// The fields of the request, as members of an object.
    pub(super) repeated: &'a str,
}

#[derive(Debug)]
pub(super) enum Outcome<'f> {
    InProgress,
    Completed,
    /// And what stopped it.
    Incomplete(&'static str),
    Failed(&'f Failure),
}

impl Outcome<'static> {
    pub(super) fn of(reason: Option<&FinishReason>) -> Self {
        match reason {
            Some(FinishReason::Refusal) => Self::Incomplete("content_filter"),
            // The API has no other word for an answer that is not whole.
            Some(FinishReason::MaxTokens | FinishReason::ContextWindowExceeded | FinishReason::PauseTurn) => {
                Self::Incomplete("max_output_tokens")
            }
            Some(FinishReason::EndTurn | FinishReason::StopSequence(_) | FinishReason::ToolUse) | None => {
                Self::Completed
            }
        }
    }
}

impl Outcome<'_> {
    fn status(&self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Incomplete(_) => "incomplete",
            Self::Failed(_) => "failed",
        }
    }

    /// Writes the response object with this outcome.
    pub(super) fn write(&self, response: &Response<'_>, out: &mut Writer) {
        out.begin_object().key("id").string(&response.id).key("object").string("response");
        out.key("created_at").number(response.created_at).key("status").string(self.status());
        out.key("error");
        match self {
            Self::Failed(failure) => errors::in_response(failure, out),
            _ => _ = out.null(),
        }
        out.key("incomplete_details");
        match self {
            Self::Incomplete(reason) => _ = out.begin_object().key("reason").string(reason).end_object(),
            _ => _ = out.null(),
        }
        out.key("model").string(response.model).key("output").begin_array();
        if !response.items.is_empty() {
            out.raw(response.items);
        }
        out.end_array().key("usage");
        match self {
            Self::InProgress => _ = out.null(),
            _ => usage(&response.usage, out),
        }
        out.raw(response.repeated).end_object();
    }
}

/// This API counts what was read from and written to a cache as input.
fn usage(usage: &Usage, out: &mut Writer) {
    if *usage == Usage::default() {
        out.null();
        return;
    }
    let count = |count: Option<u64>| count.unwrap_or_default();
    let cached = count(usage.cache_read_input_tokens);
    let written = count(usage.cache_creation_input_tokens);
    let input = count(usage.input_tokens).saturating_add(cached).saturating_add(written);
    let output = count(usage.output_tokens);
    out.begin_object().key("input_tokens").number(input).key("input_tokens_details").begin_object();
    out.key("cached_tokens").number(cached).key("cache_write_tokens").number(written).end_object();
    out.key("output_tokens").number(output).key("output_tokens_details").begin_object();
    out.key("reasoning_tokens").number(count(usage.reasoning_tokens)).end_object();
    out.key("total_tokens").number(input.saturating_add(output)).end_object();
}
