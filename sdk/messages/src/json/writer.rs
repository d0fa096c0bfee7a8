//! Writes JSON text piece by piece, commas included, copying already escaped text as it is.

use std::fmt::Write as _;

use super::scan;
use super::text::Str;
use super::value::Value;

/// Builds JSON text. Calls can be chained; the same calls always give the same text.
///
/// It puts commas and colons, not sense: beginning and ending in pairs, and a key before each member, is the caller's part.
#[derive(Debug, Clone, Default)]
pub struct Writer {
    out: String,
    /// Whether the next key, or value of an array, needs a comma before it.
    comma: bool,
}

impl Writer {
    /// A writer of a text that is empty as yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Empty text with room for `bytes`. A translated request is about as long as the original.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self { out: String::with_capacity(bytes), comma: false }
    }

    /// `{`
    pub fn begin_object(&mut self) -> &mut Self {
        self.begin('{')
    }

    /// `}`
    pub fn end_object(&mut self) -> &mut Self {
        self.end('}')
    }

    /// `[`
    pub fn begin_array(&mut self) -> &mut Self {
        self.begin('[')
    }

    /// `]`
    pub fn end_array(&mut self) -> &mut Self {
        self.end(']')
    }

    /// The key of a member, escaped as needed; its value comes next.
    pub fn key(&mut self, key: &str) -> &mut Self {
        self.string(key).colon()
    }

    /// The key of a member that stands escaped in a document.
    pub fn key_str(&mut self, key: Str<'_>) -> &mut Self {
        self.escaped(key.raw()).colon()
    }

    /// A string, escaped as needed.
    pub fn string(&mut self, text: &str) -> &mut Self {
        self.begin_string().string_part(text).end_string()
    }

    /// A string whose inside is already escaped, such as [`Str::raw`].
    pub fn escaped(&mut self, raw: &str) -> &mut Self {
        self.begin_string().escaped_part(raw).end_string()
    }

    /// A value of a document, as it stands there.
    pub fn value(&mut self, value: Value<'_>) -> &mut Self {
        self.raw(value.raw())
    }

    /// JSON text as it is; it must be one value.
    pub fn raw(&mut self, json: &str) -> &mut Self {
        self.separate();
        self.out.push_str(json);
        self.ended()
    }

    /// Writes a whole number.
    pub fn number(&mut self, number: u64) -> &mut Self {
        self.separate();
        // Writing to a String cannot fail.
        let _ = write!(self.out, "{number}");
        self.ended()
    }

    /// `true` or `false`
    pub fn bool(&mut self, value: bool) -> &mut Self {
        self.raw(if value { "true" } else { "false" })
    }

    /// `null`
    pub fn null(&mut self) -> &mut Self {
        self.raw("null")
    }

    /// Begins a string value that is written in parts, so that texts can be joined without decoding them.
    pub fn begin_string(&mut self) -> &mut Self {
        self.separate();
        self.out.push('"');
        self
    }

    /// A part of the open string, escaped as needed.
    pub fn string_part(&mut self, text: &str) -> &mut Self {
        escape(text, |piece| self.out.push_str(piece));
        self
    }

    /// A part of the open string that is already escaped, such as [`Str::raw`].
    pub fn escaped_part(&mut self, raw: &str) -> &mut Self {
        self.out.push_str(raw);
        self
    }

    /// Ends the open string.
    pub fn end_string(&mut self) -> &mut Self {
        self.out.push('"');
        self.ended()
    }

    /// The text so far.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.out
    }

    /// The text, without a copy.
    #[must_use]
    pub fn into_string(self) -> String {
        self.out
    }

    /// The text's bytes, without a copy.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.out.into_bytes()
    }

    fn begin(&mut self, bracket: char) -> &mut Self {
        self.separate();
        self.out.push(bracket);
        self.comma = false;
        self
    }

    fn end(&mut self, bracket: char) -> &mut Self {
        self.out.push(bracket);
        self.ended()
    }

    fn colon(&mut self) -> &mut Self {
        self.out.push(':');
        self.comma = false;
        self
    }

    #[inline]
    fn separate(&mut self) {
        if self.comma {
            self.out.push(',');
        }
    }

    #[inline]
    fn ended(&mut self) -> &mut Self {
        self.comma = true;
        self
    }
}

/// Without the formatting of the standard library, which is as large as all else that a small plugin has.
const DIGITS: &str = "0123456789abcdef";

/// Gives the inside of the JSON string of a text, piece by piece: for who writes JSON without a [`Writer`].
pub fn escape(text: &str, mut push: impl FnMut(&str)) {
    let mut rest = text;
    while let Some((run, after)) = rest.split_at_checked(scan::run_end(rest.as_bytes(), 0)) {
        push(run);
        let Some(special) = after.chars().next() else {
            break;
        };
        match special {
            '"' => push("\\\""),
            '\\' => push("\\\\"),
            '\n' => push("\\n"),
            '\r' => push("\\r"),
            '\t' => push("\\t"),
            '\u{8}' => push("\\b"),
            '\u{c}' => push("\\f"),
            // A control character: its number has two digits, of which the first is 0 or 1.
            other => {
                let low = (u32::from(other) & 15) as usize;
                push(if u32::from(other) < 16 { "\\u000" } else { "\\u001" });
                push(DIGITS.get(low..=low).unwrap_or_default());
            }
        }
        rest = after.get(1..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::Writer;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    #[test]
    fn commas_and_nesting() {
        let mut writer = Writer::with_capacity(100);
        writer.begin_object();
        writer.key("model").string("m").key("n").number(u64::MAX).key("empty").begin_array().end_array();
        writer.key("list").begin_array().null().bool(true).bool(false).raw("-1.5e3");
        writer.begin_object().end_object().begin_object().key("a\"b").escaped("c\\nd").end_object().end_array();
        writer.key("joined").begin_string().string_part("a\n").escaped_part("\\u0062").string_part("").end_string();
        writer.key("last").null().end_object();
        let written: serde_json::Result<Value> = serde_json::from_str(writer.as_str());
        assert_eq!(
            written.ok(),
            Some(json!({
                "model": "m", "n": u64::MAX, "empty": [],
                "list": [null, true, false, -1500.0, {}, {"a\"b": "c\nd"}],
                "joined": "a\nb", "last": null
            }))
        );
    }

    proptest! {
        #[test]
        fn what_is_escaped_is_read_back(text in "[\\x00-\\x7f\u{e9}\u{1f600}]{0,60}") {
            let written = Writer::new().string(&text).as_str().to_owned();
            prop_assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
        }
    }
}
