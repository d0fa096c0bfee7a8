//! What the assistant parts earlier: reasoning, text, tool calls, as blocks in this order.

use super::parts::{self, Marks};
use super::reasoning::Reasoning;
use super::wrong::{Checked, Wrong};
use crate::openai::encode::notes::Notes;
use ccr_plugin::messages::json::{Document, Kind, Str, Value, Writer};
use ccr_plugin::messages::repair::repair;

#[derive(Debug, Default)]
pub(super) struct AssistantMessage<'d> {
    content: Option<Value<'d>>,
    refusal: Option<Str<'d>>,
    calls: Option<Value<'d>>,
    function: Option<Value<'d>>,
    reasoning: Reasoning<'d>,
    marks: Marks<'d>,
}

impl<'d> AssistantMessage<'d> {
    pub(super) fn read(message: Value<'d>, notes: &mut Notes) -> Self {
        let mut parts = Self { marks: Marks::of(message), ..Self::default() };
        for (key, value) in message.members().filter(|(_, value)| !value.is_null()) {
            match key.raw() {
                "content" => parts.content = Some(value),
                "refusal" => parts.refusal = value.as_str().filter(|text| !text.is_empty()),
                "tool_calls" => parts.calls = Some(value).filter(|calls| calls.kind() == Kind::Array),
                "function_call" => parts.function = Some(value),
                // Citations are the answer's; what they cite is in its text.
                "role" | "cache_control" | "annotations" => {}
                name if parts.reasoning.take(name, value) => {}
                _ if value.as_str().is_some_and(Str::is_empty) || value.kind() == Kind::Array && value.is_empty() => {}
                _ => notes.dropped(format!("messages.{}", key.decode())),
            }
        }
        parts
    }

    pub(super) fn is_empty(&self) -> bool {
        !parts::say_something(self.content)
            && self.refusal.is_none()
            && self.calls.is_none_or(Value::is_empty)
            && self.function.is_none()
            && self.reasoning.is_empty()
    }

    pub(super) fn has_function_call(&self) -> bool {
        self.function.is_some()
    }

    /// `function` is the id that a call of old gets.
    pub(super) fn write(&self, function: &str, notes: &mut Notes, out: &mut Writer) -> Checked {
        self.reasoning.write(out);
        let calls = self.function.is_some() || self.calls.is_some_and(|calls| !calls.is_empty());
        let marks = if calls { Marks::default() } else { self.marks };
        self.content(marks, notes, out)?;
        let last = self.calls.map_or(0, Value::len).saturating_sub(1);
        for (index, value) in self.calls.into_iter().flat_map(Value::items).enumerate() {
            let marks = if index == last && self.function.is_none() { self.marks } else { Marks::default() };
            call(value, marks, out).map_err(|wrong| wrong.item("tool_calls", index))?;
        }
        if let Some(called) = self.function {
            out.begin_object().key("type").string("tool_use").key("id").string(function);
            name_and_input(called, out).map_err(|wrong| wrong.member("function_call"))?;
            self.marks.write(out);
            out.end_object();
        }
        Ok(())
    }

    fn content(&self, marks: Marks<'_>, notes: &mut Notes, out: &mut Writer) -> Checked {
        for part in self.content.into_iter().flat_map(Value::items) {
            if part.get("type").and_then(Value::as_str).is_some_and(|kind| kind == "thinking" || kind == "reasoning") {
                // Mistral's reasoning, which stands among the parts.
                return self.mixed(marks, notes, out);
            }
        }
        parts::blocks(self.content, marks, notes, out)?;
        if let Some(refusal) = self.refusal {
            out.begin_object().key("type").string("text").key("text").escaped(refusal.raw());
            marks.write(out);
            out.end_object();
        }
        Ok(())
    }

    fn mixed(&self, marks: Marks<'_>, notes: &mut Notes, out: &mut Writer) -> Checked {
        for (index, part) in self.content.into_iter().flat_map(Value::items).enumerate() {
            let mut thought = Reasoning::default();
            if thought.take_part(part) {
                thought.write(out);
            } else {
                parts::part(part, marks, notes, out).map_err(|wrong| wrong.item("content", index))?;
            }
        }
        Ok(())
    }
}

fn call(call: Value<'_>, marks: Marks<'_>, out: &mut Writer) -> Checked {
    let id = call.get("id").and_then(Value::as_str).filter(|id| !id.is_empty());
    let id = id.ok_or_else(|| Wrong::new("id", "must be a string; the result names it as `tool_call_id`"))?;
    out.begin_object().key("type").string("tool_use").key("id").escaped(id.raw());
    if let Some(custom) = call.get("custom").filter(|custom| custom.kind() == Kind::Object) {
        out.key("name").escaped(name(custom).map_err(|wrong| wrong.member("custom"))?.raw());
        // The tool was given to the model with one member of this name (see `tools`).
        out.key("input").begin_object().key("input");
        out.escaped(custom.get("input").and_then(Value::as_str).map(Str::raw).unwrap_or_default()).end_object();
    } else {
        let function = call.get("function").filter(|function| function.kind() == Kind::Object);
        let function =
            function.ok_or_else(|| Wrong::new("function", "must be an object with `name` and `arguments`"))?;
        name_and_input(function, out).map_err(|wrong| wrong.member("function"))?;
    }
    Marks::of(call).or(marks).write(out);
    out.end_object();
    Ok(())
}

fn name(function: Value<'_>) -> Checked<Str<'_>> {
    let name = function.get("name").and_then(Value::as_str).filter(|name| !name.is_empty());
    name.ok_or_else(|| Wrong::new("name", "must be a string, the tool's name"))
}

fn name_and_input(function: Value<'_>, out: &mut Writer) -> Checked {
    out.key("name").escaped(name(function)?.raw()).key("input");
    let arguments = function.get("arguments").filter(|arguments| !arguments.is_null());
    let Some(text) = arguments.and_then(Value::as_str) else {
        match arguments {
            None => _ = out.begin_object().end_object(),
            // Ollama's clients send the object itself.
            Some(object) if object.kind() == Kind::Object => _ = out.value(object),
            Some(_) => return Err(Wrong::new("arguments", "must be a string with a JSON object")),
        }
        return Ok(());
    };
    let text = text.decode();
    match Document::parse_str(&text) {
        Ok(document) if document.root().kind() == Kind::Object => _ = out.value(document.root()),
        _ if text.trim().is_empty() => _ = out.begin_object().end_object(),
        // What a model got wrong must not keep the conversation from going on.
        _ => match repair(&text) {
            Some(object) => _ = out.raw(&object),
            None => _ = out.begin_object().key("arguments").string(&text).end_object(),
        },
    }
    Ok(())
}
