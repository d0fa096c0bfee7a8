//! Typed events of a legal stream from JSON, so that golden files can hold them.

use ccr_plugin::messages::event::{ErrorKind, Event, Failure, FinishReason, Start, ToolArguments, ToolStart, Usage};
use serde_json::Value;

pub(crate) fn events(json: &Value) -> Vec<Event> {
    json.as_array().unwrap().iter().map(event).collect()
}

fn event(json: &Value) -> Event {
    match json.as_str() {
        Some("start") => return Event::Start(Start::default()),
        Some("new_block") => return Event::NewBlock,
        Some("tool_end") => return Event::ToolEnd(0),
        _ => {}
    }
    let (name, value) = json.as_object().unwrap().iter().next().unwrap();
    let text = || value.as_str().unwrap().to_owned();
    match name.as_str() {
        "text" => Event::Text(text()),
        "thinking" => Event::Thinking(text()),
        "signature" => Event::Signature(text()),
        "redacted" => Event::RedactedThinking(text()),
        "tool" => Event::ToolStart(ToolStart {
            slot: 0,
            id: value["id"].as_str().unwrap().into(),
            name: value["name"].as_str().unwrap().into(),
        }),
        "arguments" => Event::ToolArguments(ToolArguments { slot: 0, json: text() }),
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
    match name {
        "end_turn" => FinishReason::EndTurn,
        "max_tokens" => FinishReason::MaxTokens,
        "tool_use" => FinishReason::ToolUse,
        "refusal" => FinishReason::Refusal,
        other => panic!("{other} is no reason"),
    }
}

pub(crate) fn failure(json: &Value) -> Failure {
    let kinds = [
        ErrorKind::InvalidRequest,
        ErrorKind::Authentication,
        ErrorKind::Billing,
        ErrorKind::NotFound,
        ErrorKind::RateLimit,
        ErrorKind::Api,
        ErrorKind::Overloaded,
    ];
    Failure {
        kind: kinds.into_iter().find(|kind| json["kind"] == kind.as_str()).unwrap(),
        message: json["message"].as_str().unwrap().into(),
        status: json["status"].as_u64().map(|status| u16::try_from(status).unwrap()),
        retry_after_ms: json["retry_after_ms"].as_u64(),
    }
}
