//! Strings of a document, still escaped: comparing and copying them seldom needs decoding.

use super::scan;
use std::borrow::Cow;
use std::fmt;

/// A string value or key as it stands in the text.
///
/// Copy its [`raw`](Str::raw) text into other JSON with [`Writer::escaped`](super::Writer::escaped); that is much
/// cheaper than decoding and escaping again, and keeps the client's spelling.
/// The default is empty.
#[derive(Clone, Copy, Default)]
pub struct Str<'d> {
    raw: &'d str,
    escaped: bool,
}

impl<'d> Str<'d> {
    /// `raw` must be the inside of a valid JSON string.
    pub(super) fn new(raw: &'d str, escaped: bool) -> Self {
        Self { raw, escaped }
    }

    /// Reads the inside of a string that `text` begins with, up to its closing quote; gives also what follows, from that
    /// quote on. `None` if the string does not end, or has a control character or a broken escape (RFC 8259, 7).
    #[must_use]
    #[inline]
    pub fn split_from(text: &'d str) -> Option<(Self, &'d str)> {
        let bytes = text.as_bytes();
        let (mut at, mut escaped) = (0, false);
        loop {
            at = scan::run_end(bytes, at);
            match bytes.get(at)? {
                b'"' => {
                    let (raw, rest) = text.split_at_checked(at)?;
                    return Some((Self { raw, escaped }, rest));
                }
                b'\\' => {
                    escaped = true;
                    at = scan::escape_end(bytes, at).ok()?;
                }
                _ => return None,
            }
        }
    }

    /// The text between the quotes, escapes as they are.
    #[must_use]
    pub fn raw(self) -> &'d str {
        self.raw
    }

    /// Whether the raw text has escapes. If not, it is the string itself.
    #[must_use]
    pub fn is_escaped(self) -> bool {
        self.escaped
    }

    /// Whether the string has no characters.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.raw.is_empty()
    }

    /// The string itself; borrowed when it has no escapes. A lone surrogate escape becomes U+FFFD.
    #[must_use]
    pub fn decode(self) -> Cow<'d, str> {
        if !self.escaped {
            return Cow::Borrowed(self.raw);
        }
        let mut decoded = String::with_capacity(self.raw.len());
        for piece in self.pieces() {
            match piece {
                Piece::Run(run) => decoded.push_str(run),
                Piece::Char(character) => decoded.push(character),
            }
        }
        Cow::Owned(decoded)
    }

    fn pieces(self) -> Pieces<'d> {
        Pieces { rest: self.raw }
    }
}

impl PartialEq<str> for Str<'_> {
    /// Compares the decoded string, without allocating.
    fn eq(&self, other: &str) -> bool {
        if !self.escaped {
            return self.raw == other;
        }
        let mut other = other;
        for piece in self.pieces() {
            let rest = match piece {
                Piece::Run(run) => other.strip_prefix(run),
                Piece::Char(character) => other.strip_prefix(character),
            };
            match rest {
                Some(rest) => other = rest,
                None => return false,
            }
        }
        other.is_empty()
    }
}

impl PartialEq<&str> for Str<'_> {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

impl PartialEq for Str<'_> {
    /// Compares the decoded strings.
    fn eq(&self, other: &Self) -> bool {
        *self == *other.decode()
    }
}

impl Eq for Str<'_> {}

impl fmt::Display for Str<'_> {
    /// Writes the string without its escapes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.decode())
    }
}

impl fmt::Debug for Str<'_> {
    /// As it stands in the text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.raw)
    }
}

enum Piece<'d> {
    /// Text without escapes.
    Run(&'d str),
    /// What an escape stands for.
    Char(char),
}

struct Pieces<'d> {
    rest: &'d str,
}

impl<'d> Iterator for Pieces<'d> {
    type Item = Piece<'d>;

    fn next(&mut self) -> Option<Piece<'d>> {
        let rest = self.rest;
        match memchr::memchr(b'\\', rest.as_bytes()) {
            Some(0) => {
                let (character, length) = unescape(rest)?;
                self.rest = rest.get(length..)?;
                Some(Piece::Char(character))
            }
            None if rest.is_empty() => None,
            found => {
                let (run, rest) = rest.split_at_checked(found.unwrap_or(rest.len()))?;
                self.rest = rest;
                Some(Piece::Run(run))
            }
        }
    }
}

/// The character of the escape that `text` begins with, and the escape's length in bytes.
fn unescape(text: &str) -> Option<(char, usize)> {
    let character = match text.as_bytes().get(1)? {
        b'n' => '\n',
        b't' => '\t',
        b'r' => '\r',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'u' => return unescape_unicode(text),
        other => char::from(*other),
    };
    Some((character, 2))
}

/// Length of `\uXXXX`.
const UNICODE_ESCAPE: usize = 6;

/// Characters beyond U+FFFF are written as two escapes, a high and a low surrogate (RFC 8259, 7).
fn unescape_unicode(text: &str) -> Option<(char, usize)> {
    let first = code_unit(text)?;
    let second = text.get(UNICODE_ESCAPE..).and_then(code_unit);
    match char::decode_utf16([first].into_iter().chain(second)).next()? {
        Ok(character) => Some((character, UNICODE_ESCAPE * character.len_utf16())),
        Err(_) => Some((char::REPLACEMENT_CHARACTER, UNICODE_ESCAPE)),
    }
}

fn code_unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::Str;

    #[test]
    fn decodes_every_escape() {
        let text = Str::new(r#"a\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude00z"#, true);
        assert_eq!(text.decode(), "a\"\\/\u{8}\u{c}\n\r\tA\u{e9}\u{1F600}z");
        assert!(text == "a\"\\/\u{8}\u{c}\n\r\tA\u{e9}\u{1F600}z");
        assert!(text != "a\"\\/\u{8}\u{c}\n\r\tA\u{e9}\u{1F600}");
        assert!(text != "b");
    }

    #[test]
    fn lone_surrogates_become_replacement_characters() {
        for (raw, decoded) in [
            (r"\ud800", "\u{FFFD}"),
            (r"\udc00x", "\u{FFFD}x"),
            (r"\ud800\n", "\u{FFFD}\n"),
            (r"\ud800\ud83d\ude00", "\u{FFFD}\u{1F600}"),
            (r"\ud800\u0041", "\u{FFFD}A"),
        ] {
            assert_eq!(Str::new(raw, true).decode(), decoded);
        }
    }

    #[test]
    fn a_string_ends_at_its_quote() {
        for raw in ["", "a", r"\n", r#"\""#, r"\\", r"\u00e9", "é", r"a\\\n", &"long ".repeat(100)] {
            let text = format!("{raw}\"rest\"");
            let (string, rest) = Str::split_from(&text).unwrap();
            assert_eq!((string.raw(), string.is_escaped(), rest), (raw, raw.contains('\\'), "\"rest\""));
        }
    }

    #[test]
    fn what_is_no_string_is_not_split() {
        for text in ["", "a", "\\\"", r#"\\\""#, r#"\x""#, r#"\u12""#, r#"\u12g4""#, "\n\"", "a\u{1f}b\""] {
            assert!(Str::split_from(text).is_none(), "{text}");
        }
    }

    #[test]
    fn text_without_escapes_is_borrowed() {
        let text = Str::new("plain", false);
        assert!(matches!(text.decode(), std::borrow::Cow::Borrowed("plain")));
        assert_eq!(text, Str::new(r"pl\u0061in", true));
    }
}
