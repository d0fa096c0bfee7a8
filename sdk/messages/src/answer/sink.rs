//! What the steps of an answer are written to.

use crate::event::{Failure, FinishReason, Usage};

/// What the message says of itself before its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The message's id, `msg_…`.
    pub id: String,
    /// The model's name as the client asked for it; clients drop reasoning of a model with another name.
    pub model: String,
}

/// How a content block begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockStart<'a> {
    /// Visible text, empty so far.
    Text,
    /// Reasoning, empty so far.
    Thinking,
    /// A tool call, its input empty so far.
    ToolUse {
        /// The call's id.
        id: &'a str,
        /// The tool's name.
        name: &'a str,
    },
    /// A whole block of encrypted reasoning: its `data`. No delta follows.
    RedactedThinking(&'a str),
    /// A whole block as a JSON object. No delta follows.
    Whole(&'a str),
}

/// A piece of the open block. Only pieces of the block's own kind come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delta<'a> {
    /// Text, never empty.
    Text(&'a str),
    /// A citation of the open text block, as a JSON object.
    Citation(&'a str),
    /// Reasoning, never empty.
    Thinking(&'a str),
    /// The signature of the open reasoning block; the block's last piece.
    Signature(&'a str),
    /// JSON text of the tool call's input, never empty.
    Input(&'a str),
}

/// Takes the steps of one answer in a legal order: `message_start` once; then blocks one after the other with rising index, each
/// `block_start`, its `delta`s, `block_stop`; then `message_end` once. `error` may come at any place, also within a block, and is the last step.
pub trait Sink {
    /// The message begins; `usage` is what is known of the token counts so far.
    fn message_start(&mut self, head: &Head, usage: &Usage);
    /// A block begins; `index` counts from 0.
    fn block_start(&mut self, index: u32, block: &BlockStart<'_>);
    /// The open block goes on.
    fn delta(&mut self, index: u32, delta: Delta<'_>);
    /// The open block ends. `complete` is false only for a tool call whose input is not a whole JSON object.
    fn block_stop(&mut self, index: u32, complete: bool);
    /// The message ends well.
    fn message_end(&mut self, reason: &FinishReason, usage: &Usage);
    /// The message ends with an error.
    fn error(&mut self, failure: &Failure);
}
