//! Typed events and failures out of JSON, as golden files of the clients' sides have them.

use ccr_plugin::messages::event::{ErrorKind, Event, Failure, FinishReason, Start, ToolArguments, ToolStart, Usage};
use serde_json::Value;

/// The events of a list. A call may be one entry, `{"tool":{"id":…,"name":…,"input":[PIECE,…]}}`, or one for each of its events.
pub(crate) fn events(list: &Value) -> Vec<Event> {
    let mut events = Vec::new();
    let mut calls = 0;
    for json in list.as_array().unwrap() {
        match json["tool"]["input"].as_array() {
            Some(pieces) => {
                call(&json["tool"], pieces, calls, &mut events);
                calls += 1;
            }
            None => events.push(event(json)),
        }
    }
    events
}

fn call(tool: &Value, pieces: &[Value], slot: u32, events: &mut Vec<Event>) {
    events.push(Event::ToolStart(ToolStart { slot, id: text(&tool["id"]), name: text(&tool["name"]) }));
    events.extend(pieces.iter().map(|piece| Event::ToolArguments(ToolArguments { slot, json: text(piece) })));
    if tool["cut"] != true {
        events.push(Event::ToolEnd(slot));
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The first call's unless it is named.
fn slot(value: &Value) -> u32 {
    u32::try_from(value.as_u64().unwrap_or_default()).unwrap()
}

fn event(json: &Value) -> Event {
    match json.as_str() {
        Some("start") => return Event::Start(Start::default()),
        Some("new_block") => return Event::NewBlock,
        Some("tool_end") => return Event::ToolEnd(0),
        _ => {}
    }
    let (name, value) = json.as_object().unwrap().iter().next().unwrap();
    match name.as_str() {
        "start" => Event::Start(Start { id: Some(text(value)), model: None }),
        "text" => Event::Text(text(value)),
        "thinking" => Event::Thinking(text(value)),
        "signature" => Event::Signature(text(value)),
        "redacted" => Event::RedactedThinking(text(value)),
        "tool" => Event::ToolStart(ToolStart {
            slot: slot(&value["slot"]),
            id: text(&value["id"]),
            name: text(&value["name"]),
        }),
        "arguments" if value.is_string() => Event::ToolArguments(ToolArguments { slot: 0, json: text(value) }),
        "arguments" => Event::ToolArguments(ToolArguments { slot: slot(&value["slot"]), json: text(&value["json"]) }),
        "end" => Event::ToolEnd(slot(value)),
        "block" => Event::Block(value.to_string()),
        "citation" => Event::Citation(value.to_string()),
        "usage" => Event::Usage(usage(value)),
        "finish" => Event::Finish(reason(value.as_str().unwrap())),
        other => panic!("{other} is no event"),
    }
}

fn usage(json: &Value) -> Usage {
    let count = |name: &str| json[name].as_u64();
    Usage {
        input_tokens: count("input"),
        output_tokens: count("output"),
        cache_read_input_tokens: count("cache_read"),
        cache_creation_input_tokens: count("cache_creation"),
        reasoning_tokens: count("reasoning"),
        web_search_requests: count("searches"),
    }
}

pub(crate) fn reason(name: &str) -> FinishReason {
    let reasons = [
        FinishReason::EndTurn,
        FinishReason::MaxTokens,
        FinishReason::StopSequence(None),
        FinishReason::ToolUse,
        FinishReason::Refusal,
        FinishReason::PauseTurn,
        FinishReason::ContextWindowExceeded,
    ];
    reasons.into_iter().find(|reason| reason.as_str() == name).unwrap()
}

pub(crate) fn failure(json: &Value) -> Failure {
    let kinds = [
        ErrorKind::InvalidRequest,
        ErrorKind::Authentication,
        ErrorKind::Billing,
        ErrorKind::Permission,
        ErrorKind::NotFound,
        ErrorKind::TooLarge,
        ErrorKind::RateLimit,
        ErrorKind::Api,
        ErrorKind::Timeout,
        ErrorKind::Overloaded,
    ];
    Failure {
        kind: kinds.into_iter().find(|kind| json["kind"] == kind.as_str()).unwrap(),
        message: text(&json["message"]),
        status: json["status"].as_u64().map(|status| u16::try_from(status).unwrap()),
        retry_after_ms: json["retry_after_ms"].as_u64(),
    }
}
