//! One content block of the inner request, as far as the translation needs to know it.

use crate::shared::block::plain;
pub(super) use crate::shared::block::{ToolResult, ToolUse};
use crate::shared::notes::Notes;
use ccr_plugin::messages::json::{Kind, Str, Value};

#[derive(Debug, Clone, Copy)]
pub(super) enum Block<'d> {
    Text(Str<'d>),
    /// Its `source`.
    Image(Value<'d>),
    /// The whole block.
    Document(Value<'d>),
    Thinking(Thinking<'d>),
    ToolUse(ToolUse<'d>),
    ToolResult(ToolResult<'d>),
    /// A block that OpenAI's format has no place for, and its type.
    Other(Value<'d>, Str<'d>),
}

/// A `thinking` block, or a `redacted_thinking` block: its data stands in the place of the signature.
#[derive(Debug, Clone, Copy)]
pub(super) struct Thinking<'d> {
    /// As they stand in a JSON string.
    pub(super) text: &'d str,
    pub(super) signature: &'d str,
}

/// The members that any kind of block may have.
#[derive(Default)]
struct Members<'d> {
    kind: Option<Str<'d>>,
    text: Option<Value<'d>>,
    signature: Option<Value<'d>>,
    id: Option<Value<'d>>,
    name: Option<Value<'d>>,
    input: Option<Value<'d>>,
    content: Option<Value<'d>>,
    is_error: Option<Value<'d>>,
    source: Option<Value<'d>>,
}

impl<'d> Block<'d> {
    /// `None` for what has neither a type nor text, such as `null`, and for members of a wrong kind.
    pub(super) fn read(value: Value<'d>, notes: &mut Notes) -> Option<Self> {
        if let Some(text) = value.as_str() {
            return Some(Self::Text(text));
        }
        let members = Members::read(value, notes);
        let kind = members.kind?;
        match kind.raw() {
            "text" => members.text.and_then(Value::as_str).map(Self::Text),
            "thinking" | "redacted_thinking" => Some(Self::Thinking(Thinking {
                text: members.text.map(plain).unwrap_or_default(),
                signature: members.signature.map(plain).unwrap_or_default(),
            })),
            "tool_use" => Some(Self::ToolUse(ToolUse {
                id: members.id.map(plain).unwrap_or_default(),
                name: members.name.and_then(Value::as_str),
                input: members.input,
            })),
            "tool_result" => Some(Self::ToolResult(ToolResult {
                id: members.id.map(plain).unwrap_or_default(),
                content: members.content,
                is_error: members.is_error.and_then(Value::as_bool) == Some(true),
            })),
            "image" => members.source.map(Self::Image),
            "document" => Some(Self::Document(value)),
            _ => Some(Self::Other(value, kind)),
        }
    }
}

impl<'d> Members<'d> {
    fn read(value: Value<'d>, notes: &mut Notes) -> Self {
        let mut members = Self::default();
        for (key, value) in value.members() {
            match key.raw() {
                "type" => members.kind = value.as_str(),
                "text" | "thinking" => members.text = Some(value),
                "signature" | "data" => members.signature = Some(value),
                "id" | "tool_use_id" => members.id = Some(value),
                "name" => members.name = Some(value),
                "input" => members.input = Some(value),
                "content" => members.content = Some(value),
                "is_error" => members.is_error = Some(value),
                "source" => members.source = Some(value),
                "cache_control" if !value.is_null() => notes.dropped("cache_control"),
                "citations" if wants_or_has_citations(value) => notes.dropped("citations"),
                _ => {}
            }
        }
        members
    }
}

/// Of a text they are a list; of a document they may be switched on.
fn wants_or_has_citations(value: Value<'_>) -> bool {
    match value.kind() {
        Kind::Array => !value.is_empty(),
        _ => value.get("enabled").and_then(Value::as_bool) == Some(true),
    }
}
