//! The transformer `maxcompletiontokens`: `max_tokens` becomes `max_completion_tokens`, under the name that
//! claude-code-router gave it.
//!
//! The protocol `openai` does so by itself for OpenAI's reasoning models; this one is for models it does not know.

use ccr_plugin::messages::json::{Document, Value};
use ccr_plugin::prelude::*;
use dialect::Edits;

const SETTINGS: &str = r#"{"type": "object", "properties": {}, "additionalProperties": false}"#;

const OLD: &str = "max_tokens";
const NEW: &str = "max_completion_tokens";

/// The plugin.
#[derive(Debug)]
pub struct MaxCompletionTokens;

impl Plugin for MaxCompletionTokens {
    fn describe() -> Description {
        Description::new("maxcompletiontokens", env!("CARGO_PKG_VERSION"), "max_tokens becomes max_completion_tokens.")
            .settings_schema(SETTINGS)
            .hooks(Hooks::WIRE_REQUEST)
    }
}

impl Transformer for MaxCompletionTokens {
    fn transform_wire_request(request: &mut dyn WireRequest, _: &Settings) -> Result<(), Fault> {
        let body = request.body();
        let document = Document::parse(&body).map_err(|error| Fault::own(format!("the body is not JSON: {error}")))?;
        let given = |key| document.root().get(key).filter(|value: &Value<'_>| !value.is_null());
        let mut edits = Edits::default();
        if let Some(limit) = document.root().get(OLD) {
            edits.remove(OLD);
            // One that is there already was meant for these models.
            if given(NEW).is_none() && !limit.is_null() {
                edits.set(NEW, limit.raw());
            }
        }
        edits.make(&document, request)
    }
}

register!(MaxCompletionTokens: transformer);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use ccr_plugin::testing::FakeWireRequest;
    use serde_json::{Value, json};

    fn sent(body: Value) -> Value {
        let mut request = FakeWireRequest::new(body);
        MaxCompletionTokens::transform_wire_request(&mut request, &Settings::of("{}")).unwrap();
        request.body
    }

    #[test]
    fn the_limit_changes_its_name() {
        assert_eq!(sent(json!({"model": "m", "max_tokens": 5})), json!({"model": "m", "max_completion_tokens": 5}));
        let null = json!({"max_tokens": 5, "max_completion_tokens": null});
        assert_eq!(sent(null), json!({"max_completion_tokens": 5}));
    }

    #[test]
    fn there_are_never_two_limits() {
        let both = json!({"max_tokens": 5, "max_completion_tokens": 7});
        assert_eq!(sent(both), json!({"max_completion_tokens": 7}));
        assert_eq!(sent(json!({"model": "m"})), json!({"model": "m"}));
        assert_eq!(sent(json!({"max_tokens": null})), json!({}));
    }
}
