//! Base64 (RFC 4648), as files and signatures travel in JSON.
//!
//! Both alphabets are read, with padding or without: protobuf's JSON takes them, and Google's Python library sends the one for
//! addresses.

use std::borrow::Cow;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The standard alphabet, padded.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4_usize {
            let six = (bits >> (18 - 6 * place)) & 63;
            let letter = ALPHABET.get(six as usize).copied().unwrap_or(b'A');
            text.push(if place > group.len() { '=' } else { char::from(letter) });
        }
    }
    text
}

/// `None` if it is no base64 of either alphabet.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=');
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    for group in text.as_bytes().chunks(4) {
        // A single letter has not even one byte.
        if group.len() < 2 {
            return None;
        }
        let mut bits = 0_u32;
        for place in 0..4 {
            bits = bits << 6 | group.get(place).map_or(Some(0), |letter| value(*letter))?;
        }
        let [_, whole @ ..] = bits.to_be_bytes();
        bytes.extend(whole.iter().take(group.len() - 1));
    }
    Some(bytes)
}

/// The same data in the alphabet and with the padding that other APIs insist on.
pub(crate) fn standard(text: &str) -> Cow<'_, str> {
    let missing = match text.trim_end_matches('=').len() % 4 {
        2 if !text.ends_with("==") => 2 - text.bytes().rev().take_while(|byte| *byte == b'=').count().min(2),
        3 if !text.ends_with('=') => 1,
        _ => 0,
    };
    if missing == 0 && !text.contains(['-', '_']) {
        return Cow::Borrowed(text);
    }
    let mut data = text.replace('-', "+").replace('_', "/");
    (0..missing).for_each(|_| data.push('='));
    Cow::Owned(data)
}

fn value(letter: u8) -> Option<u32> {
    let (first, place) = match letter {
        b'A'..=b'Z' => (b'A', 0),
        b'a'..=b'z' => (b'a', 26),
        b'0'..=b'9' => (b'0', 52),
        b'+' | b'-' => return Some(62),
        b'/' | b'_' => return Some(63),
        _ => return None,
    };
    Some(u32::from(letter - first) + place)
}

#[cfg(test)]
mod tests {
    use super::{decode, encode, standard};
    use proptest::prelude::*;

    #[test]
    fn the_examples_of_the_standard() {
        for (bytes, text) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE=")]
        {
            assert_eq!(encode(bytes.as_bytes()), text);
            assert_eq!(decode(text).as_deref(), Some(bytes.as_bytes()));
            assert_eq!(standard(text.trim_end_matches('=')), text);
            assert_eq!(standard(text), text);
        }
        assert_eq!(decode("-_8"), decode("+/8="));
        assert_eq!(standard("-_8"), "+/8=");
        for text in ["a", "ab c", "é", "a=b"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            prop_assert_eq!(decode(&encode(&bytes)), Some(bytes));
        }
    }
}
