//! That every body becomes a legal inner request or an error in the client's words. Whole requests are in `fixtures/`.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use super::decode;
use ccr_plugin::messages::json::Document;
use ccr_plugin::messages::request::MessagesRequest;
use ccr_plugin::{ClientRequest, DecodedRequest, Fault};
use proptest::prelude::*;
use serde_json::{Value, json};

fn decoded(body: &[u8]) -> Result<DecodedRequest, Fault> {
    let path = "/v1beta/models/m:streamGenerateContent?alt=sse".into();
    decode(&ClientRequest { path, headers: Vec::new(), body: body.to_vec() })
}

fn inner(body: &Value) -> Value {
    serde_json::from_slice(&decoded(body.to_string().as_bytes()).unwrap().body).unwrap()
}

#[test]
fn the_same_request_gives_the_same_bytes() {
    let body = json!({"contents": [{"parts": [{"functionCall": {"name": "f"}}], "role": "model"}]}).to_string();
    assert_eq!(decoded(body.as_bytes()).unwrap().body, decoded(body.as_bytes()).unwrap().body);
}

#[test]
fn of_several_allowed_functions_only_these_are_offered() {
    let request = |allowed: Value, mode: &str| {
        let functions = json!([{"name": "f"}, {"name": "g"}, {"name": "h"}]);
        let config = json!({"mode": mode, "allowedFunctionNames": allowed});
        let request = inner(&json!({"contents": [{"parts": [{"text": "x"}]}],
            "tools": [{"functionDeclarations": functions}], "toolConfig": {"functionCallingConfig": config}}));
        let tools = request["tools"].as_array().unwrap();
        (
            tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect::<String>(),
            request["tool_choice"].clone(),
        )
    };
    assert_eq!(request(json!(["f", "h"]), "ANY"), ("fh".into(), json!({"type": "any"})));
    assert_eq!(request(json!(["g"]), "ANY"), ("fgh".into(), json!({"type": "tool", "name": "g"})));
    assert_eq!(request(json!(["g"]), "VALIDATED"), ("g".into(), json!({"type": "auto"})));
    assert_eq!(request(json!([]), "AUTO"), ("fgh".into(), json!({"type": "auto"})));
    assert_eq!(request(json!(["g"]), "NONE"), ("fgh".into(), json!({"type": "none"})));
}

#[test]
fn small_budgets_are_what_the_inner_form_allows() {
    let body = json!({"contents": [{"parts": [{"text": "x"}]}],
        "generationConfig": {"thinkingConfig": {"thinkingBudget": 128, "includeThoughts": true}}});
    assert_eq!(inner(&body)["thinking"], json!({"type": "enabled", "budget_tokens": 1024}));
}

const NAMES: &[&str] = &[
    "contents",
    "parts",
    "role",
    "text",
    "thought",
    "thoughtSignature",
    "functionCall",
    "function_response",
    "name",
    "args",
    "id",
    "response",
    "inlineData",
    "mimeType",
    "data",
    "fileData",
    "tools",
    "functionDeclarations",
    "parameters",
    "type",
    "properties",
    "items",
    "toolConfig",
    "functionCallingConfig",
    "mode",
    "allowedFunctionNames",
    "generationConfig",
    "maxOutputTokens",
    "stopSequences",
    "thinkingConfig",
    "thinkingBudget",
    "responseSchema",
    "systemInstruction",
    "seed",
];
const WORDS: &[&str] =
    &["user", "model", "function", "f", "ANY", "OBJECT", "image/png", "text/plain", "Zm9v", "\"\n", ""];

fn any_json() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(WORDS).prop_map(Value::from);
    let leaf =
        prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), any::<i8>().prop_map(Value::from), word];
    leaf.prop_recursive(6, 60, 5, |inner| {
        let member = (prop::sample::select(NAMES), inner.clone());
        let object = prop::collection::vec(member, 0..5).prop_map(|members| {
            Value::Object(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
        });
        prop_oneof![3 => object, 2 => prop::collection::vec(inner, 0..4).prop_map(Value::from)]
    })
}

/// Bodies that are nearly right, so that the walk goes deep.
fn any_body() -> impl Strategy<Value = Value> {
    let role = prop::sample::select(vec!["user", "model", "function"]);
    let content = (role, prop::collection::vec(any_json(), 0..4), any_json()).prop_map(|(role, parts, call)| {
        let mut parts = parts;
        parts.push(json!({"text": "x"}));
        parts.push(json!({"functionCall": {"name": "f", "args": {}}, "thoughtSignature": call}));
        json!({"role": role, "parts": parts})
    });
    (prop::collection::vec(content, 0..3), any_json(), any_json(), any_json()).prop_map(|(contents, tools, config, system)| {
        json!({"contents": contents, "tools": tools, "generationConfig": config, "systemInstruction": system})
    })
}

fn is_legal(body: &Value) -> Result<(), TestCaseError> {
    match decoded(body.to_string().as_bytes()) {
        Ok(decoded) => {
            let document = Document::parse(&decoded.body).map_err(|error| TestCaseError::fail(error.to_string()))?;
            let request = MessagesRequest::parse(&document);
            prop_assert!(request.is_ok(), "{:?}: {}", request.err(), String::from_utf8_lossy(&decoded.body));
        }
        Err(Fault::InvalidRequest(_)) => {}
        Err(other) => prop_assert!(false, "{:?}", other),
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_json_is_a_legal_request_or_refused(body in any_json()) {
        is_legal(&body)?;
    }

    #[test]
    fn any_body_is_a_legal_request_or_refused(body in any_body()) {
        is_legal(&body)?;
    }

    #[test]
    fn no_bytes_make_it_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = decoded(&body);
    }
}
