//! The transformer `reasoning`: the switches for reasoning that Qwen, GLM, Kimi and their like understand, with the name and
//! the option that claude-code-router gave it.
//!
//! They are no part of OpenAI's format, so it asks the protocol for them by hints; it also asks for earlier reasoning to be
//! sent back, which Kimi demands. In the other formats the client's own `thinking` is the switch, and is set. Reasoning in answers
//! is read by the protocol itself.

use ccr_plugin::prelude::*;
use dialect::Hints;
use dialect::thinking::Thinking;

const SETTINGS: &str = r#"{
    "type": "object",
    "properties": {
        "enable": {
            "type": "boolean",
            "description": "false switches reasoning off in every request. true, unless given: as the client asks."
        }
    },
    "additionalProperties": false
}"#;

/// The plugin.
#[derive(Debug)]
pub struct Reasoning;

impl Plugin for Reasoning {
    fn describe() -> Description {
        Description::new(
            "reasoning",
            env!("CARGO_PKG_VERSION"),
            "Switches reasoning on and off for Qwen, GLM and Kimi.",
        )
        .settings_schema(SETTINGS)
    }
}

impl RequestTransformer for Reasoning {
    fn transform_request(request: &mut dyn Request, settings: &Settings) -> Result<(), Fault> {
        let enable = settings.flag("enable")?.unwrap_or(true);
        let wish = if enable { Thinking::of(request) } else { Thinking::Off };
        let mut hints = Hints::default();
        match wish {
            Thinking::Unsaid => return Ok(()),
            Thinking::Off => {
                hints.option("reasoning", r#""off""#);
                hints.option("reasoning_effort", r#""never""#);
                hints.extra("thinking", r#"{"type":"disabled"}"#);
                hints.extra("enable_thinking", "false");
                // What the other protocols go by.
                if Thinking::of(request) != Thinking::Off {
                    request.set("/thinking", r#"{"type":"disabled"}"#)?;
                }
            }
            Thinking::On { budget, .. } => {
                hints.option("reasoning", r#""reasoning_content""#);
                let budget = budget.map(|budget| format!(r#","budget_tokens":{budget}"#)).unwrap_or_default();
                hints.extra("thinking", format!(r#"{{"type":"enabled"{budget}}}"#));
                hints.extra("enable_thinking", "true");
            }
        }
        hints.give(request)
    }
}

register!(Reasoning: request_transformer);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use ccr_plugin::testing::FakeRequest;
    use serde_json::{Value, json};

    fn hints(body: Value, settings: &str) -> Value {
        let mut request = FakeRequest::new(body);
        Reasoning::transform_request(&mut request, &Settings::of(settings)).unwrap();
        request.body["ccr"].clone()
    }

    #[test]
    fn thinking_is_asked_for_as_the_client_does() {
        let body = json!({"thinking": {"type": "enabled", "budget_tokens": 2000}, "max_tokens": 4000});
        let expected = json!({
            "reasoning": "reasoning_content",
            "extra": {"thinking": {"type": "enabled", "budget_tokens": 2000}, "enable_thinking": true},
        });
        assert_eq!(hints(body.clone(), "{}"), expected);
        assert_eq!(hints(body, r#"{"enable":true}"#), expected);
        let adaptive = hints(json!({"thinking": {"type": "adaptive"}}), "{}");
        assert_eq!(adaptive["extra"], json!({"thinking": {"type": "enabled"}, "enable_thinking": true}));
    }

    #[test]
    fn a_request_that_says_nothing_stays() {
        assert_eq!(hints(json!({}), "{}"), Value::Null);
    }

    #[test]
    fn off_is_off() {
        let expected = json!({"thinking": {"type": "disabled"}, "enable_thinking": false});
        let on = json!({"thinking": {"type": "enabled", "budget_tokens": 2000}});
        assert_eq!(hints(on, r#"{"enable":false}"#)["extra"], expected);
        assert_eq!(hints(json!({}), r#"{"enable":false}"#)["extra"], expected);
        let disabled = hints(json!({"thinking": {"type": "disabled"}}), "{}");
        assert_eq!(disabled["extra"], expected);
        assert_eq!(disabled["reasoning"], json!("off"));
    }

    #[test]
    fn off_is_off_in_every_format() {
        let mut request = FakeRequest::new(json!({"thinking": {"type": "adaptive"}}));
        Reasoning::transform_request(&mut request, &Settings::of(r#"{"enable":false}"#)).unwrap();
        assert_eq!(request.body["thinking"], json!({"type": "disabled"}));
    }

    #[test]
    fn a_wrong_option_is_named() {
        let mut request = FakeRequest::new(json!({}));
        let fault = Reasoning::transform_request(&mut request, &Settings::of(r#"{"enable":"no"}"#)).unwrap_err();
        assert!(matches!(fault, Fault::Other(message) if message.contains("`enable`")));
    }
}
