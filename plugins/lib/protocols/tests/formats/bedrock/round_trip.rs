//! What an answer holds goes back in the next request: through the host's own assembling and folding, as a client would see it.
use ccr_plugin::messages::answer::{Answer, Head};
use ccr_plugin::messages::event::Event;
use ccr_plugin::messages::fold::Folder;
use ccr_plugin::messages::sse::{SseDecoder, SseEvent};
use ccr_plugin::messages::tool_calls::Assembler;
use ccr_plugin::testing::FakeRequest;
use ccr_plugin::{Decoder, EncodedRequest, Settings, UpstreamProtocol, WireResponse};
use ccr_protocols::bedrock::Bedrock;
use serde_json::{Value, json};

const CLAUDE: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const NOVA: &str = "us.amazon.nova-2-lite-v1:0";

fn encode(model: &str, messages: Value) -> EncodedRequest {
    let mut request = FakeRequest::new(json!({"tools": [{"name": "a.b", "input_schema": {}}], "messages": messages}));
    request.target.as_mut().unwrap().model = model.into();
    Bedrock::encode(&request, &Settings::of("{}")).unwrap()
}

/// The content that the client gets.
fn content(events: Vec<Event>) -> Value {
    let mut assembler = Assembler::new("seed");
    let mut assembled = Vec::new();
    events.into_iter().for_each(|event| assembler.push(event, &mut assembled));
    assembler.finish(&mut assembled);
    let mut answer = Answer::new(Folder::new(), Head { id: "msg_1".into(), model: "claude".into() });
    assembled.iter().for_each(|event| answer.push(event));
    answer.finish();
    let message: Value = serde_json::from_slice(&answer.into_sink().into_json().unwrap()).unwrap();
    message["content"].clone()
}

/// What a model of this name says, as Bedrock sends it back in the next turn.
fn said(context: &[u8], blocks: &Value) -> Value {
    let body = json!({"output": {"message": {"role": "assistant", "content": blocks}}, "stopReason": "tool_use"});
    let response = WireResponse { status: 200, headers: Vec::new(), body: body.to_string().into_bytes() };
    content(Bedrock::decode(&response, context, &Settings::of("{}")).unwrap())
}

fn replayed(model: &str, content: &Value) -> Value {
    let calls = content.as_array().unwrap().iter().filter(|block| block["type"] == "tool_use");
    let results: Vec<_> =
        calls.map(|call| json!({"type": "tool_result", "tool_use_id": call["id"], "content": "ok"})).collect();
    let messages = json!([{"role": "user", "content": "go"},
        {"role": "assistant", "content": content}, {"role": "user", "content": results}]);
    let body: Value = serde_json::from_slice(&encode(model, messages).body).unwrap();
    body["messages"][1]["content"].clone()
}

fn blocks(context: &[u8]) -> Value {
    let tools: Value = serde_json::from_slice(context).unwrap();
    let alias = tools["tools"].as_object().unwrap().keys().next().unwrap();
    json!([
        {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "ErUB=="}}},
        {"reasoningContent": {"redactedContent": "EmwK"}},
        {"text": "Looking."},
        {"toolUse": {"toolUseId": "tooluse_1", "name": alias, "input": {"x": [1]}}},
        {"toolUse": {"toolUseId": "tooluse_2", "name": alias, "input": {}}},
    ])
}

#[test]
fn an_answer_goes_back_as_it_came() {
    for model in [CLAUDE, NOVA] {
        let context = encode(model, json!([{"role": "user", "content": "go"}])).context;
        let blocks = blocks(&context);
        let content = said(&context, &blocks);
        assert_eq!(content[3]["name"], "a.b");
        assert_eq!(replayed(model, &content), blocks, "{model}");
    }
}

#[test]
fn claudes_signatures_reach_the_client_as_they_are() {
    let context = encode(CLAUDE, json!([{"role": "user", "content": "go"}])).context;
    let content = said(&context, &blocks(&context));
    assert_eq!(content[0], json!({"type": "thinking", "thinking": "Hm.", "signature": "ErUB=="}));
    assert_eq!(content[1], json!({"type": "redacted_thinking", "data": "EmwK"}));
}

#[test]
fn reasoning_does_not_go_to_another_family() {
    for (from, to) in [(CLAUDE, NOVA), (NOVA, CLAUDE)] {
        let context = encode(from, json!([{"role": "user", "content": "go"}])).context;
        let sent = replayed(to, &said(&context, &blocks(&context)));
        assert_eq!(sent.as_array().unwrap().len(), 3);
        assert!(!sent.to_string().contains("reasoning"), "{sent}");
    }
}

#[test]
fn a_streamed_answer_is_the_whole_one() {
    let mut events = Vec::new();
    let mut decoder = Bedrock::decoder(b"", &Settings::of("{}"));
    // Larger than the stream.
    let mut sse = SseDecoder::new(1 << 20);
    let mut push = |event: Result<SseEvent<'_>, _>| decoder.push(event.unwrap(), &mut events).unwrap();
    sse.push(include_bytes!("../../../fixtures/bedrock/streams/reasoning.sse"), &mut push);
    sse.finish(&mut push);
    decoder.finish(&mut events).unwrap();
    let whole = said(
        b"",
        &json!([
            {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "ErUB=="}}},
            {"reasoningContent": {"redactedContent": "EmwK"}},
            {"text": "Yes."},
            {"toolUse": {"toolUseId": "tooluse_1", "name": "Bash", "input": {}}},
        ]),
    );
    assert_eq!(content(events), whole);
}
