//! Where formats have their sampling parameters, and what they call them.

use crate::thinks;
use dialect::Top;

/// The format of a body over the wire, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// OpenAI's chat completions and all that follow it: they take what they know.
    Chat,
    /// OpenAI's responses, which refuse what they do not know.
    Responses,
    /// Anthropic's messages; `thinks`: with thinking, only `top_p` may be set.
    Messages { thinks: bool },
    /// Gemini's `generationConfig`.
    Gemini,
    /// Bedrock's `inferenceConfig`.
    Converse,
}

impl Shape {
    pub(crate) fn of(top: &Top<'_>, path: &str) -> Self {
        let path = path.split('?').next().unwrap_or_default();
        let ends = |endings: &[&str]| endings.iter().any(|ending| path.ends_with(ending));
        if top.get("contents").is_some() {
            Self::Gemini
        } else if top.get("inferenceConfig").is_some() || ends(&["/converse", "/converse-stream"]) {
            Self::Converse
        } else if top.get("anthropic_version").is_some() || ends(&["/messages"]) {
            Self::Messages { thinks: thinks(top) }
        } else if top.get("input").is_some() && top.get("messages").is_none() {
            Self::Responses
        } else {
            Self::Chat
        }
    }

    /// The member that holds the parameters, if they are not at the top.
    pub(crate) fn place(self) -> Option<&'static str> {
        match self {
            Self::Gemini => Some("generationConfig"),
            Self::Converse => Some("inferenceConfig"),
            Self::Chat | Self::Responses | Self::Messages { .. } => None,
        }
    }

    /// What a parameter is called; `None` where the format has none.
    pub(crate) fn name(self, name: &'static str) -> Option<&'static str> {
        match (self, name) {
            (Self::Chat, name) => Some(name),
            (Self::Gemini | Self::Converse, "temperature") => Some("temperature"),
            (Self::Gemini | Self::Converse, "top_p") => Some("topP"),
            (Self::Gemini, "top_k") => Some("topK"),
            (Self::Responses, "temperature" | "top_p") => Some(name),
            (Self::Messages { .. }, "top_p") => Some(name),
            (Self::Messages { thinks: false }, "temperature" | "top_k") => Some(name),
            _ => None,
        }
    }
}
