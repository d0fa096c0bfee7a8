//! A first router: sends large requests to a model of their own. Read it from top to bottom; it is the whole plugin.

// Everything that most plugins need: the traits, `Request`, `Settings`, `Fault` and the macro `register!`.
use ccr_plugin::prelude::*;
use serde::Deserialize;

/// Bytes in the unit that users write the limit in.
const KILOBYTE: u64 = 1000;

/// The options, as the user writes them in the config. Any type that serde can read will do.
#[derive(Deserialize)]
struct Options {
    /// Where large requests go: `provider,model`, as in the config.
    large: String,
    /// What counts as large, in kB. 200 kB is some 50,000 tokens of English or code.
    #[serde(default = "default_above_kb")]
    above_kb: u64,
}

fn default_above_kb() -> u64 {
    200
}

/// The same options as a JSON Schema: the host checks the config with it and names a mistyped option.
const SETTINGS: &str = r#"{
    "type": "object",
    "properties": {
        "large": { "type": "string", "description": "Where large requests go: \"provider,model\"." },
        "above_kb": { "type": "integer", "minimum": 0, "description": "What counts as large, in kB; 200 unless given." }
    },
    "required": ["large"],
    "additionalProperties": false
}"#;

/// A plugin is a type without data: the host makes a fresh instance for every call, so nothing is kept between calls.
#[derive(Debug)]
pub struct HelloRouter;

impl Plugin for HelloRouter {
    fn describe() -> Description {
        Description::new("hello-router", "0.1.0", "Sends large requests to a model of their own.")
            .settings_schema(SETTINGS)
    }
}

impl Router for HelloRouter {
    fn route(request: &dyn Request, settings: &Settings) -> Result<Option<Decision>, Fault> {
        // `?` hands a fault to the host, which logs it and routes on without this plugin.
        let options: Options = settings.parse()?;
        // The summary is free. The body would have to be copied into the sandbox: do not ask for it without need.
        let size = request.summary().body_bytes / KILOBYTE;
        if size <= options.above_kb {
            // No opinion: the next rule decides.
            return Ok(None);
        }
        let large =
            Target::parse(&options.large).ok_or_else(|| Fault::own("options: `large` must be \"provider,model\""))?;
        // The user sees the reason in the response header `x-ccr-route-reason`.
        Ok(Some(Decision::new(large, format!("{size} kB is more than {} kB", options.above_kb))))
    }
}

// Makes a component of the type that exports a router. A trait that is implemented and not named here does not compile.
register!(HelloRouter: router);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use ccr_plugin::testing::FakeRequest;
    use serde_json::json;

    fn routed(letters: usize) -> Option<Decision> {
        let request = FakeRequest::new(json!({"messages": [{"role": "user", "content": "a".repeat(letters)}]}));
        let settings = Settings::of(r#"{"large": "openrouter,big-model", "above_kb": 10}"#);
        HelloRouter::route(&request, &settings).unwrap()
    }

    #[test]
    fn a_small_request_is_left_to_the_next_rule() {
        assert!(routed(5_000).is_none());
    }

    #[test]
    fn a_large_request_goes_to_the_large_model() {
        let decision = routed(20_000).unwrap();
        assert_eq!((&*decision.target.provider, &*decision.target.model), ("openrouter", "big-model"));
        assert_eq!(decision.reason, "20 kB is more than 10 kB");
    }

    #[test]
    fn options_without_a_target_are_a_fault() {
        let request = FakeRequest::new(json!({}));
        assert!(HelloRouter::route(&request, &Settings::of("{}")).is_err());
    }
}
