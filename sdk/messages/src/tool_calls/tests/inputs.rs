//! The arguments of one call in every odd shape.

use super::*;
use crate::event::ErrorKind;
use serde_json::json;

#[test]
fn what_stands_for_no_arguments() {
    for nothing in ["", "null", "[]", "{}", " {} ", "\"\"", "\"{}\"", "\"null\"", "{ }"] {
        let out = assemble([delta(0, "call_aaaaaa", "A", nothing), delta(1, "call_bbbbbb", "B", nothing)]);
        assert_eq!(inputs(&out), [named("A", json!({})), named("B", json!({}))], "{nothing}");
        let out = assemble([delta(0, "call_aaaaaa", "A", nothing), text("done")]);
        assert_eq!(inputs(&out), [named("A", json!({}))], "{nothing}");
        assert_eq!(out.last(), Some(&text("done")));
    }
    let pieces = assemble([delta(0, "call_aaaaaa", "A", "nu"), delta(0, "", "", "ll")]);
    assert_eq!(inputs(&pieces), [named("A", json!({}))]);
}

#[test]
fn empty_object_before_the_real_arguments() {
    let out = assemble([
        delta(0, "call_aaaaaa", "A", "{}"),
        delta(1, "call_bbbbbb", "B", "{}"),
        delta(0, "", "", "{\"x\":1}"),
        delta(1, "", "", "{\"x\":2}"),
    ]);
    assert_eq!(inputs(&out), [named("A", json!({"x":1})), named("B", json!({"x":2}))]);
}

#[test]
fn double_encoded_arguments_are_decoded_once() {
    let twice = r#""{\"a\":\"x\\n\"}""#;
    let out = assemble([delta(0, "call_aaaaaa", "A", twice)]);
    assert_eq!(inputs(&out), [named("A", json!({"a":"x\n"}))]);
    let out = assemble(twice.chars().map(|piece| delta(0, "call_aaaaaa", "A", &piece.to_string())));
    assert_eq!(inputs(&out), [named("A", json!({"a":"x\n"}))]);
}

#[test]
fn complete_arguments_sent_twice() {
    let once = r#"{"q":"A}"}"#;
    let both = format!("{once}{once}");
    let spaced = r#"{ "q" : "A}" }"#;
    let encoded = serde_json::to_string(once).unwrap();
    for again in [once, spaced, "{}", "null", encoded.as_str()] {
        let out = assemble([delta(0, "call_aaaaaa", "A", once), delta(0, "", "", again), delta(0, "", "", "\n")]);
        assert_eq!(inputs(&out), [named("A", json!({"q":"A}"}))], "{again}");
    }
    let out = assemble([delta(0, "call_aaaaaa", "A", &both)]);
    assert_eq!(inputs(&out), [named("A", json!({"q":"A}"}))]);
    let out = assemble(both.chars().map(|piece| delta(0, "call_aaaaaa", "A", &piece.to_string())));
    assert_eq!(inputs(&out), [named("A", json!({"q":"A}"}))]);
}

#[test]
fn two_different_objects_under_one_index() {
    for pieces in [vec![r#"{"a":1}{"a":2}"#], vec![r#"{"a":1}"#, r#"{"a":2}"#], vec![r#"{"a":1}{"#, r#""a":2}"#]] {
        let out = assemble(pieces.iter().map(|piece| delta(0, "call_aaaaaa", "A", piece)));
        let failure = error(&out).unwrap();
        assert_eq!(failure.kind, ErrorKind::Api);
        assert!(failure.message.contains("two different sets of arguments"), "{pieces:?}");
    }
}

#[test]
fn rubbish_after_the_arguments_is_left_out_with_a_note() {
    for rubbish in ["}", "</tool_call>", "{\"x"] {
        let out = assemble([delta(0, "call_aaaaaa", "A", "{\"x\":1}"), delta(0, "", "", rubbish)]);
        assert_eq!(inputs(&out), [named("A", json!({"x":1}))]);
        assert!(matches!(out.last(), Some(Event::Dropped(_))), "{rubbish}");
    }
}

#[test]
fn arguments_resent_cumulatively() {
    let whole = r#"{"path":"/src/a","n":{"m":[1,2]}}"#;
    let growing = (1..=whole.len()).map(|end| delta(0, "call_aaaaaa", "A", &whole[..end]));
    let out = assemble(growing);
    assert_eq!(inputs(&out), [named("A", json!({"path":"/src/a","n":{"m":[1,2]}}))]);
}

#[test]
fn an_object_within_an_object_is_no_repetition() {
    let out = assemble([delta(0, "call_aaaaaa", "A", "{\"a\":"), delta(0, "", "", "{\"a\":1}"), delta(0, "", "", "}")]);
    assert_eq!(inputs(&out), [named("A", json!({"a":{"a":1}}))]);
}

#[test]
fn arguments_that_are_no_object() {
    for bad in ["hello", "[1]", "5", "\"text\"", "{\"a\":}", "{\"a\":1,}", "\"{\\\"a\\\"\""] {
        let out = assemble([delta(0, "call_aaaaaa", "A", bad), Event::Finish(FinishReason::ToolUse)]);
        assert_eq!(error(&out).unwrap().kind, ErrorKind::Api, "{bad}");
        assert!(calls(&out).iter().all(|call| !call.complete));
        assert!(matches!(out.last(), Some(Event::Error(_))), "nothing follows the error");
    }
}

#[test]
fn escapes_cut_anywhere() {
    let out = assemble([
        delta(0, "call_aaaaaa", "A", "{\"t\":\"\\u4f"),
        delta(0, "", "", "60\\"),
        delta(0, "", "", "n\\\\"),
        delta(0, "", "", "n\"}"),
    ]);
    assert_eq!(inputs(&out), [named("A", json!({"t":"\u{4f60}\n\\n"}))]);
}
