//! Whatever a client sends becomes a request that Converse takes, or a fault.

use super::{CLAUDE, with};
use crate::bedrock::encode::encode;
use crate::bedrock::options::Options;
use ccr_plugin::Fault;
use ccr_plugin::testing::FakeRequest;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::HashSet;

const MODELS: &[&str] = &[
    CLAUDE,
    "amazon.nova-2-lite-v1:0",
    "openai.gpt-oss-120b-1:0",
    "openai.gpt-5.6",
    "meta.llama3-3-70b-instruct-v1:0",
];

fn any_id() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["1", "2", "3", "a|b", ""]).prop_map(str::to_owned)
}

fn any_text() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["", " ", "\n\t", "a", "b \"c\"", "\u{1F600}"]).prop_map(str::to_owned)
}

fn any_signature() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "",
        "ErUB",
        "ccr1:openai:0",
        "ccr1:bedrock:nova:x",
        "ccr1:bedrock:gpt-oss:",
        "ccr1:bedrock:openai:",
    ])
}

fn any_media() -> impl Strategy<Value = Value> {
    let kind = prop::sample::select(vec!["image", "document"]);
    let source = prop::sample::select(vec![
        json!({"type": "base64", "media_type": "image/png", "data": "iVBOR"}),
        json!({"type": "base64", "media_type": "application/pdf", "data": "JVBER"}),
        json!({"type": "base64", "data": ""}),
        json!({"type": "url", "url": "https://example.com/x"}),
        json!({"type": "url", "url": "s3://bucket/x.pdf"}),
        json!({"type": "text", "data": " "}),
        json!({"type": "text", "data": "t"}),
        json!({"type": "content", "content": [{"type": "text", "text": ""}]}),
        json!({"type": "content", "content": "t"}),
        json!(7),
    ]);
    (kind, source, any::<bool>())
        .prop_map(|(kind, source, cited)| json!({"type": kind, "source": source, "citations": {"enabled": cited}}))
}

fn any_block() -> impl Strategy<Value = Value> {
    let content = prop_oneof![
        any_text().prop_map(Value::from),
        prop::collection::vec(any_text().prop_map(|text| json!({"type": "text", "text": text})), 0..3)
            .prop_map(Value::from),
        any_media().prop_map(|media| json!([media])),
        Just(Value::Null),
    ];
    let block = prop_oneof![
        any_text().prop_map(|text| json!({"type": "text", "text": text})),
        (any_text(), any_signature())
            .prop_map(|(text, signature)| json!({"type": "thinking", "thinking": text, "signature": signature})),
        any_signature().prop_map(|data| json!({"type": "redacted_thinking", "data": data})),
        any_id().prop_map(|id| json!({"type": "tool_use", "id": id, "name": "t.x", "input": {}})),
        (any_id(), content, any::<bool>()).prop_map(
            |(id, content, error)| json!({"type": "tool_result", "tool_use_id": id, "content": content, "is_error": error})
        ),
        any_media(),
        prop::sample::select(vec![json!(null), json!(7), json!({}), json!({"type": "novelty"}), json!("x"), json!([])]),
    ];
    (block, any::<bool>()).prop_map(|(mut block, marked)| {
        if marked && block.is_object() {
            block["cache_control"] = json!({"type": "ephemeral"});
        }
        block
    })
}

fn any_message() -> impl Strategy<Value = Value> {
    let role = prop::sample::select(vec!["user", "assistant", "assistant", "user", "system"]);
    let content = prop_oneof![
        3 => prop::collection::vec(any_block(), 0..5).prop_map(Value::from),
        1 => any_text().prop_map(Value::from),
    ];
    (role, content).prop_map(|(role, content)| json!({"role": role, "content": content}))
}

fn any_json() -> impl Strategy<Value = Value> {
    let keys = prop::sample::select(vec![
        "messages",
        "role",
        "content",
        "type",
        "system",
        "tools",
        "name",
        "input_schema",
        "tool_choice",
        "max_tokens",
        "thinking",
        "budget_tokens",
        "output_config",
        "effort",
        "format",
        "schema",
        "stop_sequences",
        "stream",
        "ccr",
        "params",
        "extra",
        "n",
        "betas",
        "source",
        "data",
        "url",
        "id",
        "input",
        "text",
        "cache_control",
        "temperature",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop::sample::select(vec!["", "user", "assistant", "text", "tool_use", "any", "none", "high", "s3://x"])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 80, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((keys.clone(), inner), 0..8)
                .prop_map(|members| members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

/// The one member of a union.
fn only(block: &Value) -> (&str, &Value) {
    let members = block.as_object().unwrap();
    assert_eq!(members.len(), 1, "{block}");
    members.iter().next().map(|(name, value)| (name.as_str(), value)).unwrap()
}

fn is_blank(text: &Value) -> bool {
    text.as_str().unwrap().trim().is_empty()
}

/// What Converse demands of a conversation.
fn check(body: &Value) {
    let messages = body["messages"].as_array().unwrap();
    let mut waiting: Vec<String> = Vec::new();
    let (mut ids, mut documents) = (HashSet::new(), HashSet::new());
    for (number, message) in messages.iter().enumerate() {
        assert_eq!(message["role"], if number % 2 == 0 { "user" } else { "assistant" });
        let content = message["content"].as_array().unwrap();
        let kinds: Vec<_> = content.iter().map(|block| only(block).0).collect();
        assert!(!content.is_empty() && kinds[0] != "cachePoint", "{message}");
        assert!(kinds.windows(2).all(|pair| pair != ["cachePoint", "cachePoint"]));
        assert!(!kinds.contains(&"document") || kinds.contains(&"text"), "{message}");
        assert!(kinds.iter().any(|kind| *kind != "reasoningContent" && *kind != "cachePoint"));
        let mut calls = Vec::new();
        for (kind, value) in content.iter().map(only) {
            match kind {
                "text" => assert!(!is_blank(value), "{message}"),
                "toolUse" => calls.push(call(value, &mut ids)),
                "toolResult" => result(value, &mut waiting, &mut documents),
                "document" => assert!(documents.insert(value["name"].to_string())),
                "image" | "reasoningContent" | "cachePoint" => {}
                other => panic!("{other}"),
            }
        }
        assert!(waiting.is_empty(), "without a result: {waiting:?}");
        waiting = calls;
        assert!(waiting.is_empty() || body["toolConfig"]["tools"].as_array().is_some_and(|tools| !tools.is_empty()));
    }
    assert!(waiting.is_empty());
}

fn call(call: &Value, ids: &mut HashSet<String>) -> String {
    let id = call["toolUseId"].as_str().unwrap().to_owned();
    let legal = id.chars().all(|it| it.is_ascii_alphanumeric() || "_.:-".contains(it));
    assert!((1..=64).contains(&id.len()) && legal, "{id}");
    assert!(ids.insert(id.clone()), "twice: {id}");
    assert!(call["input"].is_object() && !call["name"].as_str().unwrap().contains('.'));
    id
}

fn result(result: &Value, waiting: &mut Vec<String>, documents: &mut HashSet<String>) {
    let id = result["toolUseId"].as_str().unwrap();
    let at = waiting.iter().position(|call| call == id);
    waiting.remove(at.unwrap_or_else(|| panic!("no call: {id}")));
    let content = result["content"].as_array().unwrap();
    assert!(!content.is_empty());
    for (kind, value) in content.iter().map(only) {
        match kind {
            "text" => assert!(!is_blank(value)),
            "document" => assert!(documents.insert(value["name"].to_string())),
            "image" => {}
            other => panic!("{other}"),
        }
    }
}

proptest! {
    #[test]
    fn every_conversation_becomes_a_legal_one(
        messages in prop::collection::vec(any_message(), 0..10), model in prop::sample::select(MODELS),
        tools in prop::sample::select(vec![json!(null), json!([{"name": "t.x", "input_schema": {}}])]),
        choice in prop::sample::select(vec![json!(null), json!({"type": "none"}), json!({"type": "any"})]),
    ) {
        let request = json!({"messages": messages, "tools": tools, "tool_choice": choice});
        match with(request.clone(), model, "{}") {
            Ok((body, dropped)) => {
                check(&body);
                prop_assert_eq!(with(request, model, "{}").unwrap(), (body, dropped));
            }
            Err(Fault::InvalidRequest(message)) => prop_assert!(message.contains("nothing to answer")),
            Err(other) => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn any_json_is_a_request_or_a_fault(body in any_json(), model in prop::sample::select(MODELS)) {
        let mut request = FakeRequest::new(body);
        request.target.as_mut().unwrap().model = (*model).into();
        if let Ok(encoded) = encode(&request, &Options::default()) {
            let body: Value = serde_json::from_slice(&encoded.body).unwrap();
            check(&body);
        }
    }

    #[test]
    fn any_bytes_are_a_request_or_a_fault(body in prop::collection::vec(any::<u8>(), 0..200)) {
        // Either outcome is right, as long as there is one.
        let _ = encode(&FakeRequest::from_bytes(body), &Options::default());
    }
}
