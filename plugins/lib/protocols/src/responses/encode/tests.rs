//! Rules of single fields, and the property that every request becomes a legal one. Whole requests are in `fixtures/`.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use super::body::Body;
use super::{encode, write};
use crate::openai::endpoint::{self, RESPONSES};
use crate::responses::options::Options;
use crate::responses::thinking::{Envelope, Kept, mark};
use crate::shared::notes::Notes;
use ccr_plugin::messages::json::{Document, Writer};
use ccr_plugin::testing::FakeRequest;
use ccr_plugin::{Fault, Request, Settings};
use proptest::prelude::*;
use serde_json::{Value, json};

fn with(request: Value, model: &str, settings: &str) -> Result<(Value, Vec<String>), Fault> {
    let mut request = FakeRequest::new(request);
    request.target.as_mut().unwrap().model = model.into();
    let encoded = encode(&request, &Options::read(&Settings::of(settings))?)?;
    Ok((serde_json::from_slice(&encoded.body).unwrap(), request.dropped.into_inner()))
}

fn encoded(request: Value) -> Value {
    with(request, "m", "{}").unwrap().0
}

#[test]
fn the_endpoint_is_found_from_every_way_to_write_the_base() {
    for (base, expected) in [
        ("", "/v1/responses"),
        ("/", "/v1/responses"),
        ("?x=1", "/v1/responses?x=1"),
        ("/v1", "/v1/responses"),
        ("/v1/", "/v1/responses"),
        ("/v1/responses", "/v1/responses"),
        ("/v1/responses/", "/v1/responses"),
        ("/api/v1", "/api/v1/responses"),
        ("/openai/v1?api-version=preview", "/openai/v1/responses?api-version=preview"),
    ] {
        assert_eq!(endpoint::path(base, RESPONSES), expected, "{base}");
    }
}

#[test]
fn the_billing_header_is_left_out_so_that_prompt_caches_stay_warm() {
    let of = |nonce: &str| {
        let header = format!("x-anthropic-billing-header: cc_version=2; cch={nonce};");
        encoded(json!({"system": [{"type": "text", "text": header}, {"type": "text", "text": "a"}], "messages": []}))
    };
    assert_eq!(of("1"), of("2"));
    assert_eq!(of("1")["instructions"], "a");
}

#[test]
fn two_turns_share_their_beginning() {
    let turn = |messages: Value| {
        let request = FakeRequest::new(json!({"messages": messages, "max_tokens": 50, "tools": [{"name": "t"}]}));
        String::from_utf8(encode(&request, &Options::default()).unwrap().body).unwrap()
    };
    let first = turn(json!([{"role": "user", "content": "a"}]));
    let second = turn(json!([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]));
    assert!(second.starts_with(first.trim_end_matches("]}")), "{first}\n{second}");
}

#[test]
fn the_session_becomes_the_prompt_cache_key() {
    let document = Document::parse(br#"{"messages":[]}"#).unwrap();
    let mut notes = Notes::default();
    let body = Body::read(document.root(), &mut notes).unwrap();
    let target = FakeRequest::new(Value::Null).target().unwrap();
    let mut of = |session: Option<&str>| -> Value {
        let written =
            write(&body, &target, "/v1/responses".into(), session, &Options::default(), &mut notes, Writer::new())
                .unwrap();
        serde_json::from_slice(&written.body).unwrap()
    };
    assert_eq!(of(Some("5a-b"))["prompt_cache_key"], "5a-b");
    assert_eq!(of(None).get("prompt_cache_key"), None);
}

#[test]
fn tool_choice_is_mapped() {
    for (choice, expected) in [
        (json!({"type": "auto"}), json!("auto")),
        (json!({"type": "any"}), json!("required")),
        (json!({"type": "none"}), json!("none")),
        (json!({"type": "tool", "name": "t"}), json!({"type": "function", "name": "t"})),
    ] {
        let body = encoded(json!({"messages": [], "tools": [{"name": "t"}], "tool_choice": choice}));
        assert_eq!(body["tool_choice"], expected);
    }
    let without_tools =
        encoded(json!({"messages": [], "tool_choice": {"type": "any", "disable_parallel_tool_use": true}}));
    assert_eq!(without_tools, json!({"model": "m", "store": false, "input": []}));
}

#[test]
fn a_forced_web_search_among_others_is_named() {
    let search = json!({"type": "web_search_20250305", "name": "web_search"});
    let choice = json!({"type": "tool", "name": "web_search"});
    let alone = encoded(json!({"messages": [], "tools": [search], "tool_choice": choice}));
    assert_eq!(alone["tool_choice"], "required");
    let among = encoded(json!({"messages": [], "tools": [{"name": "t"}, search], "tool_choice": choice}));
    assert_eq!(among["tool_choice"], json!({"type": "web_search"}));
}

#[test]
fn effort_comes_from_the_budget_or_from_its_name() {
    let of = |request: Value, settings: &str| with(request, "gpt-5", settings).unwrap();
    for (budget, effort) in [(1024, "low"), (4_096, "low"), (10_000, "medium"), (31_999, "high")] {
        let request = json!({"messages": [], "thinking": {"type": "enabled", "budget_tokens": budget}});
        assert_eq!(of(request, "{}").0["reasoning"], json!({"effort": effort, "summary": "auto"}), "{budget}");
    }
    let request = json!({"messages": [], "output_config": {"effort": "max"}});
    let (body, dropped) = of(request.clone(), "{}");
    assert_eq!((&body["reasoning"], dropped.len()), (&json!({"effort": "high"}), 1));
    let (body, dropped) = of(request, r#"{"max_effort": "xhigh"}"#);
    assert_eq!((&body["reasoning"], dropped.len()), (&json!({"effort": "xhigh"}), 0));
}

#[test]
fn disabled_thinking_leaves_no_reasoning_key() {
    let request = json!({"messages": [], "thinking": {"type": "disabled"}, "output_config": {"effort": "high"},
        "tools": [{"name": "t"}]});
    let (body, dropped) = with(request, "gpt-5", "{}").unwrap();
    assert_eq!((body.get("reasoning"), body.get("include"), dropped.len()), (None, None, 0));
}

#[test]
fn encrypted_reasoning_is_asked_for_where_it_helps() {
    let of = |request: Value, model: &str| with(request, model, "{}").unwrap().0.get("include").cloned();
    let asked = Some(json!(["reasoning.encrypted_content"]));
    assert_eq!(of(json!({"messages": [], "thinking": {"type": "adaptive"}}), "gpt-5"), asked);
    assert_eq!(of(json!({"messages": [], "tools": [{"name": "t"}]}), "gpt-5"), asked);
    assert_eq!(of(json!({"messages": []}), "gpt-5"), None);
    // "Encrypted content is not supported with this model."
    assert_eq!(of(json!({"messages": [], "thinking": {"type": "adaptive"}}), "gpt-4.1"), None);
}

#[test]
fn a_property_named_like_a_keyword_stays() {
    let schema = json!({"type": "object", "properties": {"$schema": {}, "type": {}, "properties": {"type": "string"}}});
    let body = encoded(json!({"messages": [], "tools": [{"name": "t", "input_schema": schema}]}));
    assert_eq!(body["tools"][0]["parameters"], schema);
}

#[test]
fn results_come_right_behind_their_calls_whatever_order_they_were_sent_in() {
    let body = encoded(json!({"messages": [
        {"role": "assistant", "content": [
            {"type": "tool_use", "id": "a", "name": "t", "input": {}}, {"type": "tool_use", "id": "b", "name": "t", "input": {}}]},
        {"role": "user", "content": [{"type": "text", "text": "first"}, {"type": "tool_result", "tool_use_id": "b", "content": "B"}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": "A"}]},
    ]}));
    let items: Vec<_> = body["input"].as_array().unwrap().iter().map(|item| item["type"].as_str().unwrap()).collect();
    assert_eq!(items, ["function_call", "function_call", "function_call_output", "function_call_output", "message"]);
    assert_eq!((&body["input"][2]["call_id"], &body["input"][3]["call_id"]), (&json!("b"), &json!("a")));
}

#[test]
fn what_a_tool_result_may_hold() {
    let result = |content: Value, is_error: bool| {
        let block = json!({"type": "tool_result", "tool_use_id": "a", "content": content, "is_error": is_error});
        let body = encoded(json!({"messages": [
            {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "t", "input": {}}]},
            {"role": "user", "content": [block]},
        ]}));
        body["input"][1]["output"].clone()
    };
    assert_eq!(result(json!("x"), false), "x");
    assert_eq!(result(json!("x"), true), "Error: x");
    assert_eq!(result(json!("<tool_use_error>x</tool_use_error>"), true), "<tool_use_error>x</tool_use_error>");
    assert_eq!(result(json!([{"type": "text", "text": "x"}, {"type": "text", "text": "\"y\""}]), false), "x\n\n\"y\"");
    for nothing in [json!([]), json!(null), json!(""), json!([{"type": "text", "text": " "}])] {
        assert_eq!(result(nothing.clone(), false), "(no output)", "{nothing}");
        assert_eq!(result(nothing, true), "Error: (no output)");
    }
    assert_eq!(result(json!([{"type": "tool_reference", "tool_name": "Grep"}]), false), "[Tool: Grep]");
}

/// edge-cases: unknown fields of Anthropic's API are refused by OpenAI.
#[test]
fn unknown_top_level_fields_are_not_forwarded_and_noted() {
    let request = json!({"messages": [], "context_management": {}, "container": "c", "service_tier": "auto", "betas": ["b"],
        "thread": {"type": "create"}, "stop_sequences": ["x"], "top_k": 1, "ccr": {"x": 1}, "metadata": {}});
    let (body, dropped) = with(request, "m", "{}").unwrap();
    assert_eq!(body, json!({"model": "m", "store": false, "input": []}));
    assert_eq!(dropped, ["context_management", "container", "stop_sequences", "top_k"]);
}

#[test]
fn requests_that_make_no_sense_are_refused_with_the_place() {
    for (request, place) in [
        (json!([]), "JSON object"),
        (json!({"messages": "hi"}), "messages"),
        (json!({"messages": [{"content": "x"}]}), "messages.0.role"),
        (json!({"messages": [], "tools": [{"description": "x"}]}), "tools.0.name"),
    ] {
        let fault = with(request.clone(), "m", "{}").unwrap_err();
        assert!(matches!(fault, Fault::InvalidRequest(message) if message.contains(place)), "{request}");
    }
}

/// What OpenAI checks of an input.
fn check(body: &Value) {
    let mut open: Vec<&str> = Vec::new();
    let mut ids = std::collections::HashSet::new();
    let mut reasoned = false;
    for item in body["input"].as_array().unwrap() {
        let kind = item["type"].as_str().unwrap();
        assert!(!reasoned || matches!(kind, "reasoning" | "function_call") || item["role"] == "assistant", "{item}");
        reasoned = kind == "reasoning";
        assert!(
            open.is_empty()
                || matches!(kind, "function_call" | "function_call_output" | "reasoning")
                || item["role"] == "assistant"
        );
        match kind {
            "message" => assert!(!item["content"].as_array().unwrap().is_empty()),
            "function_call" => {
                let id = item["call_id"].as_str().unwrap();
                assert!(!id.is_empty() && id.len() <= 64 && ids.insert(id), "{id}");
                assert!(serde_json::from_str::<Value>(item["arguments"].as_str().unwrap()).unwrap().is_object());
                open.push(id);
            }
            "function_call_output" => {
                let id = item["call_id"].as_str().unwrap();
                let position =
                    open.iter().position(|call| *call == id).unwrap_or_else(|| panic!("{id} answers no call"));
                open.remove(position);
                assert!(item["output"].as_str().is_some_and(|text| !text.is_empty()) || item["output"].is_array());
            }
            "reasoning" => assert!(item["encrypted_content"].is_string() || item["content"].is_array()),
            other => panic!("{other}"),
        }
    }
    assert!(open.is_empty() && !reasoned, "{body}");
}

fn any_block() -> impl Strategy<Value = Value> {
    let id = prop::sample::select(vec![json!("a"), json!("b"), json!(""), json!(0), json!("c\"\n"), Value::Null]);
    let text = prop::sample::select(vec!["", " \n", "x", "say \"hi\"\\", "\u{1F600}", "x-anthropic-billing-header: 1"]);
    let signature = prop::sample::select(vec![
        "s".to_owned(),
        Envelope::new(&mark("p"), "rs_1", Kept::Encrypted("gA")).seal(),
        Envelope::new(&mark("p"), "", Kept::Text).seal(),
        Envelope::new(&mark("q"), "", Kept::Text).seal(),
    ]);
    let simple = prop_oneof![
        4 => text.clone().prop_map(|text| json!({"type": "text", "text": text})),
        1 => text.clone().prop_map(Value::from),
        3 => (text, signature.clone()).prop_map(|(text, signature)| json!({"type": "thinking", "thinking": text, "signature": signature})),
        1 => signature.prop_map(|data| json!({"type": "redacted_thinking", "data": data})),
        1 => Just(json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}})),
        1 => Just(json!({"type": "image", "source": {"type": "file", "file_id": "f"}})),
        1 => Just(json!({"type": "document", "source": {"type": "text", "data": "d"}})),
        1 => Just(json!({"type": "document", "title": "t", "source": {"type": "base64", "data": "d"}})),
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
        model in prop::sample::select(vec!["m", "gpt-5"]),
    ) {
        check(&with(json!({"messages": messages}), model, "{}").unwrap().0);
    }
}
