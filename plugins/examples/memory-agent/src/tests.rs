//! The agent without any WebAssembly: the SDK has a request and a store to try it on.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use super::*;
use ccr_plugin::testing::FakeRequest;
use serde_json::{Value, json};

fn settings(scope: &str) -> Settings {
    Settings::of(json!({ "scope": scope }).to_string())
}

/// Whether a call failed, and the text of its result.
fn called(name: &str, input: &str, scope: &str) -> (bool, String) {
    let call = ToolCall { id: "toolu_1".into(), name: name.into(), input: input.into() };
    let result = Memory::call_tool(call, &[], &settings(scope)).unwrap();
    let content: Value = serde_json::from_str(&result.content).unwrap();
    (result.is_error, content[0]["text"].as_str().unwrap().into())
}

fn remembered(key: &str, value: &str) -> (bool, String) {
    called("remember", &json!({ "key": key, "value": value }).to_string(), "global")
}

#[test]
fn what_was_remembered_is_recalled() {
    assert_eq!(called("recall", "{}", "global").1, "Keys: []");
    assert!(!remembered("build", "make").0);
    assert!(!remembered("build", "cargo build").0);
    assert!(!remembered("a", "b").0);
    assert_eq!(called("recall", "{}", "global"), (false, r#"Keys: ["a", "build"]"#.into()));
    assert_eq!(called("recall", r#"{"key": "build"}"#, "global"), (false, "cargo build".into()));
    assert!(called("recall", r#"{"key": "test"}"#, "global").0);
    assert!(!remembered("build", "").0);
    assert!(called("recall", r#"{"key": "build"}"#, "global").0);
}

#[test]
fn a_session_has_a_memory_of_its_own() {
    remembered("a", "all");
    assert_eq!(called("recall", "{}", "session").1, "Keys: []");
    called("remember", r#"{"key": "a", "value": "mine"}"#, "session");
    assert_eq!(called("recall", r#"{"key": "a"}"#, "session").1, "mine");
    assert_eq!(called("recall", r#"{"key": "a"}"#, "global").1, "all");
}

#[test]
fn the_memory_is_bounded() {
    assert!(remembered("", "a").0);
    assert!(remembered(&"k".repeat(LONGEST_KEY + 1), "a").0);
    assert!(remembered("k", &"v".repeat(LONGEST_VALUE + 1)).0);
    for number in 0..MOST_ENTRIES {
        assert!(!remembered(&number.to_string(), "a").0);
    }
    assert!(remembered("one more", "a").0);
    assert!(!remembered("7", "b").0);
}

#[test]
fn wrong_input_is_told_to_the_model() {
    for (name, input) in [("remember", "{"), ("remember", r#"{"key": "a"}"#), ("recall", r#"{"key": 7}"#)] {
        let (failed, told) = called(name, input, "global");
        assert!(failed && told.contains("key"), "{told}");
    }
}

#[test]
fn side_jobs_and_clients_without_sessions_are_left_alone() {
    let mut request = FakeRequest::new(json!({"messages": []}));
    let applies =
        |request: &FakeRequest, scope| Memory::prepare(&mut request.clone(), &settings(scope)).unwrap().is_some();
    assert!(!applies(&request, "global"));
    request.body["tools"] = json!([{"name": "Read"}]);
    assert!(applies(&request, "global"));
    assert!(!applies(&request, "session"));
    request.session = Some("s".into());
    assert!(applies(&request, "session"));
}

#[test]
fn the_tools_and_the_text_name_each_other() {
    let preparation =
        Memory::prepare(&mut FakeRequest::new(json!({"tools": [{}]})), &settings("global")).unwrap().unwrap();
    let system = preparation.system.unwrap();
    for tool in preparation.tools {
        assert!(system.contains(&format!("`{}`", tool.name)));
        assert!(serde_json::from_str::<Value>(&tool.input_schema).is_ok());
    }
}
