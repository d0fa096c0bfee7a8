//! What holds for any input: no trap, a legal body, and a request that needs nothing keeps its bytes.
use ccr_plugin::messages::anthropic::needs_cleaning;
use ccr_plugin::messages::json::Document;
use ccr_plugin::messages::request::MessagesRequest;
use ccr_plugin::testing::FakeRequest;
use ccr_plugin::{Settings, Target, UpstreamProtocol};
use ccr_protocols::anthropic::{Anthropic, VertexClaude};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Texts that something may happen to, and any others.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just(" \n".to_owned()),
        Just("toolu_1".to_owned()),
        Just("EqQBCkgIARABGAIiQL2UoU0b1OHYi+/w==".to_owned()),
        Just("ccr1:anthropic:8602096f:own".to_owned()),
        Just("data:image/png;base64,iVBO".to_owned()),
        ".{0,12}",
    ]
}

fn part() -> impl Strategy<Value = Value> {
    prop_oneof![
        text().prop_map(|text| json!({"type": "text", "text": text})),
        (text(), text()).prop_map(
            |(data, kind)| json!({"type": "image", "source": {"type": "base64", "media_type": kind, "data": data}})
        ),
    ]
}

fn block() -> impl Strategy<Value = Value> {
    prop_oneof![
        part(),
        (text(), text())
            .prop_map(|(text, signature)| json!({"type": "thinking", "thinking": text, "signature": signature})),
        text().prop_map(|data| json!({"type": "redacted_thinking", "data": data})),
        (text(), text()).prop_map(|(id, name)| json!({"type": "tool_use", "id": id, "name": name, "input": {}})),
        (text(), prop::collection::vec(part(), 0..3))
            .prop_map(|(id, content)| json!({"type": "tool_result", "tool_use_id": id, "content": content})),
        (text(), text()).prop_map(
            |(id, query)| json!({"type": "server_tool_use", "id": id, "name": "web_search", "input": {"query": query}})
        ),
        (text(), text())
            .prop_map(|(id, found)| json!({"type": "web_search_tool_result", "tool_use_id": id, "content": [
            {"type": "web_search_result", "url": "u", "title": "t", "encrypted_content": found}]})),
        (text(), text()).prop_map(|(text, index)| json!({"type": "text", "text": text, "citations": [
            {"type": "web_search_result_location", "url": "u", "encrypted_index": index}]})),
    ]
}

/// Only the assistant calls and thinks, and only others answer.
fn belongs(role: &str, block: &Value) -> bool {
    match block["type"].as_str() {
        Some("tool_result") => role != "assistant",
        Some("text" | "image") => true,
        _ => role == "assistant",
    }
}

fn message() -> impl Strategy<Value = Value> {
    let role = prop_oneof![Just("user"), Just("assistant"), Just("system")];
    let content = prop_oneof![text().prop_map(Value::from), prop::collection::vec(block(), 0..5).prop_map(Value::from)];
    (role, content).prop_map(|(role, mut content)| {
        if let Some(blocks) = content.as_array_mut() {
            blocks.retain(|block| belongs(role, block));
        }
        json!({"role": role, "content": content})
    })
}

fn request() -> impl Strategy<Value = Value> {
    let tools =
        prop::collection::vec(text().prop_map(|name| json!({"name": name, "input_schema": {"type": "object"}})), 0..3);
    (prop::collection::vec(message(), 1..6), tools, text()).prop_map(|(messages, tools, system)| {
        json!({"model": "m", "max_tokens": 100, "system": system, "tools": tools, "messages": messages})
    })
}

pub(super) fn routed(body: Vec<u8>, model: &str) -> FakeRequest {
    let mut request = FakeRequest::from_bytes(body);
    request.target = Some(Target::new("p", model));
    request.headers.insert("anthropic-version".into(), "2023-06-01".into());
    request
}

fn check(body: &[u8]) -> Result<(), TestCaseError> {
    let document = Document::parse(body).map_err(|error| TestCaseError::fail(error.to_string()))?;
    MessagesRequest::parse(&document).map_err(|error| TestCaseError::fail(error.to_string()))?;
    Ok(())
}

proptest! {
    #[test]
    fn any_request_becomes_a_legal_one_that_needs_nothing(body in request()) {
        let request = routed(body.to_string().into_bytes(), "claude-sonnet-4-5");
        if let Ok(encoded) = Anthropic::encode(&request, &Settings::of("{}")) {
            check(&encoded.body)?;
            let document = Document::parse(&encoded.body).unwrap();
            prop_assert!(!needs_cleaning(&document), "{}", document.text());
            // What is clean stays as it is.
            let again = routed(encoded.body.clone(), "claude-sonnet-4-5");
            let again = Anthropic::encode(&again, &Settings::of("{}")).unwrap();
            prop_assert_eq!(String::from_utf8(again.body).unwrap(), String::from_utf8(encoded.body).unwrap());
        }
        let others = routed(body.to_string().into_bytes(), "deepseek-v4");
        if let Ok(encoded) = Anthropic::encode(&others, &Settings::of("{}")) {
            check(&encoded.body)?;
        }
        let vertex = routed(body.to_string().into_bytes(), "claude-sonnet-4-5");
        if let Ok(encoded) = VertexClaude::encode(&vertex, &Settings::of(r#"{"project":"p"}"#)) {
            let body: Value = serde_json::from_slice(&encoded.body).unwrap();
            prop_assert_eq!(&body["anthropic_version"], &json!("vertex-2023-10-16"));
            prop_assert!(body.get("model").is_none());
        }
    }

    #[test]
    fn any_json_is_a_request_or_a_fault(text in r#"[\[\]{}:,"a-z0-9 ]{0,60}"#) {
        let _ = Anthropic::encode(&routed(text.clone().into_bytes(), "claude-x"), &Settings::of("{}"));
        let wrapped = format!(r#"{{"messages":[{{"role":"user","content":"{}"}}],"x":1}}"#, text.replace(['"', '\\'], ""));
        let _ = Anthropic::encode(&routed(wrapped.into_bytes(), "claude-x"), &Settings::of("{}"));
    }
}

/// A history of Anthropic's own, spelled as nobody would spell it: only the model's name is another afterwards.
const ODD: &str = "{ \"model\" :\t\"a\",\n \"max_tokens\":4096 , \"messages\":[ {\"role\":\"user\",\"content\":\"\\u00e4 \"},\n\
    {\"content\" : [ {\"signature\":\"EqQBCkgIARABGAIiQL2UoU0b1OHYi\\/w==\", \"thinking\" : \" a\\u0020\\n\\n  b \",\"type\":\"thinking\" } ,\
    {\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":\"t\",\"input\":{ \"a\":1.0 }}],\"role\":\"assistant\"},\
    {\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"toolu_1\",\"content\":\"\"} ]}] ,\"x_new\":[ ] }";

#[test]
fn what_anthropic_signed_stays_byte_for_byte() {
    assert!(!needs_cleaning(&Document::parse_str(ODD).unwrap()));
    let request = routed(ODD.as_bytes().to_vec(), "claude-sonnet-4-5");
    let encoded = Anthropic::encode(&request, &Settings::of("{}")).unwrap();
    assert_eq!(String::from_utf8(encoded.body).unwrap(), ODD.replace("\"a\",\n", "\"claude-sonnet-4-5\",\n"));
    assert!(request.dropped.borrow().is_empty());
}

/// Two turns of one conversation with foreign reasoning share all that they have in common, for the provider's prompt cache.
#[test]
fn the_next_turn_begins_like_the_one_before() {
    let thought = json!({"type": "thinking", "thinking": "t", "signature": "ccr1:openai:1"});
    let call = json!({"type": "tool_use", "id": "functions.t:0", "name": "a.b", "input": {}});
    let mut messages =
        vec![json!({"role": "user", "content": "a"}), json!({"role": "assistant", "content": [thought, call]})];
    messages.push(
        json!({"role": "user", "content": [{"type": "tool_result", "tool_use_id": "functions.t:0", "content": "ok"}]}),
    );
    let encoded = |messages: &[Value]| {
        let body = json!({"model": "m", "max_tokens": 100, "system": "s", "messages": messages}).to_string();
        let encoded = Anthropic::encode(&routed(body.into_bytes(), "claude-sonnet-4-5"), &Settings::of("{}")).unwrap();
        String::from_utf8(encoded.body).unwrap()
    };
    let first = encoded(&messages);
    messages.extend([
        json!({"role": "assistant", "content": [call, {"type": "text", "text": "x"}]}),
        json!({"role": "user", "content": "b"}),
    ]);
    assert!(encoded(&messages).starts_with(first.trim_end_matches("]}")));
}
