//! What the official client makes of the chunks of a stream: a small accumulator that is as strict as it is.

use serde_json::{Map, Value, json};

/// The data of every event of a stream.
pub(crate) fn frames(stream: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(stream).unwrap();
    let events = text.split_terminator("\n\n");
    events.map(|event| event.strip_prefix("data: ").unwrap_or_else(|| panic!("{event}")).to_owned()).collect()
}

/// The message and the reason that the chunks add up to, and the counts if there were any.
#[derive(Debug, PartialEq)]
pub(crate) struct Folded {
    pub(crate) message: Value,
    pub(crate) finish: Value,
    pub(crate) usage: Value,
}

pub(crate) fn fold(stream: &[u8], counted: bool) -> Folded {
    let mut frames = frames(stream);
    assert_eq!(frames.pop().unwrap(), "[DONE]");
    let mut folded = Folded { message: json!({}), finish: Value::Null, usage: Value::Null };
    let mut first: Option<Value> = None;
    for frame in frames {
        let chunk: Value = serde_json::from_str(&frame).unwrap_or_else(|error| panic!("{frame}: {error}"));
        assert_eq!(chunk["object"], "chat.completion.chunk");
        let head = json!([chunk["id"], chunk["created"], chunk["model"]]);
        assert_eq!(*first.get_or_insert(head.clone()), head);
        assert!(folded.usage.is_null(), "nothing follows the counts");
        let choices = chunk["choices"].as_array().unwrap();
        assert_eq!(chunk.get("usage").is_some(), counted);
        match choices.as_slice() {
            [] => folded.usage = chunk["usage"].clone(),
            [choice] => fold_choice(choice, &mut folded),
            _ => panic!("one choice was asked for"),
        }
    }
    assert!(!folded.finish.is_null(), "the stream ended without a reason");
    assert_eq!(folded.usage.is_null(), !counted);
    tidy(&mut folded.message);
    folded
}

fn fold_choice(choice: &Value, folded: &mut Folded) {
    assert!(folded.finish.is_null(), "nothing follows the reason");
    assert_eq!(choice["index"], 0);
    folded.finish = choice["finish_reason"].clone();
    let delta = choice["delta"].as_object().unwrap();
    let begun = folded.message.get("role").is_some();
    assert_eq!(delta.contains_key("role"), !begun && !delta.is_empty(), "the role comes once, and first");
    let message = folded.message.as_object_mut().unwrap();
    for (key, value) in delta {
        add(message, key, value);
    }
}

fn add(into: &mut Map<String, Value>, key: &str, value: &Value) {
    match (into.get_mut(key), value) {
        (None, value) => {
            let value = if value.is_array() { listed(None, value) } else { value.clone() };
            into.insert(key.into(), value);
        }
        (Some(_), Value::Null) => {}
        (Some(old @ Value::Null), value) => *old = value.clone(),
        (Some(Value::String(old)), Value::String(new)) => old.push_str(new),
        (Some(Value::Object(old)), Value::Object(new)) => new.iter().for_each(|(key, value)| add(old, key, value)),
        (Some(old), Value::Array(_)) => *old = listed(Some(old.clone()), value),
        (Some(old), new) => assert_eq!(old, new, "{key}"),
    }
}

/// Entries with an index are put together; those without are appended.
fn listed(old: Option<Value>, new: &Value) -> Value {
    let mut list = old.map(|old| old.as_array().unwrap().clone()).unwrap_or_default();
    for entry in new.as_array().unwrap() {
        let known = entry.get("index").and_then(|index| list.iter_mut().find(|known| known["index"] == *index));
        match known {
            Some(known) => {
                let known = known.as_object_mut().unwrap();
                let parts =
                    entry.as_object().unwrap().iter().filter(|(key, _)| !["index", "type"].contains(&key.as_str()));
                parts.for_each(|(key, value)| add(known, key, value));
            }
            None => {
                if let Some(index) = entry.get("index") {
                    assert_eq!(*index, list.len(), "entries begin in their order");
                }
                list.push(entry.clone());
            }
        }
    }
    list.into()
}

/// What a whole message does not have: the index of a call. An empty text is no text.
fn tidy(message: &mut Value) {
    for call in message.get_mut("tool_calls").and_then(Value::as_array_mut).into_iter().flatten() {
        call.as_object_mut().unwrap().remove("index");
        check_call(call);
    }
    let message = message.as_object_mut().unwrap();
    message.entry("content").or_insert(Value::Null);
    message.entry("refusal").or_insert(Value::Null);
    message.entry("annotations").or_insert(json!([]));
    if message["content"] == "" {
        message.insert("content".into(), Value::Null);
    }
}

fn check_call(call: &Value) {
    assert!(!call["id"].as_str().unwrap().is_empty());
    let kind = call["type"].as_str().unwrap();
    assert!(!call[kind]["name"].as_str().unwrap().is_empty());
}
