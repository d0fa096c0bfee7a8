//! Stories in the format of Gemini's `generateContent`, which Vertex AI speaks, too. Proofs of reasoning are
//! `thoughtSignature`s: on the first call if there is one, else on the last part of the text.

use serde_json::{Value, json};

use super::asked::{bare, given, list, string, strings};
use super::story::{End, Failure, Part, Story, Usage, halves};
use super::{Asked, Script};

const CALL: &str = "fc_";

/// Google counts the reasoning beside the candidates, not within them.
fn usage(usage: Usage) -> Value {
    json!({
        "promptTokenCount": usage.prompt,
        "cachedContentTokenCount": usage.cached,
        "candidatesTokenCount": usage.output - usage.reasoning,
        "thoughtsTokenCount": usage.reasoning,
        "totalTokenCount": usage.prompt + usage.output,
    })
}

fn finish(story: &Story) -> &'static str {
    match story.end {
        End::Length => "MAX_TOKENS",
        _ => "STOP",
    }
}

/// The parts; in a stream, texts come in pieces and the signature of a text in a part of its own, behind it.
fn parts(story: &Story, streamed: bool, ids: bool) -> Vec<Value> {
    let mut parts = Vec::new();
    let mut proof = None;
    for part in &story.parts {
        match part {
            Part::Thought { text, proof: of } => {
                proof = Some(of);
                let pieces = if streamed { halves(text).to_vec() } else { vec![text.as_str()] };
                parts.extend(pieces.iter().map(|piece| json!({"text": piece, "thought": true})));
            }
            Part::Text(pieces) if streamed => parts.extend(pieces.iter().map(|piece| json!({"text": piece}))),
            Part::Text(pieces) => parts.push(json!({"text": pieces.concat()})),
            Part::Call { id, name, input } => {
                let mut call = json!({"functionCall": {"name": name, "args": input}});
                if ids {
                    call["functionCall"]["id"] = json!(format!("{CALL}{id}"));
                }
                // Of calls side by side only the first is signed.
                if let Some(proof) = proof.take() {
                    call["thoughtSignature"] = json!(proof);
                }
                parts.push(call);
            }
        }
    }
    match (proof, parts.last_mut()) {
        (Some(proof), Some(last)) if !streamed => last["thoughtSignature"] = json!(proof),
        (Some(proof), _) => parts.push(json!({"text": "", "thoughtSignature": proof})),
        (None, _) => {}
    }
    parts
}

fn answer(parts: &[Value]) -> Value {
    json!({
        "candidates": [{"content": {"role": "model", "parts": parts}, "index": 0}],
        "modelVersion": "upstream-model",
        "responseId": "response-1",
    })
}

fn ended(mut answer: Value, story: &Story) -> Value {
    answer["candidates"][0]["finishReason"] = json!(finish(story));
    answer["usageMetadata"] = usage(story.usage);
    answer
}

/// The answer in one piece.
pub(super) fn whole(story: &Story, ids: bool) -> Script {
    Script::json(200, &ended(answer(&parts(story, false, ids)), story))
}

/// The answer in chunks, each with the counts so far.
pub(super) fn stream(story: &Story, ids: bool) -> Script {
    let parts = parts(story, true, ids);
    let so_far = Usage { output: 1, reasoning: 0, ..story.usage };
    let mut chunks: Vec<Value> = parts.iter().map(|part| answer(std::slice::from_ref(part))).collect();
    for chunk in &mut chunks {
        chunk["usageMetadata"] = usage(so_far);
    }
    match &story.failure {
        Some(Failure::InStream(message)) => chunks.push(refusal(503, message)),
        Some(_) => return data(&chunks).reset(),
        None => match chunks.pop() {
            Some(last) => chunks.push(ended(last, story)),
            None => chunks.push(ended(answer(&[json!({"text": ""})]), story)),
        },
    }
    data(&chunks).end()
}

/// Google ends its lines with a carriage return, too.
fn data(chunks: &[Value]) -> Script {
    chunks.iter().fold(Script::stream(), |script, chunk| script.chunk(format!("data: {chunk}\r\n\r\n")))
}

/// The body of an error.
pub(super) fn refusal(status: u16, message: &str) -> Value {
    let word = match status {
        400 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        503 => "UNAVAILABLE",
        _ => "INTERNAL",
    };
    json!({"error": {"code": status, "message": message, "status": word}})
}

/// As [`refusal`], with the delay that Google puts into the body instead of a header.
pub(super) fn refusal_for(status: u16, message: &str, seconds: u64) -> Value {
    let mut body = refusal(status, message);
    let delay = format!("{seconds}s");
    body["error"]["details"] = json!([{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}]);
    body
}

/// Reads a request.
pub(super) fn read(target: &str, body: &Value) -> Asked {
    let config = &body["generationConfig"];
    let tools = list(&body["tools"]).iter().flat_map(|tool| list(&tool["functionDeclarations"]));
    let instructions = list(&body["systemInstruction"]["parts"]).iter();
    let schema = given(&config["responseJsonSchema"]).or_else(|| given(&config["responseSchema"]));
    let mut asked = Asked {
        streaming: target.contains(":streamGenerateContent"),
        system: instructions.map(|part| string(&part["text"])).collect(),
        tools: tools.map(|tool| string(&tool["name"])).collect(),
        forced: forced(&body["toolConfig"]["functionCallingConfig"]),
        schema,
        stops: strings(&config["stopSequences"]),
        temperature: config["temperature"].as_f64(),
        max_tokens: config["maxOutputTokens"].as_u64(),
        thinking: given(&config["thinkingConfig"]),
        ..Asked::default()
    };
    for content in list(&body["contents"]) {
        for part in list(&content["parts"]) {
            take(&mut asked, content["role"] == "user", part);
        }
    }
    asked
}

fn take(asked: &mut Asked, user: bool, part: &Value) {
    if let Some(proof) = part["thoughtSignature"].as_str() {
        asked.proofs.push(proof.to_owned());
    }
    if user && part["text"].is_string() {
        asked.texts.push(string(&part["text"]));
    }
    let data = &part["inlineData"];
    if data.is_object() {
        // Google reads both spellings, and its own package sends this one so.
        let kind = if data["mimeType"].is_string() { &data["mimeType"] } else { &data["mime_type"] };
        asked.images.push((string(kind), string(&data["data"])));
    }
    if part["fileData"].is_object() {
        asked.images.push(("url".to_owned(), string(&part["fileData"]["fileUri"])));
    }
    let response = &part["functionResponse"];
    if response.is_object() {
        let id = if response["id"].is_string() { &response["id"] } else { &response["name"] };
        let output = &response["response"]["output"];
        let output = output.as_str().map_or_else(|| response["response"].to_string(), str::to_owned);
        asked.results.push((bare(CALL, id), output));
    }
}

fn forced(config: &Value) -> Option<String> {
    match config["mode"].as_str() {
        Some("NONE") => Some("none".to_owned()),
        Some("ANY") => match list(&config["allowedFunctionNames"]) {
            [one] => Some(string(one)),
            _ => Some("any".to_owned()),
        },
        _ => None,
    }
}
