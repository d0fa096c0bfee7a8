//! The string that was all that had an effect in a chunk.

use ccr_plugin::messages::event::ToolDelta;
use std::ops::Range;

/// What the string is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Role {
    Text,
    Thinking,
    /// The arguments of this fragment.
    Arguments(ToolDelta),
}

/// The string that was all that counted in a chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) role: Role,
    /// Where it stands in the chunk, quotes included.
    pub(super) span: Range<usize>,
    /// The same of a string that means nothing.
    pub(super) padding: Option<Range<usize>>,
}
