//! One test per rule of the sequence.

use super::*;
use serde_json::json;

/// The types of the content blocks.
fn kinds(message: &Value) -> Vec<&str> {
    message["content"].as_array().unwrap().iter().map(|block| block["type"].as_str().unwrap()).collect()
}

fn failure_of(events: &[Event]) -> String {
    let failure = message(events).unwrap_err();
    assert_eq!(stream(events).error.unwrap()["message"], failure.as_str());
    failure
}

#[test]
fn thinking_text_thinking_gives_three_blocks() {
    let message = both(&[thinking("a"), signature("s"), text("b"), thinking("c"), text("d")]);
    assert_eq!(kinds(&message), ["thinking", "text", "thinking", "text"]);
    assert_eq!(message["content"][0], json!({"type":"thinking","thinking":"a","signature":"s"}));
}

#[test]
fn empty_pieces_open_and_split_nothing() {
    let message = both(&[thinking(""), text(""), thinking("a"), text(""), thinking("b"), signature(""), text("c")]);
    assert_eq!(kinds(&message), ["thinking", "text"]);
    assert_eq!(message["content"][0]["thinking"], "ab");
}

#[test]
fn text_tool_text_gives_three_blocks() {
    let message = both(&[text("a"), tool_start(0, "t", "A"), input(0, "{}"), Event::ToolEnd(0), text("b")]);
    assert_eq!(kinds(&message), ["text", "tool_use", "text"]);
    assert_eq!(message["stop_reason"], "tool_use");
}

#[test]
fn empty_pieces_of_arguments_are_not_written() {
    let pieces = ["", "\n", "{", "", "}", "", " "];
    let mut events = vec![tool_start(0, "t", "A")];
    events.extend(pieces.map(|piece| input(0, piece)));
    events.push(Event::ToolEnd(0));
    assert_eq!(both(&events)["content"][0]["input"], json!({}));
}

#[test]
fn a_signature_without_reasoning_gets_an_empty_block() {
    let message = both(&[signature("s"), text("a")]);
    assert_eq!(message["content"][0], json!({"type":"thinking","thinking":"","signature":"s"}));
    let message = both(&[signature("s"), Event::NewBlock, signature("t"), Event::NewBlock, text("a")]);
    assert_eq!(kinds(&message), ["thinking", "thinking", "text"]);
}

#[test]
fn a_late_or_repeated_signature_is_noted() {
    for events in [[thinking("a"), text("b"), signature("s")], [thinking("a"), signature("s"), signature("s")]] {
        both(&events);
        assert_eq!(drive(Folder::new(), &events).notes(), ["a signature with no reasoning to sign"]);
    }
}

#[test]
fn new_block_divides_text() {
    let message = both(&[Event::NewBlock, text("a"), Event::NewBlock, text("b"), text("c")]);
    assert_eq!(message["content"], json!([{"type":"text","text":"a"},{"type":"text","text":"bc"}]));
}

#[test]
fn citations_stand_in_their_text_block() {
    let cited = Event::Citation("{\"type\":\"web_search_result_location\",\n\"url\":\"u\"}".to_owned());
    let message = both(&[text("a"), Event::NewBlock, cited.clone(), text("b"), cited, Event::NewBlock, text("c")]);
    assert_eq!(message["content"][1]["citations"].as_array().unwrap().len(), 2);
    assert_eq!(message["content"][2], json!({"type":"text","text":"c"}));
}

#[test]
fn whole_blocks() {
    let block = Event::Block("{\"type\":\"server_tool_use\",\n\"id\":\"s\"}".to_owned());
    let message = both(&[text("a"), block, Event::RedactedThinking("xyz".to_owned())]);
    assert_eq!(message["content"][1], json!({"type":"server_tool_use","id":"s"}));
    assert_eq!(message["content"][2], json!({"type":"redacted_thinking","data":"xyz"}));
    let bad = [text("a"), Event::Block("{".to_owned())];
    assert_eq!(kinds(&both(&bad)), ["text"]);
    assert_eq!(drive(Folder::new(), &bad).notes().len(), 1);
}

#[test]
fn usage_is_merged_and_comes_at_both_ends() {
    let before = Usage { input_tokens: Some(10), output_tokens: Some(1), ..Usage::default() };
    let after = Usage {
        output_tokens: Some(25),
        cache_read_input_tokens: Some(3),
        web_search_requests: Some(2),
        ..Usage::default()
    };
    let events = [Event::Usage(before), text("a"), finish(FinishReason::EndTurn), Event::Usage(after)];
    let stream = stream(&events);
    assert_eq!(
        stream.events[0]["message"]["usage"],
        json!({"input_tokens":10,"output_tokens":1,"cache_creation_input_tokens":0,"cache_read_input_tokens":0})
    );
    let end = stream.events.iter().find(|event| event["type"] == "message_delta").unwrap();
    assert_eq!(
        end["usage"],
        json!({"input_tokens":10,"output_tokens":25,"cache_read_input_tokens":3,
               "server_tool_use":{"web_search_requests":2}})
    );
    both(&events);
}

#[test]
fn finish_twice_gives_one_end_and_content_after_it_counts() {
    let message = both(&[text("a"), finish(FinishReason::MaxTokens), text("b"), finish(FinishReason::EndTurn)]);
    assert_eq!((&message["content"][0]["text"], &message["stop_reason"]), (&json!("ab"), &json!("end_turn")));
}

#[test]
fn stop_sequence_is_named() {
    let message = both(&[text("a"), finish(FinishReason::StopSequence(Some("\"END\"".to_owned())))]);
    assert_eq!((&message["stop_reason"], &message["stop_sequence"]), (&json!("stop_sequence"), &json!("\"END\"")));
}

#[test]
fn reason_follows_what_was_sent() {
    let call = [tool_start(0, "t", "A"), Event::ToolEnd(0)];
    assert_eq!(both(&call)["stop_reason"], "tool_use");
    assert_eq!(both(&call)["content"][0]["input"], json!({}));
    let with = |reason| call.iter().cloned().chain([finish(reason)]).collect::<Vec<_>>();
    assert_eq!(both(&with(FinishReason::EndTurn))["stop_reason"], "tool_use");
    assert_eq!(both(&with(FinishReason::MaxTokens))["stop_reason"], "max_tokens");
    assert_eq!(both(&[text("a")])["stop_reason"], "end_turn");
    assert_eq!(both(&[text("a"), finish(FinishReason::ToolUse)])["stop_reason"], "end_turn");
}

#[test]
fn a_call_cut_off_by_max_tokens_is_left_out_of_the_message() {
    let events = [text("a"), tool_start(0, "t", "A"), input(0, "{\"a\":"), finish(FinishReason::MaxTokens)];
    assert_eq!(kinds(&both(&events)), ["text"]);
    assert_eq!(both(&events)["stop_reason"], "max_tokens");
    assert_eq!(drive(Folder::new(), &events).notes().len(), 1);
}

#[test]
fn a_call_cut_off_without_a_reason_is_an_error() {
    for end in [Event::ToolEnd(0), text("x"), finish(FinishReason::ToolUse)] {
        let events = [tool_start(0, "t", "A"), input(0, "{\"a\":"), end];
        assert!(failure_of(&events).contains("in the middle of a tool call's arguments"));
    }
}

#[test]
fn input_that_is_no_object_is_an_error() {
    for bad in ["[", "{]", "x", "{}{}"] {
        assert!(failure_of(&[tool_start(0, "t", "A"), input(0, bad)]).contains("not a JSON object"), "{bad}");
    }
}

#[test]
fn pieces_of_calls_that_are_not_open_are_noted() {
    let events = [text("a"), input(0, "{}"), Event::ToolEnd(3), Event::ToolDelta(crate::event::ToolDelta::default())];
    assert_eq!(kinds(&both(&events)), ["text"]);
    assert_eq!(drive(Folder::new(), &events).notes().len(), 3);
}

#[test]
fn an_error_ends_everything() {
    let events = [text("a"), Event::Error(overloaded()), text("b"), finish(FinishReason::EndTurn)];
    let stream = stream(&events);
    assert_eq!(stream.error.unwrap(), json!({"type":"overloaded_error","message":"busy \"now\"\n"}));
    assert_eq!(stream.message, None);
    assert!(stream.events.iter().all(|event| event["type"] != "content_block_stop"), "what is closed counts as whole");
    let answer = drive(Folder::new(), &events);
    assert!(answer.is_done() && answer.has_begun());
    assert_eq!(answer.failure(), Some(&overloaded()));
    assert_eq!(answer.into_sink().into_json(), Err(overloaded()));
}

#[test]
fn what_is_open_when_the_upstream_breaks_stays_open() {
    let start = Event::ToolStart(crate::event::ToolStart { slot: 0, id: "t".into(), name: "Write".into() });
    let piece = Event::ToolArguments(ToolArguments { slot: 0, json: "{\"path\":\"a".into() });
    for open in [vec![text("a")], vec![thinking("a")], vec![text("a"), start, piece]] {
        let mut answer = Answer::new(StreamEncoder::new(), head());
        open.iter().for_each(|event| answer.push(event));
        answer.abort(overloaded());
        let stream = checker::read(str::from_utf8(&answer.sink_mut().take()).unwrap()).unwrap();
        let count = |kind: &str| stream.events.iter().filter(|event| event["type"] == kind).count();
        assert_eq!(count("content_block_start"), count("content_block_stop") + 1, "{open:?}");
        assert!(stream.error.is_some() && stream.message.is_none());
    }
}

#[test]
fn an_error_before_any_content_begins_no_message() {
    let mut answer = drive(StreamEncoder::new(), &[Event::Start(Start::default()), Event::Error(overloaded())]);
    assert!(!answer.has_begun());
    assert!(answer.sink_mut().take().starts_with(b"event: error\n"));
}

#[test]
fn empty_answers_are_errors() {
    let no_output = Usage { input_tokens: Some(5), output_tokens: Some(0), ..Usage::default() };
    for events in [
        vec![],
        vec![text(""), Event::NewBlock],
        vec![finish(FinishReason::EndTurn)],
        vec![finish(FinishReason::ToolUse)],
        vec![Event::Usage(no_output), finish(FinishReason::EndTurn)],
    ] {
        assert!(failure_of(&events).contains("empty answer"));
        let mut answer = Answer::new(Folder::new(), head());
        events.iter().for_each(|event| answer.push(event));
        assert!(answer.is_empty() && !answer.has_content());
    }
}

#[test]
fn empty_messages_that_are_meant() {
    for reason in [FinishReason::Refusal, FinishReason::MaxTokens, FinishReason::StopSequence(None)] {
        assert_eq!(both(&[finish(reason)])["content"], json!([]));
    }
    // Tokens that nobody sees are no words.
    let output = Usage { output_tokens: Some(2), ..Usage::default() };
    assert!(message(&[Event::Usage(output), finish(FinishReason::EndTurn)]).is_err());
}

#[test]
fn nothing_is_written_before_content() {
    let mut answer = Answer::new(StreamEncoder::new(), head());
    for event in [Event::Start(Start::default()), text(""), Event::NewBlock, Event::Usage(Usage::default())] {
        answer.push(&event);
    }
    assert!(answer.sink_mut().is_empty() && !answer.has_begun());
    answer.begin();
    answer.begin();
    answer.sink_mut().ping();
    answer.push(&text("a"));
    answer.sink_mut().ping();
    answer.finish();
    answer.finish();
    answer.abort(overloaded());
    let bytes = answer.sink_mut().take();
    let stream = checker::read(str::from_utf8(&bytes).unwrap()).unwrap();
    assert!(stream.message.is_some());
    assert_eq!(stream.events[1], json!({"type":"ping"}));
    assert!(answer.sink_mut().is_empty());
}

#[test]
fn notes_are_bounded() {
    let noisy = vec![Event::Dropped("x".to_owned()); 100];
    assert_eq!(drive(Folder::new(), &noisy).notes().len(), MAX_NOTES);
}
