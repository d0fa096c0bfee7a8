//! Failures in the shapes that providers have for them, turned into the one that clients know.
//!
//! The words are read in [`crate::shared::errors`]; here is what codes and types mean. What to do about a failure (retry, fall
//! back) is the host's.

#[cfg(test)]
mod tests;

use crate::shared::errors::provider_error::ProviderError;
use crate::shared::errors::{ErrorTable, Kinds};
use ccr_plugin::Fault;
use ccr_plugin::messages::event::ErrorKind;
use ccr_plugin::messages::json::Value;

/// Codes and types that say more than the status: OpenAI sends a spent budget as 429, which clients would retry for ever.
const STRONGER_THAN_STATUS: &Kinds = &[
    ("insufficient_quota", ErrorKind::Billing),
    ("billing_hard_limit_reached", ErrorKind::Billing),
    ("billing_not_active", ErrorKind::Billing),
    ("overloaded_error", ErrorKind::Overloaded),
    ("engine_overloaded", ErrorKind::Overloaded),
    ("server_is_overloaded", ErrorKind::Overloaded),
    ("slow_down", ErrorKind::Overloaded),
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
    // OpenAI's codes of what is wrong with a request.
    ("invalid_prompt", ErrorKind::InvalidRequest),
    ("invalid_encrypted_content", ErrorKind::InvalidRequest),
    ("invalid_image", ErrorKind::InvalidRequest),
    ("invalid_image_format", ErrorKind::InvalidRequest),
    ("invalid_base64_image", ErrorKind::InvalidRequest),
    ("invalid_image_url", ErrorKind::InvalidRequest),
    ("image_too_large", ErrorKind::InvalidRequest),
    ("image_too_small", ErrorKind::InvalidRequest),
    ("image_parse_error", ErrorKind::InvalidRequest),
    ("unsupported_image_media_type", ErrorKind::InvalidRequest),
    ("image_content_policy_violation", ErrorKind::InvalidRequest),
];

/// What codes and types mean in this format.
pub(crate) const TABLE: ErrorTable =
    ErrorTable { stronger_than_status: STRONGER_THAN_STATUS, without_status: WITHOUT_STATUS, too_long: &[] };

/// An answer that is JSON and no chat completion. Some providers report errors so.
pub(crate) fn no_choices(root: Value<'_>) -> Fault {
    let reported = ProviderError::of(root);
    if !reported.is_error {
        return Fault::bad_answer(
            "The provider's answer has no `choices`. Check that `api_base_url` is its chat completions endpoint.",
        );
    }
    TABLE.failure(reported, None).into()
}
