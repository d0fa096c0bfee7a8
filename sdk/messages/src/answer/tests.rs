//! Answers from events to both forms, checked by a reader of streams that shares no code with the writer.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

pub(crate) mod checker;
mod golden;
mod properties;
mod rules;

use super::*;
use crate::encode::StreamEncoder;
use crate::event::{ErrorKind, Start, ToolArguments};
use crate::fold::Folder;
use checker::Stream;
use serde_json::Value;

pub(super) fn head() -> Head {
    Head { id: "msg_1".to_owned(), model: "the \"model\"".to_owned() }
}

/// Drives an answer over `sink`; a normal end after the events.
pub(super) fn drive<S: Sink>(sink: S, events: &[Event]) -> Answer<S> {
    let mut answer = Answer::new(sink, head());
    for event in events {
        answer.push(event);
    }
    answer.finish();
    answer
}

/// The stream for these events, checked.
pub(super) fn stream(events: &[Event]) -> Stream {
    let mut answer = drive(StreamEncoder::new(), events);
    let bytes = answer.sink_mut().take();
    checker::read(str::from_utf8(&bytes).unwrap()).unwrap()
}

/// The whole message for these events, or the failure's message.
pub(super) fn message(events: &[Event]) -> Result<Value, String> {
    let json = drive(Folder::new(), events).into_sink().into_json();
    json.map(|json| serde_json::from_slice(&json).unwrap()).map_err(|failure| failure.message)
}

/// The whole message, which must be what the stream adds up to.
pub(super) fn both(events: &[Event]) -> Value {
    let message = message(events).unwrap();
    assert_eq!(stream(events).message.unwrap(), message);
    message
}

pub(super) fn text(text: &str) -> Event {
    Event::Text(text.to_owned())
}

pub(super) fn thinking(text: &str) -> Event {
    Event::Thinking(text.to_owned())
}

pub(super) fn signature(text: &str) -> Event {
    Event::Signature(text.to_owned())
}

pub(super) fn tool_start(slot: u32, id: &str, name: &str) -> Event {
    Event::ToolStart(crate::event::ToolStart { slot, id: id.to_owned(), name: name.to_owned() })
}

pub(super) fn input(slot: u32, json: &str) -> Event {
    Event::ToolArguments(ToolArguments { slot, json: json.to_owned() })
}

pub(super) fn finish(reason: FinishReason) -> Event {
    Event::Finish(reason)
}

pub(super) fn overloaded() -> Failure {
    Failure {
        kind: ErrorKind::Overloaded,
        message: "busy \"now\"\n".to_owned(),
        status: Some(529),
        retry_after_ms: None,
    }
}
