//! Failures in the shapes that clients of this API read: the body of an error, the `error` of a response that failed, and the
//! last event of a stream that broke off.

use ccr_plugin::Answer;
use ccr_plugin::messages::event::{ErrorKind, Failure};
use ccr_plugin::messages::json::Writer;

/// The type of every answer that is no stream.
pub(super) const JSON: &str = "application/json";

/// How the gateway says that a prompt is too long; clients shorten it when they read the code.
const TOO_LONG: &str = "prompt is too long";
const TOO_LONG_CODE: &str = "context_length_exceeded";

/// An error with the status that the host answers with. The request's id goes into a header, which is the host's.
pub(super) fn answer(failure: &Failure, _request_id: &str) -> Answer {
    let mut out = Writer::new();
    out.begin_object().key("error");
    body(failure, &mut out);
    out.end_object();
    let status = failure.status.unwrap_or(500);
    Answer { status, content_type: JSON.into(), body: out.into_bytes() }
}

/// The `error` of a response that failed. The code is one of a list there, and what clients decide by.
pub(super) fn in_response(failure: &Failure, out: &mut Writer) {
    out.begin_object().key("code").string(code_in_response(failure)).key("message").string(&with_wait(failure));
    out.end_object();
}

/// Members of the event `error`. The official clients raise what they find in the member `error`; others read the rest.
pub(super) fn streamed(failure: &Failure, event: &mut Writer) {
    event.key("code").string(code_in_response(failure)).key("message").string(&with_wait(failure));
    event.key("param").null().key("error");
    body(failure, event);
}

fn body(failure: &Failure, out: &mut Writer) {
    out.begin_object().key("message").string(&failure.message).key("type").string(kind(failure.kind)).key("param");
    match param(&failure.message) {
        Some(param) => _ = out.string(param),
        None => _ = out.null(),
    }
    out.key("code");
    match code(failure) {
        Some(code) => _ = out.string(code),
        None => _ = out.null(),
    }
    out.end_object();
}

fn kind(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidRequest | ErrorKind::Authentication | ErrorKind::NotFound | ErrorKind::TooLarge => {
            "invalid_request_error"
        }
        ErrorKind::Billing => "insufficient_quota",
        ErrorKind::Permission => "permission_error",
        ErrorKind::RateLimit => "rate_limit_error",
        ErrorKind::Api | ErrorKind::Timeout => "server_error",
        ErrorKind::Overloaded => "service_unavailable_error",
    }
}

fn code(failure: &Failure) -> Option<&'static str> {
    Some(match failure.kind {
        ErrorKind::InvalidRequest if failure.message.starts_with(TOO_LONG) => TOO_LONG_CODE,
        ErrorKind::Authentication => "invalid_api_key",
        ErrorKind::Billing => "insufficient_quota",
        ErrorKind::RateLimit => "rate_limit_exceeded",
        ErrorKind::Overloaded => "server_is_overloaded",
        ErrorKind::InvalidRequest
        | ErrorKind::NotFound
        | ErrorKind::TooLarge
        | ErrorKind::Permission
        | ErrorKind::Api
        | ErrorKind::Timeout => return None,
    })
}

fn code_in_response(failure: &Failure) -> &'static str {
    code(failure).unwrap_or(match failure.kind {
        ErrorKind::Api | ErrorKind::Timeout => "server_error",
        // Clients do not try again what was wrong itself.
        _ => "invalid_prompt",
    })
}

/// A stream has no header that says how long to wait; clients read it from the text.
fn with_wait(failure: &Failure) -> String {
    match failure.retry_after_ms {
        Some(wait) if failure.kind == ErrorKind::RateLimit && !failure.message.contains("try again in") => {
            format!("{} Please try again in {}ms.", failure.message, wait)
        }
        _ => failure.message.clone(),
    }
}

/// The field that a message is about, if it begins with one: `input[3].content[0].image_url: must be …`.
fn param(message: &str) -> Option<&str> {
    let (field, _) = message.split_once(": ")?;
    let is_path = |character: char| character.is_ascii_alphanumeric() || "_.[]".contains(character);
    let begins_as_one = field.starts_with(|character: char| character.is_ascii_lowercase());
    (begins_as_one && field.chars().all(is_path)).then_some(field)
}

#[cfg(test)]
mod tests {
    use super::param;

    #[test]
    fn the_field_is_what_a_message_begins_with() {
        assert_eq!(param("input[3].content[0].image_url: must be"), Some("input[3].content[0].image_url"));
        assert_eq!(param("previous_response_id: the gateway"), Some("previous_response_id"));
        for message in ["No such model: x", "The body is not JSON: y", "", "model", "prompt is too long: 3 tokens"] {
            assert_eq!(param(message), None, "{message}");
        }
    }
}
