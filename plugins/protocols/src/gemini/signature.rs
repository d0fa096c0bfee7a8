//! Thought signatures: the encrypted reasoning that Gemini puts on a part and wants back with it in the next turn.
//!
//! Anthropic's format has no place for one on a tool call, so it travels as the signature of the thinking block before the
//! call, in an envelope of the gateway's own: `ccr1:gemini:` and Gemini's signature as it came, or nothing where Gemini gave
//! none. Whoever reads it later can tell that the block must not go to another provider; it survives restarts, since the
//! client keeps it.

/// How signatures of this plugin begin: the version of the envelope, then the origin.
const ENVELOPE: &str = "ccr1:gemini:";

/// What Gemini takes in the place of a signature for calls that it did not make itself (its guide "Thought signatures").
pub(crate) const SENTINEL: &str = "skip_thought_signature_validator";

/// The envelope around a signature.
pub(crate) fn wrap(signature: &str) -> String {
    format!("{ENVELOPE}{signature}")
}

/// Gemini's signature out of a thinking block's; `None` if the block came from elsewhere. May be empty.
pub(crate) fn unwrap(signature: &str) -> Option<&str> {
    // Such a signature is base64, of either alphabet; anything else would fail the whole request.
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=-_".contains(&byte);
    signature.strip_prefix(ENVELOPE).filter(|inner| inner.bytes().all(legal))
}

#[cfg(test)]
mod tests {
    use super::{unwrap, wrap};

    #[test]
    fn what_was_wrapped_comes_back() {
        for signature in ["", "CpcCAdHtim8+/==", "a-b_c"] {
            assert_eq!(unwrap(&wrap(signature)), Some(signature));
        }
    }

    #[test]
    fn signatures_of_others_are_none() {
        for signature in ["", "EqQBCkYIARgCKkA=", "ccr1:openai:00ff", "ccr1:gemini:a b", "ccr1:gemini:\\u0041"] {
            assert_eq!(unwrap(signature), None, "{signature}");
        }
    }
}
