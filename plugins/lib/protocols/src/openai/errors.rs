//! Failures in the shapes that providers have for them, turned into the one that clients know.
//!
//! The words are read in [`crate::shared::errors`]; here is what codes and types mean. What to do about a failure (retry, fall
//! back) is the host's.

#[cfg(test)]
mod tests;

pub(crate) use crate::shared::errors::says_something;
use crate::shared::errors::told::Told;
use crate::shared::errors::{self as shared, Kinds, PROVIDER, overflow, retry};
use ccr_plugin::messages::event::{ErrorKind, Failure};
use ccr_plugin::messages::json::Value;
use ccr_plugin::{Fault, WireResponse};

/// Codes and types that say more than the status: OpenAI sends a spent budget as 429, which clients would retry for ever.
const STRONGER_THAN_STATUS: &Kinds = &[
    ("insufficient_quota", ErrorKind::Billing),
    ("billing_hard_limit_reached", ErrorKind::Billing),
    ("billing_not_active", ErrorKind::Billing),
    ("overloaded_error", ErrorKind::Overloaded),
    ("engine_overloaded", ErrorKind::Overloaded),
];

/// Codes and types for errors that come without a status: OpenAI's and Anthropic's, and Google's names of statuses.
const WITHOUT_STATUS: &Kinds = &[
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
    let mut failure = failure(shared::told(&response.body), Some(response.status));
    if failure.message.is_empty() {
        failure.message = shared::without_text(response.status);
    }
    failure.retry_after_ms = retry::after_ms(response);
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
    if let Some(message) = overflow::message(&told, &[], status) {
        return shared::too_long(message, status);
    }
    let named = |table| shared::kind_of(&told.names, table);
    let kind = named(STRONGER_THAN_STATUS).or_else(|| status.map(ErrorKind::from_status));
    let kind = kind.or_else(|| named(WITHOUT_STATUS)).unwrap_or(ErrorKind::Api);
    Failure { kind, message: told.message, status, retry_after_ms: None }
}
