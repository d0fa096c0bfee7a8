//! One streamed chunk, or the whole answer: both are a `GenerateContentResponse`.

use super::answer::Answer;
use super::part;
use crate::gemini::errors;
use ccr_plugin::messages::event::Event;
use ccr_plugin::messages::json::{Kind, Value};

pub(super) fn read(answer: &mut Answer, root: Value<'_>, events: &mut Vec<Event>) {
    if answer.has_failed() {
        return;
    }
    let (mut id, mut model, mut candidates, mut counts, mut feedback) = (None, None, None, None, None);
    for (key, value) in root.members() {
        match key.raw() {
            "responseId" => id = value.as_str(),
            "modelVersion" => model = value.as_str(),
            "candidates" => candidates = Some(value),
            "usageMetadata" => counts = Some(value),
            "promptFeedback" => feedback = Some(value),
            "error" if value.kind() == Kind::Object => return answer.fail(errors::TABLE.in_answer(value), events),
            // Google's gateway for code assistants wraps every answer.
            "response" if value.kind() == Kind::Object => return read(answer, value, events),
            _ => {}
        }
    }
    answer.start(id, model, events);
    if let Some(reason) = feedback.and_then(|feedback| feedback.get("blockReason")?.as_str()) {
        answer.blocked(reason, events);
    }
    if let Some(first) = candidates.and_then(first_candidate) {
        answer.is_one();
        candidate(answer, first, events);
    }
    if let Some(counts) = counts {
        answer.count(counts, events);
    }
}

/// The gateway never asks for more than one.
fn first_candidate(candidates: Value<'_>) -> Option<Value<'_>> {
    candidates.items().find(|candidate| candidate.get("index").and_then(Value::as_u64).unwrap_or(0) == 0)
}

fn candidate(answer: &mut Answer, candidate: Value<'_>, events: &mut Vec<Event>) {
    let (mut reason, mut message) = (None, None);
    for (key, value) in candidate.members() {
        match key.raw() {
            "content" => {
                for part in value.get("parts").into_iter().flat_map(Value::items) {
                    part::read(answer, part, events);
                }
            }
            "finishReason" => reason = value.as_str(),
            "finishMessage" => message = value.as_str(),
            "groundingMetadata" => answer.ground(value),
            "citationMetadata" if !value.is_empty() => events.push(Event::Dropped("citationMetadata".into())),
            _ => {}
        }
    }
    if let Some(reason) = reason {
        answer.conclude(&reason.decode(), message, events);
    }
}
