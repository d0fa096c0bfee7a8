//! How reasoning travels through a client of this API: `encrypted_content` of a reasoning item is a text that the client sends
//! back as it is, so that it holds whatever a provider wants to see again.
//!
//! Ours begin with `ccr1:`. What does not was made by a provider of this API itself, in an answer that was passed on untouched.

use crate::responses::thinking::{ANYONE, Envelope, Kept, SIGNATURE_PREFIX};
use std::borrow::Cow;

/// How every envelope of the gateway begins, whoever made it.
pub(super) const OURS: &str = "ccr1:";

/// A signature that is no envelope: Anthropic's own.
const SIGNATURE: &str = "ccr1:sig:";

/// The data of a `redacted_thinking` block.
const REDACTED: &str = "ccr1:redacted:";

/// What an item's `encrypted_content` stands for. Texts are the insides of JSON strings.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Content<'t> {
    Signature(Cow<'t, str>),
    Redacted(&'t str),
}

/// `id` is the item's own.
pub(super) fn open<'t>(content: &'t str, id: &str) -> Content<'t> {
    if let Some(data) = content.strip_prefix(REDACTED) {
        Content::Redacted(data)
    } else if let Some(signature) = content.strip_prefix(SIGNATURE) {
        Content::Signature(Cow::Borrowed(signature))
    } else if content.starts_with(OURS) {
        Content::Signature(Cow::Borrowed(content))
    } else {
        Content::Signature(Cow::Owned(Envelope::new(ANYONE, id, Kept::Encrypted(content)).seal()))
    }
}

/// What the client gets for the signature of a thinking block.
pub(super) fn of_signature(signature: &str) -> Cow<'_, str> {
    if signature.starts_with(OURS) { Cow::Borrowed(signature) } else { Cow::Owned(format!("{SIGNATURE}{signature}")) }
}

/// What the client gets for the data of a `redacted_thinking` block. Hidden reasoning of this API has an envelope of its own.
pub(super) fn of_redacted(data: &str) -> Cow<'_, str> {
    if data.starts_with(SIGNATURE_PREFIX) { Cow::Borrowed(data) } else { Cow::Owned(format!("{REDACTED}{data}")) }
}

#[cfg(test)]
mod tests {
    use super::{Content, of_redacted, of_signature, open};

    #[test]
    fn signatures_come_back_as_they_were() {
        for signature in ["ErUBCkYIB", "ccr1:openai:0123", "ccr1:openai-responses:0123abcd:rs_1:e:gAAA"] {
            assert_eq!(open(&of_signature(signature), "rs_9"), Content::Signature(signature.into()));
        }
        assert_eq!(open(&of_redacted("EmwK"), "rs_9"), Content::Redacted("EmwK"));
    }

    #[test]
    fn what_a_provider_encrypted_itself_becomes_an_envelope() {
        let expected = Content::Signature("ccr1:openai-responses:*:rs_9:e:gAAA".into());
        assert_eq!(open("gAAA", "rs_9"), expected);
    }
}
