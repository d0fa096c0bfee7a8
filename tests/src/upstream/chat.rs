//! Stories in the format of OpenAI Chat Completions. Reasoning is `reasoning_content`, as DeepSeek and others have it; what
//! proves it in the next turn is its text.

use serde_json::{Value, json};

use super::asked::{bare, given, image, list, string, strings};
use super::openai::{chunk, completion, finish_chunk, tool_call, tool_call_chunks};
use super::story::{End, Failure, Part, Story, Usage};
use super::{Asked, Script};

const CALL: &str = "call_";

fn usage(usage: Usage) -> Value {
    json!({
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.output,
        "total_tokens": usage.prompt + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cached, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    })
}

fn finish(story: &Story) -> &'static str {
    match story.end {
        End::Length => "length",
        _ if story.calls_tools() => "tool_calls",
        _ => "stop",
    }
}

/// The answer in one piece.
pub(super) fn whole(story: &Story) -> Script {
    let (mut text, mut reasoning, mut calls) = (String::new(), String::new(), Vec::new());
    for part in &story.parts {
        match part {
            Part::Thought { text, .. } => reasoning += text,
            Part::Text(pieces) => text += &pieces.concat(),
            Part::Call { id, name, input } => calls.push(tool_call(&format!("{CALL}{id}"), name, input)),
        }
    }
    let mut message = json!({"role": "assistant", "content": text, "refusal": null});
    if text.is_empty() {
        message["content"] = Value::Null;
    }
    if !reasoning.is_empty() {
        message["reasoning_content"] = json!(reasoning);
    }
    if !calls.is_empty() {
        message["tool_calls"] = json!(calls);
    }
    let mut answer = completion(message, finish(story));
    answer["usage"] = usage(story.usage);
    Script::json(200, &answer)
}

/// The answer in chunks.
pub(super) fn stream(story: &Story) -> Script {
    let mut chunks = vec![chunk(json!({"role": "assistant", "content": ""}))];
    let mut calls = 0;
    for part in &story.parts {
        match part {
            Part::Thought { text, .. } => {
                let halves = super::story::halves(text);
                chunks.extend(halves.map(|piece| chunk(json!({"reasoning_content": piece, "content": null}))));
            }
            Part::Text(pieces) => chunks.extend(pieces.iter().map(|piece| chunk(json!({"content": piece})))),
            Part::Call { id, name, input } => {
                chunks.extend(tool_call_chunks(calls, &format!("{CALL}{id}"), name, input));
                calls += 1;
            }
        }
    }
    let script = chunks.iter().fold(Script::stream(), Script::data);
    match &story.failure {
        Some(Failure::InStream(message)) => {
            let error = json!({"error": {"message": message, "type": "server_error", "param": null, "code": null}});
            script.data(&error).end()
        }
        Some(_) => script.reset(),
        None => {
            let mut last = chunk(json!({}));
            last["choices"] = json!([]);
            last["usage"] = usage(story.usage);
            script.data(&finish_chunk(finish(story))).data(&last).chunk("data: [DONE]\n\n").end()
        }
    }
}

/// The body of an error.
pub(super) fn refusal(status: u16, message: &str) -> Value {
    let (kind, code) = match status {
        400 => ("invalid_request_error", Value::Null),
        401 => ("invalid_request_error", json!("invalid_api_key")),
        404 => ("invalid_request_error", json!("model_not_found")),
        429 => ("requests", json!("rate_limit_exceeded")),
        _ => ("server_error", Value::Null),
    };
    json!({"error": {"message": message, "type": kind, "param": null, "code": code}})
}

/// Reads a request.
pub(super) fn read(body: &Value) -> Asked {
    let mut asked = Asked {
        streaming: body["stream"] == true,
        tools: list(&body["tools"]).iter().map(|tool| string(&tool["function"]["name"])).collect(),
        forced: forced(&body["tool_choice"]),
        schema: given(&body["response_format"]["json_schema"]["schema"]),
        stops: strings(&body["stop"]),
        temperature: body["temperature"].as_f64(),
        max_tokens: body["max_tokens"].as_u64().or_else(|| body["max_completion_tokens"].as_u64()),
        thinking: given(&body["reasoning_effort"]).or_else(|| given(&body["reasoning"])),
        ..Asked::default()
    };
    for message in list(&body["messages"]) {
        let (texts, images) = content(&message["content"]);
        match message["role"].as_str() {
            Some("system" | "developer") => asked.system += &texts.concat(),
            Some("user") => {
                asked.texts.extend(texts);
                asked.images.extend(images);
            }
            Some("tool") => asked.results.push((bare(CALL, &message["tool_call_id"]), texts.concat())),
            Some("assistant") => asked.proofs.extend(message["reasoning_content"].as_str().map(str::to_owned)),
            other => panic!("an upstream of OpenAI's format knows no role {other:?}: {message}"),
        }
    }
    asked
}

fn forced(choice: &Value) -> Option<String> {
    match choice.as_str() {
        Some("required") => Some("any".to_owned()),
        Some("none") => Some("none".to_owned()),
        Some(_) => None,
        None => choice["function"]["name"].as_str().map(str::to_owned),
    }
}

fn content(content: &Value) -> (Vec<String>, Vec<(String, String)>) {
    let whole = content.as_str().map(str::to_owned);
    let parts = list(content);
    let texts = parts.iter().filter(|part| part["type"] == "text").map(|part| string(&part["text"]));
    let images = parts.iter().filter(|part| part["type"] == "image_url");
    let images = images.map(|part| image(&string(&part["image_url"]["url"])));
    (whole.into_iter().chain(texts).collect(), images.collect())
}
