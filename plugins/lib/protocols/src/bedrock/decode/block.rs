//! One block of a whole answer (API reference, `ContentBlock`).

use super::answer::Answer;
use super::citation;
use ccr_plugin::messages::event::Event;
use ccr_plugin::messages::json::{Kind, Str, Value};

pub(super) fn read(index: u32, block: Value<'_>, answer: &mut Answer, events: &mut Vec<Event>) {
    for (kind, value) in block.members().filter(|(_, value)| !value.is_null()) {
        match kind.raw() {
            "text" => {
                if let Some(text) = value.as_str() {
                    answer.say(index, &text.decode(), events);
                }
            }
            "toolUse" => {
                let input = value.get("input").filter(|input| input.kind() == Kind::Object);
                answer.call(index, value, input.map_or("{}", Value::raw), events);
            }
            "reasoningContent" => reasoning(index, value, answer, events),
            "citationsContent" => cited(index, value, answer, events),
            other => answer.leave_out(other, events),
        }
    }
}

fn reasoning(index: u32, block: Value<'_>, answer: &mut Answer, events: &mut Vec<Event>) {
    let text = |value: Option<Value<'_>>| value.and_then(Value::as_str).map(|text| text.decode().into_owned());
    if let Some(reasoning) = block.get("reasoningText") {
        answer.think(index, &text(reasoning.get("text")).unwrap_or_default(), events);
        answer.sign(index, &text(reasoning.get("signature")).unwrap_or_default(), events);
    }
    if let Some(redacted) = text(block.get("redactedContent")) {
        answer.redact(index, &redacted, events);
    }
    answer.finish_content(events);
}

fn cited(index: u32, block: Value<'_>, answer: &mut Answer, events: &mut Vec<Event>) {
    for piece in block.get("content").into_iter().flat_map(Value::items) {
        if let Some(text) = piece.get("text").and_then(Value::as_str).map(Str::decode) {
            answer.say(index, &text, events);
        }
    }
    let citations = block.get("citations").into_iter().flat_map(Value::items);
    events.extend(citations.map(citation::read));
}
