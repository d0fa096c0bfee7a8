//! The events of an answer → a chat completion, whole or in chunks.
//!
//! Both have the same content, put together by the same rules ([`text`]): pieces of text are one string, what was said on the two
//! sides of a call or of reasoning is kept apart by an empty line, citations become annotations with their place in that string.
//! Blocks that only Anthropic's format has (its own tools and their results) are left out.

mod frame;
mod stream;
mod text;
mod usage;
mod whole;

use ccr_plugin::messages::event::FinishReason;

pub use stream::StreamEncoder;
pub(super) use whole::whole;

/// The answer's id as OpenAI writes them.
fn completion_id(id: &str) -> String {
    format!("chatcmpl-{}", id.strip_prefix("msg_").unwrap_or(id))
}

/// `finish_reason`. OpenAI has fewer words: a paused turn is a stop, a full context a length.
fn reason(reason: &FinishReason, legacy: bool) -> &'static str {
    match reason {
        FinishReason::EndTurn | FinishReason::StopSequence(_) | FinishReason::PauseTurn => "stop",
        FinishReason::MaxTokens | FinishReason::ContextWindowExceeded => "length",
        FinishReason::ToolUse if legacy => "function_call",
        FinishReason::ToolUse => "tool_calls",
        FinishReason::Refusal => "content_filter",
    }
}
