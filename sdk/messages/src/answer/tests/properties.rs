//! What holds for any sequence of events.

use super::*;
use crate::tool_calls::Assembler;
use proptest::prelude::*;

fn words() -> impl Strategy<Value = String> {
    "[a-c\"\\\\\n\u{0}\u{7f}\u{e9}\u{1F600}]{0,4}"
}

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("{}".to_owned()),
        Just("{\"a\":".to_owned()),
        Just("{\"a\":[1,{\"b\":null}]}".to_owned()),
        Just("\"x\\n\"}".to_owned()),
        Just("{".to_owned()),
        Just("\n".to_owned()),
        Just("}".to_owned()),
        "[{}\":a1, ]{0,3}",
    ]
}

fn block() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("{\"type\":\"server_tool_use\",\n\"id\":\"s\",\"input\":{\"q\":\"x\"}}".to_owned()),
        Just("{\"type\":\"web_search_tool_result\",\r\n\"content\":[]}".to_owned()),
        Just("{\"no\":1".to_owned()),
        Just("[]".to_owned()),
    ]
}

fn reason() -> impl Strategy<Value = FinishReason> {
    prop_oneof![
        Just(FinishReason::EndTurn),
        Just(FinishReason::MaxTokens),
        words().prop_map(|sequence| FinishReason::StopSequence(Some(sequence))),
        Just(FinishReason::ToolUse),
        Just(FinishReason::Refusal),
        Just(FinishReason::PauseTurn),
        Just(FinishReason::ContextWindowExceeded),
    ]
}

fn counts() -> impl Strategy<Value = Usage> {
    let count = || prop::option::of(0_u64..20_000);
    (count(), count(), count(), count(), count()).prop_map(|(input, output, read, written, searches)| Usage {
        input_tokens: input,
        output_tokens: output,
        cache_read_input_tokens: read,
        cache_creation_input_tokens: written,
        reasoning_tokens: None,
        web_search_requests: searches,
    })
}

fn event() -> impl Strategy<Value = Event> {
    let slot = || 0_u32..3;
    prop_oneof![
        8 => words().prop_map(Event::Text),
        5 => words().prop_map(Event::Thinking),
        3 => words().prop_map(Event::Signature),
        1 => words().prop_map(Event::RedactedThinking),
        4 => (slot(), words(), words()).prop_map(|(slot, id, name)| tool_start(slot, &id, &name)),
        8 => (slot(), piece()).prop_map(|(slot, json)| input(slot, &json)),
        4 => slot().prop_map(Event::ToolEnd),
        2 => block().prop_map(Event::Block),
        2 => block().prop_map(Event::Citation),
        2 => Just(Event::NewBlock),
        2 => counts().prop_map(Event::Usage),
        2 => reason().prop_map(Event::Finish),
        1 => Just(Event::Dropped("x".to_owned())),
        1 => Just(Event::Start(Start::default())),
        1 => (slot(), piece()).prop_map(|(slot, arguments)| raw(slot, &arguments)),
    ]
}

fn raw(slot: u32, arguments: &str) -> Event {
    Event::ToolDelta(crate::event::ToolDelta {
        index: Some(slot),
        id: None,
        name: Some(format!("T{slot}")),
        arguments: arguments.to_owned(),
    })
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let usual = prop::collection::vec(event(), 0..24);
    (usual, prop::option::weighted(0.1, 0_usize..24)).prop_map(|(mut events, failing)| {
        if let Some(at) = failing {
            events.insert(at.min(events.len()), Event::Error(overloaded()));
        }
        events
    })
}

/// Stream and message agree, whatever came.
fn agree(events: &[Event]) -> Result<(), TestCaseError> {
    let stream = stream(events);
    match message(events) {
        Ok(message) => prop_assert_eq!(stream.message, Some(message)),
        Err(failure) => {
            prop_assert_eq!(&stream.message, &None);
            prop_assert_eq!(&stream.error.unwrap()["message"], &Value::String(failure));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_events_give_a_legal_stream_and_the_same_message(events in events()) {
        agree(&events)?;
    }

    #[test]
    fn so_do_any_assembled_events(events in events()) {
        let mut assembler = Assembler::new("seed");
        let mut assembled = Vec::new();
        for event in events {
            assembler.push(event, &mut assembled);
        }
        assembler.finish(&mut assembled);
        agree(&assembled)?;
    }

    #[test]
    fn a_stream_broken_off_anywhere_never_looks_finished(events in events()) {
        let mut answer = Answer::new(StreamEncoder::new(), head());
        for event in &events {
            answer.push(event);
        }
        answer.abort(overloaded());
        let bytes = answer.sink_mut().take();
        let stream = checker::read(str::from_utf8(&bytes).unwrap()).unwrap();
        prop_assert!(stream.message.is_none() && stream.error.is_some());
    }

    #[test]
    fn text_comes_out_as_it_went_in(pieces in prop::collection::vec(any::<String>(), 1..6)) {
        prop_assume!(pieces.iter().any(|piece| !piece.is_empty()));
        let events: Vec<_> = pieces.iter().map(|piece| text(piece)).collect();
        prop_assert_eq!(&both(&events)["content"][0]["text"], &Value::String(pieces.concat()));
        let deltas = stream(&events).events.iter().filter(|event| event["type"] == "content_block_delta").count();
        prop_assert_eq!(deltas, pieces.iter().filter(|piece| !piece.is_empty()).count());
    }
}
