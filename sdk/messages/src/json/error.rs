//! Why a text is not JSON, in words and with a place that a person can find in an editor.

use std::fmt;

/// What the parser stumbled over, before the place is counted out in lines.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fault {
    /// Where the text stops being JSON, in bytes from its beginning.
    pub(super) at: usize,
    /// What is wrong there, as the end of the sentence that [`JsonError`] displays.
    pub(super) reason: &'static str,
}

/// Why a text was refused. Its `Display` is a sentence such as
/// `line 1, column 12: expected ',' or '}' after a member of an object`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonError {
    offset: usize,
    line: usize,
    column: usize,
    reason: &'static str,
}

impl JsonError {
    /// Lines are counted only here: an error is rare and ends the request, the happy path must not pay for it.
    #[cold]
    pub(super) fn new(text: &[u8], fault: Fault) -> Self {
        let before = text.get(..fault.at).unwrap_or(text);
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
        // Bytes that continue a UTF-8 character are not counted, so that the column is the one an editor shows.
        let characters = before.iter().skip(line_start).filter(|byte| **byte & 0xC0 != 0x80).count();
        Self {
            offset: fault.at,
            line: memchr::memchr_iter(b'\n', before).count() + 1,
            column: characters + 1,
            reason: fault.reason,
        }
    }

    #[cold]
    pub(super) fn not_utf8(text: &[u8], at: usize) -> Self {
        Self::new(text, Fault { at, reason: "the text is not UTF-8 from here on; send JSON in UTF-8" })
    }

    /// Byte offset of the fault, from the start of the text as it was given.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Line of the fault, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// Column of the fault in characters, from 1.
    #[must_use]
    pub fn column(&self) -> usize {
        self.column
    }

    /// What is wrong, without the place.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        self.reason
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.reason)
    }
}

impl std::error::Error for JsonError {}
