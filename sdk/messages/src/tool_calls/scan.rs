//! Tells where a JSON text that arrives in pieces is complete or broken, reading every byte once.
//!
//! It accepts exactly RFC 8259's grammar and keeps no text, only the nesting. It does not decode; a lone surrogate escape
//! passes, as it does in every client's `JSON.parse`. The whole-document reader is in [`crate::json`].

/// What a piece did to the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fed {
    /// The text is a beginning of JSON.
    Open,
    /// The text became complete; this many bytes of the piece belong to it.
    Complete(usize),
    /// The text cannot become JSON any more.
    Broken,
}

/// The reader's place in the text.
#[derive(Debug, Clone)]
pub(crate) struct Scan {
    at: At,
    /// The open containers, outermost first.
    nesting: Vec<Container>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Container {
    Object,
    Array,
}

#[derive(Debug, Clone, Copy)]
enum At {
    Value,
    FirstElement,
    FirstKey,
    Key,
    Colon,
    CommaOrEnd,
    String(Role),
    Escape(Role),
    Hex(Role, u8),
    Word(&'static [u8]),
    Number(Number),
    Complete,
    Broken,
}

/// What the string being read is.
#[derive(Debug, Clone, Copy)]
enum Role {
    Key,
    Value,
}

/// What of a number has been read.
#[derive(Debug, Clone, Copy)]
enum Number {
    Minus,
    Zero,
    Integer,
    Point,
    Fraction,
    Exponent,
    ExponentSign,
    ExponentDigits,
}

impl Number {
    /// Whether the number may end here.
    fn may_end(self) -> bool {
        matches!(self, Self::Zero | Self::Integer | Self::Fraction | Self::ExponentDigits)
    }

    /// The place after one more byte, or `None` if that byte is not part of the number.
    fn step(self, byte: u8) -> Option<Self> {
        Some(match (self, byte) {
            (Self::Minus, b'0') => Self::Zero,
            (Self::Minus, b'1'..=b'9') | (Self::Integer, b'0'..=b'9') => Self::Integer,
            (Self::Zero | Self::Integer, b'.') => Self::Point,
            (Self::Point | Self::Fraction, b'0'..=b'9') => Self::Fraction,
            (Self::Zero | Self::Integer | Self::Fraction, b'e' | b'E') => Self::Exponent,
            (Self::Exponent, b'+' | b'-') => Self::ExponentSign,
            (Self::Exponent | Self::ExponentSign | Self::ExponentDigits, b'0'..=b'9') => Self::ExponentDigits,
            _ => return None,
        })
    }
}

impl Scan {
    /// A reader before the first byte.
    pub(crate) fn new() -> Self {
        Self { at: At::Value, nesting: Vec::new() }
    }

    /// Reads the next piece. After `Complete` and `Broken` nothing more may follow: every further byte but white space breaks it.
    pub(crate) fn feed(&mut self, piece: &[u8]) -> Fed {
        let mut rest = piece;
        while let [byte, tail @ ..] = rest {
            if let At::String(_) = self.at {
                let plain = rest.iter().position(|&b| ends_plain_run(b));
                let Some(skipped) = plain.and_then(|n| rest.get(n..)) else {
                    return Fed::Open;
                };
                if skipped.len() < rest.len() {
                    rest = skipped;
                    continue;
                }
            }
            self.at = self.step(*byte);
            rest = tail;
            match self.at {
                At::Complete => return Fed::Complete(piece.len() - rest.len()),
                At::Broken => return Fed::Broken,
                _ => {}
            }
        }
        Fed::Open
    }

    fn step(&mut self, byte: u8) -> At {
        match self.at {
            At::String(role) => self.in_string(role, byte),
            At::Escape(role) => match byte {
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => At::String(role),
                b'u' => At::Hex(role, 4),
                _ => At::Broken,
            },
            At::Hex(role, 1) if byte.is_ascii_hexdigit() => At::String(role),
            At::Hex(role, left) if byte.is_ascii_hexdigit() => At::Hex(role, left - 1),
            At::Hex(..) => At::Broken,
            At::Word([expected, rest @ ..]) if *expected == byte => match rest {
                [] => self.after_value(),
                rest => At::Word(rest),
            },
            At::Word(_) => At::Broken,
            At::Number(number) => match number.step(byte) {
                Some(next) => At::Number(next),
                None if number.may_end() => self.structural(At::CommaOrEnd, byte),
                None => At::Broken,
            },
            place => self.structural(place, byte),
        }
    }

    fn in_string(&mut self, role: Role, byte: u8) -> At {
        match (byte, role) {
            (b'"', Role::Key) => At::Colon,
            (b'"', Role::Value) => self.after_value(),
            (b'\\', _) => At::Escape(role),
            (0..0x20, _) => At::Broken,
            _ => At::String(role),
        }
    }

    /// A byte outside of strings, words and numbers.
    fn structural(&mut self, place: At, byte: u8) -> At {
        match (place, byte) {
            (_, b' ' | b'\t' | b'\n' | b'\r') => place,
            (At::Value | At::FirstElement, _) if byte != b']' => self.value(byte),
            (At::FirstElement, _) => self.close(Container::Array),
            (At::FirstKey | At::Key, b'"') => At::String(Role::Key),
            (At::FirstKey, b'}') => self.close(Container::Object),
            (At::Colon, b':') => At::Value,
            (At::CommaOrEnd, b',') => match self.nesting.last() {
                Some(Container::Object) => At::Key,
                Some(Container::Array) => At::Value,
                None => At::Broken,
            },
            (At::CommaOrEnd, b'}') => self.close(Container::Object),
            (At::CommaOrEnd, b']') => self.close(Container::Array),
            _ => At::Broken,
        }
    }

    fn value(&mut self, byte: u8) -> At {
        match byte {
            b'{' => self.open(Container::Object, At::FirstKey),
            b'[' => self.open(Container::Array, At::FirstElement),
            b'"' => At::String(Role::Value),
            b't' => At::Word(b"rue"),
            b'f' => At::Word(b"alse"),
            b'n' => At::Word(b"ull"),
            b'-' => At::Number(Number::Minus),
            b'0' => At::Number(Number::Zero),
            b'1'..=b'9' => At::Number(Number::Integer),
            _ => At::Broken,
        }
    }

    fn open(&mut self, container: Container, next: At) -> At {
        self.nesting.push(container);
        next
    }

    fn close(&mut self, container: Container) -> At {
        if self.nesting.pop() == Some(container) { self.after_value() } else { At::Broken }
    }

    fn after_value(&self) -> At {
        if self.nesting.is_empty() { At::Complete } else { At::CommaOrEnd }
    }
}

fn ends_plain_run(byte: u8) -> bool {
    byte == b'"' || byte == b'\\' || byte < 0x20
}

/// Whether `text` is one JSON object and nothing else but white space.
pub(crate) fn is_object(text: &str) -> bool {
    text.trim_start_matches(JSON_SPACE).starts_with('{') && is_value(text)
}

/// Whether `text` is one complete JSON container, string or word, and nothing else but white space.
pub(crate) fn is_value(text: &str) -> bool {
    match Scan::new().feed(text.as_bytes()) {
        Fed::Complete(end) => text.get(end..).is_some_and(is_blank),
        Fed::Open | Fed::Broken => false,
    }
}

/// The characters that JSON takes for white space.
pub(crate) const JSON_SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

/// Whether there is nothing but JSON's white space in `text`.
pub(crate) fn is_blank(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn whole(text: &str) -> Fed {
        Scan::new().feed(text.as_bytes())
    }

    #[test]
    fn complete_texts_end_where_they_end() {
        for (text, end) in [
            ("{}", 2),
            (" {\"a\":1} x", 8),
            ("{\"a\":[1,-0.5e+3,{\"b\":null}],\"c\":\"\\u00e9\\\"}\"}{", 44),
            ("[]", 2),
            ("null", 4),
            ("\"a\\\\\"", 5),
        ] {
            assert_eq!(whole(text), Fed::Complete(end), "{text}");
        }
    }

    #[test]
    fn beginnings_stay_open() {
        for text in ["", " ", "{", "{\"a", "{\"a\":", "{\"a\":1", "[1,", "nul", "\"\\u00", "12"] {
            assert_eq!(whole(text), Fed::Open, "{text}");
        }
    }

    #[test]
    fn broken_texts_are_seen() {
        for text in [
            "{]",
            "{\"a\" 1",
            "{\"a\":}",
            "{\"a\":1,}",
            "[1,]",
            "{,",
            "x",
            "nulx",
            "01",
            "[01]",
            "[1.]",
            "\"\\x",
            "\"\\uzz",
            "\"a\nb\"",
            "}",
            "{\"a\":1 2}",
            "[-]",
        ] {
            assert_ne!(whole(text), Fed::Open, "{text}");
            assert!(!is_value(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_serde_json(text in r#"[\[\]{}:,"\\ a0-2.\-ntrul]{0,24}"#) {
            let truth = serde_json::from_str::<serde_json::Value>(&text);
            let container = text.trim_start().starts_with(['{', '[', '"']);
            if container {
                prop_assert_eq!(truth.is_ok(), is_value(&text));
            }
        }

        #[test]
        fn any_split_is_the_same(text in r#"[\[\]{}:,"\\ a0-2.e\-]{0,24}"#, cut in 0usize..24) {
            let cut = cut.min(text.len());
            let mut scan = Scan::new();
            let split = match scan.feed(&text.as_bytes()[..cut]) {
                Fed::Open => match scan.feed(&text.as_bytes()[cut..]) {
                    Fed::Complete(end) => Fed::Complete(cut + end),
                    other => other,
                },
                other => other,
            };
            prop_assert_eq!(split, whole(&text));
        }
    }
}
