//! Failures: `{"message":…}` with the exception's name in a header, a member `__type` or the name of a stream's event, turned
//! into the one that clients know. What to do about them (retry, fall back) is the host's.

#[cfg(test)]
mod tests;

use crate::shared::errors::provider_error::ProviderError;
use crate::shared::errors::{self as shared, Kinds, excerpt, overflow, retry};
use ccr_plugin::messages::event::{ErrorKind, Failure};
use ccr_plugin::messages::json::{Document, Str, Value};
use ccr_plugin::{Fault, WireResponse};

/// The header that names the exception.
const ERROR_TYPE: &str = "x-amzn-errortype";

/// Exceptions of the API reference and those that all of AWS has ("Common Errors"), without the last word. They say more than
/// the status: wrong keys come as 403, a model that is not loaded yet as 429, a broken one as 424.
const EXCEPTIONS: &Kinds = &[
    ("Validation", ErrorKind::InvalidRequest),
    ("AccessDenied", ErrorKind::Permission),
    ("NotAuthorized", ErrorKind::Permission),
    ("OptInRequired", ErrorKind::Permission),
    ("UnrecognizedClient", ErrorKind::Authentication),
    ("InvalidClientTokenId", ErrorKind::Authentication),
    ("InvalidSignature", ErrorKind::Authentication),
    ("SignatureDoesNotMatch", ErrorKind::Authentication),
    ("IncompleteSignature", ErrorKind::Authentication),
    ("MissingAuthenticationToken", ErrorKind::Authentication),
    ("ExpiredToken", ErrorKind::Authentication),
    ("RequestExpired", ErrorKind::Authentication),
    ("ResourceNotFound", ErrorKind::NotFound),
    ("Throttling", ErrorKind::RateLimit),
    ("TooManyRequests", ErrorKind::RateLimit),
    ("ServiceQuotaExceeded", ErrorKind::RateLimit),
    ("ModelTimeout", ErrorKind::Timeout),
    ("ModelNotReady", ErrorKind::Overloaded),
    ("ServiceUnavailable", ErrorKind::Overloaded),
    ("InternalServer", ErrorKind::Api),
    ("InternalFailure", ErrorKind::Api),
    ("ModelError", ErrorKind::Api),
    ("ModelStreamError", ErrorKind::Api),
];

/// An answer with a status outside of 200 to 299.
pub(crate) fn of_response(response: &WireResponse) -> Failure {
    let name = response.header(ERROR_TYPE).map(bare);
    let mut failure = match Document::parse(&response.body) {
        Ok(document) => failure(document.root(), name, Some(response.status)),
        Err(_) => kind_of(told(excerpt::of(&response.body), name.unwrap_or_default()), Some(response.status)),
    };
    if failure.message.is_empty() {
        let named = name.map(|name| format!(" ({})", excerpt::bounded(name))).unwrap_or_default();
        failure.message = format!("Bedrock answered with status {}{named} and no text.", response.status);
    }
    failure.retry_after_ms = retry::after_ms(response);
    failure
}

/// An exception within a stream: the event's name says which.
pub(crate) fn in_stream(name: &str, error: Value<'_>) -> Failure {
    let mut failure = failure(error, Some(bare(name)), None);
    if failure.message.is_empty() {
        failure.message = format!("Bedrock broke off the answer ({}). Try again.", excerpt::bounded(bare(name)));
    }
    failure
}

/// Whether an event of a stream reports a failure.
pub(crate) fn is_exception(name: &str) -> bool {
    ["exception", "error", "fault"].iter().any(|end| strip_end(bare(name), end).is_some())
}

/// Whether it says in words what went wrong.
pub(crate) fn has_message(event: Value<'_>) -> bool {
    event.get("message").and_then(Value::as_str).is_some()
}

/// An answer that is not valid JSON although its status is good.
pub(crate) fn unreadable(body: &[u8]) -> Fault {
    shared::unreadable_by("Bedrock", body)
}

/// An answer that is JSON and none of Converse's.
pub(crate) fn no_output(root: Value<'_>) -> Fault {
    let failure = failure(root, None, None);
    if failure.message.is_empty() {
        return Fault::bad_answer(
            "Bedrock's answer has no `output`. Check that `api_base_url` is Bedrock's runtime, such as \
             `https://bedrock-runtime.us-east-1.amazonaws.com`.",
        );
    }
    failure.into()
}

fn failure(error: Value<'_>, name: Option<&str>, status: Option<u16>) -> Failure {
    let text = |keys: &[&str]| {
        let member = keys.iter().find_map(|key| error.get(key)?.as_str()).map(Str::decode).unwrap_or_default();
        excerpt::of(member.as_bytes())
    };
    let message = text(&["message", "Message", "errorMessage"]);
    let original = text(&["originalMessage"]);
    let message = match (message.is_empty(), original.is_empty()) {
        (_, true) => message,
        (true, false) => original,
        (false, false) if message.contains(&original) => message,
        (false, false) => format!("{message} ({original})"),
    };
    let name = name.filter(|name| !name.is_empty());
    let kind = error.get("__type").or_else(|| error.get("code")).and_then(Value::as_str).map(Str::decode);
    let failure = kind_of(told(message, name.unwrap_or_else(|| bare(kind.as_deref().unwrap_or_default()))), status);
    by_the_model(error, failure)
}

/// A model's own server says more of its failure than that there was one.
fn by_the_model(error: Value<'_>, mut failure: Failure) -> Failure {
    let status = error.get("originalStatusCode").and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok());
    if let Some(status) = status.filter(|status| (400..600).contains(status) && failure.kind == ErrorKind::Api) {
        failure.kind = ErrorKind::from_status(status);
        failure.status = failure.status.or(Some(status));
    }
    failure
}

fn told(message: String, name: &str) -> ProviderError {
    ProviderError { message, names: vec![name.to_owned()], ..ProviderError::default() }
}

fn kind_of(reported: ProviderError, status: Option<u16>) -> Failure {
    if let Some(message) = overflow::message(&reported, &[], status) {
        return shared::too_long(message, status);
    }
    let kind = reported.names.last().and_then(|name| by_name(name));
    let kind = kind.or_else(|| status.map(ErrorKind::from_status)).unwrap_or(ErrorKind::Api);
    Failure { kind, message: reported.message, status, retry_after_ms: None }
}

/// Streams spell names with a small letter at their beginning.
fn by_name(name: &str) -> Option<ErrorKind> {
    let stem = ["exception", "error", "fault"].iter().find_map(|end| strip_end(name, end)).unwrap_or(name);
    let known =
        EXCEPTIONS.iter().find(|(known, _)| known.eq_ignore_ascii_case(stem) || known.eq_ignore_ascii_case(name));
    known.map(|(_, kind)| *kind)
}

fn strip_end<'n>(name: &'n str, end: &str) -> Option<&'n str> {
    let (stem, last) = name.split_at_checked(name.len().checked_sub(end.len())?)?;
    last.eq_ignore_ascii_case(end).then_some(stem)
}

/// The name alone: `com.amazon.coral.service#ThrottlingException`, `ThrottlingException:http://internal.amazon.com/…`.
fn bare(name: &str) -> &str {
    let name = name.split(':').next().unwrap_or(name);
    name.rsplit('#').next().unwrap_or(name).trim()
}
