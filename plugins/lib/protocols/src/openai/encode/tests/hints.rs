//! What the member `ccr` of the inner request does.

use super::with;
use crate::openai::encode::encode;
use crate::openai::options::Options;
use ccr_plugin::Settings;
use ccr_plugin::testing::FakeRequest;
use serde_json::{Value, json};

fn hinted(mut request: Value, hints: Value) -> (Value, Vec<String>) {
    request["ccr"] = hints;
    with(request, "{}").unwrap()
}

#[test]
fn hints_are_options_for_one_request() {
    let calls = json!([{"role": "assistant", "content": [
        {"type": "thinking", "thinking": "t", "signature": "s"}, {"type": "tool_use", "id": "1", "name": "n", "input": {}}
    ]}]);
    let request = json!({"messages": calls, "max_tokens": 3});
    let hints = json!({"reasoning": "reasoning_content", "max_tokens_field": "max_completion_tokens", "unknown": 1});
    let (wire, dropped) = hinted(request.clone(), hints);
    assert_eq!(wire["messages"][0]["reasoning_content"], json!("t"));
    assert_eq!(wire["max_completion_tokens"], json!(3));
    assert_eq!(wire.get("ccr"), None);
    assert!(dropped.is_empty(), "{dropped:?}");
    assert_eq!(hinted(request.clone(), json!({"reasoning": "reasoning"})).0["messages"][0]["reasoning"], json!("t"));
    let mut wrong = request;
    wrong["ccr"] = json!({"reasoning": 1});
    assert!(with(wrong, "{}").is_err());
}

#[test]
fn extra_members_are_sent_and_win() {
    let request =
        json!({"messages": [{"role": "user", "content": "a"}], "thinking": {"type": "enabled", "budget_tokens": 2000}});
    let extra = json!({"provider": {"only": ["x"]}, "temperature": 0, "messages": [], "ccr": 1, "reasoning": {"max_tokens": 2000}});
    let (wire, dropped) = hinted(request, json!({ "extra": extra }));
    let expected = json!({"model": "m", "provider": {"only": ["x"]}, "reasoning": {"max_tokens": 2000}, "temperature": 0, "messages": []});
    assert_eq!(wire, expected);
    assert!(dropped.is_empty(), "{dropped:?}");
}

#[test]
fn cache_control_is_kept_where_it_is_understood() {
    let mark = json!({"type": "ephemeral"});
    let text = |text: &str| json!({"type": "text", "text": text});
    let marked = |text: &str| json!({"type": "text", "text": text, "cache_control": mark});
    let request = json!({
        "system": [text("s1"), marked("s2")],
        "messages": [
            {"role": "user", "content": [text("u1"), marked("u2")]},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "1", "name": "n", "input": {}, "cache_control": mark}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "1", "content": "r", "cache_control": mark}, text("u3"),
            ]},
        ],
    });
    let (wire, dropped) = hinted(request.clone(), json!({"cache_control": true}));
    assert_eq!(wire["messages"][0]["content"], json!([text("s1"), marked("s2")]));
    assert_eq!(wire["messages"][1]["content"], json!([text("u1"), marked("u2")]));
    assert_eq!(wire["messages"][2]["cache_control"], mark);
    assert_eq!(
        wire["messages"][3],
        json!({"role": "tool", "tool_call_id": "1", "content": "r", "cache_control": mark})
    );
    assert_eq!(wire["messages"][4], json!({"role": "user", "content": "u3"}));
    assert!(dropped.is_empty(), "{dropped:?}");
    let (stripped, dropped) = with(request, "{}").unwrap();
    assert!(!stripped.to_string().contains("cache_control"));
    assert_eq!(dropped, ["cache_control"]);
}

#[test]
fn the_session_keeps_a_prompt_cache_warm() {
    let key = |settings: &str, hints: Value, session: Option<&str>| {
        let mut request = FakeRequest::new(json!({"messages": [{"role": "user", "content": "a"}], "ccr": hints}));
        request.session = session.map(String::from);
        let encoded = encode(&request, &Options::read(&Settings::of(settings)).unwrap()).unwrap();
        serde_json::from_slice::<Value>(&encoded.body).unwrap()["prompt_cache_key"].clone()
    };
    let on = r#"{"prompt_cache_key":true}"#;
    assert_eq!(key(on, json!({}), Some("s")), json!("s"));
    assert_eq!(key(on, json!({}), None), Value::Null);
    assert_eq!(key("{}", json!({}), Some("s")), Value::Null);
    assert_eq!(key("{}", json!({"prompt_cache_key": true}), Some("s")), json!("s"));
    assert_eq!(key(on, json!({"params": {"prompt_cache_key": "own"}}), Some("s")), json!("own"));
}

#[test]
fn a_limit_that_a_transformer_set_is_sent() {
    let limit =
        |limit: u64| hinted(json!({"messages": [], "max_tokens": limit}), json!({"default_max_tokens": true})).0;
    assert_eq!(limit(8192).get("max_tokens"), None);
    assert_eq!(limit(4096)["max_tokens"], json!(4096));
}
