//! One `delta` of a chunk, or the `message` of a whole answer: reasoning, text, refusal, tool calls, in this order.

use super::answer::Answer;
use super::details;
use super::spot::Role;
use ccr_plugin::messages::event::{Event, ToolDelta};
use ccr_plugin::messages::json::{Kind, Str, Value};

/// The members of a part that carry something.
#[derive(Default)]
struct Members<'d> {
    /// `reasoning_content` (DeepSeek, Kimi, GLM, vLLM) or `reasoning` (OpenRouter, Groq, newer vLLM).
    reasoning: Option<Value<'d>>,
    /// OpenRouter's list; `reasoning` beside it repeats its texts.
    reasoning_details: Option<Value<'d>>,
    content: Option<Value<'d>>,
    refusal: Option<Str<'d>>,
    tool_calls: Option<Value<'d>>,
    function_call: Option<Value<'d>>,
    has_annotations: bool,
}

/// `whole`: a message instead of a delta, in which every entry of a list is a thing of its own.
pub(super) fn read(answer: &mut Answer, part: Value<'_>, whole: bool, events: &mut Vec<Event>) {
    let members = Members::read(part);
    members.think(answer, events);
    if let Some(text) = members.content {
        content(answer, text, events);
    }
    if let Some(text) = members.refusal.filter(|text| !text.is_empty()) {
        answer.refuse(text.decode().into_owned(), events);
    }
    if members.has_annotations {
        answer.drop_part("annotations".into(), events);
    }
    if let Some(calls) = members.tool_calls {
        tool_calls(answer, calls, whole, events);
    }
    // The predecessor of tool calls; some local servers still send it. There is only ever one.
    if let Some(function) = members.function_call.filter(|function| function.kind() == Kind::Object) {
        let mut delta = ToolDelta { index: Some(0), ..ToolDelta::default() };
        fill(&mut delta, function);
        answer.call(delta, events);
    }
}

impl<'d> Members<'d> {
    fn read(part: Value<'d>) -> Self {
        let mut members = Self::default();
        for (key, value) in part.members().filter(|(_, value)| !value.is_null()) {
            match key.raw() {
                "content" => members.content = Some(value),
                // Both may be there with one of them empty, or with the same text.
                "reasoning_content" | "reasoning" if !says(members.reasoning) => members.reasoning = Some(value),
                "reasoning_details" => members.reasoning_details = Some(value),
                "refusal" => members.refusal = value.as_str(),
                "tool_calls" => members.tool_calls = Some(value),
                "function_call" => members.function_call = Some(value),
                "annotations" => members.has_annotations = !value.is_empty(),
                _ => {}
            }
        }
        members
    }

    fn think(&self, answer: &mut Answer, events: &mut Vec<Event>) {
        if let Some(details) = self.reasoning_details.filter(|details| details::have_text(*details)) {
            return details::read(answer, details, events);
        }
        self.say_thoughts(answer, events);
        if let Some(details) = self.reasoning_details {
            details::read(answer, details, events);
        }
    }

    /// Reasoning that is text alone.
    fn say_thoughts(&self, answer: &mut Answer, events: &mut Vec<Event>) {
        if let Some(reasoning) = self.reasoning.filter(|reasoning| says(Some(*reasoning))) {
            if reasoning.kind() == Kind::String {
                answer.mark(Role::Thinking, reasoning);
            }
            texts(reasoning, &mut |text| answer.think(text, events));
        }
    }
}

fn says(value: Option<Value<'_>>) -> bool {
    value.is_some_and(|value| value.as_str().map_or_else(|| !value.is_empty(), |text| !text.is_empty()))
}

/// Text, or a list of parts in which Mistral mixes text with reasoning.
fn content(answer: &mut Answer, content: Value<'_>, events: &mut Vec<Event>) {
    if let Some(text) = content.as_str() {
        if !text.is_empty() {
            answer.mark(Role::Text, content);
            answer.say(text.decode().into_owned(), events);
        }
        return;
    }
    let single = (content.kind() == Kind::Object).then_some(content);
    for part in content.items().chain(single) {
        let kind = part.get("type").and_then(Value::as_str).map(Str::decode).unwrap_or_default();
        match &*kind {
            "thinking" | "reasoning" => texts(part, &mut |text| answer.think(text, events)),
            "refusal" => texts(part, &mut |text| answer.refuse(text, events)),
            "" | "text" | "output_text" => texts(part, &mut |text| answer.say(text, events)),
            other => answer.drop_part(format!("content.{other}"), events),
        }
    }
}

/// Every text within a string, a list or an object whose texts stand under one of the usual names.
fn texts(value: Value<'_>, each: &mut dyn FnMut(String)) {
    match value.kind() {
        Kind::String => {
            let text = value.as_str().map(Str::decode).unwrap_or_default();
            if !text.is_empty() {
                each(text.into_owned());
            }
        }
        Kind::Array => value.items().for_each(|item| texts(item, each)),
        Kind::Object => {
            let names = ["text", "thinking", "summary", "reasoning", "content", "refusal"];
            if let Some(text) = names.iter().find_map(|name| value.get(name).filter(|text| !text.is_null())) {
                texts(text, each);
            }
        }
        Kind::Null | Kind::Bool | Kind::Number => {}
    }
}

fn tool_calls(answer: &mut Answer, calls: Value<'_>, whole: bool, events: &mut Vec<Event>) {
    let single = (calls.kind() == Kind::Object).then_some(calls);
    let calls = calls.items().chain(single).filter(|call| call.kind() == Kind::Object);
    for (call, position) in calls.zip(0..) {
        let (mut delta, arguments) = tool_call(call);
        if whole {
            delta.index = Some(position);
        }
        if let Some(arguments) = arguments.filter(|arguments| arguments.kind() == Kind::String) {
            let others = ToolDelta {
                arguments: String::new(),
                id: delta.id.clone(),
                name: delta.name.clone(),
                index: delta.index,
            };
            answer.mark(Role::Arguments(others), arguments);
        }
        answer.call(delta, events);
    }
}

/// A fragment of a call, and the value that its arguments come from.
fn tool_call(call: Value<'_>) -> (ToolDelta, Option<Value<'_>>) {
    let mut delta = ToolDelta::default();
    let mut function = None;
    for (key, value) in call.members() {
        match key.raw() {
            "index" => delta.index = value.as_u64().and_then(|index| u32::try_from(index).ok()),
            "id" => delta.id = plain(value),
            "function" if value.kind() == Kind::Object => function = Some(value),
            _ => {}
        }
    }
    // Some servers leave the inner object out.
    let arguments = fill(&mut delta, function.unwrap_or(call));
    (delta, arguments)
}

/// Reads a function's name and arguments; gives the value of the latter.
fn fill<'d>(delta: &mut ToolDelta, function: Value<'d>) -> Option<Value<'d>> {
    let mut arguments = None;
    for (key, value) in function.members() {
        match key.raw() {
            "name" => delta.name = plain(value),
            // Ollama sends the arguments as an object.
            "arguments" if !value.is_null() => {
                delta.arguments = plain(value).unwrap_or_else(|| value.raw().to_owned());
                arguments = Some(value);
            }
            _ => {}
        }
    }
    arguments
}

/// A string, or a number as text (some servers number their calls).
fn plain(value: Value<'_>) -> Option<String> {
    match value.kind() {
        Kind::String => value.as_str().map(|text| text.decode().into_owned()),
        Kind::Number => Some(value.raw().to_owned()),
        _ => None,
    }
}
