//! Reasoning on its way to the client and back. Claude's is signed by Anthropic and goes both ways as it is: the signature
//! holds wherever Claude runs. That of other models gets the envelope `ccr1:bedrock:MARK:SIGNATURE`, so that it goes back to
//! its own family only; the signature may be empty, as many of them have none.

/// How signatures of this plugin begin: the version of the envelope, then the origin.
pub(crate) const PREFIX: &str = "ccr1:bedrock:";

/// How all envelopes of the gateway begin.
const ENVELOPES: &str = "ccr1:";

/// The signature that the client gets.
pub(crate) fn wrap(mark: &str, signature: String) -> String {
    if mark.is_empty() { signature } else { format!("{PREFIX}{mark}:{signature}") }
}

/// The signature that the model gave, if a model with this mark did. The inside of a JSON string may be given as it stands.
pub(crate) fn unwrap<'t>(mark: &str, signature: &'t str) -> Option<&'t str> {
    if mark.is_empty() {
        return Some(signature).filter(|signature| !signature.is_empty() && !signature.starts_with(ENVELOPES));
    }
    signature.strip_prefix(PREFIX)?.strip_prefix(mark)?.strip_prefix(':')
}

#[cfg(test)]
mod tests {
    use super::{unwrap, wrap};

    #[test]
    fn reasoning_goes_back_to_its_own_family_only() {
        for (mark, signature) in [("", "ErUB"), ("nova", "abc:d"), ("gpt-oss", "")] {
            let sealed = wrap(mark, signature.into());
            for reader in ["", "nova", "gpt-oss", "openai", "gpt"] {
                let expected = (reader == mark).then_some(signature);
                assert_eq!(unwrap(reader, &sealed), expected, "{sealed} read by {reader}");
            }
        }
    }

    #[test]
    fn claude_gets_no_envelope_and_nothing_unsigned() {
        for signature in ["", "ccr1:openai:85944171f73967e8", "ccr1:gemini:"] {
            assert_eq!(unwrap("", signature), None, "{signature}");
        }
    }
}
