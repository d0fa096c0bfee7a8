//! Reads answers of Anthropic's Messages API: into typed events, or past them for what the record needs.
//!
//! [`Decoder`] and [`decode_message`] turn an answer into events; [`Tap`] judges one that is passed through unread.
//! Writing such answers is [`crate::encode`]'s and [`crate::fold`]'s. Of requests, [`clean`] knows what Anthropic's API refuses in
//! a history that other providers had a part in.

pub mod clean;
mod decode;
mod tap;

#[cfg(test)]
mod tests;

pub use clean::needs_cleaning;
pub use decode::{Decoder, decode_message};
pub use tap::Tap;

use crate::event::{ErrorKind, Event, Failure, FinishReason, Start, Usage};
use crate::json::{Document, Value};

/// The member's string, decoded.
fn string(object: Value<'_>, key: &str) -> Option<String> {
    Some(object.get(key)?.as_str()?.decode().into_owned())
}

/// The counts in a `usage` object.
fn usage(counts: Value<'_>) -> Usage {
    let count = |key| counts.get(key).and_then(Value::as_u64);
    Usage {
        input_tokens: count("input_tokens"),
        output_tokens: count("output_tokens"),
        cache_read_input_tokens: count("cache_read_input_tokens"),
        cache_creation_input_tokens: count("cache_creation_input_tokens"),
        reasoning_tokens: None,
        web_search_requests: counts
            .get("server_tool_use")
            .and_then(|tools| tools.get("web_search_requests"))
            .and_then(Value::as_u64),
    }
}

/// What a message says of itself.
fn start(message: Value<'_>) -> Start {
    Start { id: string(message, "id"), model: string(message, "model") }
}

/// `stop_reason` and `stop_sequence` of a message or a `message_delta`. A reason that is not known here counts as the end of the
/// turn; `None` as long as there is none.
fn finish(delta: Value<'_>) -> Option<FinishReason> {
    let reason = delta.get("stop_reason")?.as_str()?.decode();
    Some(match &*reason {
        "max_tokens" => FinishReason::MaxTokens,
        "stop_sequence" => FinishReason::StopSequence(string(delta, "stop_sequence")),
        "tool_use" => FinishReason::ToolUse,
        "refusal" => FinishReason::Refusal,
        "pause_turn" => FinishReason::PauseTurn,
        "model_context_window_exceeded" => FinishReason::ContextWindowExceeded,
        _ => FinishReason::EndTurn,
    })
}

/// The failure in an error event or body; `error` may be an object or, from imitators, a string.
fn failure(root: Value<'_>) -> Failure {
    const KINDS: [ErrorKind; 10] = [
        ErrorKind::InvalidRequest,
        ErrorKind::Authentication,
        ErrorKind::Billing,
        ErrorKind::Permission,
        ErrorKind::NotFound,
        ErrorKind::TooLarge,
        ErrorKind::RateLimit,
        ErrorKind::Api,
        ErrorKind::Timeout,
        ErrorKind::Overloaded,
    ];
    let error = root.get("error").unwrap_or(root);
    let kind = string(error, "type");
    let kind = KINDS.into_iter().find(|known| Some(known.as_str()) == kind.as_deref());
    let message = string(error, "message").or_else(|| error.as_str().map(|text| text.decode().into_owned()));
    Failure {
        kind: kind.unwrap_or(ErrorKind::Api),
        message: message.unwrap_or_else(|| "the provider reported an error without saying which".to_owned()),
        status: None,
        retry_after_ms: None,
    }
}

/// Reads the body of an answer with an error status (Anthropic's documentation, "Errors"). What is no error object is quoted
/// by its beginning, as proxies on the way answer in plain text or HTML.
#[must_use]
pub fn decode_error(status: u16, body: &[u8]) -> Failure {
    /// Enough of a foreign error page to recognise it.
    const QUOTED: usize = 300;
    let document = Document::parse(body).ok();
    let known =
        document.as_ref().map(Document::root).filter(|root| root.get("error").is_some_and(|error| !error.is_null()));
    if let Some(root) = known {
        let mut failure = failure(root);
        if root.pointer("/error/type").is_none() {
            failure.kind = ErrorKind::from_status(status);
        }
        return Failure { status: Some(status), ..failure };
    }
    let text = String::from_utf8_lossy(body);
    let text: String = text.trim().chars().take(QUOTED).collect();
    let message = if text.is_empty() { format!("it answered with status {status} and no explanation") } else { text };
    Failure { kind: ErrorKind::from_status(status), message, status: Some(status), retry_after_ms: None }
}

/// What stands for an answer that cannot be read.
fn unreadable() -> Failure {
    Failure {
        kind: ErrorKind::Api,
        message: "the provider's answer is not JSON as the Messages API sends it; \
                  check that the provider's address is one of an Anthropic-format endpoint"
            .to_owned(),
        status: None,
        retry_after_ms: None,
    }
}

/// Appends the counts if there are any.
fn push_usage(object: Value<'_>, out: &mut Vec<Event>) {
    if let Some(counts) = object.get("usage") {
        out.push(Event::Usage(usage(counts)));
    }
}
