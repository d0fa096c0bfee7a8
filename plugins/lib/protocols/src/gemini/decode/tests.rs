//! Shapes of answers that were seen in the wild, one test each. Streams as a whole are in `fixtures/`.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use super::{StreamDecoder, whole};
use crate::shared::context::ContextWriter;
use ccr_plugin::messages::event::{ErrorKind, Event, FinishReason, Start, ToolDelta};
use ccr_plugin::messages::sse::SseEvent;
use ccr_plugin::{Decoder, Fault};
use proptest::prelude::*;
use serde_json::{Value, json};

fn push(decoder: &mut StreamDecoder, data: &str, events: &mut Vec<Event>) -> Result<(), Fault> {
    decoder.push(SseEvent { event: None, data }, events)
}

/// The events of a stream of chunks, each given as its candidate.
fn stream(candidates: &[Value]) -> Vec<Event> {
    let mut decoder = StreamDecoder::new(b"");
    let mut events = Vec::new();
    for candidate in candidates {
        push(&mut decoder, &json!({ "candidates": [candidate] }).to_string(), &mut events).unwrap();
    }
    decoder.finish(&mut events).unwrap();
    events
}

fn parts(parts: Value) -> Value {
    json!({"content": {"role": "model", "parts": parts}})
}

fn end(reason: &str) -> Value {
    json!({"finishReason": reason})
}

fn call(index: u32, id: Option<&str>, name: &str, arguments: &str) -> Event {
    let (id, name) = (id.map(str::to_owned), Some(name.to_owned()));
    Event::ToolDelta(ToolDelta { index: Some(index), id, name, arguments: arguments.into() })
}

fn signed(signature: &str) -> Event {
    Event::Signature(format!("ccr1:gemini:{signature}"))
}

#[test]
fn stop_after_function_calls_is_tool_use() {
    let events = stream(&[parts(json!([{"functionCall": {"name": "f", "args": {}}}])), end("STOP")]);
    assert_eq!(events, [call(0, None, "f", "{}"), Event::Finish(FinishReason::ToolUse)]);
}

#[test]
fn max_tokens_is_max_tokens_also_after_calls() {
    let events = stream(&[parts(json!([{"functionCall": {"name": "f", "args": {}}}])), end("MAX_TOKENS")]);
    assert_eq!(events.last(), Some(&Event::Finish(FinishReason::MaxTokens)));
}

#[test]
fn malformed_function_call_with_empty_content_is_an_error_that_can_be_retried() {
    let events = stream(&[json!({"content": {}, "finishReason": "MALFORMED_FUNCTION_CALL"})]);
    assert!(
        matches!(&events[..], [Event::Error(failure)] if failure.kind == ErrorKind::Api && failure.status.is_none())
    );
}

#[test]
fn a_call_behind_the_finish_reason_still_counts() {
    let events = stream(&[end("STOP"), parts(json!([{"functionCall": {"name": "f"}}]))]);
    assert_eq!(events.last(), Some(&Event::Finish(FinishReason::ToolUse)));
}

#[test]
fn the_same_call_twice_is_two_calls() {
    let same = json!({"functionCall": {"name": "f", "args": {"a": 1}}});
    let events = stream(&[parts(json!([same.clone(), same]))]);
    assert_eq!(events, [call(0, None, "f", r#"{"a":1}"#), call(1, None, "f", r#"{"a":1}"#)]);
}

#[test]
fn a_signature_of_a_call_signs_the_thoughts_before_it() {
    let events = stream(&[
        parts(json!([{"text": "t", "thought": true}])),
        parts(json!([{"functionCall": {"id": "call_12345", "name": "f", "args": {}}, "thoughtSignature": "S"}])),
    ]);
    assert_eq!(events, [Event::Thinking("t".into()), signed("S"), call(0, Some("call_12345"), "f", "{}")]);
}

#[test]
fn a_signature_without_thoughts_gets_a_block_of_its_own() {
    let text = json!({"text": "x"});
    let signed_call = json!({"functionCall": {"name": "f", "args": {}}, "thoughtSignature": "S"});
    let events = stream(&[parts(json!([{"text": "t", "thought": true}, text, signed_call]))]);
    let expected = [
        Event::Thinking("t".into()),
        signed(""),
        Event::Text("x".into()),
        Event::NewBlock,
        signed("S"),
        // The id under which the signature is kept, made from it.
        call(0, Some("call_af640e4c86024182"), "f", "{}"),
    ];
    assert_eq!(events, expected);
}

#[test]
fn a_signature_behind_the_last_words_does_not_hide_them() {
    let events = stream(&[parts(json!([{"text": "x"}])), parts(json!([{"text": "", "thoughtSignature": "S"}]))]);
    assert_eq!(events, [Event::Text("x".into())]);
}

#[test]
fn thoughts_alone_are_signed_at_the_end() {
    let events = stream(&[parts(json!([{"text": "t", "thought": true}])), end("STOP")]);
    assert_eq!(events, [Event::Thinking("t".into()), signed(""), Event::Finish(FinishReason::EndTurn)]);
}

#[test]
fn an_aliased_tool_gets_its_name_back() {
    let mut writer = ContextWriter::default();
    writer.tool("alias_1", "my tool");
    let body = json!({"candidates": [parts(json!([{"functionCall": {"name": "alias_1", "args": {}}}]))]});
    let events = whole(body.to_string().as_bytes(), &writer.finish()).unwrap();
    assert_eq!(events, [call(0, None, "my tool", "{}")]);
}

#[test]
fn a_refused_prompt_is_a_refusal() {
    let body = json!({"promptFeedback": {"blockReason": "OTHER"}});
    let events = whole(body.to_string().as_bytes(), b"").unwrap();
    assert_eq!(events.last(), Some(&Event::Finish(FinishReason::Refusal)));
}

#[test]
fn empty_names_of_the_answer_are_none() {
    let body = json!({"responseId": "", "modelVersion": "m", "candidates": [end("STOP")]});
    let events = whole(body.to_string().as_bytes(), b"").unwrap();
    assert_eq!(events.first(), Some(&Event::Start(Start { id: None, model: Some("m".into()) })));
}

#[test]
fn an_answer_that_is_none_is_the_upstreams_fault() {
    for body in ["", "{}", "[]", "null", "<html>", r#"{"choices":[]}"#, r#"{"candidates":[]}"#] {
        assert!(matches!(whole(body.as_bytes(), b""), Err(Fault::BadAnswer(_))), "{body}");
    }
}

fn any_part() -> impl Strategy<Value = Value> {
    let text = ".{0,3}";
    prop_oneof![
        (text, any::<bool>(), any::<bool>()).prop_map(|(text, thought, signed)| {
            let mut part = json!({"text": text, "thought": thought});
            if signed {
                part["thoughtSignature"] = "S".into();
            }
            part
        }),
        any::<bool>().prop_map(|signed| {
            let mut part = json!({"functionCall": {"name": "f", "args": {"a": 1}}});
            if signed {
                part["thoughtSignature"] = "S".into();
            }
            part
        }),
    ]
}

/// What is said, without how it was cut.
fn joined(events: Vec<Event>) -> Vec<Event> {
    let mut joined: Vec<Event> = Vec::new();
    for event in events {
        match (joined.last_mut(), event) {
            (Some(Event::Text(text)), Event::Text(more)) | (Some(Event::Thinking(text)), Event::Thinking(more)) => {
                text.push_str(&more);
            }
            (_, event) => joined.push(event),
        }
    }
    joined
}

proptest! {
    #[test]
    fn a_stream_says_the_same_as_the_whole_answer(list in prop::collection::vec(any_part(), 0..8)) {
        let mut body = parts(json!(list));
        body["finishReason"] = "STOP".into();
        let at_once = whole(json!({"candidates": [body]}).to_string().as_bytes(), b"");
        let mut chunks: Vec<_> = list.iter().map(|part| parts(json!([part]))).collect();
        chunks.push(end("STOP"));
        prop_assert_eq!(joined(stream(&chunks)), joined(at_once.unwrap()));
    }

    #[test]
    fn no_bytes_make_it_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        // Whatever it says, it says it without falling over.
        let _ = whole(&body, &body);
    }
}
