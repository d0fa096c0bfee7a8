//! The transformer `openrouter`: what OpenRouter understands beyond OpenAI's format, under the name that claude-code-router gave it.
//!
//! It asks the protocol `openai` by hints; how is told in [`dialect::aggregator`], which it shares with its like.

use ccr_plugin::prelude::*;
use dialect::aggregator;

/// The plugin.
#[derive(Debug)]
pub struct OpenRouter;

impl Plugin for OpenRouter {
    fn describe() -> Description {
        Description::new(
            "openrouter",
            env!("CARGO_PKG_VERSION"),
            "Reasoning, prompt caching and further members of the request for OpenRouter.",
        )
        .settings_schema(aggregator::SETTINGS)
    }
}

impl RequestTransformer for OpenRouter {
    fn transform_request(request: &mut dyn Request, settings: &Settings) -> Result<(), Fault> {
        aggregator::transform_request(request, settings)
    }
}

register!(OpenRouter: request_transformer);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use ccr_plugin::testing::FakeRequest;
    use serde_json::json;

    #[test]
    fn options_go_into_the_wire_body() {
        let mut request = FakeRequest::new(json!({"messages": []}));
        let settings = Settings::of(r#"{"provider":{"only":["moonshotai/fp8"]}}"#);
        OpenRouter::transform_request(&mut request, &settings).unwrap();
        assert_eq!(request.body["ccr"]["extra"], json!({"provider": {"only": ["moonshotai/fp8"]}}));
    }
}
