//! What the agent keeps in `encrypted_content` and `encrypted_index`: clients hold these dear and send them back, so an excerpt is
//! still there in a later turn. It is written openly; the name is Anthropic's.

use crate::text;
use ccr_plugin::messages::json::{Document, Value, Writer};

/// Nothing of Anthropic's begins so: its own are base64, which has no colon.
const MARK: &str = "ccr1:websearch:";

/// What was in an envelope.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) number: u64,
    pub(crate) text: String,
}

/// For `encrypted_content`.
pub(crate) fn of_result(number: u64, text: &str) -> String {
    seal(Writer::new().begin_object().key("n").number(number).key("text").string(text).end_object())
}

/// For `encrypted_index`.
pub(crate) fn of_citation(number: u64) -> String {
    seal(Writer::new().begin_object().key("n").number(number).end_object())
}

/// Reads either; `None` if it is not this agent's.
pub(crate) fn open(sealed: &str) -> Option<Kept> {
    let json = decode(sealed.strip_prefix(MARK)?)?;
    let document = Document::parse(&json).ok()?;
    let number = document.root().get("n").and_then(Value::as_u64)?;
    Some(Kept { number, text: text::member(document.root(), "text") })
}

fn seal(json: &Writer) -> String {
    let mut sealed = String::from(MARK);
    encode(json.as_str().as_bytes(), &mut sealed);
    sealed
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base64 (RFC 4648, 4), padded.
fn encode(bytes: &[u8], out: &mut String) {
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4_usize {
            let letter = ALPHABET.get((bits >> (18 - 6 * place)) as usize & 63).copied().unwrap_or(b'A');
            out.push(if place > group.len() { '=' } else { char::from(letter) });
        }
    }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=').as_bytes();
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    for group in text.chunks(4) {
        let mut bits = 0_u32;
        for place in 0..4 {
            let six = group.get(place).map_or(Some(0), |letter| value(*letter))?;
            bits = bits << 6 | six;
        }
        let [_, whole @ ..] = bits.to_be_bytes();
        // Four letters are three bytes, three are two; a single one is not even one byte.
        bytes.extend(whole.iter().take(group.len().checked_sub(1).filter(|whole| *whole > 0)?));
    }
    Some(bytes)
}

fn value(letter: u8) -> Option<u32> {
    let value = match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::{Kept, decode, encode, of_citation, of_result, open};
    use proptest::prelude::*;

    #[test]
    fn the_letters_are_those_of_the_standard() {
        // RFC 4648, section 10.
        for (bytes, letters) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            let mut out = String::new();
            encode(bytes.as_bytes(), &mut out);
            assert_eq!(out, letters);
            assert_eq!(decode(letters).unwrap(), bytes.as_bytes());
        }
    }

    #[test]
    fn what_is_not_ours_stays_closed() {
        for foreign in [
            "",
            "EqgfCioIARgBIiQ3YTAwMjY1Mi1mZjM5",
            "ccr1:gemini:AA==",
            "ccr1:websearch:",
            "ccr1:websearch:!",
            "ccr1:websearch:Zm9v",
        ] {
            assert_eq!(open(foreign), None, "{foreign}");
        }
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out(number: u64, text: String) {
            prop_assert_eq!(open(&of_result(number, &text)), Some(Kept { number, text }));
            prop_assert_eq!(open(&of_citation(number)), Some(Kept { number, text: String::new() }));
        }

        #[test]
        fn no_envelope_traps(text: String) {
            let _ = open(&["ccr1:websearch:", &text].concat());
        }
    }
}
