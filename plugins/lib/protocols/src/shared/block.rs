//! One content block of the inner request, as far as the translation needs to know it.

use ccr_plugin::messages::json::{Kind, Str, Value};

#[derive(Debug, Clone, Copy)]
pub(crate) enum Block<'d> {
    Text(Str<'d>),
    /// An image: its `source`.
    Image(Value<'d>),
    /// A document: the whole block, as its title counts too.
    Document(Value<'d>),
    Thinking(Thinking<'d>),
    /// Reasoning that only its maker can read: its `data`.
    Redacted(Str<'d>),
    ToolUse(ToolUse<'d>),
    ToolResult(ToolResult<'d>),
    /// A block that no format but Anthropic's has a place for, and its type.
    Other(Value<'d>, Str<'d>),
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Thinking<'d> {
    /// As it stands in a JSON string.
    pub(crate) text: &'d str,
    pub(crate) signature: Str<'d>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct ToolUse<'d> {
    /// As it stands in a JSON string.
    pub(crate) id: &'d str,
    pub(crate) name: Option<Str<'d>>,
    pub(crate) input: Option<Value<'d>>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct ToolResult<'d> {
    /// As it stands in a JSON string.
    pub(crate) id: &'d str,
    pub(crate) content: Option<Value<'d>>,
    pub(crate) is_error: bool,
}

/// The members that any kind of block may have.
#[derive(Default)]
struct Members<'d> {
    kind: Option<Str<'d>>,
    text: Option<Value<'d>>,
    signature: Option<Str<'d>>,
    id: Option<Value<'d>>,
    name: Option<Value<'d>>,
    input: Option<Value<'d>>,
    content: Option<Value<'d>>,
    is_error: Option<Value<'d>>,
    source: Option<Value<'d>>,
}

impl<'d> Block<'d> {
    /// `None` for what has neither a type nor text, such as `null`, and for members of a wrong kind. `other` is given the members
    /// that are not read here, such as `cache_control` and `citations`.
    #[inline]
    pub(crate) fn read(value: Value<'d>, other: impl FnMut(&str, Value<'d>)) -> Option<Self> {
        if let Some(text) = value.as_str() {
            return Some(Self::Text(text));
        }
        let members = Members::read(value, other);
        let kind = members.kind?;
        match kind.raw() {
            "text" => members.text.and_then(Value::as_str).map(Self::Text),
            "thinking" => Some(Self::Thinking(Thinking {
                text: members.text.map(plain).unwrap_or_default(),
                signature: members.signature.unwrap_or_default(),
            })),
            "redacted_thinking" => members.signature.map(Self::Redacted),
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
    #[inline]
    fn read(value: Value<'d>, mut other: impl FnMut(&str, Value<'d>)) -> Self {
        let mut members = Self::default();
        for (key, value) in value.members() {
            match key.raw() {
                "type" => members.kind = value.as_str(),
                "text" | "thinking" => members.text = Some(value),
                "signature" | "data" => members.signature = value.as_str(),
                "id" | "tool_use_id" => members.id = Some(value),
                "name" => members.name = Some(value),
                "input" => members.input = Some(value),
                "content" => members.content = Some(value),
                "is_error" => members.is_error = Some(value),
                "source" => members.source = Some(value),
                key => other(key, value),
            }
        }
        members
    }
}

/// A text or an id as it can stand in a JSON string; some clients write numbers for ids.
pub(crate) fn plain(value: Value<'_>) -> &str {
    match value.kind() {
        Kind::String => value.as_str().map(Str::raw).unwrap_or_default(),
        Kind::Number => value.raw(),
        _ => "",
    }
}

/// Whether `citations` are those of an answer's text; a document's say whether there shall be some.
pub(crate) fn cites(citations: Value<'_>) -> bool {
    citations.kind() == Kind::Array && !citations.is_empty()
}

/// The `cache_control` of a block.
pub(crate) fn mark(block: Value<'_>) -> Option<Value<'_>> {
    block.get("cache_control").filter(|mark| !mark.is_null())
}

/// Whether a text, as it stands in a JSON string, is empty or all white space: providers refuse such blocks, or answer them with
/// nothing.
pub(crate) fn is_blank(text: &str) -> bool {
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        match ["\\n", "\\t", "\\r", "\\f"].iter().find_map(|space| rest.strip_prefix(space)) {
            Some(after) => rest = after,
            None => return rest.is_empty(),
        }
    }
}
