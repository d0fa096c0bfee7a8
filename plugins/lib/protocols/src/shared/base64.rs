//! Base64 (RFC 4648), as files and signatures travel in JSON.
//!
//! Both alphabets are read, with padding or without: protobuf's JSON takes them, and Google's Python library sends the one for
//! addresses.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use std::borrow::Cow;

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The standard alphabet, padded.
pub(crate) fn encode(bytes: &[u8]) -> String {
    LENIENT.encode(bytes)
}

/// `None` if it is not base64 of either alphabet.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    LENIENT.decode(standard(text).as_bytes()).ok()
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
