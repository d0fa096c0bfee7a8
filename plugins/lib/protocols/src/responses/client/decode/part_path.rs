//! Where a part stands in the request, for messages.

use std::fmt;

/// An item of the input, the field of it, and the part in that.
#[derive(Debug, Clone, Copy)]
pub(super) struct PartPath {
    item: usize,
    field: &'static str,
    part: usize,
}

impl PartPath {
    pub(super) fn content(item: usize) -> Self {
        Self { item, field: "content", part: 0 }
    }

    pub(super) fn output(item: usize) -> Self {
        Self { item, field: "output", part: 0 }
    }

    /// Another part of the same field.
    pub(super) fn part(self, part: usize) -> Self {
        Self { part, ..self }
    }
}

impl fmt::Display for PartPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "input[{}].{}[{}]", self.item, self.field, self.part)
    }
}
