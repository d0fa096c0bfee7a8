//! Content blocks: of messages, of the system prompt and of tool results.

use crate::json::{Items, Kind, Str, Value};

/// A content block. `value` is always the block as it stands in the request, for what has no field here
/// (`cache_control`, `citations`, …).
#[derive(Debug, Clone, Copy)]
pub enum Block<'d> {
    /// Visible text.
    Text {
        /// The text.
        text: Str<'d>,
        /// The block; when the content is a plain string, that string.
        value: Value<'d>,
    },
    /// An image.
    Image {
        /// Where it is: an object such as `{"type":"base64","media_type":…,"data":…}`.
        source: Value<'d>,
        /// The block.
        value: Value<'d>,
    },
    /// A document.
    Document {
        /// Where it is, as for images.
        source: Value<'d>,
        /// The block.
        value: Value<'d>,
    },
    /// Reasoning of an earlier answer.
    Thinking {
        /// The reasoning.
        thinking: Str<'d>,
        /// The provider's signature over it.
        signature: Option<Str<'d>>,
        /// The block.
        value: Value<'d>,
    },
    /// Reasoning that only Anthropic can read.
    RedactedThinking {
        /// The encrypted reasoning.
        data: Str<'d>,
        /// The block.
        value: Value<'d>,
    },
    /// A tool call of an earlier answer.
    ToolUse {
        /// The call's id.
        id: Str<'d>,
        /// The tool's name.
        name: Str<'d>,
        /// The arguments, an object.
        input: Value<'d>,
        /// The block.
        value: Value<'d>,
    },
    /// What the client's tool answered.
    ToolResult(ToolResult<'d>),
    /// Any other kind, carried as it is.
    Unknown {
        /// The block's `type`.
        kind: Str<'d>,
        /// The block.
        value: Value<'d>,
    },
}

/// What the client's tool answered.
#[derive(Debug, Clone, Copy)]
pub struct ToolResult<'d> {
    /// The id of the call it answers.
    pub tool_use_id: Str<'d>,
    /// Whether the tool failed.
    pub is_error: bool,
    /// The block as it stands in the request.
    pub value: Value<'d>,
    content: Option<Value<'d>>,
}

impl<'d> ToolResult<'d> {
    /// Its content: a plain string counts as one text block; none when it is missing.
    #[must_use]
    pub fn content(&self) -> Blocks<'d> {
        Blocks::of(self.content)
    }

    /// Its content as it stands in the request: a string or an array, if it is there.
    #[must_use]
    pub fn content_value(&self) -> Option<Value<'d>> {
        self.content
    }
}

/// What is wrong with a block: the field, and what it must be.
pub(super) type Problem = (&'static str, &'static str);

impl<'d> Block<'d> {
    /// Reads a block and checks the fields that its kind must have. Fields are looked up one by one: blocks have few
    /// members, and collecting them all first costs more than walking over them again.
    pub(super) fn read(value: Value<'d>) -> Result<Self, Problem> {
        let kind = value.get("type").and_then(Value::as_str);
        let kind = kind.ok_or(("type", "is required in every block; it must be a string such as 'text'"))?;
        Ok(match &*kind.decode() {
            "text" => Self::Text { text: string(value, "text")?, value },
            "image" => Self::Image { source: object(value, "source")?, value },
            "document" => Self::Document { source: object(value, "source")?, value },
            "thinking" => {
                let signature = given(value, "signature").map(|_| string(value, "signature")).transpose()?;
                Self::Thinking { thinking: string(value, "thinking")?, signature, value }
            }
            "redacted_thinking" => Self::RedactedThinking { data: string(value, "data")?, value },
            "tool_use" => Self::ToolUse {
                id: string(value, "id")?,
                name: string(value, "name")?,
                input: object(value, "input")?,
                value,
            },
            "tool_result" => Self::ToolResult(ToolResult {
                tool_use_id: string(value, "tool_use_id")?,
                is_error: match given(value, "is_error") {
                    Some(is_error) => is_error.as_bool().ok_or(("is_error", "must be true or false"))?,
                    None => false,
                },
                value,
                content: given(value, "content"),
            }),
            _ => Self::Unknown { kind, value },
        })
    }

    /// The block as it stands in the request; when the content is a plain string, that string.
    #[must_use]
    pub fn value(&self) -> Value<'d> {
        match self {
            Self::Text { value, .. }
            | Self::Image { value, .. }
            | Self::Document { value, .. }
            | Self::Thinking { value, .. }
            | Self::RedactedThinking { value, .. }
            | Self::ToolUse { value, .. }
            | Self::Unknown { value, .. } => *value,
            Self::ToolResult(result) => result.value,
        }
    }
}

/// A field that is there and not `null`.
fn given<'d>(block: Value<'d>, field: &str) -> Option<Value<'d>> {
    block.get(field).filter(|value| !value.is_null())
}

fn string<'d>(block: Value<'d>, field: &'static str) -> Result<Str<'d>, Problem> {
    block.get(field).and_then(Value::as_str).ok_or((field, "must be a string"))
}

fn object<'d>(block: Value<'d>, field: &'static str) -> Result<Value<'d>, Problem> {
    block.get(field).filter(|value| value.kind() == Kind::Object).ok_or((field, "must be an object"))
}

/// Goes over the blocks of a content: of an array, or the one that a plain string stands for.
#[derive(Debug, Clone)]
pub struct Blocks<'d> {
    plain: Option<Value<'d>>,
    items: Option<Items<'d>>,
}

impl<'d> Blocks<'d> {
    /// `content` is a string, an array or missing.
    pub(super) fn of(content: Option<Value<'d>>) -> Self {
        let plain = content.filter(|content| content.kind() == Kind::String);
        Self { plain, items: content.map(Value::items) }
    }
}

impl<'d> Iterator for Blocks<'d> {
    type Item = Block<'d>;

    fn next(&mut self) -> Option<Block<'d>> {
        if let Some(value) = self.plain.take() {
            return value.as_str().map(|text| Block::Text { text, value });
        }
        // Every block has been read once when the request was checked, so none ends the walk early.
        Block::read(self.items.as_mut()?.next()?).ok()
    }
}
