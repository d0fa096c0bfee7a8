//! The transformer `deepseek`: DeepSeek's limit of output tokens, and its reasoning sent back, under the name that
//! claude-code-router gave it.
//!
//! In thinking mode DeepSeek refuses a conversation whose tool calls come without the reasoning that led to them; outside of
//! it there must be none. Which mode a request is in is decided here; the field is written by the protocol (see its hints).

use ccr_plugin::prelude::*;
use dialect::Hints;
use dialect::thinking::Thinking;

/// What claude-code-router capped at: the limit of `deepseek-chat` when it was written. Later models take more.
const DEFAULT_CAP: u64 = 8192;

const SETTINGS: &str = r#"{
    "type": "object",
    "properties": {
        "max_tokens": {
            "type": "integer",
            "minimum": 1,
            "description": "The most output tokens that a request may ask for; 8192 unless given."
        }
    },
    "additionalProperties": false
}"#;

/// The plugin.
#[derive(Debug)]
pub struct DeepSeek;

impl Plugin for DeepSeek {
    fn describe() -> Description {
        Description::new("deepseek", env!("CARGO_PKG_VERSION"), "Caps max_tokens and sends DeepSeek's reasoning back.")
            .settings_schema(SETTINGS)
    }
}

impl RequestTransformer for DeepSeek {
    fn transform_request(request: &mut dyn Request, settings: &Settings) -> Result<(), Fault> {
        let cap = settings.number("max_tokens")?.unwrap_or(DEFAULT_CAP);
        dialect::limit::cap(request, cap, false)?;
        let mut hints = Hints::default();
        match Thinking::of(request) {
            Thinking::On { .. } => hints.option("reasoning", SENT_BACK),
            Thinking::Unsaid if thinks_unasked(request) || has_thought(request) => {
                hints.option("reasoning", SENT_BACK);
            }
            Thinking::Off if thinks_unasked(request) => {
                hints.option("reasoning", NOT_SENT);
                // Else it would think, and then miss the reasoning that is not sent.
                hints.extra("thinking", r#"{"type":"disabled"}"#);
            }
            Thinking::Unsaid | Thinking::Off => hints.option("reasoning", NOT_SENT),
        }
        hints.give(request)
    }
}

const SENT_BACK: &str = r#""reasoning_content""#;
const NOT_SENT: &str = r#""off""#;

/// Whether the model is in thinking mode unless told otherwise: `deepseek-reasoner`, and from version 4 on all of them
/// (DeepSeek's guide "Thinking Mode").
fn thinks_unasked(request: &dyn Request) -> bool {
    let Some(target) = request.target() else { return false };
    let model = target.model.to_ascii_lowercase();
    let version = model.split("deepseek-v").nth(1).and_then(|rest| rest.split(|c: char| !c.is_ascii_digit()).next());
    model.contains("reasoner")
        || version.and_then(|version| version.parse::<u32>().ok()).is_some_and(|major| major >= 4)
}

/// Whether earlier answers came with reasoning. A quoted key cannot be a part of a text: there, quotes are escaped.
fn has_thought(request: &dyn Request) -> bool {
    request.get("/messages").is_some_and(|messages| messages.contains(r#""thinking""#))
}

register!(DeepSeek: request_transformer);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use ccr_plugin::Target;
    use ccr_plugin::testing::FakeRequest;
    use serde_json::json;

    fn edited(model: &str, body: serde_json::Value, settings: &str) -> serde_json::Value {
        let mut request = FakeRequest::new(body);
        request.target = Some(Target::new("p", model));
        request.base_path = "/".into();
        DeepSeek::transform_request(&mut request, &Settings::of(settings)).unwrap();
        request.body
    }

    #[test]
    fn the_limit_is_capped_at_what_the_option_says() {
        let of = |asked: u64, settings: &str| edited("m", json!({"max_tokens": asked}), settings)["max_tokens"].clone();
        assert_eq!(of(32000, "{}"), json!(8192));
        assert_eq!(of(32000, r#"{"max_tokens":16000}"#), json!(16000));
        assert_eq!(of(100, "{}"), json!(100));
        assert_eq!(edited("m", json!({}), "{}").get("max_tokens"), None);
    }

    #[test]
    fn reasoning_is_sent_back_in_thinking_mode_only() {
        let replay = |model: &str, body| edited(model, body, "{}")["ccr"]["reasoning"].clone();
        let on = json!({"thinking": {"type": "enabled", "budget_tokens": 1024}});
        let off = json!({"thinking": {"type": "disabled"}, "messages": [{"type": "thinking"}]});
        for model in ["deepseek-chat", "deepseek-reasoner", "deepseek-v4-pro"] {
            assert_eq!(replay(model, on.clone()), json!("reasoning_content"), "{model}");
            assert_eq!(replay(model, off.clone()), json!("off"), "{model}");
        }
        assert_eq!(replay("deepseek-reasoner", json!({})), json!("reasoning_content"));
        assert_eq!(replay("deepseek-ai/DeepSeek-V4-Pro", json!({})), json!("reasoning_content"));
        assert_eq!(replay("deepseek-v3.2", json!({})), json!("off"));
        assert_eq!(replay("deepseek-chat", json!({"messages": [{"content": "\"thinking\""}]})), json!("off"));
        let thought = json!({"messages": [{"role": "assistant", "content": [{"type": "thinking", "thinking": "a"}]}]});
        assert_eq!(replay("deepseek-chat", thought), json!("reasoning_content"));
    }

    #[test]
    fn a_model_that_thinks_unasked_is_told_not_to() {
        let off = json!({"thinking": {"type": "disabled"}});
        let told = |model: &str| edited(model, off.clone(), "{}")["ccr"]["extra"].clone();
        assert_eq!(told("deepseek-v4-flash"), json!({"thinking": {"type": "disabled"}}));
        assert_eq!(told("deepseek-chat"), serde_json::Value::Null);
    }
}
