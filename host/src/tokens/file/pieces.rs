//! A text on its way through a tokenizer: rewritten, and cut into ever smaller pieces.

use std::borrow::Cow;
use std::ops::Range;

use fancy_regex::Regex;

/// What becomes of the separators where a text is split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Behavior {
    Removed,
    Isolated,
    MergedWithPrevious,
    MergedWithNext,
    Contiguous,
}

impl Behavior {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "Removed" => Self::Removed,
            "Isolated" => Self::Isolated,
            "MergedWithPrevious" => Self::MergedWithPrevious,
            "MergedWithNext" => Self::MergedWithNext,
            "Contiguous" => Self::Contiguous,
            _ => return None,
        })
    }
}

/// What separators are.
pub(super) enum Pattern {
    Regex(Box<Regex>),
    /// What the expression does not match.
    Inverted(Box<Regex>),
    Text(String),
}

impl Pattern {
    /// The text in order, as separators and what is between them. What the expression gives up on is one piece: a pattern that
    /// backtracks for too long is no reason to fail.
    fn parts(&self, text: &str) -> Vec<(Range<usize>, bool)> {
        let mut parts = Vec::new();
        let mut end = 0;
        let (regex, matched) = match self {
            Self::Regex(regex) => (regex, true),
            Self::Inverted(regex) => (regex, false),
            Self::Text(wanted) => {
                for (at, found) in text.match_indices(wanted.as_str()) {
                    push(&mut parts, end..at, false);
                    end = at + found.len();
                    push(&mut parts, at..end, true);
                }
                push(&mut parts, end..text.len(), false);
                return parts;
            }
        };
        for found in regex.find_iter(text) {
            let Ok(found) = found else { break };
            push(&mut parts, end..found.start(), !matched);
            push(&mut parts, found.range(), matched);
            end = found.end();
        }
        push(&mut parts, end..text.len(), !matched);
        parts
    }
}

fn push(parts: &mut Vec<(Range<usize>, bool)>, range: Range<usize>, separator: bool) {
    if !range.is_empty() {
        parts.push((range, separator));
    }
}

/// The text and its pieces.
pub(super) struct Pieces {
    text: String,
    ranges: Vec<Range<usize>>,
}

impl Pieces {
    pub(super) fn new(text: String) -> Self {
        let whole = 0..text.len();
        Self { text, ranges: if whole.is_empty() { Vec::new() } else { vec![whole] } }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.ranges.iter().map(|range| &self.text[range.clone()])
    }

    /// Rewrites each piece; the first one is told.
    pub(super) fn rewrite(&mut self, rewrite: impl Fn(&str, bool) -> Cow<'_, str>) {
        let mut text = String::with_capacity(self.text.len() + self.ranges.len());
        for (index, range) in self.ranges.iter_mut().enumerate() {
            let start = text.len();
            text.push_str(&rewrite(&self.text[range.clone()], index == 0));
            *range = start..text.len();
        }
        self.text = text;
        self.ranges.retain(|range| !range.is_empty());
    }

    /// Cuts each piece.
    pub(super) fn split(&mut self, pattern: &Pattern, behavior: Behavior) {
        let mut ranges = Vec::with_capacity(self.ranges.len());
        for piece in &self.ranges {
            let parts = pattern.parts(&self.text[piece.clone()]);
            let shifted = parts
                .into_iter()
                .map(|(range, separator)| (piece.start + range.start..piece.start + range.end, separator));
            cut(shifted, behavior, &mut ranges);
        }
        self.ranges = ranges;
    }
}

fn cut(parts: impl Iterator<Item = (Range<usize>, bool)>, behavior: Behavior, ranges: &mut Vec<Range<usize>>) {
    let mut last: Option<bool> = None;
    for (range, separator) in parts {
        let joins = match (behavior, last) {
            (_, None) | (Behavior::Isolated | Behavior::Removed, _) => false,
            (Behavior::MergedWithPrevious, Some(before)) => separator && !before,
            (Behavior::MergedWithNext, Some(before)) => before && !separator,
            (Behavior::Contiguous, Some(before)) => before == separator,
        };
        last = Some(separator);
        match ranges.last_mut() {
            Some(piece) if joins => piece.end = range.end,
            _ if separator && behavior == Behavior::Removed => {}
            _ => ranges.push(range),
        }
    }
}
