//! Failures in Google's words: `{"error":{"code":…,"message":…,"status":…}}`, with the details that its libraries read.

use super::path;
use ccr_plugin::Answer;
use ccr_plugin::messages::event::{ErrorKind, Failure};
use ccr_plugin::messages::json::Writer;

/// The answer to a request that failed. In a stream that is an array, errors are one as well.
pub(super) fn answer(failure: &Failure, request_id: &str, path: &str) -> Answer {
    let mut out = Writer::new();
    let in_list = path::streams_an_array(path);
    if in_list {
        out.begin_array();
    }
    write(failure, request_id, &mut out);
    if in_list {
        out.end_array();
    }
    Answer { status: code(failure), content_type: "application/json".into(), body: out.into_bytes() }
}

/// The object, which begins with `error`: that is how Google's libraries know it in a stream.
pub(super) fn write(failure: &Failure, request_id: &str, out: &mut Writer) {
    let code = code(failure);
    out.begin_object().key("error").begin_object().key("code").number(code.into());
    out.key("message").string(&failure.message).key("status").string(status(failure.kind, code));
    if failure.retry_after_ms.is_some() || !request_id.is_empty() {
        out.key("details").begin_array();
        if let Some(wait) = failure.retry_after_ms {
            out.begin_object().key("@type").string("type.googleapis.com/google.rpc.RetryInfo");
            out.key("retryDelay").string(&seconds(wait)).end_object();
        }
        if !request_id.is_empty() {
            out.begin_object().key("@type").string("type.googleapis.com/google.rpc.RequestInfo");
            out.key("requestId").string(request_id).end_object();
        }
        out.end_array();
    }
    out.end_object().end_object();
}

/// The status of the answer. Google has no 529; its libraries try again after a 503.
fn code(failure: &Failure) -> u16 {
    match failure.status {
        Some(529) => 503,
        Some(status) if (400..600).contains(&status) => status,
        _ => failure.kind.status(),
    }
}

/// Google's name of a status (`google.rpc.Code`).
fn status(kind: ErrorKind, code: u16) -> &'static str {
    match code {
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        408 | 504 => "DEADLINE_EXCEEDED",
        409 => "ABORTED",
        429 => "RESOURCE_EXHAUSTED",
        402 => "FAILED_PRECONDITION",
        499 => "CANCELLED",
        501 => "UNIMPLEMENTED",
        502 | 503 => "UNAVAILABLE",
        400..=498 => "INVALID_ARGUMENT",
        _ if kind == ErrorKind::Overloaded => "UNAVAILABLE",
        _ => "INTERNAL",
    }
}

/// A duration as protobuf writes it in JSON.
fn seconds(milliseconds: u64) -> String {
    match milliseconds % 1000 {
        0 => format!("{}s", milliseconds / 1000),
        rest => format!("{}.{rest:03}s", milliseconds / 1000),
    }
}
