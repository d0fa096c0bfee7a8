//! Stories in the format of Bedrock's Converse: whole as JSON, streamed as frames of AWS's event stream.

use flate2::Crc;
use serde_json::{Map, Value, json};

use super::asked::{bare, given, list, string, strings};
use super::story::{End, Failure, Part, Story, Usage, halves};
use super::{Asked, Script};

const CALL: &str = "tooluse_";

/// The type of a header whose value is a string.
const STRING: u8 = 7;

fn usage(usage: Usage) -> Value {
    json!({
        "inputTokens": usage.prompt - usage.cached,
        "outputTokens": usage.output,
        "totalTokens": usage.prompt + usage.output,
        "cacheReadInputTokens": usage.cached,
        "cacheWriteInputTokens": 0,
    })
}

fn stop(story: &Story) -> &'static str {
    match &story.end {
        End::Length => "max_tokens",
        End::Sequence(_) => "stop_sequence",
        End::Regular if story.calls_tools() => "tool_use",
        End::Regular => "end_turn",
    }
}

/// What stands at the end beside the reason: the stop sequence, if the request has asked for Claude's own field.
fn ended(mut answer: Value, story: &Story) -> Value {
    answer["stopReason"] = json!(stop(story));
    if let End::Sequence(sequence) = &story.end {
        answer["additionalModelResponseFields"] = json!({"stop_sequence": sequence});
    }
    answer
}

fn block(part: &Part) -> Value {
    match part {
        Part::Thought { text, proof } => {
            json!({"reasoningContent": {"reasoningText": {"text": text, "signature": proof}}})
        }
        Part::Text(pieces) => json!({"text": pieces.concat()}),
        Part::Call { id, name, input } => {
            json!({"toolUse": {"toolUseId": format!("{CALL}{id}"), "name": name, "input": input}})
        }
    }
}

/// The answer in one piece.
pub(super) fn whole(story: &Story) -> Script {
    let content: Vec<Value> = story.parts.iter().map(block).collect();
    let answer = json!({
        "output": {"message": {"role": "assistant", "content": content}},
        "usage": usage(story.usage),
        "metrics": {"latencyMs": 1},
    });
    Script::json(200, &ended(answer, story))
}

/// One frame: total length, length of the headers, checksum of both, headers, payload, checksum of all.
fn frame(headers: &[(&str, &str)], payload: &Value) -> Vec<u8> {
    let mut head = Vec::new();
    for (name, value) in headers {
        head.push(u8::try_from(name.len()).expect("a short name"));
        head.extend(name.as_bytes());
        head.push(STRING);
        head.extend(u16::try_from(value.len()).expect("a short value").to_be_bytes());
        head.extend(value.as_bytes());
    }
    let payload = payload.to_string();
    // Three numbers of four bytes before the headers, one behind the payload.
    let total = head.len() + payload.len() + 16;
    let mut bytes = u32::try_from(total).expect("a small frame").to_be_bytes().to_vec();
    bytes.extend(u32::try_from(head.len()).expect("small headers").to_be_bytes());
    bytes.extend(checksum(&bytes).to_be_bytes());
    bytes.extend(head);
    bytes.extend(payload.as_bytes());
    bytes.extend(checksum(&bytes).to_be_bytes());
    bytes
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

fn event(name: &str, payload: &Value) -> Vec<u8> {
    let headers = [(":event-type", name), (":content-type", "application/json"), (":message-type", "event")];
    frame(&headers, payload)
}

fn deltas(part: &Part) -> Vec<Value> {
    match part {
        Part::Thought { text, proof } => {
            let mut deltas = halves(text).map(|piece| json!({"reasoningContent": {"text": piece}})).to_vec();
            deltas.push(json!({"reasoningContent": {"signature": proof}}));
            deltas
        }
        Part::Text(pieces) => pieces.iter().map(|piece| json!({"text": piece})).collect(),
        Part::Call { input, .. } => {
            halves(&input.to_string()).map(|piece| json!({"toolUse": {"input": piece}})).to_vec()
        }
    }
}

/// The answer as frames.
pub(super) fn stream(story: &Story) -> Script {
    let headers = [("content-type", "application/vnd.amazon.eventstream"), ("transfer-encoding", "chunked")];
    let mut script = Script::new().head(200, &headers).chunk(event("messageStart", &json!({"role": "assistant"})));
    for (index, part) in story.parts.iter().enumerate() {
        // Only the blocks of tools are announced.
        if let Part::Call { .. } = part {
            let mut start = block(part);
            start["toolUse"].as_object_mut().map(|call: &mut Map<_, _>| call.remove("input"));
            script = script.chunk(event("contentBlockStart", &json!({"contentBlockIndex": index, "start": start})));
        }
        for delta in deltas(part) {
            script = script.chunk(event("contentBlockDelta", &json!({"contentBlockIndex": index, "delta": delta})));
        }
        script = script.chunk(event("contentBlockStop", &json!({"contentBlockIndex": index})));
    }
    match &story.failure {
        Some(Failure::InStream(message)) => {
            let headers = [
                (":exception-type", "serviceUnavailableException"),
                (":content-type", "application/json"),
                (":message-type", "exception"),
            ];
            script.chunk(frame(&headers, &json!({"message": message}))).end()
        }
        Some(_) => script.reset(),
        None => {
            let metadata = json!({"usage": usage(story.usage), "metrics": {"latencyMs": 1}});
            let stop = event("messageStop", &ended(json!({}), story));
            script.chunk(stop).chunk(event("metadata", &metadata)).end()
        }
    }
}

/// The body of an error; its type is in the header `x-amzn-errortype`.
pub(super) fn refusal(message: &str) -> Value {
    json!({"message": message})
}

/// The value of `x-amzn-errortype`.
pub(super) fn error_type(status: u16) -> &'static str {
    match status {
        400 => "ValidationException",
        401 | 403 => "AccessDeniedException",
        404 => "ResourceNotFoundException",
        429 => "ThrottlingException",
        503 => "ServiceUnavailableException",
        _ => "InternalServerException",
    }
}

/// Reads a request.
pub(super) fn read(target: &str, body: &Value) -> Asked {
    let config = &body["inferenceConfig"];
    let tools = list(&body["toolConfig"]["tools"]).iter().filter(|tool| tool["toolSpec"].is_object());
    let mut asked = Asked {
        streaming: target.contains("/converse-stream"),
        system: list(&body["system"]).iter().map(|part| string(&part["text"])).collect(),
        tools: tools.map(|tool| string(&tool["toolSpec"]["name"])).collect(),
        forced: forced(&body["toolConfig"]),
        schema: schema(&body["outputConfig"]["textFormat"]),
        stops: strings(&config["stopSequences"]),
        temperature: config["temperature"].as_f64(),
        max_tokens: config["maxTokens"].as_u64(),
        thinking: given(&body["additionalModelRequestFields"]["thinking"]),
        ..Asked::default()
    };
    for message in list(&body["messages"]) {
        for block in list(&message["content"]) {
            take(&mut asked, message["role"] == "user", block);
        }
    }
    asked
}

fn take(asked: &mut Asked, user: bool, block: &Value) {
    if user && block["text"].is_string() {
        asked.texts.push(string(&block["text"]));
    }
    let image = |image: &Value| (format!("image/{}", string(&image["format"])), string(&image["source"]["bytes"]));
    if block["image"].is_object() {
        asked.images.push(image(&block["image"]));
    }
    let proof = &block["reasoningContent"]["reasoningText"]["signature"];
    asked.proofs.extend(proof.as_str().map(str::to_owned));
    let result = &block["toolResult"];
    if result.is_object() {
        let parts = list(&result["content"]);
        let text = parts.iter().map(|part| string(&part["text"])).collect();
        asked.results.push((bare(CALL, &result["toolUseId"]), text));
        asked.images.extend(parts.iter().filter(|part| part["image"].is_object()).map(|part| image(&part["image"])));
    }
}

/// A schema is written as a text of JSON.
fn schema(format: &Value) -> Option<Value> {
    serde_json::from_str(format["structure"]["jsonSchema"]["schema"].as_str()?).ok()
}

fn forced(config: &Value) -> Option<String> {
    let choice = &config["toolChoice"];
    match choice["tool"]["name"].as_str() {
        Some(name) => Some(name.to_owned()),
        // There is no word for "none": what must not be called is not offered.
        None if config.is_null() => Some("none".to_owned()),
        None => choice["any"].is_object().then(|| "any".to_owned()),
    }
}
