//! Failures in the shapes that providers have for them, turned into the one that clients know.
//!
//! [`told`] reads what a provider said, [`overflow`] recognises a prompt that is too long, [`words`] shortens pages and
//! texts that were never meant for an API. What to do about a failure (retry, fall back) is the host's.

pub(crate) mod overflow;
pub(crate) mod told;
pub(crate) mod words;

#[cfg(test)]
mod tests;

use ccr_plugin::messages::event::{ErrorKind, Failure};
use ccr_plugin::messages::json::{Document, Value};
use ccr_plugin::{Fault, WireResponse};
use told::Told;

/// Codes and types that say more than the status: OpenAI sends a spent budget as 429, which clients would retry for ever.
const STRONGER_THAN_STATUS: &[(&str, ErrorKind)] = &[
    ("insufficient_quota", ErrorKind::Billing),
    ("billing_hard_limit_reached", ErrorKind::Billing),
    ("billing_not_active", ErrorKind::Billing),
    ("overloaded_error", ErrorKind::Overloaded),
    ("engine_overloaded", ErrorKind::Overloaded),
];

/// Codes and types for errors that come without a status: OpenAI's and Anthropic's, and Google's names of statuses.
const WITHOUT_STATUS: &[(&str, ErrorKind)] = &[
    ("invalid_request_error", ErrorKind::InvalidRequest),
    ("BadRequestError", ErrorKind::InvalidRequest),
    ("INVALID_ARGUMENT", ErrorKind::InvalidRequest),
    // Azure's filter of prompts.
    ("content_filter", ErrorKind::InvalidRequest),
    ("authentication_error", ErrorKind::Authentication),
    ("invalid_api_key", ErrorKind::Authentication),
    ("UNAUTHENTICATED", ErrorKind::Authentication),
    ("billing_error", ErrorKind::Billing),
    ("permission_error", ErrorKind::Permission),
    ("PERMISSION_DENIED", ErrorKind::Permission),
    ("not_found_error", ErrorKind::NotFound),
    ("model_not_found", ErrorKind::NotFound),
    ("NOT_FOUND", ErrorKind::NotFound),
    ("request_too_large", ErrorKind::TooLarge),
    ("rate_limit_error", ErrorKind::RateLimit),
    ("rate_limit_exceeded", ErrorKind::RateLimit),
    ("RESOURCE_EXHAUSTED", ErrorKind::RateLimit),
    // OpenAI's types of the limits per minute.
    ("requests", ErrorKind::RateLimit),
    ("tokens", ErrorKind::RateLimit),
    ("timeout_error", ErrorKind::Timeout),
    ("DEADLINE_EXCEEDED", ErrorKind::Timeout),
    ("UNAVAILABLE", ErrorKind::Overloaded),
];

/// An answer with a status outside of 200 to 299.
pub(crate) fn of_response(response: &WireResponse) -> Failure {
    let told = match Document::parse(&response.body) {
        Ok(document) => Told::by(document.root()),
        Err(_) => Told { message: words::first(&response.body), ..Told::default() },
    };
    let mut failure = failure(told, Some(response.status));
    if failure.message.is_empty() {
        failure.message = format!("The provider answered with status {} and no text.", response.status);
    }
    failure.retry_after_ms = retry_after_ms(response);
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

/// Whether a member `error` reports one: some providers send it empty with every answer.
pub(crate) fn says_something(error: Value<'_>) -> bool {
    error.as_bool().unwrap_or_else(|| error.as_str().map_or_else(|| !error.is_empty(), |text| !text.is_empty()))
}

/// An answer that is no JSON although its status is good.
pub(crate) fn unreadable(body: &[u8]) -> Fault {
    let words = words::first(body);
    if words.is_empty() {
        return Fault::unreadable("The provider answered with nothing. Try again, or check `api_base_url`.");
    }
    Fault::unreadable(format!("The provider's answer is not JSON: {words} (check `api_base_url`)"))
}

/// An answer that is JSON and no chat completion. Some providers report errors so.
pub(crate) fn no_choices(root: Value<'_>) -> Fault {
    let told = Told::by(root);
    if !told.is_error {
        return Fault::unreadable(
            "The provider's answer has no `choices`. Check that `api_base_url` is its chat completions endpoint.",
        );
    }
    failure(told, None).into()
}

fn failure(told: Told, status: Option<u16>) -> Failure {
    let status = status.or(told.status);
    if let Some(message) = overflow::message(&told, status) {
        return Failure { kind: ErrorKind::InvalidRequest, message, status, retry_after_ms: None };
    }
    let named = |table: &[(&str, ErrorKind)]| {
        let of =
            |name: &String| table.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, kind)| *kind);
        told.names.iter().find_map(of)
    };
    let kind = named(STRONGER_THAN_STATUS).or_else(|| status.map(ErrorKind::from_status));
    let kind = kind.or_else(|| named(WITHOUT_STATUS)).unwrap_or(ErrorKind::Api);
    Failure { kind, message: told.message, status, retry_after_ms: None }
}

/// How long to wait. A date is left to the host, as a plugin's clock need not be right.
fn retry_after_ms(response: &WireResponse) -> Option<u64> {
    let number = |name: &str| response.header(name)?.trim().parse::<f64>().ok().filter(|number| *number >= 0.0);
    let milliseconds = number("retry-after-ms").or_else(|| number("retry-after").map(|seconds| seconds * 1000.0))?;
    // A cast of a float saturates.
    Some(milliseconds.ceil() as u64)
}
