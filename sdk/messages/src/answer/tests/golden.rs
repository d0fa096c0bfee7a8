//! Transcripts: raw events of a provider in, the stream and the message of `fixtures/answers` out.
//!
//! Every event of a stream is compared as a JSON value. To write the files anew after a change that is meant, run these tests with
//! the environment variable `BLESS` set, and read the difference.

use super::*;
use crate::event::ToolDelta;
use crate::tool_calls::Assembler;
use std::path::Path;

fn delta(index: u32, id: &str, name: &str, arguments: &str) -> Event {
    let mark = |mark: &str| (!mark.is_empty()).then(|| mark.to_owned());
    Event::ToolDelta(ToolDelta { index: Some(index), id: mark(id), name: mark(name), arguments: arguments.to_owned() })
}

fn tokens(input: u64, output: u64) -> Event {
    Event::Usage(Usage { input_tokens: Some(input), output_tokens: Some(output), ..Usage::default() })
}

fn check(name: &str, raw: Vec<Event>) {
    let mut assembler = Assembler::new("msg_1");
    let mut events = Vec::new();
    for event in raw {
        assembler.push(event, &mut events);
    }
    assembler.finish(&mut events);
    let mut answer = drive(StreamEncoder::new(), &events);
    let stream = String::from_utf8(answer.sink_mut().take()).unwrap();
    let folded = match drive(Folder::new(), &events).into_sink().into_json() {
        Ok(json) => serde_json::from_slice(&json).unwrap(),
        Err(failure) => {
            serde_json::json!({"failure": failure.kind.as_str(), "message": failure.message})
        }
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/answers");
    let (sse, json) = (folder.join(format!("{name}.sse")), folder.join(format!("{name}.json")));
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&sse, &stream).unwrap();
        std::fs::write(&json, serde_json::to_string_pretty(&folded).unwrap() + "\n").unwrap();
    }
    let expected = checker::read(&std::fs::read_to_string(&sse).unwrap()).unwrap();
    assert_eq!(checker::read(&stream).unwrap(), expected);
    let expected: Value = serde_json::from_str(&std::fs::read_to_string(&json).unwrap()).unwrap();
    assert_eq!(folded, expected);
}

#[test]
fn plain_text() {
    let start = Start { id: Some("chatcmpl-1".to_owned()), model: Some("m".to_owned()) };
    check(
        "plain_text",
        vec![
            Event::Start(start),
            text("Hello"),
            text(", \"world\"\n\u{1F600}"),
            finish(FinishReason::EndTurn),
            tokens(12, 6),
        ],
    );
}

#[test]
fn thinking_then_parallel_calls() {
    check(
        "thinking_then_parallel_calls",
        vec![
            thinking("Two files"),
            thinking(" to read."),
            signature("c2ln"),
            text("Reading."),
            delta(0, "call_aaaaaaaa", "Read", ""),
            delta(0, "", "", "{\"path\":"),
            delta(1, "call_bbbbbbbb", "Read", "{\"path\":"),
            delta(0, "", "", "\"/a\"}"),
            delta(1, "", "", "\"/b\"}"),
            finish(FinishReason::EndTurn),
            tokens(100, 40),
        ],
    );
}

#[test]
fn web_search_with_citations() {
    let citation =
        "{\"type\":\"web_search_result_location\",\"url\":\"https://example.com\",\"cited_text\":\"it rains\"}";
    let usage =
        Usage { input_tokens: Some(9), output_tokens: Some(8), web_search_requests: Some(1), ..Usage::default() };
    check(
        "web_search_with_citations",
        vec![
            text("Looking."),
            Event::Block(
                "{\"type\":\"server_tool_use\",\"id\":\"srv_1\",\"name\":\"web_search\",\"input\":{\"query\":\"w\"}}"
                    .to_owned(),
            ),
            Event::Block("{\"type\":\"web_search_tool_result\",\"tool_use_id\":\"srv_1\",\"content\":[]}".to_owned()),
            text("It "),
            Event::NewBlock,
            Event::Citation(citation.to_owned()),
            text("rains."),
            Event::Usage(usage),
            finish(FinishReason::EndTurn),
        ],
    );
}

#[test]
fn max_tokens_within_a_call() {
    check(
        "max_tokens_within_a_call",
        vec![
            text("Writing."),
            delta(0, "call_aaaaaaaa", "Write", "{\"content\":\"abc"),
            finish(FinishReason::MaxTokens),
            tokens(5, 4096),
        ],
    );
}

#[test]
fn odd_calls() {
    check(
        "odd_calls",
        vec![
            delta(0, "functions.Bash:0", "Bash", ""),
            delta(0, "", "Bash", "\"{\\\"command\\\":\\\"ls\\\"}\""),
            delta(1, "", "TodoRead", "null"),
            finish(FinishReason::ToolUse),
        ],
    );
}

#[test]
fn error_in_mid_stream() {
    check("error_in_mid_stream", vec![thinking("Hm"), Event::Error(overloaded()), text("never sent")]);
}
