//! What comes out when: order, ends, limits.

use super::*;
use crate::event::ErrorKind;
use serde_json::json;

#[test]
fn arguments_stream_out_as_they_come() {
    let mut assembler = Assembler::new("s");
    let mut out = Vec::new();
    assembler.push(delta(0, "call_123456", "Read", ""), &mut out);
    assert_eq!(out, []);
    assembler.push(delta(0, "", "", "{\"pa"), &mut out);
    assert_eq!(out.len(), 2, "start and first piece");
    assembler.push(delta(0, "", "", "th\":1"), &mut out);
    assert_eq!(out[2], Event::ToolArguments(ToolArguments { slot: 0, json: "th\":1".to_owned() }));
    assembler.push(delta(0, "", "", "}"), &mut out);
    assert_eq!(out[4], Event::ToolEnd(0));
}

#[test]
fn interleaved_parallel_calls_come_out_one_after_the_other() {
    let out = assemble([
        delta(0, "call_aaaaaa", "A", ""),
        delta(1, "call_bbbbbb", "B", ""),
        delta(0, "", "", "{\"x\":"),
        delta(1, "", "", "{\"y\":"),
        delta(0, "", "", "1}"),
        delta(1, "", "", "2}"),
    ]);
    assert_eq!(inputs(&out), [named("A", json!({"x":1})), named("B", json!({"y":2}))]);
    let out = assemble([
        delta(0, "call_aaaaaa", "A", ""),
        delta(1, "call_bbbbbb", "B", "{\"y\":2}"),
        delta(0, "", "", "{\"x\":1}"),
    ]);
    assert_eq!(inputs(&out), [named("A", json!({"x":1})), named("B", json!({"y":2}))]);
}

#[test]
fn end_turn_with_calls_becomes_tool_use() {
    let out = assemble([delta(0, "call_aaaaaa", "A", "{}"), Event::Finish(FinishReason::EndTurn)]);
    assert_eq!(out.last(), Some(&Event::Finish(FinishReason::ToolUse)));
    let out = assemble([text("x"), Event::Finish(FinishReason::EndTurn)]);
    assert_eq!(out.last(), Some(&Event::Finish(FinishReason::EndTurn)));
}

#[test]
fn content_after_the_finish_is_kept() {
    let out = assemble([Event::Finish(FinishReason::EndTurn), text("x"), delta(0, "call_aaaaaa", "A", "{}")]);
    assert_eq!(out[0], text("x"));
    assert_eq!(inputs(&out).len(), 1);
    assert_eq!(out.last(), Some(&Event::Finish(FinishReason::ToolUse)));
}

#[test]
fn max_tokens_within_arguments() {
    let out = assemble([delta(0, "call_aaaaaa", "A", "{\"x\":"), Event::Finish(FinishReason::MaxTokens)]);
    let seen = calls(&out);
    assert_eq!((seen.len(), seen[0].complete), (1, false));
    assert_eq!(out.last(), Some(&Event::Finish(FinishReason::MaxTokens)));
}

#[test]
fn max_tokens_before_the_arguments() {
    let out = assemble([
        delta(0, "call_aaaaaa", "A", ""),
        delta(1, "call_bbbbbb", "B", ""),
        Event::Finish(FinishReason::MaxTokens),
    ]);
    assert_eq!(inputs(&out), [named("A", json!({}))], "only the last call can have been cut off");
    assert!(out.iter().any(|event| matches!(event, Event::Dropped(_))));
}

#[test]
fn max_tokens_with_a_complete_call_behind_the_cut_one() {
    let out = assemble([
        delta(0, "call_aaaaaa", "A", "{\"x\":"),
        delta(1, "call_bbbbbb", "B", "{\"y\":1}"),
        delta(2, "call_cccccc", "C", "{\"z\":"),
        Event::Finish(FinishReason::MaxTokens),
    ]);
    let complete: Vec<_> = calls(&out).into_iter().map(|call| call.complete).collect();
    assert_eq!(complete, [false, true]);
}

#[test]
fn a_call_broken_off_is_an_error() {
    for finish in [None, Some(FinishReason::ToolUse), Some(FinishReason::EndTurn)] {
        let events = [delta(0, "call_aaaaaa", "A", "{\"x\":")].into_iter().chain(finish.map(Event::Finish));
        let out = assemble(events);
        assert!(error(&out).unwrap().message.contains("in the middle of a tool call's arguments"));
        assert!(matches!(out.last(), Some(Event::Error(_))));
    }
}

#[test]
fn text_between_the_pieces_of_a_call_waits() {
    let out = assemble([delta(0, "call_aaaaaa", "A", "{\"x\":"), text("hm"), delta(0, "", "", "1}"), text("!")]);
    assert_eq!(inputs(&out), [named("A", json!({"x":1}))]);
    let end = out.iter().position(|event| *event == Event::ToolEnd(0)).unwrap();
    assert_eq!(out[end + 1..], [text("hm"), text("!")]);
}

#[test]
fn white_space_between_name_and_arguments_closes_nothing() {
    let out = assemble([delta(0, "call_aaaaaa", "A", ""), text("\n"), delta(0, "", "", "{\"x\":1}")]);
    assert_eq!(inputs(&out), [named("A", json!({"x":1}))]);
}

#[test]
fn other_events_pass_at_once() {
    let usage = Event::Usage(crate::event::Usage { output_tokens: Some(3), ..Default::default() });
    let mut assembler = Assembler::new("s");
    let mut out = Vec::new();
    assembler.push(delta(0, "call_aaaaaa", "A", "{\"x\":"), &mut out);
    out.clear();
    assembler.push(usage.clone(), &mut out);
    assert_eq!(out, [usage]);
}

#[test]
fn assembled_calls_pass_and_count() {
    let start = ToolStart { slot: 0, id: "toolu_x".to_owned(), name: "A".to_owned() };
    let piece = ToolArguments { slot: 0, json: "{}".to_owned() };
    let own = [Event::ToolStart(start), Event::ToolArguments(piece), Event::ToolEnd(0)];
    let more = [delta(0, "call_aaaaaa", "B", "{}"), Event::Finish(FinishReason::EndTurn)];
    let out = assemble(own.into_iter().chain(more));
    assert_eq!(calls(&out).len(), 2);
    assert_eq!(out.last(), Some(&Event::Finish(FinishReason::ToolUse)));
}

#[test]
fn a_megabyte_in_one_byte_pieces() {
    let content = "a".repeat(1 << 20);
    let whole = format!("{{\"content\":\"{content}\"}}");
    let pieces = whole.chars().map(|piece| delta(0, "", "", piece.encode_utf8(&mut [0; 4])));
    let out = assemble([delta(0, "call_aaaaaa", "A", "")].into_iter().chain(pieces));
    assert_eq!(inputs(&out), [named("A", json!({"content":content}))]);
}

#[test]
fn too_many_calls_are_an_error() {
    let out = assemble((0..=MAX_CALLS as i64).map(|n| delta(n, "", "A", "{\"x\":1}")));
    assert!(error(&out).unwrap().message.contains("1024 tool calls"));
    assert_eq!(calls(&out).len(), MAX_CALLS);
}

#[test]
fn endless_arguments_are_an_error() {
    let piece = "a".repeat(1 << 20);
    let endless = (0..20).map(|_| delta(0, "", "", &piece));
    let out = assemble([delta(0, "call_aaaaaa", "A", "{\"x\":\"")].into_iter().chain(endless));
    assert!(error(&out).unwrap().message.contains("16 MiB"));
    let waiting = (0..20).map(|_| text(&piece));
    let out = assemble([delta(0, "call_aaaaaa", "A", "{\"x\":\"")].into_iter().chain(waiting));
    assert!(error(&out).is_some());
}

#[test]
fn nothing_follows_an_error() {
    let failure =
        Failure { kind: ErrorKind::Overloaded, message: "busy".to_owned(), status: None, retry_after_ms: None };
    let out = assemble([Event::Error(failure.clone()), text("x"), Event::Finish(FinishReason::EndTurn)]);
    assert_eq!(out, [Event::Error(failure)]);
}
