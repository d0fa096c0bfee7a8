//! An answer on its way through the host to the client and back in the next turn: its signatures must stand on the parts that
//! they came with.
use ccr_plugin::messages::answer::{Answer, Head};
use ccr_plugin::messages::fold::Folder;
use ccr_plugin::messages::tool_calls::Assembler;
use ccr_plugin::testing::FakeRequest;
use ccr_plugin::{Settings, Target, UpstreamProtocol, WireResponse};
use ccr_protocols::gemini::Gemini;
use serde_json::{Value, json};

/// The content that the client gets.
fn content(parts: &Value) -> Value {
    let body = json!({"responseId": "r", "candidates": [{"content": {"parts": parts}, "finishReason": "STOP"}]});
    let response = WireResponse { status: 200, headers: Vec::new(), body: body.to_string().into_bytes() };
    let mut assembled = Vec::new();
    let mut assembler = Assembler::new("r");
    for event in <Gemini as UpstreamProtocol>::decode(&response, b"", &Settings::of("{}")).unwrap() {
        assembler.push(event, &mut assembled);
    }
    assembler.finish(&mut assembled);
    let mut answer = Answer::new(Folder::new(), Head { id: "msg_1".into(), model: "m".into() });
    assembled.iter().for_each(|event| answer.push(event));
    answer.finish();
    let message: Value = serde_json::from_slice(&answer.into_sink().into_json().unwrap()).unwrap();
    message["content"].clone()
}

/// The parts of the model's turn when the client sends that content back.
fn replayed(content: &Value) -> Vec<Value> {
    let results = content.as_array().unwrap().iter().filter(|block| block["type"] == "tool_use");
    let results: Vec<_> =
        results.map(|call| json!({"type": "tool_result", "tool_use_id": call["id"], "content": "ok"})).collect();
    let mut request = FakeRequest::new(json!({"messages": [
        {"role": "user", "content": "x"}, {"role": "assistant", "content": content}, {"role": "user", "content": results},
    ]}));
    let model = "gemini-3-pro-preview";
    request.target = Some(Target::new("p", model));
    request.base_path = "/v1beta".into();
    let encoded = <Gemini as UpstreamProtocol>::encode(&request, &Settings::of("{}")).unwrap();
    let body: Value = serde_json::from_slice(&encoded.body).unwrap();
    body["contents"][1]["parts"].as_array().unwrap().clone()
}

fn call(name: &str, signature: Option<&str>) -> Value {
    let mut part = json!({"functionCall": {"name": name, "args": {"a": 1}}});
    if let Some(signature) = signature {
        part["thoughtSignature"] = signature.into();
    }
    part
}

/// Name (or text) and signature of every part.
fn seen(parts: &[Value]) -> Vec<(Value, Value)> {
    let name = |part: &Value| part.get("text").unwrap_or(&part["functionCall"]["name"]).clone();
    parts.iter().map(|part| (name(part), part["thoughtSignature"].clone())).collect()
}

#[test]
fn signatures_come_back_on_the_parts_that_they_came_with() {
    let thought = json!({"text": "t", "thought": true});
    for parts in [
        json!([call("f", Some("S1+/="))]),
        json!([thought, call("f", Some("S1")), call("g", None)]),
        json!([thought, {"text": "words"}, call("f", Some("S1")), call("g", None)]),
        json!([{"text": "words"}, call("f", Some("S1")), call("g", Some("S2"))]),
        json!([thought, {"text": "words", "thoughtSignature": "S0"}, call("f", Some("S1"))]),
    ] {
        let said: Vec<_> =
            parts.as_array().unwrap().iter().filter(|part| part.get("thought").is_none()).cloned().collect();
        assert_eq!(seen(&replayed(&content(&parts))), seen(&said), "{parts}");
    }
}

/// What is left of an answer in the history of a client that has no place for reasoning.
fn without_thinking(parts: &Value) -> Value {
    let mut content = content(parts);
    content.as_array_mut().unwrap().retain(|block| block["type"] != "thinking");
    content
}

#[test]
fn signatures_that_a_client_dropped_are_recalled() {
    for parts in [
        json!([call("f", Some("S1")), call("g", None)]),
        json!([call("f", Some("S2")), call("g", Some("S3"))]),
        json!([{"text": "words"}, {"functionCall": {"id": "a-real-id", "name": "f", "args": {}}, "thoughtSignature": "S4"}]),
    ] {
        let said = parts.as_array().unwrap();
        assert_eq!(seen(&replayed(&without_thinking(&parts))), seen(said), "{parts}");
    }
}

#[test]
fn a_call_that_is_not_remembered_gets_the_sentinel() {
    let mut content = without_thinking(&json!([call("f", Some("S1")), call("g", None)]));
    content[0]["id"] = "call_of_another_provider".into();
    let expected = [(json!("f"), json!("skip_thought_signature_validator")), (json!("g"), Value::Null)];
    assert_eq!(seen(&replayed(&content)), expected);
}
