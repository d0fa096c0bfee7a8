//! Stories in the format of OpenAI Responses. Proofs of reasoning are its `encrypted_content`.

use serde_json::{Value, json};

use super::asked::{bare, given, image, list, string};
use super::story::{End, Failure, Part, Story, Usage, halves};
use super::{Asked, Script};

const CALL: &str = "call_";

fn usage(usage: Usage) -> Value {
    json!({
        "input_tokens": usage.prompt,
        "input_tokens_details": {"cached_tokens": usage.cached},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.prompt + usage.output,
    })
}

/// The response with everything that the official packages demand of one.
fn response(status: &str, output: &[Value]) -> Value {
    json!({
        "id": "resp_1",
        "object": "response",
        "created_at": 1_700_000_000,
        "status": status,
        "background": false,
        "error": null,
        "incomplete_details": null,
        "instructions": null,
        "max_output_tokens": null,
        "metadata": {},
        "model": "upstream-model",
        "output": output,
        "parallel_tool_calls": true,
        "previous_response_id": null,
        "reasoning": {"effort": "medium", "summary": null},
        "service_tier": "default",
        "store": false,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": null,
    })
}

fn item(part: &Part, index: usize) -> Value {
    match part {
        Part::Thought { text, proof } => json!({
            "id": format!("rs_{index}"),
            "type": "reasoning",
            "summary": [{"type": "summary_text", "text": text}],
            "encrypted_content": proof,
        }),
        Part::Text(pieces) => json!({
            "id": format!("msg_{index}"),
            "type": "message",
            "status": "completed",
            "role": "assistant",
            "content": [{"type": "output_text", "text": pieces.concat(), "annotations": [], "logprobs": []}],
        }),
        Part::Call { id, name, input } => json!({
            "id": format!("fc_{index}"),
            "type": "function_call",
            "status": "completed",
            "call_id": format!("{CALL}{id}"),
            "name": name,
            "arguments": input.to_string(),
        }),
    }
}

fn finished(story: &Story) -> Value {
    let items: Vec<Value> = story.parts.iter().enumerate().map(|(index, part)| item(part, index)).collect();
    let mut whole = response("completed", &items);
    if story.end == End::Length {
        whole["status"] = json!("incomplete");
        whole["incomplete_details"] = json!({"reason": "max_output_tokens"});
    }
    whole["usage"] = usage(story.usage);
    whole
}

/// The answer in one piece.
pub(super) fn whole(story: &Story) -> Script {
    Script::json(200, &finished(story))
}

/// The events of one item.
fn events(part: &Part, index: usize) -> Vec<Value> {
    let done = item(part, index);
    let mut begun = done.clone();
    let mut events = Vec::new();
    let of = |kind: &str, more: Value| {
        let mut event = json!({"type": format!("response.{kind}"), "item_id": done["id"], "output_index": index});
        event.as_object_mut().into_iter().for_each(|event| event.extend(more.as_object().cloned().unwrap_or_default()));
        event
    };
    match part {
        Part::Thought { text, .. } => {
            begun["summary"] = json!([]);
            let at = |kind: &str, key: &str, value: Value| of(kind, json!({"summary_index": 0, key: value}));
            events.push(at("reasoning_summary_part.added", "part", json!({"type": "summary_text", "text": ""})));
            let deltas = halves(text).map(|piece| at("reasoning_summary_text.delta", "delta", json!(piece)));
            events.extend(deltas);
            events.push(at("reasoning_summary_text.done", "text", json!(text)));
            events.push(at("reasoning_summary_part.done", "part", done["summary"][0].clone()));
        }
        Part::Text(pieces) => {
            begun["content"] = json!([]);
            begun["status"] = json!("in_progress");
            let at = |kind: &str, key: &str, value: Value| of(kind, json!({"content_index": 0, key: value}));
            let mut part = done["content"][0].clone();
            part["text"] = json!("");
            events.push(at("content_part.added", "part", part));
            events.extend(pieces.iter().map(|piece| at("output_text.delta", "delta", json!(piece))));
            events.push(at("output_text.done", "text", json!(pieces.concat())));
            events.push(at("content_part.done", "part", done["content"][0].clone()));
        }
        Part::Call { name, input, .. } => {
            begun["arguments"] = json!("");
            begun["status"] = json!("in_progress");
            let input = input.to_string();
            events.extend(halves(&input).map(|piece| of("function_call_arguments.delta", json!({"delta": piece}))));
            events.push(of("function_call_arguments.done", json!({"name": name, "arguments": input})));
        }
    }
    events.insert(0, json!({"type": "response.output_item.added", "output_index": index, "item": begun}));
    events.push(json!({"type": "response.output_item.done", "output_index": index, "item": done}));
    events
}

/// The answer as events.
pub(super) fn stream(story: &Story) -> Script {
    let begun = response("in_progress", &[]);
    let mut all = vec![
        json!({"type": "response.created", "response": begun}),
        json!({"type": "response.in_progress", "response": begun}),
    ];
    all.extend(story.parts.iter().enumerate().flat_map(|(index, part)| events(part, index)));
    match &story.failure {
        Some(Failure::InStream(message)) => {
            let mut failed = response("failed", &[]);
            failed["error"] = json!({"code": "server_error", "message": message});
            all.push(json!({"type": "response.failed", "response": failed}));
        }
        Some(_) => return numbered(all).reset(),
        None => {
            let last = finished(story);
            let name = format!("response.{}", string(&last["status"]));
            all.push(json!({"type": name, "response": last}));
        }
    }
    numbered(all).end()
}

fn numbered(events: Vec<Value>) -> Script {
    let numbered = events.into_iter().enumerate().map(|(number, mut event)| {
        event["sequence_number"] = json!(number);
        event
    });
    numbered.fold(Script::stream(), |script, event| script.event(&event))
}

/// Reads a request.
pub(super) fn read(body: &Value) -> Asked {
    let format = &body["text"]["format"];
    let mut asked = Asked {
        streaming: body["stream"] == true,
        system: string(&body["instructions"]),
        tools: list(&body["tools"]).iter().map(|tool| string(&tool["name"])).collect(),
        forced: forced(&body["tool_choice"]),
        schema: given(&format["schema"]),
        temperature: body["temperature"].as_f64(),
        max_tokens: body["max_output_tokens"].as_u64(),
        thinking: given(&body["reasoning"]),
        ..Asked::default()
    };
    asked.texts.extend(body["input"].as_str().map(str::to_owned));
    for item in list(&body["input"]) {
        take(&mut asked, item);
    }
    asked
}

fn take(asked: &mut Asked, item: &Value) {
    match item["type"].as_str() {
        Some("reasoning") => asked.proofs.push(string(&item["encrypted_content"])),
        Some("function_call") => {}
        Some("function_call_output") => {
            let (texts, images) = content(&item["output"]);
            asked.results.push((bare(CALL, &item["call_id"]), texts.concat()));
            asked.images.extend(images);
        }
        Some("message") | None => {
            let (texts, images) = content(&item["content"]);
            match item["role"].as_str() {
                Some("user") => asked.texts.extend(texts),
                Some("system" | "developer") => asked.system += &texts.concat(),
                _ => {}
            }
            asked.images.extend(images);
        }
        other => panic!("an upstream of the Responses format got an item {other:?}: {item}"),
    }
}

fn forced(choice: &Value) -> Option<String> {
    match choice.as_str() {
        Some("required") => Some("any".to_owned()),
        Some("none") => Some("none".to_owned()),
        Some(_) => None,
        None => choice["name"].as_str().map(str::to_owned),
    }
}

fn content(content: &Value) -> (Vec<String>, Vec<(String, String)>) {
    let whole = content.as_str().map(str::to_owned);
    let parts = list(content);
    let texts = parts.iter().filter(|part| part["type"] == "input_text").map(|part| string(&part["text"]));
    let images = parts.iter().filter(|part| part["type"] == "input_image");
    let images = images.map(|part| image(&string(&part["image_url"])));
    (whole.into_iter().chain(texts).collect(), images.collect())
}
