#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use super::*;
use crate::answer::tests::checker;
use crate::event::ErrorKind;
use serde_json::json;

fn first_event(encoder: &mut StreamEncoder) -> serde_json::Value {
    let bytes = encoder.take();
    let text = str::from_utf8(&bytes).unwrap();
    let data = text.strip_suffix("\n\n").unwrap().split_once("\ndata: ").unwrap().1;
    serde_json::from_str(data).unwrap()
}

#[test]
fn digits_of_every_length() {
    for number in [0, 9, 10, 99, 100, 12_345, u64::from(u32::MAX), u64::MAX] {
        assert_eq!(Digits::new(number).as_str(), number.to_string());
    }
}

#[test]
fn blocks_begin_as_documented() {
    let mut encoder = StreamEncoder::new();
    for (block, expected) in [
        (BlockStart::Text, json!({"type":"text","text":""})),
        (BlockStart::Thinking, json!({"type":"thinking","thinking":"","signature":""})),
        (
            BlockStart::ToolUse { id: "toolu_1", name: "Re\"ad" },
            json!({"type":"tool_use","id":"toolu_1","name":"Re\"ad","input":{}}),
        ),
        (BlockStart::RedactedThinking("x\\"), json!({"type":"redacted_thinking","data":"x\\"})),
        (BlockStart::Whole("{\"type\":\"y\",\r\n\"z\":1}"), json!({"type":"y","z":1})),
    ] {
        encoder.block_start(12, &block);
        let expected = json!({"type":"content_block_start","index":12,"content_block":expected});
        assert_eq!(first_event(&mut encoder), expected);
    }
}

#[test]
fn deltas_as_documented() {
    let mut encoder = StreamEncoder::new();
    for (delta, expected) in [
        (Delta::Text("a\n\u{0}"), json!({"type":"text_delta","text":"a\n\u{0}"})),
        (Delta::Thinking("b"), json!({"type":"thinking_delta","thinking":"b"})),
        (Delta::Signature("c"), json!({"type":"signature_delta","signature":"c"})),
        (Delta::Input("{\"d"), json!({"type":"input_json_delta","partial_json":"{\"d"})),
        (Delta::Citation("{\"e\":\n1}"), json!({"type":"citations_delta","citation":{"e":1}})),
    ] {
        encoder.delta(3, delta);
        let expected = json!({"type":"content_block_delta","index":3,"delta":expected});
        assert_eq!(first_event(&mut encoder), expected);
    }
}

#[test]
fn error_as_documented() {
    let mut encoder = StreamEncoder::new();
    encoder.error(&Failure {
        kind: ErrorKind::RateLimit,
        message: "quota\n".to_owned(),
        status: Some(429),
        retry_after_ms: None,
    });
    let bytes = encoder.take();
    let stream = checker::read(str::from_utf8(&bytes).unwrap()).unwrap();
    assert_eq!(stream.error, Some(json!({"type":"rate_limit_error","message":"quota\n"})));
}

#[test]
fn ping_is_an_event() {
    let mut encoder = StreamEncoder::new();
    encoder.ping();
    assert_eq!(first_event(&mut encoder), json!({"type":"ping"}));
    assert!(encoder.is_empty());
}
