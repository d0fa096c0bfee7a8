//! Answers in the format of Anthropic's Messages API.

use serde_json::{Value, json};

use super::Script;

/// A whole message of text, with the upstream's own name for the model.
pub fn message(text: &str) -> Value {
    json!({
        "id": "msg_upstream",
        "type": "message",
        "role": "assistant",
        "model": "upstream-model",
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "stop_sequence": null,
        "usage": {"input_tokens": 11, "output_tokens": 3, "cache_read_input_tokens": 4, "cache_creation_input_tokens": 2},
    })
}

/// The events of a streamed message of text in these pieces.
pub fn events(pieces: &[&str]) -> Vec<Value> {
    let mut start = message("");
    start["content"] = json!([]);
    start["stop_reason"] = Value::Null;
    start["usage"]["output_tokens"] = json!(1);
    let mut events = vec![
        json!({"type": "message_start", "message": start}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        json!({"type": "ping"}),
    ];
    events.extend(pieces.iter().map(
        |piece| json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}),
    ));
    events.extend([
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": null}, "usage": {"output_tokens": 3}}),
        json!({"type": "message_stop"}),
    ]);
    events
}

/// A whole streamed answer.
pub fn stream(pieces: &[&str]) -> Script {
    events(pieces).iter().fold(Script::stream(), Script::event).end()
}

/// What the API says when something is wrong.
pub fn error(status: u16, kind: &str, message: &str) -> Script {
    let body = json!({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_upstream"});
    Script::json(status, &body)
}
