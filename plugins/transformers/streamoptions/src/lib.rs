//! The transformer `streamoptions`: asks for token counts in streams, under the name that claude-code-router gave it.
//!
//! Only OpenAI's format has to be asked; the protocol `openai` does so by itself unless its option `include_usage` says otherwise,
//! which this one overrules by a hint. The protocol writes the member into streams only.

use ccr_plugin::prelude::*;
use dialect::Hints;

const SETTINGS: &str = r#"{"type": "object", "properties": {}, "additionalProperties": false}"#;

/// The plugin.
#[derive(Debug)]
pub struct StreamOptions;

impl Plugin for StreamOptions {
    fn describe() -> Description {
        Description::new("streamoptions", env!("CARGO_PKG_VERSION"), "Asks for token counts in streams.")
            .settings_schema(SETTINGS)
    }
}

impl RequestTransformer for StreamOptions {
    fn transform_request(request: &mut dyn Request, _: &Settings) -> Result<(), Fault> {
        if !request.summary().streaming {
            return Ok(());
        }
        let mut hints = Hints::default();
        hints.option("include_usage", "true");
        hints.give(request)
    }
}

register!(StreamOptions: request_transformer);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use ccr_plugin::testing::FakeRequest;
    use serde_json::{Value, json};

    fn edited(body: Value) -> Value {
        let mut request = FakeRequest::new(body);
        StreamOptions::transform_request(&mut request, &Settings::of("{}")).unwrap();
        request.body
    }

    #[test]
    fn streams_ask_for_usage() {
        assert_eq!(edited(json!({"stream": true})), json!({"stream": true, "ccr": {"include_usage": true}}));
    }

    #[test]
    fn other_requests_stay() {
        for body in [json!({}), json!({"stream": false})] {
            assert_eq!(edited(body.clone()), body);
        }
    }
}
