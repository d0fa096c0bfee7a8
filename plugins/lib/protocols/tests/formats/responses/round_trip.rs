//! What an answer holds goes back in the next request: through the host's own assembling and folding, as a client would see it.
use ccr_plugin::messages::answer::{Answer, Head};
use ccr_plugin::messages::fold::Folder;
use ccr_plugin::messages::sse::SseDecoder;
use ccr_plugin::messages::tool_calls::Assembler;
use ccr_plugin::testing::FakeRequest;
use ccr_plugin::{Decoder, EncodedRequest, Settings, UpstreamProtocol, WireResponse};
use ccr_protocols::responses::OpenAiResponses;
use serde_json::{Value, json};

fn encode(provider: &str, messages: Value) -> EncodedRequest {
    let tools = json!([{"name": "a_b_1", "input_schema": {}}, {"name": "Bash", "input_schema": {}}]);
    let mut request = FakeRequest::new(json!({"thinking": {"type": "adaptive"}, "tools": tools, "messages": messages}));
    let target = request.target.as_mut().unwrap();
    target.provider = provider.into();
    target.model = "gpt-5".into();
    OpenAiResponses::encode(&request, &Settings::of("{}")).unwrap()
}

/// The message that the client gets.
fn message(events: Vec<ccr_plugin::messages::event::Event>) -> Value {
    let mut assembler = Assembler::new("seed");
    let mut assembled = Vec::new();
    for event in events {
        assembler.push(event, &mut assembled);
    }
    assembler.finish(&mut assembled);
    let mut answer = Answer::new(Folder::new(), Head { id: "msg_1".into(), model: "claude".into() });
    assembled.iter().for_each(|event| answer.push(event));
    answer.finish();
    serde_json::from_slice(&answer.into_sink().into_json().unwrap()).unwrap()
}

fn streamed(context: &[u8]) -> Value {
    let mut events = Vec::new();
    let mut decoder = OpenAiResponses::decoder(context, &Settings::of("{}"));
    // Larger than the stream.
    let mut sse = SseDecoder::new(1 << 20);
    let mut push =
        |event: Result<ccr_plugin::messages::sse::SseEvent<'_>, _>| decoder.push(event.unwrap(), &mut events).unwrap();
    sse.push(include_bytes!("../../../fixtures/responses/streams/reasoning-tools-parallel.sse"), &mut push);
    sse.finish(&mut push);
    decoder.finish(&mut events).unwrap();
    message(events)
}

/// The ids of the calls in the client's message.
fn call_ids(answer: &Value) -> Vec<&str> {
    answer["content"].as_array().unwrap().iter().filter_map(|block| block["id"].as_str()).collect()
}

fn next_input(provider: &str, answer: &Value) -> Value {
    let result = |id: &&str| json!({"type": "tool_result", "tool_use_id": id, "content": "ok"});
    let results: Vec<_> = call_ids(answer).iter().map(result).collect();
    let messages = json!([{"role": "user", "content": "go"},
        {"role": "assistant", "content": answer["content"]}, {"role": "user", "content": results}]);
    let body: Value = serde_json::from_slice(&encode(provider, messages).body).unwrap();
    body["input"].clone()
}

#[test]
fn reasoning_and_calls_of_an_answer_go_back_in_the_next_request() {
    let first = encode("openai", json!([{"role": "user", "content": "go"}]));
    let answer = streamed(&first.context);
    assert_eq!(answer["stop_reason"], "tool_use");
    let input = next_input("openai", &answer);
    let ids = call_ids(&answer);
    assert_eq!(
        input,
        json!([
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "go"}]},
            {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "One two\n\nThree"}], "encrypted_content": "gAAA"},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Looking."}]},
            {"type": "function_call", "call_id": ids[0], "name": "Bash", "arguments": "{\"command\":\"ls\"}"},
            {"type": "function_call", "call_id": ids[1], "name": "a_b_1", "arguments": "{}"},
            {"type": "function_call_output", "call_id": ids[0], "output": "ok"},
            {"type": "function_call_output", "call_id": ids[1], "output": "ok"},
        ])
    );
}

#[test]
fn reasoning_does_not_go_to_another_provider() {
    let first = encode("openai", json!([{"role": "user", "content": "go"}]));
    let input = next_input("azure", &streamed(&first.context));
    assert_eq!(input[1]["role"], "assistant");
    assert!(!input.to_string().contains("gAAA"));
}

#[test]
fn a_streamed_answer_is_the_whole_one() {
    let context = encode("openai", json!([])).context;
    let stream = include_str!("../../../fixtures/responses/streams/reasoning-tools-parallel.sse");
    let last = stream.lines().filter_map(|line| line.strip_prefix("data: ")).next_back().unwrap();
    let body = serde_json::from_str::<Value>(last).unwrap()["response"].to_string().into_bytes();
    let whole = WireResponse { status: 200, headers: Vec::new(), body };
    assert_eq!(message(OpenAiResponses::decode(&whole, &context, &Settings::of("{}")).unwrap()), streamed(&context));
}
