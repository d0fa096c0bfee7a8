//! Stories in the format of Anthropic's Messages API, which Vertex AI speaks, too, for Claude.

use serde_json::{Value, json};

use super::asked::{bare, given, list, string, strings};
use super::story::{End, Failure, Part, Story, Usage, halves};
use super::{Asked, Script};

const CALL: &str = "toolu_";

fn usage(usage: Usage) -> Value {
    json!({
        "input_tokens": usage.prompt - usage.cached,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": usage.cached,
        "output_tokens": usage.output,
        "service_tier": "standard",
    })
}

fn stop(story: &Story) -> (&'static str, Value) {
    match &story.end {
        End::Length => ("max_tokens", Value::Null),
        End::Sequence(sequence) => ("stop_sequence", json!(sequence)),
        End::Regular if story.calls_tools() => ("tool_use", Value::Null),
        End::Regular => ("end_turn", Value::Null),
    }
}

fn block(part: &Part) -> Value {
    match part {
        Part::Thought { text, proof } => json!({"type": "thinking", "thinking": text, "signature": proof}),
        Part::Text(pieces) => json!({"type": "text", "text": pieces.concat()}),
        Part::Call { id, name, input } => {
            json!({"type": "tool_use", "id": format!("{CALL}{id}"), "name": name, "input": input})
        }
    }
}

fn message(story: &Story) -> Value {
    let (reason, sequence) = stop(story);
    json!({
        "id": "msg_upstream",
        "type": "message",
        "role": "assistant",
        "model": "upstream-model",
        "content": story.parts.iter().map(block).collect::<Vec<_>>(),
        "stop_reason": reason,
        "stop_sequence": sequence,
        "usage": usage(story.usage),
    })
}

/// The answer in one piece.
pub(super) fn whole(story: &Story) -> Script {
    Script::json(200, &message(story))
}

/// The block as it begins, and its deltas.
fn pieces(part: &Part) -> (Value, Vec<Value>) {
    match part {
        Part::Thought { text, proof } => {
            let mut deltas = halves(text).map(|piece| json!({"type": "thinking_delta", "thinking": piece})).to_vec();
            deltas.push(json!({"type": "signature_delta", "signature": proof}));
            (json!({"type": "thinking", "thinking": "", "signature": ""}), deltas)
        }
        Part::Text(pieces) => {
            let deltas = pieces.iter().map(|piece| json!({"type": "text_delta", "text": piece}));
            (json!({"type": "text", "text": ""}), deltas.collect())
        }
        Part::Call { input, .. } => {
            let mut start = block(part);
            start["input"] = json!({});
            let input = input.to_string();
            let [first, second] = halves(&input);
            let deltas = ["", first, second].map(|piece| json!({"type": "input_json_delta", "partial_json": piece}));
            (start, deltas.to_vec())
        }
    }
}

/// The answer as events.
pub(super) fn stream(story: &Story) -> Script {
    let mut start = message(story);
    start["content"] = json!([]);
    start["stop_reason"] = Value::Null;
    start["stop_sequence"] = Value::Null;
    start["usage"]["output_tokens"] = json!(1);
    let mut events = vec![json!({"type": "message_start", "message": start})];
    for (index, part) in story.parts.iter().enumerate() {
        let (start, deltas) = pieces(part);
        events.push(json!({"type": "content_block_start", "index": index, "content_block": start}));
        if index == 0 {
            events.push(json!({"type": "ping"}));
        }
        let deltas = deltas.iter().map(|delta| json!({"type": "content_block_delta", "index": index, "delta": delta}));
        events.extend(deltas);
        events.push(json!({"type": "content_block_stop", "index": index}));
    }
    match &story.failure {
        Some(Failure::InStream(message)) => {
            let error = json!({"type": "error", "error": {"type": "overloaded_error", "message": message}});
            events.push(error);
        }
        Some(_) => return events.iter().fold(Script::stream(), Script::event).reset(),
        None => {
            let (reason, sequence) = stop(story);
            let delta = json!({"stop_reason": reason, "stop_sequence": sequence});
            let usage = json!({"output_tokens": story.usage.output});
            events.push(json!({"type": "message_delta", "delta": delta, "usage": usage}));
            events.push(json!({"type": "message_stop"}));
        }
    }
    events.iter().fold(Script::stream(), Script::event).end()
}

/// The body of an error.
pub(super) fn refusal(status: u16, message: &str) -> Value {
    let kind = match status {
        400 => "invalid_request_error",
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        _ => "api_error",
    };
    json!({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_upstream"})
}

/// Reads a request.
pub(super) fn read(body: &Value) -> Asked {
    let mut asked = Asked {
        streaming: body["stream"] == true,
        system: content(&body["system"]),
        tools: list(&body["tools"]).iter().map(|tool| string(&tool["name"])).collect(),
        forced: forced(&body["tool_choice"]),
        schema: given(&body["output_config"]["format"]["schema"]).or_else(|| given(&body["output_format"]["schema"])),
        stops: strings(&body["stop_sequences"]),
        temperature: body["temperature"].as_f64(),
        max_tokens: body["max_tokens"].as_u64(),
        thinking: given(&body["thinking"]),
        ..Asked::default()
    };
    for message in list(&body["messages"]) {
        let content = &message["content"];
        asked.texts.extend(content.as_str().filter(|_| message["role"] == "user").map(str::to_owned));
        for block in list(content) {
            take(&mut asked, message["role"] == "user", block);
        }
    }
    asked
}

fn take(asked: &mut Asked, user: bool, block: &Value) {
    match block["type"].as_str() {
        Some("text") if user => asked.texts.push(string(&block["text"])),
        Some("text" | "tool_use") => {}
        Some("image") => asked.images.push(image(&block["source"])),
        Some("tool_result") => {
            asked.results.push((bare(CALL, &block["tool_use_id"]), content(&block["content"])));
            let inner = list(&block["content"]).iter().filter(|part| part["type"] == "image");
            asked.images.extend(inner.map(|part| image(&part["source"])));
        }
        Some("thinking") => asked.proofs.push(string(&block["signature"])),
        other => panic!("an upstream of Anthropic's format got a block {other:?}: {block}"),
    }
}

fn image(source: &Value) -> (String, String) {
    match source["type"].as_str() {
        Some("base64") => (string(&source["media_type"]), string(&source["data"])),
        _ => ("url".to_owned(), string(&source["url"])),
    }
}

fn forced(choice: &Value) -> Option<String> {
    match choice["type"].as_str() {
        Some("tool") => Some(string(&choice["name"])),
        Some(other @ ("any" | "none")) => Some(other.to_owned()),
        _ => None,
    }
}

fn content(content: &Value) -> String {
    let parts = list(content).iter().map(|part| string(&part["text"]));
    content.as_str().map_or_else(|| parts.collect(), str::to_owned)
}
