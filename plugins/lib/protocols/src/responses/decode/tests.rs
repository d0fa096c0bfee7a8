//! Shapes of answers that were seen in the wild, one test each. Streams as a whole are in `fixtures/`.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod dialects;
mod properties;

use super::{StreamDecoder, whole};
use ccr_plugin::messages::event::{ErrorKind, Event, FinishReason, ToolDelta};
use ccr_plugin::messages::sse::SseEvent;
use ccr_plugin::messages::tool_calls::Assembler;
use ccr_plugin::{Decoder, Fault};
use serde_json::{Value, json};

const CONTEXT: &[u8] = br#"{"mark":"0123abcd","tools":{}}"#;

fn stream(events: &[Value]) -> Vec<Event> {
    let mut decoder = StreamDecoder::new(CONTEXT);
    let mut found = Vec::new();
    for event in events {
        decoder.push(SseEvent { event: None, data: &event.to_string() }, &mut found).unwrap();
    }
    decoder.finish(&mut found).unwrap();
    found
}

fn text(text: &str) -> Event {
    Event::Text(text.into())
}

fn arguments(index: u32, arguments: &str) -> Event {
    Event::ToolDelta(ToolDelta { index: Some(index), arguments: arguments.into(), ..ToolDelta::default() })
}

fn named(index: u32, id: &str, name: &str) -> Event {
    let (id, name) = (Some(id.into()), Some(name.into()));
    Event::ToolDelta(ToolDelta { index: Some(index), id, name, arguments: String::new() })
}

fn call(id: &str, call_id: &str, arguments: Value) -> Value {
    json!({"type": "function_call", "id": id, "call_id": call_id, "name": "f", "arguments": arguments})
}

fn completed(output: Value) -> Value {
    json!({"type": "response.completed", "response": {"status": "completed", "output": output}})
}

/// The inputs of the calls once the host has put them together.
fn inputs(events: Vec<Event>) -> Vec<String> {
    let mut assembler = Assembler::new("seed");
    let mut out = Vec::new();
    for event in events {
        assembler.push(event, &mut out);
    }
    assembler.finish(&mut out);
    let mut inputs = Vec::new();
    for event in out {
        match event {
            Event::ToolStart(_) => inputs.push(String::new()),
            Event::ToolArguments(piece) => inputs.last_mut().unwrap().push_str(&piece.json),
            _ => {}
        }
    }
    inputs
}

/// edge-cases: full arguments in `function_call_arguments.done` only, without deltas (openclaude#1259).
#[test]
fn arguments_in_done_only_are_emitted_once() {
    let events = stream(&[
        json!({"type": "response.output_item.added", "output_index": 0, "item": call("fc_1", "c1", json!(""))}),
        json!({"type": "response.function_call_arguments.done", "output_index": 0, "item_id": "fc_1", "arguments": "{\"a\":1}"}),
        json!({"type": "response.output_item.done", "output_index": 0, "item": call("fc_1", "c1", json!("{\"a\":1}"))}),
        completed(json!([call("fc_1", "c1", json!("{\"a\":1}"))])),
    ]);
    assert_eq!(events, [named(0, "c1", "f"), arguments(0, "{\"a\":1}"), Event::Finish(FinishReason::ToolUse)]);
}

/// edge-cases: arguments that are a JSON string with the object in it (codegraff2#141).
#[test]
fn double_encoded_arguments_are_decoded_once_more_by_the_host() {
    let twice = json!(r#""{\"a\":1}""#);
    let events = stream(&[completed(json!([call("fc_1", "c1", twice)]))]);
    assert_eq!(inputs(events), [r#"{"a":1}"#]);
}

#[test]
fn a_name_that_comes_behind_the_arguments_is_not_too_late() {
    let events = stream(&[
        json!({"type": "response.function_call_arguments.delta", "output_index": 0, "delta": "{\"a\":1}"}),
        json!({"type": "response.output_item.done", "output_index": 0, "item": call("fc_1", "c1", json!("{\"a\":1}"))}),
        completed(json!([])),
    ]);
    assert_eq!(inputs(events), [r#"{"a":1}"#]);
}

#[test]
fn a_call_that_never_gets_a_name_is_left_to_the_host() {
    let piece = json!({"type": "response.function_call_arguments.delta", "output_index": 0, "delta": "{}"});
    let events = stream(&[piece, completed(json!([]))]);
    assert_eq!(events, [arguments(0, "{}"), Event::Finish(FinishReason::ToolUse)]);
}

/// Servers whose items all have the same id.
#[test]
fn items_of_one_list_are_all_told_even_if_they_share_an_id() {
    let message =
        |text: &str| json!({"type": "message", "id": "m", "content": [{"type": "output_text", "text": text}]});
    let events = stream(&[completed(json!([message("a"), message("b")]))]);
    assert_eq!(events, [text("a"), Event::NewBlock, text("b"), Event::Finish(FinishReason::EndTurn)]);
}

#[test]
fn a_call_without_arguments_has_an_empty_object() {
    assert_eq!(inputs(stream(&[completed(json!([call("fc_1", "c1", json!(""))]))])), ["{}"]);
}

/// Servers that put every item at position 0.
#[test]
fn items_at_one_position_are_told_apart_by_their_ids() {
    let mut events = Vec::new();
    for (id, call_id) in [("fc_1", "c1"), ("fc_2", "c2")] {
        events.push(
            json!({"type": "response.output_item.added", "output_index": 0, "item": call(id, call_id, json!(""))}),
        );
    }
    for (id, piece) in [("fc_1", "{"), ("fc_2", "{"), ("fc_1", "}"), ("fc_2", "}")] {
        events.push(
            json!({"type": "response.function_call_arguments.delta", "output_index": 0, "item_id": id, "delta": piece}),
        );
    }
    events.push(completed(json!([call("fc_1", "c1", json!("{}")), call("fc_2", "c2", json!("{}"))])));
    let pieces = [arguments(0, "{"), arguments(1, "{"), arguments(0, "}"), arguments(1, "}")];
    assert_eq!(stream(&events)[..6], [&[named(0, "c1", "f"), named(1, "c2", "f")][..], &pieces].concat());
    assert_eq!(stream(&events).len(), 7);
}

/// Servers that give an item another id with every event.
#[test]
fn an_item_with_a_new_id_in_every_event_is_one_by_its_position() {
    let item = |id: &str| json!({"type": "message", "id": id, "content": [{"type": "output_text", "text": "ab"}]});
    let events = stream(&[
        json!({"type": "response.output_item.added", "output_index": 0, "item": {"type": "message", "id": "1"}}),
        json!({"type": "response.output_text.delta", "output_index": 0, "item_id": "2", "delta": "a"}),
        json!({"type": "response.output_text.delta", "output_index": 0, "item_id": "3", "delta": "b"}),
        json!({"type": "response.output_text.done", "output_index": 0, "item_id": "4", "text": "ab"}),
        json!({"type": "response.output_item.done", "output_index": 0, "item": item("5")}),
        completed(json!([item("6")])),
    ]);
    assert_eq!(events, [text("a"), text("b"), Event::Finish(FinishReason::EndTurn)]);
}

/// Servers that send deltas and nothing else.
#[test]
fn bare_deltas_are_enough() {
    let events = stream(&[
        json!({"type": "response.output_text.delta", "delta": "a"}),
        json!({"type": "response.output_text.delta", "delta": "b"}),
        json!({"type": "response.done", "response": {}}),
    ]);
    assert_eq!(events, [text("a"), text("b"), Event::Finish(FinishReason::EndTurn)]);
}

#[test]
fn reasoning_whose_end_is_not_told_is_signed_before_the_next_item() {
    let events = stream(&[
        json!({"type": "response.reasoning_summary_text.delta", "output_index": 0, "item_id": "rs_1", "delta": "why"}),
        json!({"type": "response.output_text.delta", "output_index": 1, "delta": "a"}),
        json!({"type": "response.output_item.done", "output_index": 0,
            "item": {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "late"}}),
    ]);
    let signature = Event::Signature("ccr1:openai-responses:0123abcd:rs_1:n:".into());
    assert_eq!(events, [Event::Thinking("why".into()), signature, text("a")]);
}

#[test]
fn summary_and_text_of_one_reasoning_are_not_both_told() {
    let item = json!({"type": "reasoning", "id": "r", "summary": [{"type": "summary_text", "text": "short"}],
        "content": [{"type": "reasoning_text", "text": "long"}, {"type": "reasoning_text", "text": "longer"}]});
    let events = stream(&[completed(json!([item]))]);
    assert!(
        matches!(&events[..], [Event::Thinking(text), Event::Signature(_), Event::Finish(_)] if text == "short"),
        "{events:?}"
    );
}

#[test]
fn a_stream_that_ends_without_its_last_event_has_no_finish() {
    let events =
        stream(&[json!({"type": "response.output_text.delta", "delta": "a"}), json!({"type": "response.in_progress"})]);
    assert_eq!(events, [text("a")]);
    assert_eq!(stream(&[]), []);
}

#[test]
fn the_name_of_the_event_stands_in_for_a_missing_type() {
    let mut decoder = StreamDecoder::new(b"");
    let mut events = Vec::new();
    let data = r#"{"delta":"a","output_index":0}"#;
    decoder.push(SseEvent { event: Some("response.output_text.delta"), data }, &mut events).unwrap();
    assert_eq!(events, [text("a")]);
}

#[test]
fn nothing_is_read_after_an_error_or_the_end() {
    let more = json!({"type": "response.output_text.delta", "delta": "a"});
    let failed = json!({"type": "response.failed", "response": {"error": {"code": "server_error", "message": "m"}}});
    let events = stream(&[failed, more.clone(), completed(json!([]))]);
    assert!(matches!(&events[..], [Event::Error(failure)] if failure.kind == ErrorKind::Api), "{events:?}");
    assert_eq!(stream(&[completed(json!([])), more]), [Event::Finish(FinishReason::EndTurn)]);
}

#[test]
fn a_failure_without_a_reason_is_a_failure() {
    for kind in ["response.failed", "response.cancelled"] {
        let events = stream(&[json!({"type": kind, "response": {"error": null}})]);
        assert!(matches!(&events[..], [Event::Error(failure)] if failure.message.contains("Try again")), "{events:?}");
    }
}

#[test]
fn bodies_that_are_no_answer_are_the_upstreams_fault() {
    for body in ["", " ", "<html></html>", "[]", "{}", "null", r#"{"output":{}}"#, r#"{"status":"queued","output":[]}"#]
    {
        let fault = whole(body.as_bytes(), b"").unwrap_err();
        assert!(matches!(fault, Fault::BadAnswer(reason) if !reason.is_empty()), "{body}");
    }
    assert!(whole(b"\xff\xfe", b"").is_err());
}
