//! One event of a stream, by the name that it has in the API reference (`ConverseStreamOutput`).

use super::answer::Answer;
use super::citation;
use crate::bedrock::errors;
use ccr_plugin::messages::event::Event;
use ccr_plugin::messages::json::{Str, Value};

pub(super) fn read(name: &str, event: Value<'_>, answer: &mut Answer, events: &mut Vec<Event>) {
    match name {
        "contentBlockDelta" => delta(event, answer, events),
        "contentBlockStart" => start(event, answer, events),
        "contentBlockStop" => answer.finish_content(events),
        "messageStop" => {
            answer.finish_content(events);
            let reason = event.get("stopReason").and_then(Value::as_str).map(Str::decode).unwrap_or_default();
            answer.conclude(&reason, stop_sequence(event), events);
        }
        "metadata" => {
            if let Some(usage) = event.get("usage") {
                answer.count(usage, events);
            }
        }
        // It tells the role only.
        "messageStart" => {}
        // Errors of the framing have codes of their own; no event has a message.
        _ if errors::is_exception(name) || errors::has_message(event) => {
            answer.fail(errors::in_stream(name, event), events);
        }
        _ => {}
    }
}

fn index(event: Value<'_>) -> u32 {
    let index = event.get("contentBlockIndex").and_then(Value::as_u64);
    index.and_then(|index| u32::try_from(index).ok()).unwrap_or_default()
}

fn start(event: Value<'_>, answer: &mut Answer, events: &mut Vec<Event>) {
    let Some(start) = event.get("start") else { return };
    for (kind, value) in start.members() {
        match kind.raw() {
            "toolUse" => answer.call(index(event), value, "", events),
            // A block that carries text begins with its first delta.
            "text" | "reasoningContent" => {}
            other => answer.leave_out(other, events),
        }
    }
}

fn delta(event: Value<'_>, answer: &mut Answer, events: &mut Vec<Event>) {
    let Some(delta) = event.get("delta") else { return };
    let index = index(event);
    for (kind, value) in delta.members() {
        match kind.raw() {
            "text" => {
                if let Some(text) = value.as_str() {
                    answer.say(index, &text.decode(), events);
                }
            }
            "toolUse" => {
                if let Some(input) = value.get("input").and_then(Value::as_str) {
                    answer.input(index, &input.decode(), events);
                }
            }
            "reasoningContent" => reasoning(index, value, answer, events),
            "citation" => events.push(citation::read(value)),
            other => answer.leave_out(other, events),
        }
    }
}

fn reasoning(index: u32, delta: Value<'_>, answer: &mut Answer, events: &mut Vec<Event>) {
    for (kind, value) in delta.members() {
        let Some(text) = value.as_str().map(Str::decode) else { continue };
        match kind.raw() {
            "text" => answer.think(index, &text, events),
            "signature" => answer.sign(index, &text, events),
            "redactedContent" => answer.redact(index, &text, events),
            _ => {}
        }
    }
}

/// The stop sequence that was hit; `encode` asks for it.
pub(super) fn stop_sequence(stop: Value<'_>) -> Option<String> {
    let sequence = stop.get("additionalModelResponseFields")?.get("stop_sequence")?.as_str()?;
    Some(sequence.decode().into_owned())
}
