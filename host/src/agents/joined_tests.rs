//! Whatever a model does in its turns, the client gets one legal stream without the agents' tools, and the next turn a legal
//! message.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::collections::HashSet;

use ccr_messages::answer::{Answer, Head};
use ccr_messages::encode::StreamEncoder;
use ccr_messages::event::{ErrorKind, Failure, FinishReason, Start, ToolDelta};
use ccr_messages::tool_calls::Assembler;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::turn::EndedTurn;
use super::*;

/// Tools of agents; the client's are called otherwise.
const AGENTS: [&str; 2] = ["agents_look", "agents_search"];

/// A turn's raw events, in whatever order a provider may send them.
fn turn() -> impl Strategy<Value = Vec<Event>> {
    let events = prop::collection::vec(event(), 0..12);
    (events, prop::option::weighted(0.9, finish())).prop_map(|(events, finish)| {
        let start = Event::Start(Start { id: Some("upstream".into()), model: None });
        [start].into_iter().chain(events.into_iter().flatten()).chain(finish.map(Event::Finish)).collect()
    })
}

fn finish() -> impl Strategy<Value = FinishReason> {
    prop_oneof![
        1 => Just(FinishReason::EndTurn),
        4 => Just(FinishReason::ToolUse),
        1 => Just(FinishReason::MaxTokens),
        1 => Just(FinishReason::PauseTurn),
        1 => Just(FinishReason::Refusal),
    ]
}

fn event() -> impl Strategy<Value = Vec<Event>> {
    let one = |event: Event| Just(vec![event]);
    prop_oneof![
        3 => "[a-z ]{0,6}".prop_map(|text| vec![Event::Text(text)]),
        2 => "[a-z]{0,4}".prop_map(|text| vec![Event::Thinking(text)]),
        2 => "[A-Z]{0,4}".prop_map(|text| vec![Event::Signature(text)]),
        1 => one(Event::NewBlock),
        1 => one(Event::RedactedThinking("x".into())),
        1 => one(Event::Block(json!({"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}).to_string())),
        1 => one(Event::Dropped("a thing".into())),
        1 => (0..9_u64, 0..9_u64).prop_map(|(input, output)| {
            vec![Event::Usage(Usage { input_tokens: Some(input), output_tokens: Some(output), ..Usage::default() })]
        }),
        6 => call(),
        1 => prop::option::weighted(0.2, Just(failure())).prop_map(|failure| failure.into_iter().map(Event::Error).collect()),
    ]
}

fn failure() -> Failure {
    Failure { kind: ErrorKind::Overloaded, message: "no".into(), status: None, retry_after_ms: None }
}

/// A call, perhaps with an index that others have, an id that was used, arguments that are no JSON or not whole.
fn call() -> impl Strategy<Value = Vec<Event>> {
    let name = prop::sample::select(vec![AGENTS[0], AGENTS[1], "Read", "Write"]);
    let id = prop::option::of(prop::sample::select(vec!["call_0", "toolu_0123456789", "toolu_abcdefghij"]));
    let arguments =
        prop::sample::select(vec!["{}", "{\"a\":1}", "{\"a\":", "[1]", "", "nonsense", "{\"a\":\"agents\"}"]);
    (prop::option::of(0..3_u32), name, id, arguments, 0..9_usize).prop_map(|(index, name, id, arguments, cut)| {
        let (first, second) = arguments.split_at(cut.min(arguments.len()));
        let (id, name) = (id.map(str::to_owned), Some(name.to_owned()));
        let delta = |id, name, arguments: &str| {
            Event::ToolDelta(ToolDelta { index, id, name, arguments: arguments.to_owned() })
        };
        vec![delta(id, name, first), delta(None, None, second)]
    })
}

/// What all turns left.
struct Left {
    stream: Vec<Value>,
    /// The assistant's messages and the ids of the agents' calls in each.
    messages: Vec<(Value, Vec<String>)>,
    /// Input and output tokens of the turns that were read.
    tokens: [u64; 2],
}

/// Goes through the turns as [`crate::answer`] and the conversation do.
fn play(turns: Vec<Vec<Event>>) -> Left {
    let is_agents = |name: &str| AGENTS.contains(&name);
    let mut joined = Joined::new();
    let mut answer = Answer::new(StreamEncoder::new(), Head { id: "msg_1".into(), model: "m".into() });
    let mut left = Left { stream: Vec::new(), messages: Vec::new(), tokens: [0; 2] };
    for (number, raw) in turns.into_iter().enumerate() {
        let mut assembler = Assembler::new(&format!("msg_{number}")).forgiving(AGENTS.map(str::to_owned));
        let finished = raw.iter().any(|event| matches!(event, Event::Finish(_) | Event::Error(_)));
        let mut events = Vec::new();
        raw.into_iter().for_each(|event| assembler.push(event, &mut events));
        if finished {
            assembler.finish(&mut events);
        }
        let failed = events.iter().any(|event| matches!(event, Event::Error(_)));
        joined.take(events, is_agents).iter().for_each(|event| answer.push(event));
        let usage = joined.turn.usage;
        left.tokens[0] += usage.input_tokens.unwrap_or(0);
        left.tokens[1] += usage.output_tokens.unwrap_or(0);
        let broken = !finished || joined.turn.unfinished().is_some();
        if broken && !failed {
            answer.abort(failure());
        }
        if broken || failed || !joined.turn.waits() {
            break;
        }
        let turn = joined.end_turn();
        let (client_is_next, finish) = (turn.client_calls, turn.finish.clone());
        let EndedTurn { message, calls } = match turn.end() {
            Ok(said) => said,
            // A call of the client's with arguments that are no JSON: names that came in pieces make one of an agent's such a one.
            Err(failure) => {
                answer.abort(failure);
                break;
            }
        };
        let ids = calls.into_iter().map(|call| call.id).collect();
        left.messages.push((serde_json::from_str(&message).unwrap(), ids));
        joined.show([json!({"type": "shown"}).to_string()]);
        if client_is_next {
            joined.turn.finish = finish;
            break;
        }
        joined.begin_turn();
    }
    joined.last_words().iter().for_each(|event| answer.push(event));
    answer.finish();
    let written = answer.sink_mut().take();
    let text = String::from_utf8(written.to_vec()).unwrap();
    let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
    left.stream = data.map(|data| serde_json::from_str(data).unwrap()).collect();
    left
}

/// Fails unless the events are in the one order that is legal.
fn check(stream: &[Value]) {
    let (mut open, mut blocks, mut ended) = (None, 0_u64, false);
    for (at, event) in stream.iter().enumerate() {
        let kind = event["type"].as_str().unwrap();
        match kind {
            "message_start" => assert_eq!(at, 0),
            "content_block_start" => {
                assert!(open.is_none() && !ended, "{stream:#?}");
                assert_eq!(event["index"], blocks);
                open = Some(blocks);
                blocks += 1;
            }
            "content_block_delta" => assert_eq!(event["index"].as_u64(), open, "{stream:#?}"),
            "content_block_stop" => assert_eq!(event["index"].as_u64(), open.take(), "{stream:#?}"),
            "message_delta" => assert!(open.is_none() && !std::mem::replace(&mut ended, true), "{stream:#?}"),
            "message_stop" => assert!(ended && at + 1 == stream.len(), "{stream:#?}"),
            "error" => assert!(!ended && at + 1 == stream.len(), "{stream:#?}"),
            other => panic!("{other} in {stream:#?}"),
        }
        assert!(at > 0 || matches!(kind, "message_start" | "error"), "{stream:#?}");
    }
    let last = stream.last().map(|event| &event["type"]);
    assert!(last.is_some_and(|kind| kind == "message_stop" || kind == "error"), "{stream:#?}");
}

/// Fails unless every call of a message can have its result, and those of agents are told.
fn check_messages(messages: &[(Value, Vec<String>)]) {
    let mut all = HashSet::new();
    for (message, agents) in messages {
        let mut called = Vec::new();
        for block in message["content"].as_array().unwrap() {
            if block["type"] == "tool_use" {
                assert!(block["input"].is_object(), "{block}");
                let id = block["id"].as_str().unwrap().to_owned();
                assert!(all.insert(id.clone()), "{id} twice in {messages:?}");
                if AGENTS.contains(&block["name"].as_str().unwrap()) {
                    called.push(id);
                }
            }
        }
        assert_eq!(&called, agents);
    }
}

proptest! {
    #[test]
    fn the_client_gets_one_legal_answer_without_agents_tools(turns in prop::collection::vec(turn(), 1..5)) {
        let left = play(turns);
        check(&left.stream);
        check_messages(&left.messages);
        for event in &left.stream {
            let name = event["content_block"]["name"].as_str().unwrap_or_default();
            prop_assert!(!AGENTS.contains(&name), "{event}");
        }
        if let Some(end) = left.stream.iter().find(|event| event["type"] == "message_delta") {
            prop_assert_eq!(end["usage"]["output_tokens"].as_u64().unwrap_or(0), left.tokens[1]);
        }
    }
}
