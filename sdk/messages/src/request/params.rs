//! Parameters with a small language of their own: `tool_choice` and `thinking`.

use crate::json::{Str, Value};

/// Whether and which tools must be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToolChoice<'d> {
    /// `auto`: the model decides whether it calls a tool.
    Auto,
    /// Some tool must be called.
    Any,
    /// This tool must be called.
    Tool(Str<'d>),
    /// No tool may be called.
    None,
    /// A kind this view does not know.
    Unknown(Str<'d>),
}

impl<'d> ToolChoice<'d> {
    /// `choice` has been checked to be an object with a type.
    pub(super) fn of(choice: Value<'d>) -> Self {
        let Some(kind) = choice.get("type").and_then(Value::as_str) else {
            return Self::Auto;
        };
        match &*kind.decode() {
            "auto" => Self::Auto,
            "any" => Self::Any,
            "none" => Self::None,
            "tool" => choice.get("name").and_then(Value::as_str).map_or(Self::Unknown(kind), Self::Tool),
            _ => Self::Unknown(kind),
        }
    }
}

/// How the model may reason before it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thinking<'d> {
    /// `disabled`: the model must not think.
    Disabled,
    /// `enabled`: the model thinks, within a budget.
    Enabled {
        /// The most tokens to spend on it.
        budget_tokens: Option<u64>,
    },
    /// As the model sees fit; how much is in [`MessagesRequest::effort`](super::MessagesRequest::effort).
    Adaptive,
    /// A kind this view does not know.
    Unknown(Str<'d>),
}

impl<'d> Thinking<'d> {
    /// `thinking` has been checked to be an object with a type.
    pub(super) fn of(thinking: Value<'d>) -> Self {
        let Some(kind) = thinking.get("type").and_then(Value::as_str) else {
            return Self::Disabled;
        };
        match &*kind.decode() {
            "disabled" => Self::Disabled,
            "enabled" => Self::Enabled { budget_tokens: thinking.get("budget_tokens").and_then(whole_number) },
            "adaptive" => Self::Adaptive,
            _ => Self::Unknown(kind),
        }
    }
}

/// A whole number, also when it is written as `4096.0`, as clients do whose numbers are all floats.
pub(super) fn whole_number(value: Value<'_>) -> Option<u64> {
    value.as_u64().or_else(|| {
        // Above 2^53 a float does not say which whole number is meant.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        let number = value.as_f64()?;
        ((0.0..=EXACT).contains(&number) && number.fract() == 0.0).then_some(number as u64)
    })
}
