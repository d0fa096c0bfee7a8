//! The shapes that a request must have, and the words for what is wrong with it.

use std::fmt;

use super::Fields;
use super::block::{Block, Problem};
use super::message::Tool;
use super::params::whole_number;
use crate::json::{Kind, Str, Value};

/// Why a body is not a Messages request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestError {
    /// Where, in Anthropic's way of writing: `messages.3.content.0.type`. Empty for the body itself.
    pub path: String,
    /// What must be there, half a sentence.
    pub message: String,
}

impl RequestError {
    #[cold]
    fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }

    /// The same error seen from one level up.
    #[cold]
    fn within(mut self, parent: impl fmt::Display) -> Self {
        self.path = if self.path.is_empty() { parent.to_string() } else { format!("{parent}.{}", self.path) };
        self
    }
}

impl From<Problem> for RequestError {
    fn from((field, message): Problem) -> Self {
        Self::new(field, message)
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() { f.write_str(&self.message) } else { write!(f, "{}: {}", self.path, self.message) }
    }
}

impl std::error::Error for RequestError {}

type Checked<T = ()> = Result<T, RequestError>;

pub(super) fn object<'d>(value: Value<'d>, name: &str) -> Checked<Value<'d>> {
    if value.kind() == Kind::Object {
        Ok(value)
    } else {
        Err(RequestError::new("", format!("{name} must be a JSON object")))
    }
}

pub(super) fn model(value: Option<Value<'_>>) -> Checked<Str<'_>> {
    let wrong = |message: &str| RequestError::new("model", message);
    let model = value.ok_or_else(|| wrong("is required: the name of the model to ask"))?;
    let model = model.as_str().ok_or_else(|| wrong("must be a string, the name of the model to ask"))?;
    if model.is_empty() { Err(wrong("must not be empty: name the model to ask")) } else { Ok(model) }
}

pub(super) fn messages(value: Option<Value<'_>>) -> Checked<Value<'_>> {
    let wrong = |message: &str| RequestError::new("messages", message);
    let messages = value.ok_or_else(|| wrong("is required: an array of messages"))?;
    if messages.kind() != Kind::Array {
        return Err(wrong("must be an array of messages"));
    }
    if messages.is_empty() {
        return Err(wrong("must not be empty: send at least one message"));
    }
    each(messages, message).map_err(|error| error.within("messages"))?;
    Ok(messages)
}

fn message(value: Value<'_>) -> Checked {
    if value.kind() != Kind::Object {
        return Err(RequestError::new("", "must be an object with 'role' and 'content'"));
    }
    if value.get("role").and_then(Value::as_str).is_none() {
        return Err(RequestError::new("role", "must be a string, 'user' or 'assistant'"));
    }
    match value.get("content") {
        Some(content) => blocks(content).map_err(|error| error.within("content")),
        None => Err(RequestError::new("content", "is required: a string or an array of blocks")),
    }
}

/// A string, or an array of objects with a type.
fn blocks(content: Value<'_>) -> Checked {
    match content.kind() {
        Kind::String => Ok(()),
        Kind::Array => each(content, block),
        _ => Err(RequestError::new("", "must be a string or an array of blocks")),
    }
}

fn block(value: Value<'_>) -> Checked {
    if value.kind() != Kind::Object {
        return Err(RequestError::new(
            "",
            "must be an object with a 'type', such as {\"type\":\"text\",\"text\":\"…\"}",
        ));
    }
    let Block::ToolResult(result) = Block::read(value)? else {
        return Ok(());
    };
    match result.content_value().map(|content| (content, content.kind())) {
        None | Some((_, Kind::String)) => Ok(()),
        Some((content, Kind::Array)) => each(content, result_block).map_err(|error| error.within("content")),
        Some(_) => Err(RequestError::new("content", "must be a string or an array of blocks")),
    }
}

/// A block of a tool's result. A result within a result is nobody's format; refusing it bounds the walk.
fn result_block(value: Value<'_>) -> Checked {
    if value.kind() != Kind::Object {
        return Err(RequestError::new("", "must be an object with a 'type'"));
    }
    match Block::read(value)? {
        Block::ToolResult(_) => Err(RequestError::new("type", "a tool result cannot hold another tool result")),
        _ => Ok(()),
    }
}

pub(super) fn max_tokens(value: Option<Value<'_>>) -> Checked<Option<u64>> {
    let Some(value) = value else { return Ok(None) };
    match whole_number(value) {
        Some(number @ 1..) => Ok(Some(number)),
        _ => Err(RequestError::new("max_tokens", "must be a whole number of at least 1")),
    }
}

pub(super) fn flag(value: Option<Value<'_>>, name: &str) -> Checked<bool> {
    let Some(value) = value else { return Ok(false) };
    value.as_bool().ok_or_else(|| RequestError::new(name, "must be true or false"))
}

/// Everything that is optional.
pub(super) fn parameters(fields: &Fields<'_>) -> Checked {
    if let Some(system) = fields.system {
        blocks(system).map_err(|error| error.within("system"))?;
    }
    if let Some(tools) = fields.tools {
        array(tools, "an array of tools").and_then(|()| each(tools, tool)).map_err(|error| error.within("tools"))?;
    }
    for (value, name) in [(fields.tool_choice, "tool_choice"), (fields.thinking, "thinking")] {
        if let Some(value) = value {
            typed(value).map_err(|error| error.within(name))?;
        }
    }
    if let Some(choice) = fields.tool_choice {
        named(choice).map_err(|error| error.within("tool_choice"))?;
    }
    if let Some(budget) = fields.thinking.and_then(|thinking| thinking.get("budget_tokens")).filter(|b| !b.is_null()) {
        let wrong = || RequestError::new("thinking.budget_tokens", "must be a whole number");
        whole_number(budget).ok_or_else(wrong)?;
    }
    for (value, name) in [(fields.output_config, "output_config"), (fields.metadata, "metadata")] {
        if value.is_some_and(|value| value.kind() != Kind::Object) {
            return Err(RequestError::new(name, "must be an object"));
        }
    }
    for (value, name) in [(fields.temperature, "temperature"), (fields.top_p, "top_p"), (fields.top_k, "top_k")] {
        if value.is_some_and(|value| value.kind() != Kind::Number) {
            return Err(RequestError::new(name, "must be a number"));
        }
    }
    let Some(stops) = fields.stop_sequences else {
        return Ok(());
    };
    array(stops, "an array of strings")
        .and_then(|()| each(stops, |stop| expect(stop, Kind::String, "must be a string")))
        .map_err(|error| error.within("stop_sequences"))
}

fn tool(value: Value<'_>) -> Checked {
    expect(value, Kind::Object, "must be an object with a 'name'")?;
    let tool = Tool::of(value).ok_or_else(|| RequestError::new("name", "must be a string, the tool's name"))?;
    if let Some(name) = value.get("name") {
        expect(name, Kind::String, "must be a string, the tool's name").map_err(|error| error.within("name"))?;
    } else if !tool.is_server_tool() {
        return Err(RequestError::new("name", "is required: the tool's name"));
    }
    match tool.input_schema {
        Some(schema) => {
            expect(schema, Kind::Object, "must be an object, a JSON Schema").map_err(|e| e.within("input_schema"))
        }
        None => Ok(()),
    }
}

/// An object with a string `type`.
fn typed(value: Value<'_>) -> Checked {
    expect(value, Kind::Object, "must be an object with a 'type'")?;
    match value.get("type").and_then(Value::as_str) {
        Some(_) => Ok(()),
        None => Err(RequestError::new("type", "must be a string")),
    }
}

/// Forcing a tool needs its name.
fn named(choice: Value<'_>) -> Checked {
    let forces = choice.get("type").and_then(Value::as_str).is_some_and(|kind| kind == "tool");
    if forces && choice.get("name").and_then(Value::as_str).is_none() {
        return Err(RequestError::new("name", "must be a string, the name of the tool to call"));
    }
    Ok(())
}

fn array(value: Value<'_>, what: &str) -> Checked {
    if value.kind() == Kind::Array { Ok(()) } else { Err(RequestError::new("", format!("must be {what}"))) }
}

fn expect(value: Value<'_>, kind: Kind, message: &str) -> Checked {
    if value.kind() == kind { Ok(()) } else { Err(RequestError::new("", message)) }
}

fn each<'d>(array: Value<'d>, mut check: impl FnMut(Value<'d>) -> Checked) -> Checked {
    for (index, item) in array.items().enumerate() {
        check(item).map_err(|error| error.within(index))?;
    }
    Ok(())
}
