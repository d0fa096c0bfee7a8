//! What a client of this API says reaches a provider of it, though both speak through the inner form.

use super::{checker, decode, streamed};
use ccr_plugin::messages::event::Event;
use ccr_plugin::messages::json::Document;
use ccr_plugin::messages::sse::SseEvent;
use ccr_plugin::messages::tool_calls::Assembler;
use ccr_plugin::testing::FakeRequest;
use ccr_plugin::{Decoder, EncodedRequest, Settings, UpstreamProtocol};
use ccr_protocols::responses::OpenAiResponses;
use serde_json::{Value, json};

/// The request that a provider gets, and what was noted as left out.
fn upstream(model: &str, body: &Value) -> (EncodedRequest, Vec<String>) {
    let mut request = FakeRequest::from_bytes(decode(body).unwrap().body);
    request.target.as_mut().unwrap().model = model.into();
    let encoded = OpenAiResponses::encode(&request, &Settings::of("{}")).unwrap();
    (encoded, request.dropped.into_inner())
}

fn wire(body: &Value) -> Value {
    let (encoded, dropped) = upstream("gpt-5", body);
    assert_eq!(dropped, Vec::<String>::new());
    serde_json::from_slice(&encoded.body).unwrap()
}

#[test]
fn every_field_of_a_request_reaches_the_provider() {
    let body = json!({
        "model": "gpt-5",
        "instructions": "Be short.",
        "max_output_tokens": 100,
        "reasoning": {"effort": "minimal", "summary": "detailed"},
        "text": {"format": {"type": "json_schema", "name": "n", "description": "d", "strict": true, "schema": {"type": "object"}},
            "verbosity": "low"},
        "store": true,
        "stream": true,
        "prompt_cache_key": "k",
        "metadata": {"a": "b"},
        "user": "u",
        "safety_identifier": "s",
        "service_tier": "flex",
        "truncation": "auto",
        "max_tool_calls": 3,
        "something_new": [1],
        "include": ["reasoning.encrypted_content"],
        "tools": [{"type": "function", "name": "f", "description": "d", "strict": true,
            "parameters": {"type": "object", "properties": {}}}],
        "tool_choice": {"type": "function", "name": "f"},
        "parallel_tool_calls": false,
        "input": [
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Go"},
                {"type": "input_image", "detail": "auto", "image_url": "data:image/png;base64,AA"}]},
            {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "t"}], "encrypted_content": "gAAA"},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Calling."}]},
            {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{\"a\": 1}"},
            {"type": "function_call_output", "call_id": "c", "output": "ok"},
        ],
    });
    assert_eq!(wire(&body), body);
}

#[test]
fn words_for_reasoning_reach_the_provider() {
    for effort in ["none", "minimal", "low", "medium", "high", "xhigh", "max"] {
        let wire = wire(&json!({"model": "gpt-5", "input": "x", "reasoning": {"effort": effort}}));
        assert_eq!(wire["reasoning"], json!({"effort": effort}));
    }
    let wire = wire(&json!({"model": "gpt-5", "input": "x"}));
    assert_eq!((wire.get("reasoning"), wire.get("max_output_tokens")), (None, None));
}

#[test]
fn an_object_of_any_kind_can_be_asked_for() {
    let format = json!({"format": {"type": "json_object"}});
    assert_eq!(wire(&json!({"model": "gpt-5", "input": "x", "text": format}))["text"], format);
}

/// The events of a provider's stream, assembled as the host does it.
fn answer(context: &[u8], stream: &str) -> Vec<Event> {
    let mut decoder = OpenAiResponses::decoder(context, &Settings::of("{}"));
    let mut events = Vec::new();
    for data in stream.lines().filter_map(|line| line.strip_prefix("data: ")) {
        decoder.push(SseEvent { event: None, data }, &mut events).unwrap();
    }
    decoder.finish(&mut events).unwrap();
    let (mut assembler, mut assembled) = (Assembler::new("seed"), Vec::new());
    events.into_iter().for_each(|event| assembler.push(event, &mut assembled));
    assembler.finish(&mut assembled);
    assembled
}

#[test]
fn encrypted_reasoning_goes_through_a_client_and_back() {
    let tools = json!([{"type": "function", "name": "Bash"}, {"type": "function", "name": "a_b_1"}]);
    let first = json!({"model": "gpt-5", "input": [{"role": "user", "content": "go"}], "tools": tools});
    let (encoded, _) = upstream("gpt-5", &first);
    let stream = include_str!("../../../../fixtures/responses/streams/reasoning-tools-parallel.sse");
    let output = checker::fold(&streamed(answer(&encoded.context, stream), &[])).unwrap()["output"].clone();
    let mut input = first["input"].as_array().unwrap().clone();
    input.extend(output.as_array().unwrap().iter().cloned());
    let calls: Vec<_> = output.as_array().unwrap().iter().filter(|item| item["type"] == "function_call").collect();
    assert_eq!(calls.len(), 2);
    input.extend(
        calls.iter().map(|call| json!({"type": "function_call_output", "call_id": call["call_id"], "output": "ok"})),
    );
    let second = wire(&json!({"model": "gpt-5", "input": input, "tools": tools}));
    assert_eq!(
        second["input"][1],
        json!({"type": "reasoning", "id": "rs_1", "encrypted_content": "gAAA",
            "summary": [{"type": "summary_text", "text": "One two\n\nThree"}]})
    );
    let kinds: Vec<_> = second["input"].as_array().unwrap().iter().map(|item| item["type"].as_str().unwrap()).collect();
    assert_eq!(
        kinds,
        [
            "message",
            "reasoning",
            "message",
            "function_call",
            "function_call",
            "function_call_output",
            "function_call_output"
        ]
    );
}

#[test]
fn a_signature_of_anthropics_comes_back_byte_for_byte() {
    let events = vec![
        Event::Thinking("Hm.".into()),
        Event::Signature("ErUB+/=".into()),
        Event::RedactedThinking("EmwK".into()),
        Event::Text("Hi".into()),
    ];
    let output = checker::fold(&streamed(events, &[])).unwrap()["output"].clone();
    let inner = decode(&json!({"model": "m", "input": output})).unwrap().body;
    let document = Document::parse(&inner).unwrap();
    let content = document.root().pointer("/messages/0/content").unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(content.raw()).unwrap(),
        json!([{"type": "thinking", "thinking": "Hm.", "signature": "ErUB+/="}, {"type": "redacted_thinking", "data": "EmwK"},
            {"type": "text", "text": "Hi"}])
    );
}
