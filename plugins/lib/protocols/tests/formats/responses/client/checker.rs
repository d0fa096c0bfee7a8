//! Reads a stream as OpenAI's own client does: every event must fit to what came before it. What it puts together is the
//! response that the last event must have.

use ccr_plugin::messages::sse::SseDecoder;
use serde_json::{Value, json};

/// All events of a stream; each is named in its frame as in its data.
pub(crate) fn events(stream: &[u8]) -> Vec<Value> {
    let mut events = Vec::new();
    // Larger than any stream here.
    let mut sse = SseDecoder::new(1 << 24);
    let mut push = |event: Result<ccr_plugin::messages::sse::SseEvent<'_>, _>| {
        let event = event.unwrap();
        assert!(!event.data.contains('\n'), "an event is one line");
        let data: Value = serde_json::from_str(event.data).unwrap();
        assert_eq!(data["type"].as_str(), event.event);
        events.push(data);
    };
    sse.push(stream, &mut push);
    sse.finish(&mut push);
    events
}

/// What the stream tells as a whole; else the event that does not fit.
pub(crate) fn fold(stream: &[u8]) -> Result<Value, String> {
    let events = events(stream);
    let mut output: Vec<Value> = Vec::new();
    let mut open = false;
    for (number, event) in events.iter().enumerate() {
        let kind = event["type"].as_str().unwrap_or_default();
        let fits = event["sequence_number"] == number
            && match (number, kind) {
                (0, "response.created") | (1, "response.in_progress") => event["response"]["status"] == "in_progress",
                (0 | 1, _) => false,
                (_, "response.output_item.added") => {
                    let new = !open && event["output_index"] == output.len();
                    open = true;
                    output.push(event["item"].clone());
                    new
                }
                (_, "response.completed" | "response.incomplete") => {
                    let response = &event["response"];
                    let ends = !open && number + 1 == events.len() && response["id"] == events[0]["response"]["id"];
                    let status = kind.strip_prefix("response.").unwrap_or_default();
                    return if ends && response["output"] == json!(output) && response["status"] == status {
                        Ok(response.clone())
                    } else {
                        Err(format!("{event} after {output:?}"))
                    };
                }
                _ => {
                    open && event["output_index"].as_u64() == (output.len() as u64).checked_sub(1)
                        && within(event, kind, &mut output, &mut open)
                }
            };
        if !fits {
            return Err(event.to_string());
        }
    }
    Err("the stream has no end".into())
}

/// An event within an item.
fn within(event: &Value, kind: &str, output: &mut [Value], open: &mut bool) -> bool {
    let Some(item) = output.last_mut() else { return false };
    if kind == "response.output_item.done" {
        *open = false;
        let same = ends_as_begun(item, &event["item"]);
        *item = event["item"].clone();
        return same;
    }
    if event["item_id"] != item["id"] {
        return false;
    }
    let part = |list: &str, index: &str| {
        let index = usize::try_from(event[index].as_u64().unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
        format!("/{list}/{index}")
    };
    match kind {
        "response.content_part.added" => add(item, "content", &event["content_index"], &event["part"]),
        "response.reasoning_summary_part.added" => add(item, "summary", &event["summary_index"], &event["part"]),
        "response.content_part.done" => at(item, &part("content", "content_index")) == event["part"],
        "response.reasoning_summary_part.done" => at(item, &part("summary", "summary_index")) == event["part"],
        "response.output_text.delta" => append(item, &part("content", "content_index"), "text", &event["delta"]),
        "response.output_text.done" => {
            at(item, &part("content", "content_index"))["text"] == event["text"] && event["logprobs"].is_array()
        }
        "response.refusal.delta" => append(item, &part("content", "content_index"), "refusal", &event["delta"]),
        "response.refusal.done" => at(item, &part("content", "content_index"))["refusal"] == event["refusal"],
        "response.output_text.annotation.added" => {
            let place = part("content", "content_index");
            item.pointer_mut(&place)
                .is_some_and(|part| add(part, "annotations", &event["annotation_index"], &event["annotation"]))
        }
        "response.reasoning_summary_text.delta" => {
            append(item, &part("summary", "summary_index"), "text", &event["delta"])
        }
        "response.reasoning_summary_text.done" => at(item, &part("summary", "summary_index"))["text"] == event["text"],
        "response.function_call_arguments.delta" => append(item, "", "arguments", &event["delta"]),
        "response.function_call_arguments.done" => {
            // Arguments of nothing are never told in pieces.
            if item["arguments"] == "" {
                item["arguments"] = event["arguments"].clone();
            }
            item["arguments"] == event["arguments"] && item["name"] == event["name"]
        }
        "response.custom_tool_call_input.delta" => append(item, "", "input", &event["delta"]),
        "response.custom_tool_call_input.done" => item["input"] == event["input"],
        "response.web_search_call.in_progress"
        | "response.web_search_call.searching"
        | "response.web_search_call.completed" => item["type"] == "web_search_call",
        _ => false,
    }
}

/// Whether what was put together is the item that is done, but for what is told at its end.
fn ends_as_begun(begun: &Value, done: &Value) -> bool {
    let mut begun = begun.clone();
    for name in ["status", "encrypted_content", "action"] {
        if let Some(value) = done.get(name) {
            begun[name] = value.clone();
        }
    }
    begun == *done && done["status"] != "in_progress"
}

fn at(item: &Value, pointer: &str) -> Value {
    item.pointer(pointer).cloned().unwrap_or_default()
}

fn add(item: &mut Value, list: &str, index: &Value, what: &Value) -> bool {
    let Some(list) = item[list].as_array_mut() else { return false };
    let new = *index == list.len();
    list.push(what.clone());
    new
}

fn append(item: &mut Value, pointer: &str, field: &str, piece: &Value) -> bool {
    let Some(Value::String(text)) = item.pointer_mut(pointer).and_then(|part| part.get_mut(field)) else {
        return false;
    };
    text.push_str(piece.as_str().unwrap_or_default());
    piece.as_str().is_some_and(|piece| !piece.is_empty())
}
