//! Whose reasoning a thinking block is, by its signature.
//!
//! Anthropic's signatures travel as they are. Providers that imitate the format sign with something of their own, or not at all;
//! so that a client keeps such a block and it goes back to that provider only, its signature travels in the envelope
//! `ccr1:anthropic:MARK:SIGNATURE`, where the mark is a fingerprint of the provider's name in the config.

use ccr_plugin::messages::anthropic::clean::is_native_signature;
use ccr_plugin::messages::fingerprint::Fingerprint;
use ccr_plugin::messages::json::{Str, Value};

/// How all envelopes of the gateway begin, whatever their origin.
const ENVELOPES: &str = "ccr1:";

/// How the envelopes of this format begin: the version of the envelope, then the origin.
pub(crate) const PREFIX: &str = "ccr1:anthropic:";

/// What tells providers apart in an envelope. A name of the config may be long and have any characters; this has neither.
pub(crate) fn mark(provider: &str) -> String {
    Fingerprint::of(provider).half()
}

/// The envelope around a provider's signature, which may be empty.
pub(crate) fn seal(mark: &str, signature: &str) -> String {
    [PREFIX, mark, ":", signature].concat()
}

/// Whether a decoded signature of an answer needs an envelope.
pub(crate) fn needs_seal(signature: &str) -> bool {
    Str::split_from(&format!("{signature}\"")).is_none_or(|(whole, _)| !is_native_signature(whole))
}

/// Who made a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin<'d> {
    /// Anthropic, by the looks of it.
    Native,
    /// The provider that the request goes to; what it signed with, as it stands in a JSON string.
    Own(&'d str),
    /// An imitator of Anthropic's format whose answer went past the gateway unread: perhaps the same provider.
    Raw,
    /// Somebody else, or nobody.
    Foreign,
}

impl<'d> Origin<'d> {
    pub(crate) fn of(signature: Option<Value<'d>>, mark: &str) -> Self {
        let Some(signature) = signature.and_then(Value::as_str).filter(|signature| !signature.is_empty()) else {
            return Self::Foreign;
        };
        let raw = signature.raw();
        if let Some((of, inner)) = raw.strip_prefix(PREFIX).and_then(|rest| rest.split_once(':')) {
            return if of == mark { Self::Own(inner) } else { Self::Foreign };
        }
        // claude-code-router signs with the time.
        if raw.starts_with(ENVELOPES) || raw.bytes().all(|byte| byte.is_ascii_digit()) {
            Self::Foreign
        } else if is_native_signature(signature) {
            Self::Native
        } else {
            Self::Raw
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use ccr_plugin::messages::json::{Document, Writer};

    fn with_origin(signature: &str, check: impl Fn(Origin<'_>)) {
        let mut text = Writer::new();
        text.string(signature);
        let document = Document::parse_str(text.as_str()).unwrap();
        check(Origin::of(Some(document.root()), "0123abcd"));
    }

    #[test]
    fn what_was_sealed_is_known_by_its_mark() {
        for signature in ["", "0b51aa9e-d5bf", "a:b"] {
            with_origin(&seal("0123abcd", signature), |origin| assert_eq!(origin, Origin::Own(signature)));
            with_origin(&seal("9999ffff", signature), |origin| assert_eq!(origin, Origin::Foreign));
        }
    }

    #[test]
    fn others_are_told_apart() {
        with_origin("EqQBCkgIARABGAIiQL2UoU0b+/==", |origin| assert_eq!(origin, Origin::Native));
        with_origin("0b51aa9e-d5bf-4d9c-a0a8-49ec0b1c5f37", |origin| assert_eq!(origin, Origin::Raw));
        for foreign in ["", "1732300000000", "ccr1:openai:85944171f73967e8", "ccr1:anthropic:", "ccr1:gemini:CpcC"] {
            with_origin(foreign, |origin| assert_eq!(origin, Origin::Foreign, "{foreign}"));
        }
        assert_eq!(Origin::of(None, "0123abcd"), Origin::Foreign);
    }

    #[test]
    fn only_what_is_not_anthropics_is_sealed() {
        assert!(!needs_seal("EqQBCkgIARABGAIiQL2UoU0b+/=="));
        for other in ["", "cc2d6f4c1d2f8d", "0b51aa9e-d5bf", "a\"b"] {
            assert!(needs_seal(other), "{other}");
        }
    }
}
