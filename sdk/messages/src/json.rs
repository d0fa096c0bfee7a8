//! JSON by spans: one strict pass over the text that leaves a flat list of where every value stands.
//!
//! A gateway reads a few members of a large body, edits one or two, and forwards the rest. So nothing is decoded, no tree is
//! built and no string is copied: [`Document`] checks the text (RFC 8259) and records spans, [`Value`] walks over them,
//! [`edit`] exchanges a value and moves the spans of the others, [`Splice`] moves bytes alone, and [`Writer`] builds new text. What the members *mean* is left to
//! [`crate::request`] and to the plugins.
//!
//! Two liberties: a byte order mark before the text is skipped (some clients send one), and a lone surrogate escape such as
//! `\ud800` is accepted, as the grammar allows it; it decodes to U+FFFD.

pub mod edit;
mod error;
mod parser;
mod pointer;
mod scan;
mod splice;
mod text;
mod value;
mod writer;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

pub use error::JsonError;
pub use parser::MAX_DEPTH;
pub use splice::{EditError, Splice};
pub use text::Str;
pub use value::{Items, Kind, Members, Value};
pub use writer::{Writer, escape};

use parser::Node;

/// What some editors and clients put before a text to say that it is UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// A checked JSON text and where its values are.
///
/// It borrows the text ([`Document::parse`]) or owns it ([`Document::from_vec`], for a holder that cannot borrow).
/// Besides the text it is one `Vec` of 12 bytes per value and key.
#[derive(Debug, Clone)]
pub struct Document<'t> {
    text: Cow<'t, str>,
    nodes: Vec<Node>,
}

impl<'t> Document<'t> {
    /// Checks `text` and finds its values.
    ///
    /// # Errors
    /// When the text is not one JSON value in UTF-8, nests deeper than [`MAX_DEPTH`], or has 4 GiB or more
    /// (spans are kept in 32 bits).
    pub fn parse(text: &'t [u8]) -> Result<Self, JsonError> {
        match std::str::from_utf8(text) {
            Ok(text) => Self::of(Cow::Borrowed(text)),
            Err(error) => Err(JsonError::not_utf8(text, error.valid_up_to())),
        }
    }

    /// Like [`Document::parse`], for text that is known to be UTF-8 already.
    ///
    /// # Errors
    /// As [`Document::parse`].
    pub fn parse_str(text: &'t str) -> Result<Self, JsonError> {
        Self::of(Cow::Borrowed(text))
    }

    /// Like [`Document::parse`], taking over the text.
    ///
    /// # Errors
    /// As [`Document::parse`].
    pub fn from_vec(text: Vec<u8>) -> Result<Document<'static>, JsonError> {
        match String::from_utf8(text) {
            Ok(text) => Document::of(Cow::Owned(text)),
            Err(error) => Err(JsonError::not_utf8(error.as_bytes(), error.utf8_error().valid_up_to())),
        }
    }

    fn of(text: Cow<'t, str>) -> Result<Self, JsonError> {
        Self::with_depth(text, MAX_DEPTH)
    }

    /// Of a text that will stand within so many containers.
    fn within(text: &'t str, containers: usize) -> Result<Self, JsonError> {
        let containers = u32::try_from(containers).unwrap_or(MAX_DEPTH);
        Self::with_depth(Cow::Borrowed(text), MAX_DEPTH.saturating_sub(containers))
    }

    fn with_depth(text: Cow<'t, str>, max_depth: u32) -> Result<Self, JsonError> {
        let start = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        match parser::parse(text.as_bytes(), start, max_depth) {
            Ok(nodes) => Ok(Self { text, nodes }),
            Err(fault) => Err(JsonError::new(text.as_bytes(), fault)),
        }
    }

    /// The value that the text is.
    #[must_use]
    pub fn root(&self) -> Value<'_> {
        Value::first(&self.text, &self.nodes).map_or_else(Value::null, |(root, _)| root)
    }

    /// The text as it was given, byte order mark and outer white space included; every span counts from its start.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Gives the text back, without a copy if the document owned it.
    #[must_use]
    pub fn into_text(self) -> Cow<'t, str> {
        self.text
    }
}
