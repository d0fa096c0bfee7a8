//! One streamed chunk, or the whole answer.

use super::answer::Answer;
use super::part;
use crate::openai::errors;
use crate::shared::errors::says_something;
use ccr_plugin::Fault;
use ccr_plugin::messages::event::Event;
use ccr_plugin::messages::json::{Kind, Value};

/// Reads a whole answer.
pub(super) fn message(answer: &mut Answer, root: Value<'_>, events: &mut Vec<Event>) -> Result<(), Fault> {
    let choices = root.get("choices").filter(|choices| choices.kind() == Kind::Array);
    let has_error = || root.get("error").is_some_and(says_something);
    if choices.is_none_or(Value::is_empty) && !has_error() {
        return Err(errors::no_choices(root));
    }
    read(answer, root, events);
    answer.end(events);
    Ok(())
}

/// Reads one streamed chunk.
pub(super) fn read(answer: &mut Answer, root: Value<'_>, events: &mut Vec<Event>) {
    answer.begin_chunk();
    let (mut id, mut model, mut choices, mut counts, mut error, mut object) = (None, None, None, None, None, None);
    let mut padding = None;
    for (key, value) in root.members() {
        match key.raw() {
            "id" => id = value.as_str(),
            "model" => model = value.as_str(),
            "choices" => choices = Some(value),
            "usage" => counts = Some(value),
            // Groq puts the counts of a stream in here.
            "x_groq" => counts = value.get("usage").or(counts),
            "error" => error = Some(value),
            "object" => object = value.as_str(),
            "obfuscation" if value.kind() == Kind::String => padding = Some(value.span()),
            _ => {}
        }
    }
    answer.start(id, model, events);
    if let Some(error) = error.filter(|error| says_something(*error)) {
        return answer.fail(errors::TABLE.in_answer(error), events);
    }
    if object.is_some_and(|object| object == "error") {
        return answer.fail(errors::TABLE.in_answer(root), events);
    }
    if let Some(first) = choices.and_then(first_choice) {
        answer.begin_content();
        choice(answer, first, events);
    }
    if let Some(counts) = counts {
        answer.count(counts, events);
    }
    answer.pad(padding);
}

/// Only the first choice is an answer; the gateway never asks for more, but some providers send them, in any order.
fn first_choice(choices: Value<'_>) -> Option<Value<'_>> {
    choices.items().find(|choice| choice.get("index").and_then(Value::as_u64).unwrap_or(0) == 0)
}

fn choice(answer: &mut Answer, choice: Value<'_>, events: &mut Vec<Event>) {
    let (mut reason, mut native, mut stop) = (None, None, None);
    let (mut delta, mut message) = (None, None);
    for (key, value) in choice.members() {
        match key.raw() {
            "delta" => delta = Some(value),
            "message" => message = Some(value),
            "finish_reason" => reason = value.as_str(),
            "native_finish_reason" => native = value.as_str(),
            // vLLM and SGLang tell which stop sequence was hit.
            "stop_reason" | "matched_stop" => stop = value.as_str(),
            // Moonshot counts in here.
            "usage" => answer.count(value, events),
            // OpenRouter puts the error of the provider behind it in here.
            "error" if says_something(value) => return answer.fail(errors::TABLE.in_answer(value), events),
            _ => {}
        }
    }
    match (delta, message) {
        (Some(delta), _) => part::read(answer, delta, false, events),
        (None, Some(message)) if answer.takes_message() => part::read(answer, message, true, events),
        _ => {}
    }
    if let Some(reason) = reason {
        answer.conclude(&reason.decode(), native, stop, events);
    }
}
