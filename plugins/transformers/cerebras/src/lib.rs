//! The transformer `cerebras`: Cerebras' switch for reasoning, under the name that claude-code-router gave it.
//!
//! Cerebras takes no `reasoning` object, only `disable_reasoning`, and only some of its models can be told not to reason.

use ccr_plugin::prelude::*;
use dialect::Hints;
use dialect::thinking::Thinking;

const SETTINGS: &str = r#"{"type": "object", "properties": {}, "additionalProperties": false}"#;

/// Models whose reasoning can be switched off (Cerebras' API reference, `disable_reasoning`), by a part of their names.
const SWITCHABLE: &str = "glm";

/// The plugin.
#[derive(Debug)]
pub struct Cerebras;

impl Plugin for Cerebras {
    fn describe() -> Description {
        Description::new(
            "cerebras",
            env!("CARGO_PKG_VERSION"),
            "Switches reasoning on or off as Cerebras understands it.",
        )
        .settings_schema(SETTINGS)
    }
}

impl RequestTransformer for Cerebras {
    fn transform_request(request: &mut dyn Request, _: &Settings) -> Result<(), Fault> {
        let disable = match Thinking::of(request) {
            // A model that reasons does so unless told otherwise.
            Thinking::On { .. } => return Ok(()),
            Thinking::Unsaid => false,
            Thinking::Off => {
                let model = request.target().map(|target| target.model.to_ascii_lowercase());
                model.is_some_and(|model| model.contains(SWITCHABLE))
            }
        };
        let mut hints = Hints::default();
        hints.extra("disable_reasoning", if disable { "true" } else { "false" });
        hints.give(request)
    }
}

register!(Cerebras: request_transformer);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use ccr_plugin::Target;
    use ccr_plugin::testing::FakeRequest;
    use serde_json::{Value, json};

    fn sent(model: &str, body: Value) -> Value {
        let mut request = FakeRequest::new(body);
        request.target = Some(Target::new("p", model));
        Cerebras::transform_request(&mut request, &Settings::of("{}")).unwrap();
        request.body["ccr"]["extra"]["disable_reasoning"].clone()
    }

    #[test]
    fn thinking_needs_no_switch() {
        assert_eq!(sent("zai-glm-4.6", json!({"thinking": {"type": "enabled", "budget_tokens": 1024}})), Value::Null);
    }

    #[test]
    fn a_request_without_thinking_disables_nothing() {
        assert_eq!(sent("zai-glm-4.6", json!({})), json!(false));
    }

    #[test]
    fn thinking_is_switched_off_where_that_can_be_done() {
        let off = json!({"thinking": {"type": "disabled"}});
        assert_eq!(sent("zai-glm-4.6", off.clone()), json!(true));
        assert_eq!(sent("gpt-oss-120b", off), json!(false));
    }
}
