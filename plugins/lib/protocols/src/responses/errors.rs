//! Answers that are none. What codes and types mean is the same in both of OpenAI's APIs: [`crate::openai::errors`].

use crate::openai::errors::TABLE;
use crate::shared::errors::provider_error::ProviderError;
use ccr_plugin::Fault;
use ccr_plugin::messages::json::Value;

/// An answer that is JSON and no response.
pub(crate) fn no_output(root: Value<'_>) -> Fault {
    let reported = ProviderError::of(root);
    if !reported.is_error {
        return Fault::bad_answer(
            "The provider's answer has no `output`. Check that `api_base_url` is a Responses endpoint (`…/responses`), \
             or use the transformer `openai` for chat completions.",
        );
    }
    TABLE.failure(reported, None).into()
}

/// An answer that was put off: the gateway never asks for one in the background.
pub(crate) fn not_ready(status: &str) -> Fault {
    Fault::bad_answer(format!("The provider's answer is not ready ({status}). Try again."))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use crate::openai::errors::TABLE;
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
