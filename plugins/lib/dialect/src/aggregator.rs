//! What gateways in front of many makers' models share (OpenRouter, Vercel): a `reasoning` object for all of them, and
//! `cache_control` on the parts of messages for Anthropic's models.

use crate::thinking::Thinking;
use crate::{Hints, options};
use ccr_plugin::{Fault, Request, Settings};

/// JSON Schema of the options: they are the gateway's own and pass through, so any are allowed.
pub const SETTINGS: &str = r#"{
    "type": "object",
    "description": "Members of the request as the gateway documents them, such as provider: {only: [\"...\"]}. They replace what would be sent under the same name.",
    "additionalProperties": true
}"#;

/// Anthropic's smallest budget for thinking, which these gateways demand for a budget in tokens as well.
const SMALLEST_BUDGET: u64 = 1024;

/// Asks the protocol for what these gateways understand; the options become members of the wire body.
///
/// # Errors
/// Options that cannot be read, or an edit that the host refuses.
pub fn transform_request(request: &mut dyn Request, settings: &Settings) -> Result<(), Fault> {
    let document = options(settings)?;
    let claude = request.target().is_some_and(|target| is_claude(&target.model));
    let mut hints = Hints::default();
    if claude {
        hints.option("cache_control", "true");
    }
    let thinking = Thinking::of(request);
    if thinking != Thinking::Off {
        // Claude takes back what it signed, others their own entries and text; the protocol tells them apart.
        hints.option("reasoning", r#""reasoning_details""#);
    }
    if let Some(reasoning) = reasoning(thinking) {
        // Said in the object: saying it twice is refused.
        hints.option("reasoning_effort", r#""never""#);
        hints.extra("reasoning", reasoning);
    }
    for (key, value) in document.root().members() {
        hints.extra(key.decode(), value.raw());
    }
    hints.give(request)
}

/// The models that understand `cache_control`.
fn is_claude(model: &str) -> bool {
    let model = model.to_ascii_lowercase();
    model.starts_with("anthropic/") || model.contains("claude")
}

/// The `reasoning` object: a budget or an effort, never both.
fn reasoning(thinking: Thinking) -> Option<String> {
    match thinking {
        Thinking::Unsaid | Thinking::Off => None,
        Thinking::On { budget: Some(budget), .. } if budget >= SMALLEST_BUDGET => {
            Some(format!(r#"{{"max_tokens":{budget}}}"#))
        }
        Thinking::On { budget: Some(_), .. } => None,
        Thinking::On { effort: Some(effort), .. } => Some(format!(r#"{{"effort":"{effort}"}}"#)),
        Thinking::On { .. } => Some(r#"{"enabled":true}"#.into()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::transform_request;
    use ccr_plugin::testing::FakeRequest;
    use ccr_plugin::{Settings, Target};
    use serde_json::{Value, json};

    fn hints(model: &str, body: Value, settings: &str) -> Value {
        let mut request = FakeRequest::new(body);
        request.target = Some(Target::new("p", model));
        request.base_path = "/api/v1".into();
        transform_request(&mut request, &Settings::of(settings)).unwrap();
        request.body["ccr"].clone()
    }

    #[test]
    fn claude_keeps_its_cache_marks() {
        for model in ["anthropic/claude-sonnet-4.5", "claude-3-haiku", "Anthropic/X"] {
            assert_eq!(
                hints(model, json!({}), "{}"),
                json!({"cache_control": true, "reasoning": "reasoning_details"}),
                "{model}"
            );
        }
        assert_eq!(hints("z-ai/glm-4.6", json!({}), "{}"), json!({"reasoning": "reasoning_details"}));
    }

    #[test]
    fn thinking_becomes_the_reasoning_object() {
        let of = |body: Value| hints("x/y", body, "{}")["extra"]["reasoning"].clone();
        let budget =
            |budget: u64| json!({"thinking": {"type": "enabled", "budget_tokens": budget}, "max_tokens": 9000});
        assert_eq!(of(budget(4000)), json!({"max_tokens": 4000}));
        assert_eq!(of(budget(31999)), json!({"max_tokens": 8999}));
        assert_eq!(
            of(json!({"thinking": {"type": "enabled", "budget_tokens": 4000}, "max_tokens": 1000})),
            Value::Null
        );
        let adaptive = json!({"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}});
        assert_eq!(of(adaptive), json!({"effort": "low"}));
        assert_eq!(of(json!({"thinking": {"type": "adaptive"}})), json!({"enabled": true}));
    }

    #[test]
    fn thinking_switched_off_leaves_no_key() {
        assert_eq!(hints("x/y", json!({"thinking": {"type": "disabled"}}), "{}"), Value::Null);
    }

    #[test]
    fn options_are_members_of_the_wire_body_and_win() {
        let body = json!({"thinking": {"type": "adaptive"}});
        let hints = hints("x/y", body, r#"{"provider":{"only":["a"]},"reasoning":{"effort":"high"}}"#);
        assert_eq!(hints["extra"], json!({"reasoning": {"effort": "high"}, "provider": {"only": ["a"]}}));
        assert_eq!(hints["reasoning_effort"], json!("never"));
    }
}
