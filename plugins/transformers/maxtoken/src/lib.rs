//! The transformer `maxtoken`: caps `max_tokens`, with the name and option that claude-code-router gave it.
//!
//! It edits numbers through the host's request and never takes the body. Which limit a model has is the config's business.
use ccr_plugin::prelude::*;

/// Anthropic refuses a smaller thinking budget (its documentation, "Extended thinking").
const SMALLEST_THINKING_BUDGET: u64 = 1024;

const SETTINGS: &str = r#"{
    "type": "object",
    "properties": {
        "max_tokens": {
            "type": "integer",
            "minimum": 1,
            "description": "The most output tokens that a request may ask for. A request that names no limit gets this one."
        }
    },
    "required": ["max_tokens"],
    "additionalProperties": false
}"#;

/// The plugin.
#[derive(Debug)]
pub struct MaxToken;

impl Plugin for MaxToken {
    fn describe() -> Description {
        Description::new("maxtoken", env!("CARGO_PKG_VERSION"), "Caps max_tokens.").settings_schema(SETTINGS)
    }
}

impl RequestTransformer for MaxToken {
    fn transform_request(request: &mut dyn Request, settings: &Settings) -> Result<(), Fault> {
        let missing =
            || Fault::own("options: `max_tokens` is missing; say how many output tokens a request may ask for");
        let cap = settings.number("max_tokens")?.ok_or_else(missing)?;
        match dialect::limit::cap(request, cap, true)? {
            Some(cap) => fit_thinking(request, cap),
            None => Ok(()),
        }
    }
}

/// Thinking is paid from `max_tokens`, so its budget must stay below the new limit.
fn fit_thinking(request: &mut dyn Request, cap: u64) -> Result<(), Fault> {
    let budget = request.number("/thinking/budget_tokens");
    if budget.is_none_or(|budget| budget < cap) {
        return Ok(());
    }
    if cap > SMALLEST_THINKING_BUDGET {
        request.set("/thinking/budget_tokens", &(cap - 1).to_string())
    } else {
        request.set("/thinking", r#"{"type":"disabled"}"#)
    }
}

register!(MaxToken: request_transformer);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use ccr_plugin::testing::FakeRequest;
    use serde_json::{Value, json};

    fn capped(body: Value, cap: u64) -> Value {
        let mut request = FakeRequest::new(body);
        MaxToken::transform_request(&mut request, &Settings::of(format!(r#"{{"max_tokens":{cap}}}"#))).unwrap();
        request.body
    }

    #[test]
    fn lowers_what_is_above_the_cap() {
        assert_eq!(capped(json!({"max_tokens": 32000}), 8192), json!({"max_tokens": 8192}));
    }

    #[test]
    fn leaves_what_is_not_above_the_cap() {
        assert_eq!(capped(json!({"max_tokens": 8192}), 8192), json!({"max_tokens": 8192}));
        assert_eq!(capped(json!({"max_tokens": 1}), 8192), json!({"max_tokens": 1}));
    }

    #[test]
    fn adds_the_cap_where_there_is_no_number() {
        assert_eq!(capped(json!({}), 100), json!({"max_tokens": 100}));
        assert_eq!(capped(json!({"max_tokens": "many"}), 100), json!({"max_tokens": 100}));
    }

    #[test]
    fn the_thinking_budget_stays_below_the_cap() {
        let body = json!({"max_tokens": 32000, "thinking": {"type": "enabled", "budget_tokens": 31999}});
        assert_eq!(capped(body.clone(), 8192)["thinking"], json!({"type": "enabled", "budget_tokens": 8191}));
        assert_eq!(capped(body, 1024)["thinking"], json!({"type": "disabled"}));
        let small = json!({"max_tokens": 32000, "thinking": {"type": "enabled", "budget_tokens": 2000}});
        assert_eq!(capped(small, 8192)["thinking"]["budget_tokens"], json!(2000));
    }

    #[test]
    fn a_missing_option_is_named() {
        let mut request = FakeRequest::new(json!({}));
        let fault = MaxToken::transform_request(&mut request, &Settings::of("{}")).unwrap_err();
        assert!(matches!(fault, Fault::Other(message) if message.contains("max_tokens")));
    }
}
