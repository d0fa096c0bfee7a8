#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use super::*;
use crate::answer::{Answer, Head};
use crate::encode::StreamEncoder;
use crate::fold::Folder;
use crate::tool_calls::Assembler;
use crate::verdict::{Ending, Verdict};
use proptest::prelude::*;
use serde_json::{Value, json};

/// A stream with every kind of block, and the message it adds up to.
const STREAM: &str = include_str!("../../fixtures/anthropic/every_block.sse");
const MESSAGE: &str = include_str!("../../fixtures/anthropic/every_block.json");

fn data(stream: &str) -> impl Iterator<Item = &str> {
    stream.lines().filter_map(|line| line.strip_prefix("data: "))
}

fn decode(stream: &str) -> Vec<Event> {
    let mut decoder = Decoder::new();
    let mut events = Vec::new();
    data(stream).for_each(|data| decoder.push(data.as_bytes(), &mut events));
    events
}

fn assemble(events: Vec<Event>) -> Vec<Event> {
    let mut assembler = Assembler::new("seed");
    let mut assembled = Vec::new();
    for event in events {
        assembler.push(event, &mut assembled);
    }
    assembler.finish(&mut assembled);
    assembled
}

fn fold(events: &[Event]) -> Value {
    let head = Head { id: "msg_01".to_owned(), model: "claude-x".to_owned() };
    let mut answer = Answer::new(Folder::new(), head);
    events.iter().for_each(|event| answer.push(event));
    answer.finish();
    assert_eq!(answer.notes(), [""; 0]);
    serde_json::from_slice(&answer.into_sink().into_json().unwrap()).unwrap()
}

fn expected() -> Value {
    serde_json::from_str(MESSAGE).unwrap()
}

#[test]
fn a_stream_adds_up_to_its_message() {
    assert_eq!(fold(&assemble(decode(STREAM))), expected());
}

#[test]
fn a_message_stays_the_same() {
    let mut events = Vec::new();
    decode_message(MESSAGE.as_bytes(), &mut events);
    assert_eq!(fold(&assemble(events)), expected());
}

#[test]
fn what_is_encoded_is_decoded_again() {
    let head = Head { id: "msg_01".to_owned(), model: "claude-x".to_owned() };
    let mut answer = Answer::new(StreamEncoder::new(), head);
    assemble(decode(STREAM)).iter().for_each(|event| answer.push(event));
    answer.finish();
    let again = String::from_utf8(answer.sink_mut().take()).unwrap();
    assert_eq!(fold(&assemble(decode(&again))), expected());
}

#[test]
fn stop_reasons() {
    for (name, reason) in [
        ("end_turn", FinishReason::EndTurn),
        ("max_tokens", FinishReason::MaxTokens),
        ("tool_use", FinishReason::ToolUse),
        ("refusal", FinishReason::Refusal),
        ("pause_turn", FinishReason::PauseTurn),
        ("model_context_window_exceeded", FinishReason::ContextWindowExceeded),
        ("stop_sequence", FinishReason::StopSequence(Some("X".to_owned()))),
        ("something_new", FinishReason::EndTurn),
    ] {
        let delta = json!({"type":"message_delta","delta":{"stop_reason":name,"stop_sequence":"X"}});
        let (mut decoder, mut events) = (Decoder::new(), Vec::new());
        decoder.push(delta.to_string().as_bytes(), &mut events);
        assert_eq!(events, [], "not before the end mark");
        decoder.push(b"{\"type\":\"message_stop\"}", &mut events);
        assert_eq!(events, [Event::Finish(reason)], "{name}");
    }
}

#[test]
fn errors_of_every_shape() {
    for (body, kind, message) in [
        (
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
            ErrorKind::Overloaded,
            "Overloaded",
        ),
        (r#"{"type":"error","error":{"type":"new_error","message":"x"}}"#, ErrorKind::Api, "x"),
        (r#"{"error":"just text"}"#, ErrorKind::Api, "just text"),
    ] {
        let (mut streamed, mut whole, mut tap) = (Vec::new(), Vec::new(), Tap::new());
        Decoder::new().push(body.as_bytes(), &mut streamed);
        decode_message(body.as_bytes(), &mut whole);
        tap.body(body.as_bytes());
        assert_eq!(streamed, whole);
        let [Event::Error(failure)] = &streamed[..] else { panic!("{streamed:?}") };
        assert_eq!((failure.kind, failure.message.as_str()), (kind, message));
        assert_eq!(tap.verdict().failure(), Some(failure));
    }
}

#[test]
fn rubbish_is_an_error_and_unknown_events_are_not() {
    for rubbish in ["<html>", "", "{\"type\":"] {
        let (mut streamed, mut whole) = (Vec::new(), Vec::new());
        Decoder::new().push(rubbish.as_bytes(), &mut streamed);
        decode_message(rubbish.as_bytes(), &mut whole);
        assert!(matches!(streamed[..], [Event::Error(_)]) && matches!(whole[..], [Event::Error(_)]));
    }
    let mut events = Vec::new();
    Decoder::new().push(b"{\"type\":\"ping\"}", &mut events);
    Decoder::new().push(b"{\"type\":\"something_new\"}", &mut events);
    assert_eq!(events, []);
}

#[test]
fn the_tap_sees_what_the_record_needs() {
    let mut tap = Tap::new();
    data(STREAM).for_each(|data| tap.event(data.as_bytes()));
    let mut whole = Tap::new();
    whole.body(MESSAGE.as_bytes());
    for tap in [tap, whole] {
        let tap = tap.verdict();
        assert_eq!(tap.start().id.as_deref(), Some("msg_01"));
        assert_eq!(tap.start().model.as_deref(), Some("claude-x"));
        let usage = Usage {
            input_tokens: Some(25),
            output_tokens: Some(77),
            cache_creation_input_tokens: Some(7),
            cache_read_input_tokens: Some(1000),
            reasoning_tokens: None,
            web_search_requests: Some(1),
        };
        assert_eq!(tap.usage(), &usage);
        assert_eq!(tap.finish(), Some(&FinishReason::ToolUse));
        assert_eq!(tap.ending(), Ending::Complete);
    }
}

#[test]
fn the_tap_sees_a_stream_that_broke() {
    let mut tap = Tap::new();
    tap.event(b"{\"type\": \"message_start\", \"message\": {\"id\": \"m\", \"usage\": {\"input_tokens\": 3}}}");
    tap.event(
        b"{\"type\": \"content_block_delta\", \"index\": 0, \"delta\": {\"type\": \"text_delta\", \"text\": \"a\"}}",
    );
    assert_eq!(tap.verdict().ending(), Ending::BrokenOff);
    tap.event(b"{\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"x\"}}");
    assert_eq!(tap.verdict().failure().unwrap().message, "x");
    assert_eq!(tap.verdict().usage().input_tokens, Some(3));
}

/// Events as real and careless providers send them.
fn any_event() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(r#"{"type":"message_start","message":{"id":"m","model":"up","usage":{"input_tokens":3}}}"#.to_owned()),
        Just(r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#.to_owned()),
        Just(r#"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}}}"#.to_owned()),
        Just(r#"{"type":"content_block_start","index":1,"content_block":{"type":"server_tool_use","id":"t"}}"#.to_owned()),
        "[ab]{0,2}".prop_map(|text| format!(r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"{text}"}}}}"#)),
        "[ab]{0,2}".prop_map(|text| format!(r#"{{ "type": "content_block_delta","index":0,"delta":{{"type":"thinking_delta","thinking":"{text}"}}}}"#)),
        Just(r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"s"}}"#.to_owned()),
        Just(r#"{"type":"content_block_stop","index":0}"#.to_owned()),
        Just(r#"{"type":"ping"}"#.to_owned()),
        Just("{not json".to_owned()),
        prop_oneof![Just("null"), Just("\"end_turn\""), Just("\"max_tokens\"")].prop_map(|reason| {
            format!(r#"{{"type":"message_delta","delta":{{"stop_reason":{reason}}},"usage":{{"output_tokens":5}}}}"#)
        }),
        Just(r#"{"type":"message_stop"}"#.to_owned()),
        Just(r#"{"type":"error","error":{"type":"overloaded_error","message":"o"}}"#.to_owned()),
    ]
}

/// What counts of a verdict. The assembler corrects `end_turn` behind calls, which a client that gets the bytes does itself.
fn judged(verdict: &Verdict) -> (Ending, Usage, Start) {
    (verdict.ending(), *verdict.usage(), verdict.start().clone())
}

proptest! {
    #[test]
    fn the_tap_judges_as_the_decoder_does(stream in prop::collection::vec(any_event(), 0..12)) {
        let (mut tap, mut decoder, mut events, mut read) = (Tap::new(), Decoder::new(), Vec::new(), Verdict::default());
        for data in &stream {
            tap.event(data.as_bytes());
            decoder.push(data.as_bytes(), &mut events);
        }
        tap.finish();
        assemble(events).iter().for_each(|event| read.note(event));
        prop_assert_eq!(judged(tap.verdict()), judged(&read));
    }

    #[test]
    fn the_tap_judges_a_whole_message_as_the_decoder_does(
        content in prop::collection::vec(prop_oneof![
            Just(r#"{"type":"text","text":""}"#),
            Just(r#"{"type":"text","text":"a"}"#),
            Just(r#"{"type":"thinking","thinking":"","signature":""}"#),
            Just(r#"{"type":"tool_use","id":"t","name":"f","input":{}}"#),
        ], 0..4),
        end in prop_oneof![Just(""), Just(r#","stop_reason":"end_turn""#), Just(r#","error":null"#), Just(r#","error":{"message":"x"}"#)],
    ) {
        let body = format!(r#"{{"type":"message","model":"up","content":[{}]{end}}}"#, content.join(","));
        let (mut tap, mut events, mut read) = (Tap::new(), Vec::new(), Verdict::default());
        tap.body(body.as_bytes());
        decode_message(body.as_bytes(), &mut events);
        assemble(events).iter().for_each(|event| read.note(event));
        prop_assert_eq!(judged(tap.verdict()), judged(&read));
    }
}
