//! Answers in the format of OpenAI Chat Completions.

use serde_json::{Value, json};

use super::Script;

/// The usage that every ready-made answer here reports: 7 of the 20 prompt tokens came from a cache.
pub fn usage() -> Value {
    json!({
        "prompt_tokens": 20,
        "completion_tokens": 5,
        "total_tokens": 25,
        "prompt_tokens_details": {"cached_tokens": 7},
    })
}

/// A whole answer with this message and reason.
pub fn completion(message: Value, finish_reason: &str) -> Value {
    json!({
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "upstream-model",
        "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}],
        "usage": usage(),
    })
}

/// A whole answer of text.
pub fn text(text: &str) -> Script {
    let message = json!({"role": "assistant", "content": text});
    Script::json(200, &completion(message, "stop"))
}

/// One chunk of a streamed answer.
pub fn chunk(delta: Value) -> Value {
    json!({
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": "upstream-model",
        "choices": [{"index": 0, "delta": delta, "finish_reason": null}],
    })
}

/// A chunk with a piece of text.
pub fn text_chunk(text: &str) -> Value {
    chunk(json!({"role": "assistant", "content": text}))
}

/// The chunk that says why the model stopped.
pub fn finish_chunk(reason: &str) -> Value {
    let mut chunk = chunk(json!({}));
    chunk["choices"][0]["finish_reason"] = json!(reason);
    chunk
}

/// The chunk that carries the usage and nothing else.
pub fn usage_chunk() -> Value {
    let mut chunk = chunk(json!({}));
    chunk["choices"] = json!([]);
    chunk["usage"] = usage();
    chunk
}

/// A whole streamed answer of these chunks.
pub fn stream(chunks: &[Value], finish_reason: &str) -> Script {
    let chunks = chunks.iter().fold(Script::stream(), Script::data);
    ending(chunks, finish_reason)
}

/// A whole streamed answer of text in these pieces.
pub fn text_stream(pieces: &[&str]) -> Script {
    let chunks: Vec<Value> = pieces.iter().map(|piece| text_chunk(piece)).collect();
    stream(&chunks, "stop")
}

/// The regular end of a streamed answer.
pub fn ending(script: Script, finish_reason: &str) -> Script {
    let script = script.data(&finish_chunk(finish_reason));
    script.data(&usage_chunk()).chunk("data: [DONE]\n\n").end()
}

/// A tool call as a whole answer holds it.
pub fn tool_call(id: &str, name: &str, arguments: &Value) -> Value {
    json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments.to_string()}})
}

/// The chunks of one tool call: its name first, then its arguments in two pieces.
pub fn tool_call_chunks(index: u32, id: &str, name: &str, arguments: &Value) -> Vec<Value> {
    let arguments = arguments.to_string();
    let mut middle = arguments.len() / 2;
    while !arguments.is_char_boundary(middle) {
        middle += 1;
    }
    let (first, second) = arguments.split_at(middle);
    let head = json!({"index": index, "id": id, "type": "function", "function": {"name": name, "arguments": ""}});
    let piece = |text: &str| json!({"index": index, "function": {"arguments": text}});
    [head, piece(first), piece(second)].into_iter().map(|call| chunk(json!({"tool_calls": [call]}))).collect()
}

/// What a provider says when something is wrong.
pub fn error(status: u16, message: &str, kind: &str) -> Script {
    Script::json(status, &json!({"error": {"message": message, "type": kind, "param": null, "code": null}}))
}
