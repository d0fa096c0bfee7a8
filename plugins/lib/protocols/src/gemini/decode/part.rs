//! One part of an answer's content: text, thoughts, a function call, or data.

use super::answer::Answer;
use ccr_plugin::messages::event::Event;
use ccr_plugin::messages::json::{Kind, Str, Value};

pub(super) fn read(answer: &mut Answer, part: Value<'_>, events: &mut Vec<Event>) {
    let (mut text, mut call, mut signature, mut is_thought) = (None, None, None, false);
    let mut other = None;
    for (key, value) in part.members() {
        match key.raw() {
            "text" => text = value.as_str(),
            "thought" => is_thought = value.as_bool() == Some(true),
            "functionCall" => call = Some(value).filter(|call| call.kind() == Kind::Object),
            // The second spelling is that of some proxies.
            "thoughtSignature" | "thought_signature" => signature = value.as_str(),
            _ if value.kind() == Kind::Object => other = Some((key, value)),
            _ => {}
        }
    }
    let signature = signature.map(Str::decode).unwrap_or_default();
    if let Some(call) = call {
        return function_call(answer, call, &signature, events);
    }
    if let Some((key, value)) = other {
        return left_out(answer, key, value, events);
    }
    let text = text.map(Str::decode).unwrap_or_default();
    if is_thought {
        answer.think(&text, &signature, events);
    } else {
        answer.say(&text, &signature, events);
    }
}

fn function_call(answer: &mut Answer, call: Value<'_>, signature: &str, events: &mut Vec<Event>) {
    let member = |name: &str| call.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(Str::decode);
    let arguments = call.get("args").filter(|arguments| arguments.kind() == Kind::Object);
    // Most models give no ids; the host makes them then.
    let id = member("id").map(std::borrow::Cow::into_owned);
    answer.call(id, &member("name").unwrap_or_default(), arguments.map_or("{}", Value::raw), signature, events);
}

/// An image says in words that it was there: Anthropic's format has no images in answers.
fn left_out(answer: &mut Answer, key: Str<'_>, value: Value<'_>, events: &mut Vec<Event>) {
    let media_type = value.get("mimeType").and_then(Value::as_str).map(Str::decode);
    match key.raw() {
        "inlineData" | "fileData" => {
            let media_type = media_type.as_deref().unwrap_or("unknown type");
            answer.say(&format!("[The model made a file ({media_type}) that cannot be shown here.]"), "", events);
        }
        "executableCode" => fenced(answer, value.get("code"), events),
        "codeExecutionResult" => fenced(answer, value.get("output"), events),
        _ => {}
    }
    answer.leave_out(key.decode().into_owned(), events);
}

/// Code that Google ran by itself, and what came of it, as text to read.
fn fenced(answer: &mut Answer, text: Option<Value<'_>>, events: &mut Vec<Event>) {
    if let Some(text) = text.and_then(Value::as_str).filter(|text| !text.is_empty()) {
        answer.say(&format!("\n```\n{}\n```\n", text.decode()), "", events);
    }
}
