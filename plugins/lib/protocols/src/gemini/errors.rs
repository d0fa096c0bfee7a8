//! Failures: Google's `{"error":{"code":…,"message":…,"status":…,"details":[…]}}`, alone or in a list, turned into the one
//! that clients know.
//!
//! Prompts that are too long are recognised in [`crate::shared::errors`], which also shortens what was never meant for an API.
//! What to do about a failure (retry, fall back) is the host's.

#[cfg(test)]
mod tests;

use crate::shared::errors::told::Told as Said;
use crate::shared::errors::{self as shared, Kinds, PROVIDER, overflow, retry, words};
use ccr_plugin::messages::event::{ErrorKind, Failure};
use ccr_plugin::messages::json::{Document, Kind, Str, Value};
use ccr_plugin::{Fault, WireResponse};

/// Google's names of statuses (`google.rpc.Code`), for errors that come without a number.
const STATUSES: &Kinds = &[
    ("INVALID_ARGUMENT", ErrorKind::InvalidRequest),
    ("FAILED_PRECONDITION", ErrorKind::InvalidRequest),
    ("OUT_OF_RANGE", ErrorKind::InvalidRequest),
    ("UNAUTHENTICATED", ErrorKind::Authentication),
    ("PERMISSION_DENIED", ErrorKind::Permission),
    ("NOT_FOUND", ErrorKind::NotFound),
    ("RESOURCE_EXHAUSTED", ErrorKind::RateLimit),
    ("DEADLINE_EXCEEDED", ErrorKind::Timeout),
    ("UNAVAILABLE", ErrorKind::Overloaded),
];

/// Reasons (`google.rpc.ErrorInfo`) that say more than the status: a wrong key is answered with 400, which would read as a
/// mistake of the client's.
const REASONS: &Kinds = &[
    ("API_KEY_INVALID", ErrorKind::Authentication),
    ("API_KEY_SERVICE_BLOCKED", ErrorKind::Permission),
    ("BILLING_DISABLED", ErrorKind::Billing),
];

/// How prompts that are too long are told of, beyond the words that other providers use too; in lower case.
const TOO_LONG: &[&str] = &["exceeds the maximum number of tokens"];

/// What can be told from an error.
#[derive(Debug, Default)]
struct Told {
    message: String,
    status: Option<u16>,
    name: String,
    reason: String,
    retry_after_ms: Option<u64>,
}

/// An answer with a status outside of 200 to 299.
pub(crate) fn of_response(response: &WireResponse) -> Failure {
    let told = match Document::parse(&response.body) {
        Ok(document) => Told::by(document.root()),
        Err(_) => Told { message: words::first(&response.body), ..Told::default() },
    };
    let mut failure = failure(told, Some(response.status));
    if failure.message.is_empty() {
        failure.message = shared::without_text(response.status);
    }
    failure.retry_after_ms = failure.retry_after_ms.or_else(|| retry::after_ms(response));
    failure
}

/// An error within an answer whose status said that all is well.
pub(crate) fn in_answer(error: Value<'_>) -> Failure {
    let mut failure = failure(Told::by(error), None);
    if failure.message.is_empty() {
        failure.message = "The provider reported an error without saying which.".into();
    }
    failure
}

/// An answer that is no JSON although its status is good.
pub(crate) fn unreadable(body: &[u8]) -> Fault {
    shared::unreadable(PROVIDER, body)
}

/// An answer that is JSON and none of Gemini's.
pub(crate) fn no_candidates(root: Value<'_>) -> Fault {
    let told = Told::by(root);
    if told.name.is_empty() && told.status.is_none() {
        return Fault::unreadable(
            "The provider's answer has no `candidates`. Try again, or check that `api_base_url` is Gemini's API.",
        );
    }
    failure(told, None).into()
}

fn failure(told: Told, status: Option<u16>) -> Failure {
    let status = status.or(told.status);
    let retry_after_ms = told.retry_after_ms;
    let said = Said { message: told.message.clone(), ..Said::default() };
    if let Some(message) = overflow::message(&said, TOO_LONG, status) {
        return shared::too_long(message, status);
    }
    let kind = shared::kind_of(&[told.reason], REASONS).or_else(|| status.map(ErrorKind::from_status));
    let kind = kind.or_else(|| shared::kind_of(&[told.name], STATUSES)).unwrap_or(ErrorKind::Api);
    Failure { kind, message: told.message, status, retry_after_ms }
}

impl Told {
    fn by(root: Value<'_>) -> Self {
        // A stream that fails at once is a list of one.
        let root = if root.kind() == Kind::Array { root.items().next().unwrap_or(root) } else { root };
        let error = root.get("error").unwrap_or(root);
        let mut told = Self::default();
        if let Some(text) = error.as_str() {
            told.message = words::first(text.decode().as_bytes());
        }
        for (key, value) in error.members() {
            let text = || value.as_str().map(Str::decode).unwrap_or_default();
            match key.raw() {
                "message" => told.message = words::first(text().as_bytes()),
                "status" => told.name = words::bounded(&text()),
                "code" => told.status = value.as_u64().and_then(|code| u16::try_from(code).ok()),
                "details" => value.items().for_each(|detail| told.detail(detail)),
                _ => {}
            }
        }
        told.status = told.status.filter(|status| (400..600).contains(status));
        if told.message.is_empty() {
            told.message =
                if told.name.is_empty() && !root.is_empty() { words::bounded(root.raw()) } else { told.name.clone() };
        }
        told
    }

    /// One of Google's standard details, told apart by the end of their type.
    fn detail(&mut self, detail: Value<'_>) {
        let member = |name: &str| detail.get(name).and_then(Value::as_str).map(Str::decode).unwrap_or_default();
        let kind = member("@type");
        if kind.ends_with("google.rpc.RetryInfo") {
            self.retry_after_ms = duration_ms(&member("retryDelay"));
        } else if kind.ends_with("google.rpc.ErrorInfo") {
            self.reason = words::bounded(&member("reason"));
        }
    }
}

/// A duration as protobuf writes it in JSON: seconds, perhaps with a fraction, and `s`.
fn duration_ms(text: &str) -> Option<u64> {
    retry::milliseconds(text.strip_suffix('s')?)
}
