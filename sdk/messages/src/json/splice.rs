//! Several edits of one text, applied in one copy; every byte that no edit names stays as it is.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use super::error::JsonError;
use super::text::Str;
use super::value::Value;

/// Why an edit was refused; nothing has been changed then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EditError {
    /// The pointer is not empty and does not begin with a slash.
    BadPointer(String),
    /// The pointer leads into a value that has no members or items; the pointer of that value.
    NotAContainer(String),
    /// The pointer names an array item that is neither there nor the next one; the pointer of the array.
    NoSuchItem(String),
    /// The new text is not JSON.
    NotJson(JsonError),
    /// Two edits overlap; the byte offset where the second begins.
    Overlap(usize),
    /// An edit reaches beyond the text; the byte offset where it ends.
    OutOfText(usize),
}

impl fmt::Display for EditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadPointer(pointer) => {
                write!(f, "'{pointer}' is not a JSON pointer; write it as '/messages/0/content'")
            }
            Self::NotAContainer(pointer) => {
                write!(f, "the value at '{pointer}' is neither an object nor an array, so nothing can be set in it")
            }
            Self::NoSuchItem(pointer) => {
                write!(f, "the array at '{pointer}' has no such item; use '-' to append one")
            }
            Self::NotJson(error) => write!(f, "the new value is not JSON: {error}"),
            Self::Overlap(at) => write!(f, "two edits overlap at byte {at}; make one of them"),
            Self::OutOfText(at) => {
                write!(f, "an edit ends at byte {at}, beyond the text; take spans from a document of this very text")
            }
        }
    }
}

impl std::error::Error for EditError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NotJson(error) => Some(error),
            _ => None,
        }
    }
}

/// Edits of one text, collected in any order. It moves bytes and does not look at what they say: keeping the result
/// valid JSON is the caller's part, except where a method says otherwise.
#[derive(Debug, Clone, Default)]
pub struct Splice<'r> {
    edits: Vec<(Range<usize>, Cow<'r, str>)>,
}

impl<'r> Splice<'r> {
    /// A list without edits.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// Puts `text` in the place of the bytes of `span`, such as [`Value::span`]. An empty span inserts.
    /// Insertions at one place keep the order in which they were asked for.
    pub fn replace(&mut self, span: Range<usize>, text: impl Into<Cow<'r, str>>) -> &mut Self {
        self.edits.push((span, text.into()));
        self
    }

    /// Takes out the members of an object that `unwanted` says yes to, with the right commas.
    pub fn remove_members(&mut self, object: Value<'_>, mut unwanted: impl FnMut(Str<'_>, Value<'_>) -> bool) {
        self.remove_children(object, |key, value| key.is_some_and(|key| unwanted(key, value)));
    }

    /// Takes out the items of an array that `unwanted` says yes to, with the right commas.
    pub fn remove_items(&mut self, array: Value<'_>, mut unwanted: impl FnMut(Value<'_>) -> bool) {
        self.remove_children(array, |key, value| key.is_none() && unwanted(value));
    }

    /// What goes leaves with the comma before it, so that all that stays keeps its own white space; only what stands
    /// before the first that stays takes the comma after it.
    fn remove_children(&mut self, parent: Value<'_>, mut unwanted: impl FnMut(Option<Str<'_>>, Value<'_>) -> bool) {
        let mut kept_end = None;
        let mut pending: Option<Range<usize>> = None;
        for child in parent.children() {
            if unwanted(child.key, child.value) {
                let start = pending.map_or(child.span.start, |run| run.start);
                pending = Some(kept_end.unwrap_or(start)..child.span.end);
                continue;
            }
            if let Some(run) = pending.take() {
                let end = if kept_end.is_some() { run.end } else { child.span.start };
                self.replace(run.start..end, "");
            }
            kept_end = Some(child.span.end);
        }
        if let Some(run) = pending {
            self.replace(run, "");
        }
    }

    /// The text with all edits made.
    ///
    /// # Errors
    /// When two edits overlap or one reaches beyond `text`.
    pub fn apply(mut self, text: &[u8]) -> Result<Vec<u8>, EditError> {
        // Stable, and empty spans first: what is inserted before a value does not overlap its replacement.
        self.edits.sort_by_key(|(span, _)| (span.start, span.end));
        let added: usize = self.edits.iter().map(|(_, new)| new.len()).sum();
        let mut result = Vec::with_capacity(text.len() + added);
        let mut copied = 0;
        for (span, new) in &self.edits {
            if span.start < copied {
                return Err(EditError::Overlap(span.start));
            }
            let out_of_text = EditError::OutOfText(span.end);
            if span.end < span.start || span.end > text.len() {
                return Err(out_of_text);
            }
            result.extend_from_slice(text.get(copied..span.start).ok_or(out_of_text)?);
            result.extend_from_slice(new.as_bytes());
            copied = span.end;
        }
        result.extend_from_slice(text.get(copied..).unwrap_or_default());
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::{EditError, Splice};
    use crate::json::Document;

    fn without(text: &str, keys: &[&str]) -> String {
        let document = Document::parse(text.as_bytes()).unwrap();
        let mut splice = Splice::new();
        splice.remove_members(document.root(), |key, _| keys.iter().any(|unwanted| key == *unwanted));
        String::from_utf8(splice.apply(text.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn commas_and_spaces_of_what_stays() {
        let text = r#"{ "a" : 1 , "b" : 2 , "c" : 3 }"#;
        assert_eq!(without(text, &[]), text);
        assert_eq!(without(text, &["a"]), r#"{ "b" : 2 , "c" : 3 }"#);
        assert_eq!(without(text, &["b"]), r#"{ "a" : 1 , "c" : 3 }"#);
        assert_eq!(without(text, &["c"]), r#"{ "a" : 1 , "b" : 2 }"#);
        assert_eq!(without(text, &["a", "b"]), r#"{ "c" : 3 }"#);
        assert_eq!(without(text, &["a", "c"]), r#"{ "b" : 2 }"#);
        assert_eq!(without(text, &["b", "c"]), r#"{ "a" : 1 }"#);
        assert_eq!(without(text, &["a", "b", "c"]), "{  }");
    }

    #[test]
    fn items_go_by_what_they_are() {
        let text = "[1,null,2,null,null]";
        let document = Document::parse(text.as_bytes()).unwrap();
        let mut splice = Splice::new();
        splice.remove_items(document.root(), |item| item.is_null());
        assert_eq!(splice.apply(text.as_bytes()).unwrap(), b"[1,2]");
    }

    #[test]
    fn edits_in_any_order() {
        let mut splice = Splice::new();
        splice.replace(4..5, "E").replace(0..1, "A").replace(2..2, "x").replace(4..4, "before ").replace(2..2, "y");
        assert_eq!(splice.apply(b"abcde").unwrap(), b"Abxycdbefore E");
    }

    #[test]
    fn refuses_what_makes_no_sense() {
        let apply = |spans: &[std::ops::Range<usize>]| {
            let mut splice = Splice::new();
            spans.iter().for_each(|span| {
                splice.replace(span.clone(), "");
            });
            splice.apply(b"abcde").unwrap_err()
        };
        assert_eq!(apply(&[1..3, 2..4]), EditError::Overlap(2));
        assert_eq!(apply(&[2..2, 1..3]), EditError::Overlap(2));
        assert_eq!(apply(&[4..6, 0..1]), EditError::OutOfText(6));
        assert_eq!(apply(&[7..7, 0..1]), EditError::OutOfText(7));
        let (start, end) = (3, 2);
        assert_eq!(apply(&[start..end, 0..1]), EditError::OutOfText(2));
    }
}
