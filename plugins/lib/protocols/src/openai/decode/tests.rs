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

/// The events of a stream of chunks, each given as its first choice's `delta` and finish reason.
fn stream(chunks: &[(Value, Option<&str>)]) -> Vec<Event> {
    let mut decoder = StreamDecoder::new(b"");
    let mut events = Vec::new();
    for (delta, reason) in chunks {
        let chunk = json!({"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]});
        push(&mut decoder, &chunk.to_string(), &mut events).unwrap();
    }
    decoder.finish(&mut events).unwrap();
    events
}

fn call(index: u32, id: &str, name: &str, arguments: &str) -> Event {
    let (id, name) = (Some(id.into()), Some(name.into()));
    Event::ToolDelta(ToolDelta { index: Some(index), id, name, arguments: arguments.into() })
}

fn text(text: &str) -> Event {
    Event::Text(text.into())
}

#[test]
fn stop_although_tools_were_called_is_tool_use() {
    let tool = json!({"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f", "arguments": "{}"}}]});
    assert_eq!(stream(&[(tool, None), (json!({}), Some("stop"))]).last(), Some(&Event::Finish(FinishReason::ToolUse)));
}

#[test]
fn tool_calls_as_the_reason_without_any_call_is_the_end_of_the_turn() {
    assert_eq!(
        stream(&[(json!({"content": "x"}), Some("tool_calls"))]),
        [text("x"), Event::Finish(FinishReason::EndTurn)]
    );
}

#[test]
fn length_in_the_middle_of_arguments_stays_max_tokens() {
    let tool = json!({"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f", "arguments": "{\"x\":"}}]});
    assert_eq!(
        stream(&[(tool, Some("length"))]),
        [call(0, "a", "f", "{\"x\":"), Event::Finish(FinishReason::MaxTokens)]
    );
}

#[test]
fn an_empty_finish_reason_in_every_chunk_is_no_finish() {
    assert_eq!(
        stream(&[(json!({"content": "a"}), Some("")), (json!({"content": "b"}), Some(""))]),
        [text("a"), text("b")]
    );
}

#[test]
fn finish_twice_is_said_once() {
    let finishes = stream(&[(json!({"content": "a"}), Some("stop")), (json!({}), Some("stop"))]);
    assert_eq!(finishes, [text("a"), Event::Finish(FinishReason::EndTurn)]);
}

#[test]
fn empty_reasoning_beside_content_opens_no_thinking() {
    let chunks = [json!({"reasoning_content": "", "content": "a"}), json!({"reasoning_content": null, "content": "b"})];
    assert_eq!(stream(&chunks.map(|delta| (delta, None))), [text("a"), text("b")]);
}

#[test]
fn empty_content_between_two_bursts_of_thinking_does_not_end_it() {
    let chunks =
        [json!({"reasoning": "a"}), json!({"content": ""}), json!({"reasoning": "b"}), json!({"content": "c"})];
    let events = stream(&chunks.map(|delta| (delta, None)));
    assert_eq!(events[..2], [Event::Thinking("a".into()), Event::Thinking("b".into())]);
    assert!(matches!(&events[2..], [Event::Signature(_), Event::Text(c)] if c == "c"));
}

#[test]
fn reasoning_and_content_in_one_delta_are_both_kept_in_order() {
    let events = stream(&[(json!({"content": "text", "reasoning_content": "why"}), None)]);
    assert!(matches!(&events[..], [Event::Thinking(_), Event::Signature(_), Event::Text(_)]), "{events:?}");
}

#[test]
fn the_same_reasoning_in_two_fields_is_said_once() {
    for other in ["reasoning", "reasoning_details"] {
        let other_value = if other == "reasoning" { json!("why") } else { json!([{"text": "why"}]) };
        let events = stream(&[(json!({"reasoning_content": "why", other: other_value}), None)]);
        assert!(matches!(&events[..], [Event::Thinking(_), Event::Signature(_)]), "{events:?}");
    }
}

#[test]
fn think_tags_in_text_stay_text() {
    assert_eq!(stream(&[(json!({"content": "<think>x</think>"}), None)]), [text("<think>x</think>")]);
}

#[test]
fn arguments_as_an_object_become_their_text() {
    let tool =
        json!({"tool_calls": [{"index": 3, "id": "a", "function": {"name": "f", "arguments": {"a": [1, "\n"]}}}]});
    assert_eq!(stream(&[(tool, None)]), [call(3, "a", "f", r#"{"a":[1,"\n"]}"#)]);
}

#[test]
fn an_id_that_is_a_number_becomes_text() {
    let tool = json!({"tool_calls": [{"index": 0, "id": 0, "function": {"name": "f", "arguments": ""}}]});
    assert_eq!(stream(&[(tool, None)]), [call(0, "0", "f", "")]);
}

#[test]
fn the_same_index_twice_in_one_delta_keeps_both_fragments() {
    let tool = json!({"tool_calls": [
        {"index": 0, "id": "a", "function": {"name": "f", "arguments": "{"}},
        {"index": 0, "id": "a", "function": {"name": "f", "arguments": "}"}},
    ]});
    assert_eq!(stream(&[(tool, None)]), [call(0, "a", "f", "{"), call(0, "a", "f", "}")]);
}

#[test]
fn calls_of_a_whole_answer_are_told_apart_without_index_or_id() {
    let function = json!({"function": {"name": "f", "arguments": "{}"}, "index": 0});
    let body = json!({"choices": [{"message": {"tool_calls": [function, function]}, "finish_reason": "stop"}]});
    let events = whole(body.to_string().as_bytes(), b"").unwrap();
    let indexes: Vec<_> = events
        .iter()
        .filter_map(|event| if let Event::ToolDelta(delta) = event { delta.index } else { None })
        .collect();
    assert_eq!(indexes, [0, 1]);
}

#[test]
fn empty_id_and_model_of_azures_first_chunk_are_not_passed_on() {
    let mut decoder = StreamDecoder::new(b"");
    let mut events = Vec::new();
    push(&mut decoder, r#"{"id":"","choices":[],"model":"","prompt_filter_results":[]}"#, &mut events).unwrap();
    assert_eq!(events, []);
    push(&mut decoder, r#"{"id":"x","choices":[],"model":"m"}"#, &mut events).unwrap();
    assert_eq!(events, [Event::Start(Start { id: Some("x".into()), model: Some("m".into()) })]);
}

#[test]
fn a_stream_that_ends_with_the_whole_message_says_it_once() {
    let mut decoder = StreamDecoder::new(b"");
    let mut events = Vec::new();
    push(&mut decoder, r#"{"choices":[{"delta":{"content":"a"}}]}"#, &mut events).unwrap();
    push(&mut decoder, r#"{"choices":[{"message":{"content":"a"},"finish_reason":"stop"}]}"#, &mut events).unwrap();
    assert_eq!(events, [text("a"), Event::Finish(FinishReason::EndTurn)]);
}

#[test]
fn done_without_a_reason_ends_by_what_was_sent() {
    let tool =
        r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}}]}"#;
    let mut decoder = StreamDecoder::new(b"");
    let mut events = Vec::new();
    push(&mut decoder, tool, &mut events).unwrap();
    push(&mut decoder, "[DONE]", &mut events).unwrap();
    decoder.finish(&mut events).unwrap();
    assert_eq!(events, [call(0, "a", "f", "{}"), Event::Finish(FinishReason::ToolUse)]);
}

#[test]
fn done_after_nothing_is_no_finish() {
    let mut decoder = StreamDecoder::new(b"");
    let mut events = Vec::new();
    push(&mut decoder, "[DONE]", &mut events).unwrap();
    decoder.finish(&mut events).unwrap();
    assert_eq!(events, []);
}

#[test]
fn nothing_is_read_after_an_error() {
    let mut decoder = StreamDecoder::new(b"");
    let mut events = Vec::new();
    for data in [r#"{"error":{"message":"m","code":"429"}}"#, r#"{"choices":[{"delta":{"content":"x"}}]}"#, "[DONE]"] {
        push(&mut decoder, data, &mut events).unwrap();
    }
    decoder.finish(&mut events).unwrap();
    assert!(matches!(&events[..], [Event::Error(failure)] if failure.kind == ErrorKind::RateLimit), "{events:?}");
}

#[test]
fn a_stop_sequence_that_was_asked_for_is_named() {
    let mut context = ContextWriter::default();
    context.stop(r#"["END"]"#);
    let context = context.finish();
    for (hit, reason) in [("END", FinishReason::StopSequence(Some("END".into()))), ("</s>", FinishReason::EndTurn)] {
        let mut decoder = StreamDecoder::new(&context);
        let mut events = Vec::new();
        let chunk = json!({"choices": [{"delta": {}, "finish_reason": "stop", "stop_reason": hit}]});
        push(&mut decoder, &chunk.to_string(), &mut events).unwrap();
        assert_eq!(events, [Event::Finish(reason)]);
    }
}

#[test]
fn an_aliased_tool_comes_back_under_its_own_name() {
    let mut context = ContextWriter::default();
    context.tool("a_b_1", "a.b");
    let mut decoder = StreamDecoder::new(&context.finish());
    let mut events = Vec::new();
    let chunk =
        r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"i","function":{"name":"a_b_1","arguments":"{}"}}]}}]}"#;
    push(&mut decoder, chunk, &mut events).unwrap();
    assert_eq!(events, [call(0, "i", "a.b", "{}")]);
}

#[test]
fn bodies_that_are_no_answer_are_the_upstreams_fault() {
    for body in ["", " ", "<html></html>", "not json", "[]", "{}", r#"{"choices":[]}"#, "null", "\u{feff}"] {
        let fault = whole(body.as_bytes(), b"").unwrap_err();
        assert!(matches!(fault, Fault::BadAnswer(reason) if !reason.is_empty()), "{body}");
    }
    assert!(whole(b"\xff\xfe", b"").is_err());
}

/// JSON whose keys are those that the decoder looks at, with values of every kind.
fn any_json() -> impl Strategy<Value = Value> {
    let keys = prop::sample::select(vec![
        "choices",
        "delta",
        "message",
        "content",
        "tool_calls",
        "function",
        "arguments",
        "id",
        "index",
        "name",
        "usage",
        "prompt_tokens",
        "finish_reason",
        "error",
        "code",
        "type",
        "text",
        "thinking",
        "reasoning",
        "reasoning_details",
        "refusal",
        "function_call",
        "annotations",
        "metadata",
        "raw",
        "x_groq",
        "stop_reason",
        "native_finish_reason",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop::sample::select(vec!["", "stop", "x", "text", "thinking", "error", "{\"error\":1}", "\u{1F600}\n"])
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

proptest! {
    #[test]
    fn any_json_can_be_read(chunks in prop::collection::vec(any_json(), 1..4)) {
        let mut decoder = StreamDecoder::new(b"");
        let mut events = Vec::new();
        for chunk in &chunks {
            let wrapped = json!({"choices": [{"delta": chunk}]}).to_string();
            for data in [chunk.to_string(), wrapped] {
                prop_assert!(push(&mut decoder, &data, &mut events).is_ok());
            }
            // Either outcome is right, as long as there is one.
            let _ = whole(chunk.to_string().as_bytes(), b"");
        }
        prop_assert!(decoder.finish(&mut events).is_ok());
        let errors = events.iter().filter(|event| matches!(event, Event::Error(_))).count();
        prop_assert!(errors <= 1);
    }

    #[test]
    fn any_text_is_read_or_refused(data in ".{0,200}") {
        let mut events = Vec::new();
        let _ = push(&mut StreamDecoder::new(data.as_bytes()), &data, &mut events);
        let _ = whole(data.as_bytes(), data.as_bytes());
    }

    #[test]
    fn the_signature_stands_right_behind_the_thinking(bursts in prop::collection::vec((any::<bool>(), "[a-z]{1,3}"), 1..20)) {
        let chunks: Vec<_> = bursts
            .iter()
            .map(|(thinks, text)| (json!({ if *thinks { "reasoning_content" } else { "content" }: text }), None))
            .collect();
        let events = stream(&chunks);
        for pair in events.windows(2) {
            let ends = matches!(&pair[0], Event::Thinking(_)) && !matches!(&pair[1], Event::Thinking(_));
            prop_assert_eq!(ends, matches!(&pair[1], Event::Signature(_)));
        }
        prop_assert!(!matches!(events.last(), Some(Event::Thinking(_))));
    }
}
