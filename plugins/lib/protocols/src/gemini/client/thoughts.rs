//! What a part's `thoughtSignature` carries through a Gemini client: bytes to it, which it sends back as they are.
//!
//! A signature of Gemini's own stands there as it came. What other providers want to see again goes into envelopes, base64 of
//! `ccr1:KIND:…`: a signature behind thoughts that the client was shown (`sig`), thoughts that it did not ask for together with
//! their signature (`block`), and thoughts that the provider had encrypted (`redacted`).

use crate::gemini::signature;
use crate::shared::base64;

const SIGNATURE: &str = "ccr1:sig:";
const BLOCK: &str = "ccr1:block:";
const REDACTED: &str = "ccr1:redacted:";

/// Any envelope in a request begins so behind the quote of its string: the base64 of `ccr1`.
pub(super) const BEGINNING: &str = "\"Y2NyM";

/// What clients write on calls of others instead of a signature (Google's guide "Thought signatures").
const PLACEHOLDERS: [&str; 2] = [signature::SENTINEL, "context_engineering_is_the_way_to_go"];

/// What was in a `thoughtSignature`.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Opened {
    /// The signature of an inner thinking block.
    Signature(String),
    Block {
        signature: String,
        text: String,
    },
    Redacted(String),
    /// Words that stand for no signature, or something that is none.
    Nothing,
}

pub(super) fn open(text: &str) -> Opened {
    if text.is_empty() || PLACEHOLDERS.contains(&text) {
        return Opened::Nothing;
    }
    let inside = base64::decode(text).and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
    if let Some(signature) = inside.strip_prefix(SIGNATURE) {
        return Opened::Signature(signature.to_owned());
    }
    if let Some((signature, text)) = inside.strip_prefix(BLOCK).and_then(|block| block.split_once('\n')) {
        return Opened::Block { signature: signature.to_owned(), text: text.to_owned() };
    }
    if let Some(data) = inside.strip_prefix(REDACTED) {
        return Opened::Redacted(data.to_owned());
    }
    let own = signature::wrap(text);
    if signature::unwrap(&own).is_some() { Opened::Signature(own) } else { Opened::Nothing }
}

pub(super) fn of_signature(signature: &str) -> String {
    base64::encode(format!("{SIGNATURE}{signature}").as_bytes())
}

/// A signature never has a line end: it is base64, or an envelope of the gateway's.
pub(super) fn of_block(text: &str, signature: &str) -> String {
    base64::encode(format!("{BLOCK}{signature}\n{text}").as_bytes())
}

pub(super) fn of_redacted(data: &str) -> String {
    base64::encode(format!("{REDACTED}{data}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_is_opened() {
        for signature in ["", "EqQBCkYIARgCKkA=", "ccr1:openai:00ff"] {
            let opened = open(&of_signature(signature));
            assert_eq!(opened, Opened::Signature(signature.into()));
            let opened = open(&of_block("a\nb é", signature));
            assert_eq!(opened, Opened::Block { signature: signature.into(), text: "a\nb é".into() });
        }
        assert_eq!(open(&of_redacted("Zz=")), Opened::Redacted("Zz=".into()));
        // As a library in Python sends it back.
        let again = of_block("???>>>", "s").replace('+', "-").replace('/', "_");
        assert_eq!(open(&again), Opened::Block { signature: "s".into(), text: "???>>>".into() });
    }

    #[test]
    fn every_envelope_is_found_by_its_beginning() {
        for envelope in [of_signature("x"), of_block("", ""), of_redacted("")] {
            assert!(format!("\"{envelope}\"").starts_with(BEGINNING));
        }
    }

    #[test]
    fn signatures_of_gemini_and_what_stands_for_none() {
        assert_eq!(open("CpcCAdHtim8+/=="), Opened::Signature("ccr1:gemini:CpcCAdHtim8+/==".into()));
        for text in ["", "skip_thought_signature_validator", "context_engineering_is_the_way_to_go", "a b", "\"é"] {
            assert_eq!(open(text), Opened::Nothing, "{text}");
        }
    }
}
