//! One result of a search.

use crate::text::first;

/// The numbers of one search are a hundred apart from those of the next: search 3 has 301, 302, ….
pub(crate) const NUMBERS: u64 = 100;

/// The longest `cited_text`, in characters (Anthropic's documentation, "Web search tool": "up to 150 characters").
const CITED: usize = 150;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Source {
    /// What the model cites it by; unique in the conversation.
    pub(crate) number: u64,
    pub(crate) title: String,
    pub(crate) url: String,
    /// When it was published, in the service's words; empty where that is not known.
    pub(crate) age: String,
    /// The excerpt; empty where that is not known.
    pub(crate) text: String,
}

impl Source {
    /// What its excerpt gives for `cited_text`.
    pub(crate) fn cited(&self) -> &str {
        first(&self.text, CITED)
    }
}

/// The first number after which a search that follows `number` may begin.
pub(crate) fn hundred_of(number: u64) -> u64 {
    number / NUMBERS * NUMBERS
}
