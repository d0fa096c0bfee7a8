//! The transformer `maxcompletiontokens`: `max_tokens` becomes `max_completion_tokens`, under the name that
//! claude-code-router gave it.
//!
//! The protocol `openai` does so by itself for OpenAI's reasoning models; for those that it does not know, this one asks for it by
//! a hint. Other formats have a name of their own for the limit.

use ccr_plugin::prelude::*;
use dialect::Hints;

const SETTINGS: &str = r#"{"type": "object", "properties": {}, "additionalProperties": false}"#;

/// The plugin.
#[derive(Debug)]
pub struct MaxCompletionTokens;

impl Plugin for MaxCompletionTokens {
    fn describe() -> Description {
        Description::new("maxcompletiontokens", env!("CARGO_PKG_VERSION"), "max_tokens becomes max_completion_tokens.")
            .settings_schema(SETTINGS)
    }
}

impl RequestTransformer for MaxCompletionTokens {
    fn transform_request(request: &mut dyn Request, _: &Settings) -> Result<(), Fault> {
        let mut hints = Hints::default();
        hints.option("max_tokens_field", r#""max_completion_tokens""#);
        hints.give(request)
    }
}

register!(MaxCompletionTokens: request_transformer);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use ccr_plugin::testing::FakeRequest;
    use serde_json::json;

    #[test]
    fn the_protocol_is_asked_for_the_other_name() {
        let mut request = FakeRequest::new(json!({"max_tokens": 5}));
        MaxCompletionTokens::transform_request(&mut request, &Settings::of("{}")).unwrap();
        let expected = json!({"max_tokens": 5, "ccr": {"max_tokens_field": "max_completion_tokens"}});
        assert_eq!(request.body, expected);
    }
}
