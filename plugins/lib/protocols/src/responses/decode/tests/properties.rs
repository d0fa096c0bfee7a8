//! Whatever comes is read, and whatever is sent several times is told once.

use super::{CONTEXT, call, completed, inputs, stream};
use crate::responses::decode::{StreamDecoder, whole};
use ccr_plugin::Decoder;
use ccr_plugin::messages::event::Event;
use ccr_plugin::messages::sse::SseEvent;
use proptest::prelude::*;
use serde_json::{Value, json};

/// What was said, what was thought, and the inputs of the calls.
pub(super) fn texts(events: &[Event]) -> (String, String, Vec<String>) {
    let (mut said, mut thought) = (String::new(), String::new());
    for event in events {
        match event {
            Event::Text(text) => said.push_str(text),
            Event::Thinking(text) => thought.push_str(text),
            _ => {}
        }
    }
    (said, thought, inputs(events.to_vec()))
}

/// Keys that the decoder looks at.
const KEYS: &[&str] = &[
    "item",
    "part",
    "response",
    "output",
    "delta",
    "text",
    "refusal",
    "arguments",
    "output_index",
    "item_id",
    "content_index",
    "summary_index",
    "id",
    "call_id",
    "name",
    "type",
    "content",
    "summary",
    "encrypted_content",
    "annotation",
    "annotations",
    "error",
    "code",
    "message",
    "status",
    "incomplete_details",
    "reason",
    "usage",
    "input_tokens",
    "action",
    "sources",
    "url",
    "query",
    "model",
];

/// Values that it compares texts with, and some that mean nothing to it.
const TEXTS: &[&str] = &[
    "",
    "x",
    "message",
    "reasoning",
    "function_call",
    "web_search_call",
    "search",
    "output_text",
    "url_citation",
    "failed",
    "incomplete",
    "content_filter",
    "\u{1F600}\n",
];

/// JSON whose keys are those that the decoder looks at, with values of every kind.
fn any_json() -> impl Strategy<Value = Value> {
    let keys = prop::sample::select(KEYS);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop::sample::select(TEXTS).prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((keys.clone(), inner), 0..6)
                .prop_map(|members| members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

fn any_kind() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "response.output_text.delta",
        "response.output_text.done",
        "response.refusal.delta",
        "response.refusal.done",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.reasoning_summary_text.delta",
        "response.reasoning_text.done",
        "response.content_part.done",
        "response.output_item.added",
        "response.output_item.done",
        "response.output_text.annotation.added",
        "response.created",
        "response.completed",
        "response.incomplete",
        "response.failed",
        "error",
        "new",
    ])
}

proptest! {
    #[test]
    fn any_event_can_be_read(chunks in prop::collection::vec((any_kind(), any_json()), 1..8)) {
        let mut decoder = StreamDecoder::new(CONTEXT);
        let mut events = Vec::new();
        for (kind, chunk) in &chunks {
            let mut named = chunk.clone();
            if let Some(members) = named.as_object_mut() {
                members.insert("type".into(), (*kind).into());
            }
            for data in [named.to_string(), chunk.to_string()] {
                let read = decoder.push(SseEvent { event: Some(kind), data: &data }, &mut events);
                prop_assert!(read.is_ok());
            }
            // Either outcome is right, as long as there is one.
            let _ = whole(chunk.to_string().as_bytes(), CONTEXT);
        }
        prop_assert!(decoder.finish(&mut events).is_ok());
        let ends = events.iter().filter(|event| matches!(event, Event::Error(_) | Event::Finish(_))).count();
        prop_assert!(ends <= 1);
    }

    #[test]
    fn any_text_is_read_or_refused(data in ".{0,200}") {
        let mut events = Vec::new();
        let _ = StreamDecoder::new(data.as_bytes()).push(SseEvent { event: None, data: &data }, &mut events);
        let _ = whole(data.as_bytes(), data.as_bytes());
    }

    /// Whatever a server leaves out of the repetitions, everything is said once.
    #[test]
    fn everything_is_said_once_however_often_it_is_sent(
        said in "[a-z]{1,8}", thought in "[a-z]{1,8}", levels in prop::collection::vec(0_usize..4, 3),
    ) {
        let input = json!({"q": said}).to_string();
        let reasoning = json!({"type": "reasoning", "id": "r", "summary": [{"type": "summary_text", "text": thought}]});
        let message = json!({"type": "message", "id": "m", "content": [{"type": "output_text", "text": said}]});
        let items = [(reasoning, "reasoning_summary_text", &thought, "text"), (message, "output_text", &said, "text"),
            (call("f", "c", json!(input)), "function_call_arguments", &input, "arguments")];
        let mut events = Vec::new();
        for (index, ((item, kind, full, field), level)) in items.iter().zip(&levels).enumerate() {
            // 0: everything; 1: no deltas; 2: the item alone; 3: nothing until the end.
            if *level < 2 || (index == 2 && *level < 3) {
                events.push(json!({"type": "response.output_item.added", "output_index": index, "item": item}));
            }
            if *level == 0 {
                for piece in full.chars() {
                    events.push(json!({"type": format!("response.{kind}.delta"), "output_index": index, "delta": piece}));
                }
            }
            if *level < 2 {
                events.push(json!({"type": format!("response.{kind}.done"), "output_index": index, *field: full}));
            }
            if *level < 3 {
                events.push(json!({"type": "response.output_item.done", "output_index": index, "item": item}));
            }
        }
        events.push(completed(items.iter().map(|(item, ..)| item.clone()).collect()));
        prop_assert_eq!(texts(&stream(&events)), (said, thought, vec![input]));
    }
}
