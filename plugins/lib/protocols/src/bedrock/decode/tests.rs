//! Whatever comes is read, and a stream says what the whole answer says. Whole streams are in `fixtures/`.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use super::{StreamDecoder, whole};
use ccr_plugin::messages::event::{Event, FinishReason};
use ccr_plugin::messages::sse::SseEvent;
use ccr_plugin::{Decoder, WireResponse};
use proptest::prelude::*;
use serde_json::{Value, json};

const CONTEXT: &[u8] = br#"{"mark":"nova","tools":{"a_1":"a.1"}}"#;

fn response(body: &[u8]) -> WireResponse {
    WireResponse { status: 200, headers: Vec::new(), body: body.to_vec() }
}

fn stream(events: &[(&str, Value)]) -> Vec<Event> {
    let mut decoder = StreamDecoder::new(CONTEXT);
    let mut read = Vec::new();
    for (name, data) in events {
        let data = data.to_string();
        decoder.push(SseEvent { event: Some(name), data: &data }, &mut read).unwrap();
    }
    decoder.finish(&mut read).unwrap();
    read
}

#[test]
fn the_stop_sequence_is_told() {
    let stop = json!({"stopReason": "stop_sequence", "additionalModelResponseFields": {"stop_sequence": "END"}});
    let expected = Event::Finish(FinishReason::StopSequence(Some("END".into())));
    assert_eq!(whole(&response(stop.to_string().as_bytes()), b"").unwrap().last(), Some(&expected));
    assert_eq!(stream(&[("messageStop", stop)]).last(), Some(&expected));
}

#[test]
fn nothing_is_read_after_a_failure() {
    let text = json!({"contentBlockIndex": 0, "delta": {"text": "x"}});
    let events = stream(&[("throttlingException", json!({"message": "m"})), ("contentBlockDelta", text)]);
    assert!(matches!(events.as_slice(), [Event::Error(_)]), "{events:?}");
}

/// What was said, thought and signed, and the inputs of the calls; pieces are joined.
fn content(events: &[Event]) -> Vec<(&'static str, String)> {
    let mut content: Vec<(&'static str, String)> = Vec::new();
    for event in events {
        let (kind, text) = match event {
            Event::Text(text) => ("text", text.clone()),
            Event::Thinking(text) => ("thinking", text.clone()),
            Event::Signature(signature) => ("signature", signature.clone()),
            Event::RedactedThinking(data) => ("redacted", data.clone()),
            Event::NewBlock => ("new", String::new()),
            Event::ToolDelta(delta) => match &delta.name {
                Some(name) => ("call", format!("{name} {}", delta.arguments)),
                None => ("input", delta.arguments.clone()),
            },
            _ => continue,
        };
        match content.last_mut() {
            Some((last, joined)) if *last == kind && kind != "call" => joined.push_str(&text),
            Some((last, joined)) if *last == "call" && kind == "input" => joined.push_str(&text),
            _ => content.push((kind, text)),
        }
    }
    content
}

/// A block as it stands in a whole answer, and the deltas that say the same.
fn any_block() -> impl Strategy<Value = (Value, Vec<Value>)> {
    let pieces = || prop::collection::vec("[a-z\"\\\\\u{e9}]{1,3}", 1..4);
    prop_oneof![
        pieces().prop_map(|pieces| {
            let deltas = pieces.iter().map(|piece| json!({"text": piece})).collect();
            (json!({"text": pieces.concat()}), deltas)
        }),
        (pieces(), prop::option::of("[a-z]{1,4}")).prop_map(|(pieces, signature)| {
            let mut deltas: Vec<_> = pieces.iter().map(|piece| json!({"reasoningContent": {"text": piece}})).collect();
            let mut text = json!({"text": pieces.concat()});
            if let Some(signature) = signature {
                deltas.push(json!({"reasoningContent": {"signature": signature}}));
                text["signature"] = signature.into();
            }
            (json!({"reasoningContent": {"reasoningText": text}}), deltas)
        }),
        "[a-z]{1,4}".prop_map(|data| {
            let block = json!({"reasoningContent": {"redactedContent": data}});
            (block.clone(), vec![block])
        }),
        pieces().prop_map(|pieces| {
            let input = json!({"q": pieces.concat()}).to_string();
            let deltas = input.chars().map(|piece| json!({"toolUse": {"input": piece.to_string()}})).collect();
            let call =
                json!({"toolUseId": "t", "name": "a_1", "input": serde_json::from_str::<Value>(&input).unwrap()});
            (json!({"toolUse": call}), deltas)
        }),
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    let keys = prop::sample::select(vec![
        "output",
        "message",
        "content",
        "text",
        "toolUse",
        "toolUseId",
        "name",
        "input",
        "type",
        "reasoningContent",
        "reasoningText",
        "signature",
        "redactedContent",
        "citationsContent",
        "citations",
        "citation",
        "location",
        "documentChar",
        "web",
        "start",
        "delta",
        "contentBlockIndex",
        "contentBlockDelta",
        "contentBlockStart",
        "contentBlockStop",
        "messageStop",
        "metadata",
        "usage",
        "inputTokens",
        "stopReason",
        "originalStatusCode",
        "additionalModelResponseFields",
        "stop_sequence",
        "validationException",
        "__type",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        prop::sample::select(vec!["", "x", "end_turn", "malformed_tool_use", "server_tool_use", "\u{1F600}\n"])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((keys.clone(), inner), 0..6)
                .prop_map(|members| members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

fn any_name() -> impl Strategy<Value = Option<&'static str>> {
    prop::option::of(prop::sample::select(vec![
        "messageStart",
        "contentBlockStart",
        "contentBlockDelta",
        "contentBlockStop",
        "messageStop",
        "metadata",
        "throttlingException",
        "novelty",
        "",
    ]))
}

proptest! {
    #[test]
    fn a_stream_says_what_the_whole_answer_says(blocks in prop::collection::vec(any_block(), 0..6)) {
        let mut events = vec![("messageStart", json!({"role": "assistant"}))];
        for (index, (block, deltas)) in blocks.iter().enumerate() {
            if let Some(call) = block.get("toolUse") {
                let start = json!({"toolUse": {"toolUseId": call["toolUseId"], "name": call["name"]}});
                events.push(("contentBlockStart", json!({"contentBlockIndex": index, "start": start})));
            }
            for delta in deltas {
                events.push(("contentBlockDelta", json!({"contentBlockIndex": index, "delta": delta})));
            }
            events.push(("contentBlockStop", json!({"contentBlockIndex": index})));
        }
        events.push(("messageStop", json!({"stopReason": "end_turn"})));
        let blocks: Vec<_> = blocks.into_iter().map(|(block, _)| block).collect();
        let body = json!({"output": {"message": {"role": "assistant", "content": blocks}}, "stopReason": "end_turn"});
        let all = whole(&response(body.to_string().as_bytes()), CONTEXT).unwrap();
        prop_assert_eq!(content(&stream(&events)), content(&all));
    }

    #[test]
    fn any_events_can_be_read(chunks in prop::collection::vec((any_name(), any_json()), 1..10)) {
        let mut decoder = StreamDecoder::new(CONTEXT);
        let mut events = Vec::new();
        for (name, chunk) in &chunks {
            let data = chunk.to_string();
            let read = decoder.push(SseEvent { event: *name, data: &data }, &mut events);
            prop_assert!(read.is_ok());
            // Either outcome is right, as long as there is one.
            let _ = whole(&response(data.as_bytes()), CONTEXT);
        }
        prop_assert!(decoder.finish(&mut events).is_ok());
        let failures = events.iter().filter(|event| matches!(event, Event::Error(_))).count();
        prop_assert!(failures <= 1);
    }

    #[test]
    fn any_text_is_read_or_refused(data in ".{0,200}") {
        let mut events = Vec::new();
        let _ = StreamDecoder::new(data.as_bytes()).push(SseEvent { event: Some(&data), data: &data }, &mut events);
        let _ = whole(&response(data.as_bytes()), data.as_bytes());
    }
}
