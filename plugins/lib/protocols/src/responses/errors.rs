//! Failures in the shapes that OpenAI and those who speak its format have for them, turned into the one that clients know.
//!
//! The words are read in [`crate::shared::errors`]; here is what codes and types mean. What to do about a failure is the host's.

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

/// Codes and types for errors that come without a status, as within streams.
const WITHOUT_STATUS: &Kinds = &[
    ("rate_limit_exceeded", ErrorKind::RateLimit),
    ("rate_limit_error", ErrorKind::RateLimit),
    ("invalid_prompt", ErrorKind::InvalidRequest),
    ("invalid_request_error", ErrorKind::InvalidRequest),
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
    ("authentication_error", ErrorKind::Authentication),
    ("invalid_api_key", ErrorKind::Authentication),
    ("permission_error", ErrorKind::Permission),
    ("not_found_error", ErrorKind::NotFound),
    ("model_not_found", ErrorKind::NotFound),
    ("request_too_large", ErrorKind::TooLarge),
    ("timeout_error", ErrorKind::Timeout),
];

/// What codes and types mean in this format.
pub(crate) const TABLE: ErrorTable =
    ErrorTable { stronger_than_status: STRONGER_THAN_STATUS, without_status: WITHOUT_STATUS, too_long: &[] };

/// An answer that is JSON and no response.
pub(crate) fn no_output(root: Value<'_>) -> Fault {
    let reported = ProviderError::of(root);
    if !reported.is_error {
        return Fault::unreadable(
            "The provider's answer has no `output`. Check that `api_base_url` is a Responses endpoint (`…/responses`), \
             or use the transformer `openai` for chat completions.",
        );
    }
    TABLE.failure(reported, None).into()
}

/// An answer that was put off: the gateway never asks for one in the background.
pub(crate) fn not_ready(status: &str) -> Fault {
    Fault::unreadable(format!("The provider's answer is not ready ({status}). Try again."))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::TABLE;
    use ccr_plugin::messages::event::{ErrorKind, Failure};
    use ccr_plugin::messages::json::Document;

    fn failure(error: &str) -> Failure {
        TABLE.in_answer(Document::parse(error.as_bytes()).unwrap().root())
    }

    #[test]
    fn the_kind_comes_from_the_code() {
        for (error, kind) in [
            (r#"{"code":"rate_limit_exceeded","message":"m"}"#, ErrorKind::RateLimit),
            (r#"{"code":"server_error","message":"m"}"#, ErrorKind::Api),
            (r#"{"code":"invalid_prompt","message":"m"}"#, ErrorKind::InvalidRequest),
            (r#"{"code":"insufficient_quota","message":"m"}"#, ErrorKind::Billing),
            (
                r#"{"type":"error","error":{"type":"invalid_request_error","code":"invalid_encrypted_content","message":"m"}}"#,
                ErrorKind::InvalidRequest,
            ),
            (r#"{"code":"server_is_overloaded","message":"m"}"#, ErrorKind::Overloaded),
            (r#"{"code":429,"message":"m"}"#, ErrorKind::RateLimit),
        ] {
            assert_eq!(failure(error).kind, kind, "{error}");
            assert_eq!(failure(error).message, "m", "{error}");
        }
    }

    #[test]
    fn a_prompt_that_is_too_long_is_said_in_anthropics_words() {
        let text = "Your input exceeds the context window of this model. Please adjust your input and try again.";
        let failure = failure(&format!(r#"{{"code":"context_length_exceeded","message":"{text}"}}"#));
        assert_eq!((failure.kind, failure.message), (ErrorKind::InvalidRequest, format!("prompt is too long: {text}")));
    }

    #[test]
    fn an_error_always_says_something() {
        for error in [r#"{"type":"error"}"#, "{}", "null", "\"\""] {
            assert!(failure(error).message.len() > "error".len(), "{error}");
        }
    }
}
