//! The transformer `sampling`: caps the limit of output tokens and forces sampling parameters, with the name and the options
//! that claude-code-router gave it.
//!
//! It edits the request over the wire, so that what it forces is what is sent. Gemini's format has other places and names
//! for the same things.

use ccr_plugin::messages::json::{Document, Kind, Value};
use ccr_plugin::prelude::*;
use dialect::{Edits, options};

const SETTINGS: &str = r#"{
    "type": "object",
    "properties": {
        "max_tokens": {"type": "integer", "minimum": 1, "description": "The most output tokens that a request may ask for."},
        "temperature": {"type": "number", "description": "Sent whatever the client asks for."},
        "top_p": {"type": "number", "description": "Sent whatever the client asks for."},
        "top_k": {"type": "integer", "description": "Sent whatever the client asks for."},
        "repetition_penalty": {"type": "number", "description": "Sent whatever the client asks for."}
    },
    "additionalProperties": false
}"#;

/// The ways in which formats spell the limit.
const LIMITS: [&str; 4] = ["max_tokens", "max_completion_tokens", "max_output_tokens", "maxOutputTokens"];

/// Options and their names in Gemini's `generationConfig`, which knows no penalty for repetition.
const FORCED: [(&str, Option<&str>); 4] = [
    ("temperature", Some("temperature")),
    ("top_p", Some("topP")),
    ("top_k", Some("topK")),
    ("repetition_penalty", None),
];

/// Where Gemini has its parameters.
const GEMINI: &str = "generationConfig";

/// The plugin.
#[derive(Debug)]
pub struct Sampling;

impl Plugin for Sampling {
    fn describe() -> Description {
        Description::new("sampling", env!("CARGO_PKG_VERSION"), "Caps max_tokens and forces sampling parameters.")
            .settings_schema(SETTINGS)
            .hooks(Hooks::WIRE_REQUEST)
    }
}

impl Transformer for Sampling {
    fn transform_wire_request(request: &mut dyn WireRequest, settings: &Settings) -> Result<(), Fault> {
        let options = options(settings)?;
        if options.root().is_empty() {
            return Ok(());
        }
        let body = request.body();
        let document = Document::parse(&body).map_err(|error| Fault::own(format!("the body is not JSON: {error}")))?;
        if document.root().get("contents").is_none() {
            return edits(document.root(), options.root(), false)?.make(&document, request);
        }
        match document.root().get(GEMINI).filter(|config| config.kind() == Kind::Object) {
            Some(config) => {
                let body = edits(config, options.root(), true)?.apply(&document, config)?;
                request.set_body(&body)
            }
            None => {
                let empty = Document::parse(b"{}").map_err(|error| Fault::own(error.to_string()))?;
                let config = edits(empty.root(), options.root(), true)?.apply(&empty, empty.root())?;
                request.set(&format!("/{GEMINI}"), &String::from_utf8_lossy(&config))
            }
        }
    }
}

/// What changes in the object that holds the parameters.
fn edits(parameters: Value<'_>, options: Value<'_>, gemini: bool) -> Result<Edits, Fault> {
    let mut edits = Edits::default();
    if let Some(cap) = options.get("max_tokens") {
        let cap = cap.as_u64().ok_or_else(|| Fault::own("options: `max_tokens` must be a number of tokens"))?;
        for name in LIMITS {
            if parameters.get(name).and_then(Value::as_u64).is_some_and(|asked| asked > cap) {
                edits.set(name, cap.to_string());
            }
        }
    }
    for (name, in_gemini) in FORCED {
        let Some(value) = options.get(name) else { continue };
        if value.kind() != Kind::Number {
            return Err(Fault::own(format!("options: `{name}` must be a number")));
        }
        if let Some(name) = if gemini { in_gemini } else { Some(name) } {
            edits.set(name, value.raw());
        }
    }
    Ok(edits)
}

register!(Sampling: transformer);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use ccr_plugin::testing::FakeWireRequest;
    use serde_json::json;

    fn sent(body: serde_json::Value, settings: &serde_json::Value) -> serde_json::Value {
        let mut request = FakeWireRequest::new(body);
        Sampling::transform_wire_request(&mut request, &Settings::of(settings.to_string())).unwrap();
        request.body
    }

    #[test]
    fn the_limit_is_capped_and_never_raised() {
        let settings = json!({"max_tokens": 100});
        assert_eq!(sent(json!({"max_tokens": 500}), &settings), json!({"max_tokens": 100}));
        assert_eq!(sent(json!({"max_completion_tokens": 500}), &settings), json!({"max_completion_tokens": 100}));
        assert_eq!(sent(json!({"max_tokens": 50}), &settings), json!({"max_tokens": 50}));
        assert_eq!(sent(json!({}), &settings), json!({}));
    }

    #[test]
    fn the_others_are_forced() {
        let settings = json!({"temperature": 0, "top_p": 0.9, "top_k": 40, "repetition_penalty": 1.1});
        assert_eq!(sent(json!({"temperature": 1, "model": "m"}), &settings), {
            let mut expected = settings.clone();
            expected["model"] = json!("m");
            expected
        });
    }

    #[test]
    fn gemini_has_them_in_a_place_of_its_own() {
        let settings = json!({"max_tokens": 100, "top_k": 40, "repetition_penalty": 1.1});
        let body = json!({"contents": [], "generationConfig": {"maxOutputTokens": 500}});
        let expected = json!({"contents": [], "generationConfig": {"maxOutputTokens": 100, "topK": 40}});
        assert_eq!(sent(body, &settings), expected);
        assert_eq!(sent(json!({"contents": []}), &settings), json!({"contents": [], "generationConfig": {"topK": 40}}));
    }

    #[test]
    fn a_wrong_option_is_named() {
        let mut request = FakeWireRequest::new(json!({}));
        let fault = Sampling::transform_wire_request(&mut request, &Settings::of(r#"{"top_p":"high"}"#)).unwrap_err();
        assert!(matches!(fault, Fault::Other(message) if message.contains("`top_p`")));
    }
}
