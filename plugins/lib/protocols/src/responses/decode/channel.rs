//! What a piece of an answer is of, and how it is written.

use super::items::{Kind, Source};
use ccr_plugin::messages::json::{Kind as JsonKind, Str, Value};
use std::borrow::Cow;

/// What a piece is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Channel {
    Text,
    Refusal,
    Thought(Source),
    Arguments,
}

impl Channel {
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Text | Self::Refusal => Kind::Message,
            Self::Thought(_) => Kind::Reasoning,
            Self::Arguments => Kind::Call,
        }
    }
}

/// Text. Arguments of some servers are objects, and so were pieces of reasoning once.
pub(super) fn written(channel: Channel, value: Value<'_>) -> Option<Cow<'_, str>> {
    match value.kind() {
        JsonKind::String => value.as_str().map(Str::decode),
        JsonKind::Object if channel == Channel::Arguments => Some(Cow::Borrowed(value.raw())),
        JsonKind::Object => value.get("text").and_then(Value::as_str).map(Str::decode),
        _ => None,
    }
}
