//! Typed events as JSON, so that golden files can hold them.

use ccr_plugin::messages::event::{Event, Failure, Usage};
use serde_json::{Value, json};

pub(crate) fn events_json(events: &[Event]) -> Value {
    events.iter().map(event_json).collect()
}

fn event_json(event: &Event) -> Value {
    let parsed = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    match event {
        Event::Start(start) => json!({"start": {"id": start.id, "model": start.model}}),
        Event::Text(text) => json!({"text": text}),
        Event::Thinking(text) => json!({"thinking": text}),
        Event::Signature(signature) => json!({"signature": signature}),
        Event::RedactedThinking(data) => json!({"redacted": data}),
        Event::NewBlock => json!("new_block"),
        Event::Block(block) => json!({"block": parsed(block)}),
        Event::Citation(citation) => json!({"citation": parsed(citation)}),
        Event::ToolDelta(delta) => {
            json!({"tool": {"index": delta.index, "id": delta.id, "name": delta.name, "arguments": delta.arguments}})
        }
        Event::Usage(usage) => json!({"usage": usage_json(usage)}),
        Event::Finish(reason) => json!({"finish": reason.as_str()}),
        Event::Error(failure) => json!({"error": failure_json(failure)}),
        Event::Dropped(what) => json!({"dropped": what}),
        other => panic!("no upstream protocol sends {other:?}"),
    }
}

pub(crate) fn failure_json(failure: &Failure) -> Value {
    let mut json = json!({"kind": failure.kind.as_str(), "message": failure.message});
    if let Some(status) = failure.status {
        json["status"] = status.into();
    }
    if let Some(wait) = failure.retry_after_ms {
        json["retry_after_ms"] = wait.into();
    }
    json
}

fn usage_json(usage: &Usage) -> Value {
    let counts = [
        ("input", usage.input_tokens),
        ("output", usage.output_tokens),
        ("cache_read", usage.cache_read_input_tokens),
        ("cache_creation", usage.cache_creation_input_tokens),
        ("reasoning", usage.reasoning_tokens),
        ("searches", usage.web_search_requests),
    ];
    counts.into_iter().filter_map(|(name, count)| Some((name.to_owned(), Value::from(count?)))).collect()
}
