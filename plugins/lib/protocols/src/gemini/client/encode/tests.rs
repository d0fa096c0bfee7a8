//! That any answer gives frames that Google's libraries take. Whole answers are in `fixtures/`.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use super::{StreamEncoder, whole};
use crate::gemini::client::thoughts::{self, Opened};
use ccr_plugin::Encoder;
use ccr_plugin::messages::event::{Event, FinishReason, ToolArguments, ToolStart, Usage};
use proptest::prelude::*;
use serde_json::Value;

/// What one block of an answer consists of.
fn any_block() -> impl Strategy<Value = Vec<Event>> {
    let text = "[a\"\\\\\n é]{0,3}";
    let signature = prop::sample::select(vec!["", "EqQB", "ccr1:gemini:", "ccr1:gemini:U0lH", "ccr1:openai:00"]);
    prop_oneof![
        prop::collection::vec(text, 1..3).prop_map(|texts| texts.into_iter().map(Event::Text).collect()),
        (prop::collection::vec(text, 0..3), signature).prop_map(|(texts, signature)| {
            let mut events: Vec<_> = texts.into_iter().map(Event::Thinking).collect();
            events.push(Event::Signature(signature.into()));
            events
        }),
        (any::<bool>(), any::<bool>()).prop_map(|(cut, split)| {
            let pieces: &[&str] = if split { &["{\"a\":", "[1]}"] } else { &["{}"] };
            let mut events = vec![Event::ToolStart(ToolStart { slot: 0, id: "toolu_1".into(), name: "f\"".into() })];
            events.extend(
                pieces.iter().map(|json| Event::ToolArguments(ToolArguments { slot: 0, json: (*json).into() })),
            );
            if !cut {
                events.push(Event::ToolEnd(0));
            }
            events
        }),
        Just(vec![Event::RedactedThinking("ZZ".into())]),
        Just(vec![Event::Block(r#"{"type":"server_tool_use","input":{"query":"q"}}"#.into())]),
        Just(vec![Event::Text("t".into()), Event::Citation(r#"{"url":"u","title":"T"}"#.into())]),
        Just(vec![Event::Usage(Usage { output_tokens: Some(3), ..Usage::default() })]),
    ]
}

fn any_answer() -> impl Strategy<Value = Vec<Event>> {
    prop::collection::vec(any_block(), 0..6).prop_map(|blocks| {
        let mut events = Vec::new();
        for block in blocks {
            events.push(Event::NewBlock);
            events.extend(block);
        }
        events.push(Event::Finish(FinishReason::EndTurn));
        events
    })
}

fn stream(events: &[Event], context: &[u8]) -> String {
    let mut encoder = StreamEncoder::new("msg_1", "m", context);
    let mut out = Vec::new();
    for event in events {
        encoder.push(event.clone(), &mut out).unwrap();
    }
    encoder.finish(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// What a library reads: every chunk one line behind `data: `, an empty line behind it, and a reason in the last one only.
fn chunks(stream: &str) -> Result<Vec<Value>, TestCaseError> {
    let mut chunks: Vec<Value> = Vec::new();
    for frame in stream.split_terminator("\n\n") {
        prop_assert!(chunks.last().is_none_or(|last| last["candidates"][0].get("finishReason").is_none()));
        let data = frame.strip_prefix("data: ");
        prop_assert!(data.is_some_and(|data| !data.contains('\n')), "{}", frame);
        chunks.push(serde_json::from_str(data.unwrap()).unwrap());
    }
    let last = chunks.last().unwrap();
    prop_assert!(last["candidates"][0]["finishReason"].is_string() && last["usageMetadata"].is_object());
    Ok(chunks)
}

/// All texts (thoughts marked), calls and signatures, in their order and without how they were cut.
fn said(responses: &[Value]) -> Result<String, TestCaseError> {
    let mut said = String::new();
    let mut thinks = false;
    for response in responses {
        for part in response["candidates"][0]["content"]["parts"].as_array().unwrap() {
            let thought = part["thought"] == true;
            if std::mem::replace(&mut thinks, thought) != thought {
                said.push(if thought { '<' } else { '>' });
            }
            if let Some(signature) = part.get("thoughtSignature") {
                prop_assert!(signature.as_str().is_some_and(|signature| !signature.is_empty()));
                said.push_str(&format!("({signature})"));
            }
            if let Some(call) = part.get("functionCall") {
                prop_assert!(call["args"].is_object() && call["id"] == "toolu_1" && call["name"] == "f\"");
                said.push_str(&call.to_string());
            }
            said.push_str(part["text"].as_str().unwrap_or_default());
            prop_assert!(part.as_object().unwrap().len() > usize::from(thought));
        }
    }
    Ok(said.trim_end_matches('>').to_owned())
}

#[test]
fn thoughts_that_were_not_asked_for_come_back_with_their_own_signature_only() {
    let call = || [Event::ToolStart(ToolStart { slot: 0, id: "toolu_1".into(), name: "f".into() }), Event::ToolEnd(0)];
    let mut events = vec![Event::Thinking("unsigned".into())];
    events.extend(call());
    events.extend([Event::NewBlock, Event::Thinking("signed".into()), Event::Signature("EqQB".into())]);
    events.extend(call());
    let answer: Value = serde_json::from_slice(&whole(events, "msg_1", "m", b"eh").body).unwrap();
    let sealed = &answer["candidates"][0]["content"]["parts"][1]["thoughtSignature"];
    let expected = Opened::Block { signature: "EqQB".into(), text: "signed".into() };
    assert_eq!(thoughts::open(sealed.as_str().unwrap()), expected);
}

proptest! {
    #[test]
    fn a_stream_says_what_the_whole_answer_says(events in any_answer(), shown in any::<bool>()) {
        let context: &[u8] = if shown { b"et" } else { b"eh" };
        let chunks = chunks(&stream(&events, context))?;
        let answer = whole(events.clone(), "msg_1", "m", context);
        let answer: Value = serde_json::from_slice(&answer.body).unwrap();
        prop_assert_eq!(said(&chunks)?, said(std::slice::from_ref(&answer))?);
        prop_assert_eq!(&chunks.last().unwrap()["usageMetadata"], &answer["usageMetadata"]);
        let in_array: Value = serde_json::from_str(&stream(&events, if shown { b"at" } else { b"ah" })).unwrap();
        prop_assert_eq!(in_array, Value::from(chunks));
    }
}
