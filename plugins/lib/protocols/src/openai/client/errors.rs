//! Failures in OpenAI's shape: `{"error":{message,type,param,code}}`.
//!
//! Types and codes are those of OpenAI's guide "Error codes" and of its answers, as clients look for them
//! (`context_length_exceeded` makes them compact, `insufficient_quota` keeps them from trying again).

use ccr_plugin::Answer;
use ccr_plugin::messages::event::{ErrorKind, Failure};
use ccr_plugin::messages::json::Writer;

/// How a prompt that is too long is told within the gateway: in Anthropic's words.
const TOO_LONG: &str = "prompt is too long";

/// The code of it.
const CONTEXT_LENGTH: &str = "context_length_exceeded";

pub(super) fn answer(failure: &Failure) -> Answer {
    let status = failure.status.filter(|status| (400..=599).contains(status));
    Answer {
        status: status.unwrap_or_else(|| failure.kind.status()),
        content_type: "application/json".into(),
        body: body(failure),
    }
}

pub(super) fn body(failure: &Failure) -> Vec<u8> {
    let (kind, code) = names(failure);
    let mut out = Writer::with_capacity(failure.message.len() + 128);
    out.begin_object().key("error").begin_object().key("message").string(&failure.message).key("type").string(kind);
    for (key, value) in [("param", param(failure)), ("code", code)] {
        out.key(key);
        match value {
            Some(value) => _ = out.string(value),
            None => _ = out.null(),
        }
    }
    out.end_object().end_object();
    out.into_bytes()
}

/// OpenAI's `type` and `code` for a failure.
fn names(failure: &Failure) -> (&'static str, Option<&'static str>) {
    match failure.kind {
        ErrorKind::InvalidRequest if failure.message.contains(TOO_LONG) => {
            ("invalid_request_error", Some(CONTEXT_LENGTH))
        }
        ErrorKind::InvalidRequest => ("invalid_request_error", None),
        ErrorKind::Authentication => ("invalid_request_error", Some("invalid_api_key")),
        ErrorKind::Billing => ("insufficient_quota", Some("insufficient_quota")),
        ErrorKind::Permission => ("invalid_request_error", Some("permission_denied")),
        ErrorKind::NotFound => ("invalid_request_error", Some("model_not_found")),
        ErrorKind::TooLarge => ("invalid_request_error", Some("request_too_large")),
        ErrorKind::RateLimit => ("rate_limit_exceeded", Some("rate_limit_exceeded")),
        ErrorKind::Api => ("server_error", None),
        ErrorKind::Timeout => ("server_error", Some("timeout")),
        ErrorKind::Overloaded => ("server_error", Some("server_overloaded")),
    }
}

/// The field that is at fault, where the message begins with it: `messages[2].content: …`.
fn param(failure: &Failure) -> Option<&str> {
    let (path, _) = failure.message.split_once(": ").filter(|_| failure.kind == ErrorKind::InvalidRequest)?;
    let is_path =
        |character: char| character.is_ascii_lowercase() || character.is_ascii_digit() || "_.[]".contains(character);
    (!path.is_empty() && path.chars().all(is_path)).then_some(path)
}
