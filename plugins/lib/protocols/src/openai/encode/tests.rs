//! Rules of single fields, and the property that every request becomes a legal one. Whole requests are in `fixtures/`.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod hints;

use super::encode;
use crate::openai::endpoint::{self, CHAT_COMPLETIONS};
use crate::openai::options::Options;
use ccr_plugin::testing::FakeRequest;
use ccr_plugin::{Fault, Settings};
use proptest::prelude::*;
use serde_json::{Value, json};

fn with(request: Value, settings: &str) -> Result<(Value, Vec<String>), Fault> {
    let request = FakeRequest::new(request);
    let encoded = encode(&request, &Options::read(&Settings::of(settings))?)?;
    Ok((serde_json::from_slice(&encoded.body).unwrap(), request.dropped.into_inner()))
}

fn encoded(request: Value) -> Value {
    with(request, "{}").unwrap().0
}

fn messages(messages: Value) -> Value {
    encoded(json!({ "messages": messages }))["messages"].clone()
}

#[test]
fn the_endpoint_is_found_from_every_way_to_write_the_base() {
    for (base, expected) in [
        ("", "/v1/chat/completions"),
        ("/", "/v1/chat/completions"),
        ("?x=1", "/v1/chat/completions?x=1"),
        ("/v1", "/v1/chat/completions"),
        ("/v1/", "/v1/chat/completions"),
        ("/v1/chat/completions", "/v1/chat/completions"),
        ("/v1/chat/completions/", "/v1/chat/completions"),
        ("/api/v1", "/api/v1/chat/completions"),
        ("/openai/deployments/d?api-version=1", "/openai/deployments/d/chat/completions?api-version=1"),
    ] {
        assert_eq!(endpoint::path(base, CHAT_COMPLETIONS), expected, "{base}");
    }
}

#[test]
fn the_billing_header_is_left_out_so_that_prompt_caches_stay_warm() {
    let of = |nonce: &str| {
        let header = format!("x-anthropic-billing-header: cc_version=2; cch={nonce};");
        encoded(json!({"system": [{"type": "text", "text": header}, {"type": "text", "text": "a"}], "messages": []}))
    };
    assert_eq!(of("1"), of("2"));
    assert_eq!(of("1")["messages"], json!([{"role": "system", "content": "a"}]));
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
fn tool_choice_is_mapped() {
    for (choice, expected) in [
        (json!({"type": "auto"}), json!("auto")),
        (json!({"type": "any"}), json!("required")),
        (json!({"type": "none"}), json!("none")),
        (json!({"type": "tool", "name": "t"}), json!({"type": "function", "function": {"name": "t"}})),
    ] {
        let body = encoded(json!({"messages": [], "tools": [{"name": "t"}], "tool_choice": choice}));
        assert_eq!(body["tool_choice"], expected);
    }
    let without_tools =
        encoded(json!({"messages": [], "tool_choice": {"type": "any", "disable_parallel_tool_use": true}}));
    assert_eq!(without_tools, json!({"model": "m", "messages": []}));
}

#[test]
fn content_of_an_assistant_that_only_calls_tools_is_an_option() {
    let request = json!({"messages": [{"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "t", "input": {}}]}]});
    let content = |settings: &str| with(request.clone(), settings).unwrap().0["messages"][0].get("content").cloned();
    assert_eq!(content("{}"), Some(Value::Null));
    assert_eq!(content(r#"{"empty_content": "empty"}"#), Some(json!("")));
    assert_eq!(content(r#"{"empty_content": "omit"}"#), None);
}

#[test]
fn usage_is_asked_for_unless_an_option_says_no() {
    let request = json!({"messages": [], "stream": true});
    assert_eq!(with(request.clone(), "{}").unwrap().0["stream_options"], json!({"include_usage": true}));
    assert_eq!(with(request, r#"{"include_usage": false}"#).unwrap().0.get("stream_options"), None);
}

#[test]
fn the_limit_goes_into_the_field_that_the_option_names() {
    let field = |settings: &str| with(json!({"messages": [], "max_tokens": 7}), settings).unwrap().0;
    assert_eq!(field("{}")["max_tokens"], 7);
    assert_eq!(field(r#"{"max_tokens_field": "max_completion_tokens"}"#)["max_completion_tokens"], 7);
}

#[test]
fn reasoning_effort_is_an_option() {
    let request = json!({"messages": [], "output_config": {"effort": "max"}});
    let of = |settings: &str| with(request.clone(), settings).unwrap();
    assert_eq!(of("{}").0.get("reasoning_effort"), None);
    assert_eq!(of("{}").1, ["thinking"]);
    let (body, dropped) = of(r#"{"reasoning_effort": "always"}"#);
    assert_eq!((body["reasoning_effort"].as_str(), dropped.len()), (Some("high"), 1));
    let (body, dropped) = of(r#"{"reasoning_effort": "always", "max_effort": "xhigh"}"#);
    assert_eq!((body["reasoning_effort"].as_str(), dropped.len()), (Some("xhigh"), 0));
}

#[test]
fn disabled_thinking_leaves_no_trace() {
    let request = json!({"messages": [], "thinking": {"type": "disabled"}, "output_config": {"effort": "high"}});
    assert_eq!(
        with(request, r#"{"reasoning_effort": "always"}"#).unwrap(),
        (json!({"model": "m", "messages": []}), Vec::new())
    );
}

#[test]
fn a_mistyped_option_is_named() {
    let fault = with(json!({"messages": []}), r#"{"max_tool": 3}"#).unwrap_err();
    assert!(matches!(fault, Fault::Other(message) if message.contains("max_tool")));
}

#[test]
fn a_property_named_like_a_keyword_stays() {
    let schema = json!({"type": "object", "properties": {"$schema": {}, "type": {}, "properties": {"type": "string"}}});
    let body = encoded(json!({"messages": [], "tools": [{"name": "t", "input_schema": schema}]}));
    assert_eq!(body["tools"][0]["function"]["parameters"], schema);
}

#[test]
fn results_come_right_behind_their_calls_whatever_order_they_were_sent_in() {
    let written = messages(json!([
        {"role": "assistant", "content": [
            {"type": "tool_use", "id": "a", "name": "t", "input": {}}, {"type": "tool_use", "id": "b", "name": "t", "input": {}}]},
        {"role": "user", "content": [{"type": "text", "text": "first"}, {"type": "tool_result", "tool_use_id": "b", "content": "B"}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": "A"}]},
    ]));
    let roles: Vec<_> = written.as_array().unwrap().iter().map(|message| message["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["assistant", "tool", "tool", "user"]);
    assert_eq!((&written[1]["tool_call_id"], &written[2]["tool_call_id"]), (&json!("b"), &json!("a")));
}

#[test]
fn what_a_tool_result_may_hold() {
    let result = |content: Value, is_error: bool| {
        let block = json!({"type": "tool_result", "tool_use_id": "a", "content": content, "is_error": is_error});
        messages(json!([
            {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "t", "input": {}}]},
            {"role": "user", "content": [block]},
        ]))[1]["content"]
            .clone()
    };
    assert_eq!(result(json!("x"), false), "x");
    assert_eq!(result(json!("x"), true), "Error: x");
    assert_eq!(result(json!("Error: x"), true), "Error: x");
    assert_eq!(result(json!("<tool_use_error>x</tool_use_error>"), true), "<tool_use_error>x</tool_use_error>");
    assert_eq!(result(json!([{"type": "text", "text": "x"}, {"type": "text", "text": "\"y\""}]), false), "x\n\n\"y\"");
    assert_eq!(result(json!({"type": "text", "text": "x"}), false), "x");
    for nothing in [json!([]), json!(null), json!(""), json!([{"type": "text", "text": " "}])] {
        assert_eq!(result(nothing.clone(), false), "(no output)", "{nothing}");
        assert_eq!(result(nothing, true), "Error: (no output)");
    }
    assert_eq!(result(json!([{"type": "tool_reference", "tool_name": "Grep"}]), false), "[Tool: Grep]");
}

#[test]
fn texts_of_white_space_are_left_out() {
    assert_eq!(
        messages(json!([{"role": "user", "content": " \n\t\r "}, {"role": "assistant", "content": "\n"}])),
        json!([])
    );
}

#[test]
fn citations_and_cache_marks_are_noted_once() {
    let mark = json!({"type": "ephemeral"});
    let cited = json!({"type": "text", "text": "a", "citations": [{"type": "char_location"}], "cache_control": mark});
    let plain = json!({"type": "text", "text": "b", "citations": null, "cache_control": null});
    let request = json!({"messages": [{"role": "assistant", "content": [cited, cited, plain]}]});
    assert_eq!(with(request, "{}").unwrap().1, ["citations", "cache_control"]);
}

#[test]
fn requests_that_make_no_sense_are_refused_with_the_place() {
    for (request, place) in [
        (json!([]), "JSON object"),
        (json!({"messages": "hi"}), "messages"),
        (json!({"messages": [{"role": "robot", "content": "x"}]}), "messages.0.role"),
        (json!({"messages": [{"content": "x"}]}), "messages.0.role"),
        (json!({"messages": [], "tools": [{"description": "x"}]}), "tools.0.name"),
    ] {
        let fault = with(request.clone(), "{}").unwrap_err();
        assert!(matches!(fault, Fault::InvalidRequest(message) if message.contains(place)), "{request}");
    }
}

/// What OpenAI checks of a conversation.
fn check(body: &Value) {
    let mut open: Vec<&str> = Vec::new();
    let mut ids = std::collections::HashSet::new();
    for message in body["messages"].as_array().unwrap() {
        let role = message["role"].as_str().unwrap();
        if role == "tool" {
            let id = message["tool_call_id"].as_str().unwrap();
            let position = open.iter().position(|call| *call == id).unwrap_or_else(|| panic!("{id} answers no call"));
            open.remove(position);
            assert!(!message["content"].as_str().unwrap().is_empty());
            continue;
        }
        assert!(open.is_empty(), "calls without a result: {open:?}");
        for call in message["tool_calls"].as_array().into_iter().flatten() {
            let id = call["id"].as_str().unwrap();
            assert!(!id.is_empty() && ids.insert(id), "{id} is not unique");
            let arguments = call["function"]["arguments"].as_str().unwrap();
            assert!(serde_json::from_str::<Value>(arguments).unwrap().is_object());
            open.push(id);
        }
        let says =
            message["content"].is_string() || message["content"].as_array().is_some_and(|parts| !parts.is_empty());
        assert!(says || (role == "assistant" && !open.is_empty()), "{message}");
    }
    assert!(open.is_empty(), "calls without a result: {open:?}");
}

fn any_block() -> impl Strategy<Value = Value> {
    let id = prop::sample::select(vec![json!("a"), json!("b"), json!(""), json!(0), json!("c\"\n"), Value::Null]);
    let text = prop::sample::select(vec!["", " \n", "x", "say \"hi\"\\", "\u{1F600}", "x-anthropic-billing-header: 1"]);
    let simple = prop_oneof![
        4 => text.clone().prop_map(|text| json!({"type": "text", "text": text})),
        1 => text.clone().prop_map(Value::from),
        1 => text.prop_map(|text| json!({"type": "thinking", "thinking": text, "signature": "s"})),
        1 => Just(json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}})),
        1 => Just(json!({"type": "image", "source": {"type": "file", "file_id": "f"}})),
        1 => Just(json!({"type": "document", "source": {"type": "text", "data": "d"}})),
        1 => Just(json!({"type": "document", "title": "t", "source": {"type": "base64", "data": "d"}})),
        1 => Just(json!({"type": "redacted_thinking", "data": "d"})),
        1 => Just(json!({"type": "new", "cache_control": {"type": "ephemeral"}})),
        1 => Just(json!({"type": "text"})),
        1 => Just(Value::Null),
    ];
    let result = (id.clone(), prop::collection::vec(simple.clone(), 0..3), any::<bool>(), any::<bool>()).prop_map(
        |(id, content, is_error, listed)| {
            let content = if listed { Value::from(content) } else { content.first().cloned().unwrap_or(Value::Null) };
            json!({"type": "tool_result", "tool_use_id": id, "content": content, "is_error": is_error})
        },
    );
    let input = prop::sample::select(vec![json!({}), json!({"a": "\"\\\n"}), Value::Null, json!("x")]);
    let call = (id, input).prop_map(|(id, input)| json!({"type": "tool_use", "id": id, "name": "n.1", "input": input}));
    prop_oneof![3 => simple, 2 => result, 2 => call]
}

fn any_message() -> impl Strategy<Value = Value> {
    let role = prop::sample::select(vec!["user", "user", "assistant", "assistant", "system"]);
    let content = prop_oneof![
        4 => prop::collection::vec(any_block(), 0..5).prop_map(Value::from),
        1 => any_block(),
    ];
    (role, content).prop_map(|(role, content)| json!({"role": role, "content": content}))
}

proptest! {
    #[test]
    fn every_request_becomes_a_legal_one(
        messages in prop::collection::vec(any_message(), 0..10),
        settings in prop::sample::select(vec!["{}", r#"{"reasoning":"reasoning_content"}"#]),
    ) {
        check(&with(json!({"messages": messages}), settings).unwrap().0);
    }
}

/// Found by the property test: an empty thought in a result is no text either.
#[test]
fn a_result_without_text_says_so() {
    let thought = json!({"type": "thinking", "thinking": "", "signature": "s"});
    let result = json!({"type": "tool_result", "tool_use_id": "1", "content": thought});
    let call = json!({"type": "tool_use", "id": "1", "name": "n", "input": {}});
    let wire = messages(json!([{"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]));
    assert_eq!(wire[1]["content"], json!("(no output)"));
}
