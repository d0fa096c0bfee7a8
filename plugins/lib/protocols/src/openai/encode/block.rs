//! One content block of the inner request, as far as the translation needs to know it.

use super::notes::Notes;
use crate::shared::block::plain;
pub(super) use crate::shared::block::{ToolResult, ToolUse};
use ccr_plugin::messages::json::{Kind, Str, Value};

#[derive(Debug, Clone, Copy)]
pub(super) enum Block<'d> {
    Text(Str<'d>),
    /// Its `source`.
    Image(Value<'d>),
    /// The whole block.
    Document(Value<'d>),
    Thinking(Thought<'d>),
    /// The data of reasoning that only Claude can read.
    Redacted(Str<'d>),
    ToolUse(ToolUse<'d>),
    ToolResult(ToolResult<'d>),
    /// A block that OpenAI's format has no place for: its type.
    Other(Value<'d>, Str<'d>),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Thought<'d> {
    pub(super) text: Str<'d>,
    pub(super) signature: Option<Str<'d>>,
}

/// The members that any kind of block may have.
#[derive(Default)]
struct Members<'d> {
    kind: Option<Str<'d>>,
    text: Option<Value<'d>>,
    id: Option<Value<'d>>,
    name: Option<Value<'d>>,
    input: Option<Value<'d>>,
    content: Option<Value<'d>>,
    is_error: Option<Value<'d>>,
    source: Option<Value<'d>>,
    signature: Option<Str<'d>>,
    data: Option<Str<'d>>,
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
            "thinking" => {
                let text = members.text.and_then(Value::as_str)?;
                Some(Self::Thinking(Thought { text, signature: members.signature }))
            }
            "redacted_thinking" => members.data.map(Self::Redacted),
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
                "id" | "tool_use_id" => members.id = Some(value),
                "name" => members.name = Some(value),
                "input" => members.input = Some(value),
                "content" => members.content = Some(value),
                "is_error" => members.is_error = Some(value),
                "source" => members.source = Some(value),
                "signature" => members.signature = value.as_str(),
                "data" => members.data = value.as_str(),
                "cache_control" if !value.is_null() => notes.cache_control(),
                "citations" if value.kind() == Kind::Array && !value.is_empty() => notes.dropped("citations"),
                _ => {}
            }
        }
        members
    }
}
