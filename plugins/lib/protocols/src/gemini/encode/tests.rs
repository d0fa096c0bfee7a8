//! Rules of single fields, and the property that every request becomes a legal one. Whole requests are in `fixtures/`.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use super::encode;
use crate::gemini::options::Options;
use ccr_plugin::testing::FakeRequest;
use ccr_plugin::{Credential, Fault, Settings, Target};
use proptest::prelude::*;
use serde_json::{Value, json};

fn with(request: Value, model: &str, settings: &str) -> Result<(Value, Vec<String>), Fault> {
    let mut request = FakeRequest::new(request);
    request.target = Some(Target::new("p", model));
    request.base_path = String::new();
    let encoded = encode(&request, &Options::read(&Settings::of(settings))?)?;
    Ok((serde_json::from_slice(&encoded.body).unwrap(), request.dropped.into_inner()))
}

fn encoded(request: Value) -> Value {
    with(request, "gemini-3-pro-preview", "{}").unwrap().0
}

fn thinking(model: &str, mut request: Value) -> Value {
    request["messages"] = json!([{"role": "user", "content": "x"}]);
    with(request, model, "{}").unwrap().0["generationConfig"]["thinkingConfig"].clone()
}

#[test]
fn the_key_goes_into_googles_header() {
    let request = FakeRequest::new(json!({"messages": [{"role": "user", "content": "x"}]}));
    let encoded = encode(&request, &Options::default()).unwrap();
    assert!(matches!(encoded.credential, Credential::Header(name) if name == "x-goog-api-key"));
}

#[test]
fn the_billing_header_is_left_out_so_that_prompt_caches_stay_warm() {
    let of = |nonce: &str| {
        let header = format!("x-anthropic-billing-header: cc_version=2; cch={nonce};");
        let system = json!([{"type": "text", "text": header}, {"type": "text", "text": "a"}]);
        encoded(json!({"system": system, "messages": [{"role": "user", "content": "x"}]}))
    };
    assert_eq!(of("1"), of("2"));
    assert_eq!(of("1")["systemInstruction"], json!({"parts": [{"text": "a"}]}));
}

#[test]
fn two_turns_share_their_beginning() {
    let turn = |messages: Value| {
        let request = FakeRequest::new(json!({"messages": messages, "max_tokens": 5, "tools": [{"name": "t"}]}));
        String::from_utf8(encode(&request, &Options::default()).unwrap().body).unwrap()
    };
    let first = turn(json!([{"role": "user", "content": "a"}]));
    let second = turn(json!([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]));
    assert!(second.starts_with(first.trim_end_matches("]}")), "{first}\n{second}");
}

#[test]
fn thinking_is_told_in_the_words_of_the_model() {
    let effort = |effort: &str| json!({"thinking": {"type": "adaptive"}, "output_config": {"effort": effort}});
    let budget = |tokens: u64| json!({"thinking": {"type": "enabled", "budget_tokens": tokens}});
    let off = json!({"thinking": {"type": "disabled"}});
    let adaptive = json!({"thinking": {"type": "adaptive"}});
    for (model, request, expected) in [
        ("gemini-2.5-pro", budget(10), json!({"thinkingBudget": 128, "includeThoughts": true})),
        ("gemini-2.5-pro", budget(99_999), json!({"thinkingBudget": 32_768, "includeThoughts": true})),
        ("gemini-2.5-pro", off.clone(), json!({"thinkingBudget": 128})),
        ("gemini-2.5-flash", off.clone(), json!({"thinkingBudget": 0})),
        ("gemini-2.5-flash-lite", off.clone(), json!({"thinkingBudget": 0})),
        ("gemini-2.5-flash", adaptive.clone(), json!({"thinkingBudget": -1, "includeThoughts": true})),
        ("gemini-2.5-flash", effort("xhigh"), json!({"thinkingBudget": 24_576, "includeThoughts": true})),
        ("gemini-3-pro-preview", effort("medium"), json!({"thinkingLevel": "high", "includeThoughts": true})),
        ("gemini-3-pro-preview", off.clone(), json!({"thinkingLevel": "low"})),
        ("gemini-3-flash-preview", off.clone(), json!({"thinkingLevel": "minimal"})),
        ("gemini-3.1-pro-preview", effort("medium"), json!({"thinkingLevel": "medium", "includeThoughts": true})),
        ("gemini-3-flash-preview", budget(4_000), json!({"thinkingLevel": "low", "includeThoughts": true})),
        ("gemini-3-flash-preview", adaptive.clone(), json!({"includeThoughts": true})),
        ("gemini-2.0-flash", adaptive, Value::Null),
        ("gemini-2.0-flash", off, Value::Null),
        ("gemini-3-flash-preview", json!({}), Value::Null),
    ] {
        assert_eq!(thinking(model, request.clone()), expected, "{model} {request}");
    }
}

#[test]
fn a_budget_leaves_room_for_the_answer() {
    let request = json!({"max_tokens": 8_000, "thinking": {"type": "enabled", "budget_tokens": 8_000}});
    assert_eq!(thinking("gemini-2.5-flash", request)["thinkingBudget"], 4_000);
}

#[test]
fn thoughts_that_the_client_does_not_show_are_not_asked_for() {
    let request = json!({"thinking": {"type": "adaptive", "display": "omitted"}});
    assert_eq!(thinking("gemini-3-pro-preview", request), json!({}));
}

#[test]
fn tool_choice_is_mapped() {
    for (choice, expected) in [
        (json!({"type": "auto"}), json!({"mode": "AUTO"})),
        (json!({"type": "any"}), json!({"mode": "ANY"})),
        (json!({"type": "none"}), json!({"mode": "NONE"})),
        (json!({"type": "tool", "name": "t"}), json!({"mode": "ANY", "allowedFunctionNames": ["t"]})),
    ] {
        let messages = json!([{"role": "user", "content": "x"}]);
        let body = encoded(json!({"messages": messages, "tools": [{"name": "t"}], "tool_choice": choice}));
        assert_eq!(body["toolConfig"]["functionCallingConfig"], expected);
    }
    let without = encoded(json!({"messages": [{"role": "user", "content": "x"}], "tool_choice": {"type": "any"}}));
    assert_eq!(without.get("toolConfig"), None);
}

#[test]
fn a_function_call_without_a_signature_gets_the_sentinel_and_of_parallel_calls_only_the_first() {
    let uses = json!([{"type": "tool_use", "id": "a", "name": "t", "input": {}},
        {"type": "tool_use", "id": "b", "name": "t", "input": {}}]);
    let request = json!({"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": uses}]});
    let signatures = |model: &str, settings: &str| {
        let (body, _) = with(request.clone(), model, settings).unwrap();
        let parts = body["contents"][1]["parts"].as_array().unwrap().clone();
        parts.iter().map(|part| part.get("thoughtSignature").cloned()).collect::<Vec<_>>()
    };
    let sentinel = Some(json!("skip_thought_signature_validator"));
    assert_eq!(signatures("gemini-3-pro-preview", "{}"), [sentinel.clone(), None]);
    assert_eq!(signatures("gemini-2.5-pro", "{}"), [None, None]);
    assert_eq!(signatures("gemini-2.5-pro", r#"{"missing_signature": "always"}"#), [sentinel, None]);
    assert_eq!(signatures("gemini-3-pro-preview", r#"{"missing_signature": "never"}"#), [None, None]);
}

#[test]
fn stop_sequences_beyond_the_fifth_are_noted() {
    let request =
        json!({"messages": [{"role": "user", "content": "x"}], "stop_sequences": ["1", "2", "3", "4", "5", "6"]});
    let (body, dropped) = with(request, "m", "{}").unwrap();
    assert_eq!(body["generationConfig"]["stopSequences"], json!(["1", "2", "3", "4", "5"]));
    assert_eq!(dropped, ["stop_sequences beyond the fifth"]);
}

/// The API's rules: turns alternate and begin with the user, none is empty, and a turn with calls is followed by one with an
/// answer for each, in their order.
fn check(contents: &[Value]) -> Result<(), TestCaseError> {
    let named = |content: &Value, member: &str| {
        let parts = content["parts"].as_array().cloned().unwrap_or_default();
        parts
            .iter()
            .filter_map(|part| part.get(member))
            .map(|call| (call["name"].clone(), call["id"].clone()))
            .collect::<Vec<_>>()
    };
    for (content, expected) in contents.iter().zip(["user", "model"].into_iter().cycle()) {
        prop_assert_eq!(&content["role"], expected);
        let parts = content["parts"].as_array().unwrap();
        prop_assert!(!parts.is_empty());
        prop_assert!(parts.iter().all(|part| part["text"].as_str().is_none_or(|text| !text.trim().is_empty())));
    }
    let mut asked = Vec::new();
    for content in contents {
        prop_assert_eq!(named(content, "functionResponse"), asked);
        asked = named(content, "functionCall");
    }
    prop_assert!(asked.is_empty());
    Ok(())
}

fn any_message() -> impl Strategy<Value = Value> {
    let id = prop::sample::select(vec!["a", "b", "c"]);
    let block = prop_oneof![
        "[a ]{0,2}".prop_map(|text| json!({"type": "text", "text": text})),
        Just(json!({"type": "thinking", "thinking": "t", "signature": "ccr1:gemini:S"})),
        Just(json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA=="}})),
        id.clone().prop_map(|id| json!({"type": "tool_use", "id": id, "name": format!("t{id}"), "input": {}})),
        id.prop_map(|id| json!({"type": "tool_result", "tool_use_id": id, "content": [{"type": "image", "source": {"type": "url", "url": "https://e/a.png"}}]})),
        Just(json!(null)),
    ];
    let role = prop::sample::select(vec!["user", "assistant", "system"]);
    (role, prop::collection::vec(block, 0..4)).prop_map(|(role, content)| json!({"role": role, "content": content}))
}

proptest! {
    #[test]
    fn every_conversation_becomes_a_legal_one(messages in prop::collection::vec(any_message(), 0..10)) {
        match with(json!({"messages": messages}), "gemini-3-pro-preview", "{}") {
            Ok((body, _)) => check(body["contents"].as_array().unwrap())?,
            Err(Fault::InvalidRequest(message)) => prop_assert!(message.contains("nothing to answer")),
            Err(other) => prop_assert!(false, "{:?}", other),
        }
    }
}
