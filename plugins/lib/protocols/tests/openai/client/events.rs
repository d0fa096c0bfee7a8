//! Typed events out of JSON, as golden files have them.

use ccr_plugin::messages::event::{ErrorKind, Event, Failure, FinishReason, Start, ToolArguments, ToolStart, Usage};
use serde_json::Value;

pub(crate) fn events(list: &Value) -> Vec<Event> {
    list.as_array().unwrap().iter().map(event).collect()
}

fn event(json: &Value) -> Event {
    if let Some(word) = json.as_str() {
        assert_eq!(word, "new_block");
        return Event::NewBlock;
    }
    let (name, value) = json.as_object().unwrap().iter().next().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let slot = |value: &Value| u32::try_from(value.as_u64().unwrap()).unwrap();
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
        "arguments" => Event::ToolArguments(ToolArguments { slot: slot(&value["slot"]), json: text(&value["json"]) }),
        "end" => Event::ToolEnd(slot(value)),
        "block" => Event::Block(value.to_string()),
        "citation" => Event::Citation(value.to_string()),
        "usage" => Event::Usage(Usage {
            input_tokens: value["input"].as_u64(),
            output_tokens: value["output"].as_u64(),
            cache_read_input_tokens: value["cache_read"].as_u64(),
            cache_creation_input_tokens: value["cache_creation"].as_u64(),
            reasoning_tokens: value["reasoning"].as_u64(),
            web_search_requests: None,
        }),
        "finish" => Event::Finish(finish(value.as_str().unwrap())),
        other => panic!("{other} is no event"),
    }
}

fn finish(name: &str) -> FinishReason {
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
        message: json["message"].as_str().unwrap().into(),
        status: json["status"].as_u64().map(|status| u16::try_from(status).unwrap()),
        retry_after_ms: None,
    }
}
