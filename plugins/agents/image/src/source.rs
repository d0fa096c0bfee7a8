//! Where an image's content is: bytes within the request, or something that only the provider can fetch. And what it is
//! recognised by.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ccr_plugin::messages::json::{Kind, Value};

/// Reads base64 as clients write it, with or without padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Bytes of a hash that are kept: with 16, two images of the same hash are not to be found, by chance or on purpose.
const HASH_BYTES: usize = 16;

/// Longest declared media type that is believed: twice the longest that is registered for images.
const MAX_MEDIA_TYPE: usize = 64;

/// An image's content, as the client gave it.
#[derive(Debug)]
pub(crate) enum Source<'d> {
    /// The bytes of the image, in base64 as the client wrote it.
    Data { media_type: Cow<'d, str>, base64: Cow<'d, str> },
    /// A URL, a file at the provider: the source, as it stands in the request.
    Elsewhere(&'d str),
    /// Nothing that can be used.
    Missing,
}

impl<'d> Source<'d> {
    /// The source of an image block.
    pub(crate) fn of(block: Value<'d>) -> Self {
        let Some(source) = block.get("source").filter(|source| source.kind() == Kind::Object) else {
            return Self::Missing;
        };
        let is_data = source.get("type").and_then(Value::as_str).is_some_and(|kind| kind == "base64");
        if !is_data {
            return Self::Elsewhere(source.raw());
        }
        let Some(text) = source.get("data").and_then(Value::as_str) else {
            return Self::Missing;
        };
        let declared = source.get("media_type").and_then(Value::as_str).map(|text| text.decode()).unwrap_or_default();
        let (within, base64) = without_prefix(text.decode());
        let media_type = if is_media_type(&declared) { declared } else { within };
        Self::Data { media_type, base64: without_space(base64) }
    }

    /// What the same image has in common wherever it stands.
    pub(crate) fn hash(&self) -> String {
        let text = match self {
            Self::Data { base64, .. } => base64.trim_end_matches('='),
            Self::Elsewhere(source) => source,
            Self::Missing => "",
        };
        let hash = blake3::hash(text.as_bytes()).to_hex();
        hash.chars().take(2 * HASH_BYTES).collect()
    }
}

/// The bytes that base64 stands for.
pub(crate) fn decoded(base64: &str) -> Option<Vec<u8>> {
    LENIENT.decode(base64).ok().filter(|bytes| !bytes.is_empty())
}

/// How many bytes that will be.
pub(crate) fn decoded_len(base64: &str) -> usize {
    base64.trim_end_matches('=').len() * 3 / 4
}

/// Bytes in base64, as providers take it.
pub(crate) fn encoded(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// Some clients send a whole `data:` URL: its media type, and what follows.
fn without_prefix(text: Cow<'_, str>) -> (Cow<'_, str>, Cow<'_, str>) {
    if !text.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("data:")) {
        return (Cow::Borrowed(""), text);
    }
    let (head, media_end) = match text.find(',') {
        Some(comma) => (comma + 1, text.get(..comma).and_then(|head| head.find(';')).unwrap_or(comma)),
        None => return (Cow::Borrowed(""), text),
    };
    let media_type = text.get(5..media_end).filter(|named| is_media_type(named)).unwrap_or_default().to_owned();
    let rest = match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.get(head..).unwrap_or_default()),
        Cow::Owned(mut text) => {
            text.drain(..head);
            Cow::Owned(text)
        }
    };
    (Cow::Owned(media_type), rest)
}

/// Some clients break lines.
fn without_space(text: Cow<'_, str>) -> Cow<'_, str> {
    // A vectorised search would need a crate of its own; this loop is made vectors of by the compiler.
    if text.bytes().fold(false, |found, byte| found | (byte <= b' ')) {
        Cow::Owned(text.chars().filter(|character| !character.is_ascii_whitespace()).collect())
    } else {
        text
    }
}

fn is_media_type(text: &str) -> bool {
    text.starts_with("image/") && text.len() <= MAX_MEDIA_TYPE && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use ccr_plugin::messages::json::Document;
    use serde_json::json;

    fn hash(source: serde_json::Value) -> String {
        let text = json!({"type": "image", "source": source}).to_string();
        let document = Document::parse_str(&text).unwrap();
        Source::of(document.root()).hash()
    }

    #[test]
    fn one_image_has_one_hash_however_it_is_written() {
        let plain = hash(json!({"type": "base64", "media_type": "image/png", "data": "aGVsbG8="}));
        assert_eq!(plain.len(), 32);
        for data in ["aGVsbG8", "data:image/jpeg;base64,aGVsbG8=", "DATA:,aGVsbG8=", "aGVs\r\nbG8=\n"] {
            assert_eq!(hash(json!({"type": "base64", "media_type": "image/jpeg", "data": data})), plain, "{data}");
        }
        assert_ne!(hash(json!({"type": "base64", "data": "aGVsbG9="})), plain);
        let url = hash(json!({"type": "url", "url": "https://example.com/a.png"}));
        assert_eq!(hash(json!({"type": "url", "url": "https://example.com/a.png"})), url);
        assert_ne!(hash(json!({"type": "url", "url": "https://example.com/b.png"})), url);
    }

    #[test]
    fn a_prefix_says_the_type_where_nothing_else_does() {
        let text = r#"{"source": {"type": "base64", "data": "data:image\/webp;base64,aGk="}}"#;
        let document = Document::parse_str(text).unwrap();
        let Source::Data { media_type, base64 } = Source::of(document.root()) else { panic!("data") };
        assert_eq!((&*media_type, &*base64), ("image/webp", "aGk="));
    }

    #[test]
    fn base64_is_read_leniently_and_its_length_foreseen() {
        for (text, bytes) in [("aGVsbG8=", "hello"), ("aGVsbG8", "hello"), ("aGk", "hi"), ("aGVs", "hel")] {
            assert_eq!(decoded(text).unwrap(), bytes.as_bytes());
            assert_eq!(decoded_len(text), bytes.len());
        }
        assert_eq!(decoded("no base64!"), None);
        assert_eq!(decoded(""), None);
    }
}
