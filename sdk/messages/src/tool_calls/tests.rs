//! The shapes in which providers stream tool calls, each by the name of what is odd about it.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod inputs;
mod marks;
mod order;
mod properties;
mod repair;

use super::*;
use crate::event::Failure;
use serde_json::Value;

/// A call as a client would see it.
#[derive(Debug, PartialEq, Eq, Clone)]
pub(super) struct Seen {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) json: String,
    pub(super) complete: bool,
}

impl Seen {
    pub(super) fn input(&self) -> Value {
        serde_json::from_str(&self.json).unwrap()
    }
}

/// A fragment: index, id, name, arguments. A negative index and empty marks are left out.
pub(super) fn delta(index: i64, id: &str, name: &str, arguments: &str) -> Event {
    let mark = |mark: &str| (!mark.is_empty()).then(|| mark.to_owned());
    Event::ToolDelta(ToolDelta {
        index: u32::try_from(index).ok(),
        id: mark(id),
        name: mark(name),
        arguments: arguments.to_owned(),
    })
}

pub(super) fn text(text: &str) -> Event {
    Event::Text(text.to_owned())
}

/// What comes out for these events and a normal end.
pub(super) fn assemble(events: impl IntoIterator<Item = Event>) -> Vec<Event> {
    let mut assembler = Assembler::new("seed");
    let mut out = Vec::new();
    for event in events {
        assembler.push(event, &mut out);
    }
    assembler.finish(&mut out);
    out
}

/// The calls among assembled events; checks that they come one after the other.
pub(super) fn calls(events: &[Event]) -> Vec<Seen> {
    let mut seen: Vec<Seen> = Vec::new();
    let mut open = None;
    for event in events {
        match event {
            Event::ToolStart(start) => {
                assert_eq!(start.slot as usize, seen.len(), "slots count the calls");
                open = Some(start.slot);
                let (id, name) = (start.id.clone(), start.name.clone());
                seen.push(Seen { id, name, json: String::new(), complete: false });
            }
            Event::ToolArguments(piece) => {
                assert_eq!(open, Some(piece.slot), "arguments belong to the open call");
                seen.last_mut().unwrap().json.push_str(&piece.json);
            }
            Event::ToolEnd(slot) => {
                assert_eq!(open.take(), Some(*slot), "an end belongs to the open call");
                let call = seen.last_mut().unwrap();
                assert!(call.input().is_object(), "{call:?}");
                call.complete = true;
            }
            Event::Text(_) | Event::Thinking(_) => assert_eq!(open, None, "text within a call"),
            Event::ToolDelta(_) => panic!("a raw fragment came out"),
            _ => {}
        }
    }
    seen
}

/// Name and input of each call; all of them must be complete.
pub(super) fn inputs(events: &[Event]) -> Vec<(String, Value)> {
    let seen = calls(events);
    assert!(seen.iter().all(|call| call.complete), "{events:?}");
    assert_eq!(error(events), None);
    seen.iter().map(|call| (call.name.clone(), call.input())).collect()
}

/// What [`inputs`] gives for one call.
pub(super) fn named(name: &str, input: Value) -> (String, Value) {
    (name.to_owned(), input)
}

pub(super) fn error(events: &[Event]) -> Option<&Failure> {
    events.iter().find_map(|event| match event {
        Event::Error(failure) => Some(failure),
        _ => None,
    })
}
