//! The transformer `streamoptions`: asks for token counts in streams, under the name that claude-code-router gave it.
//!
//! The protocol `openai` does so by itself unless told otherwise; this one is for those that do not.

use ccr_plugin::prelude::*;

const SETTINGS: &str = r#"{"type": "object", "properties": {}, "additionalProperties": false}"#;

/// The plugin.
#[derive(Debug)]
pub struct StreamOptions;

impl Plugin for StreamOptions {
    fn describe() -> Description {
        Description::new("streamoptions", env!("CARGO_PKG_VERSION"), "Asks for token counts in streams.")
            .settings_schema(SETTINGS)
            .hooks(Hooks::WIRE_REQUEST)
    }
}

impl Transformer for StreamOptions {
    fn transform_wire_request(request: &mut dyn WireRequest, _: &Settings) -> Result<(), Fault> {
        let asked = request.get("/stream_options/include_usage");
        if asked.as_deref() == Some("true") || request.get("/stream").as_deref() != Some("true") {
            return Ok(());
        }
        if request.get("/stream_options").is_some_and(|options| options.starts_with('{')) {
            request.set("/stream_options/include_usage", "true")
        } else {
            request.set("/stream_options", r#"{"include_usage":true}"#)
        }
    }
}

register!(StreamOptions: transformer);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use ccr_plugin::testing::FakeWireRequest;
    use serde_json::{Value, json};

    fn sent(body: Value) -> Value {
        let mut request = FakeWireRequest::new(body);
        StreamOptions::transform_wire_request(&mut request, &Settings::of("{}")).unwrap();
        request.body
    }

    #[test]
    fn streams_ask_for_usage() {
        assert_eq!(sent(json!({"stream": true})), json!({"stream": true, "stream_options": {"include_usage": true}}));
        let off = json!({"stream": true, "stream_options": {"include_usage": false, "x": 1}});
        assert_eq!(sent(off)["stream_options"], json!({"include_usage": true, "x": 1}));
        let null = json!({"stream": true, "stream_options": null});
        assert_eq!(sent(null)["stream_options"], json!({"include_usage": true}));
    }

    #[test]
    fn other_requests_stay() {
        for body in [json!({}), json!({"stream": false})] {
            assert_eq!(sent(body.clone()), body);
        }
    }
}
