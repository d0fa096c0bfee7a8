//! The signature that reasoning gets on its way to the client: an envelope with what OpenAI wants back in the next turn.
//!
//! `ccr1:openai-responses:MARK:ID:KIND:CONTENT`. The mark tells which provider the reasoning came from, since no other can
//! decrypt it; the id is the reasoning item's; the kind is `e` (the content is OpenAI's encrypted reasoning), `t` (the block's
//! own text is the reasoning) or `n` (nothing that could go back). Whoever else reads it knows by the beginning that the
//! block is none of Anthropic's.

use ccr_plugin::messages::fingerprint::Fingerprint;

/// How signatures of this plugin begin: the version of the envelope, then the origin.
pub(crate) const SIGNATURE_PREFIX: &str = "ccr1:openai-responses:";

/// The mark of reasoning whose provider is not known: a client brought it from an answer that was passed on untouched.
pub(crate) const ANYONE: &str = "*";

/// What of the reasoning can be sent back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept<'t> {
    /// Reasoning that OpenAI encrypted, to be sent back as it is.
    Encrypted(&'t str),
    /// The text that the client was shown is the reasoning itself (open models).
    Text,
    /// Only a summary was ever told.
    Nothing,
}

/// What an envelope of this gateway holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Envelope<'t> {
    mark: &'t str,
    /// The id of the reasoning item; may be empty.
    pub(crate) id: &'t str,
    pub(crate) kept: Kept<'t>,
}

impl<'t> Envelope<'t> {
    /// A colon separates the parts, so an id that has one (OpenAI's never do) is left out: it may be missing.
    pub(crate) fn new(mark: &'t str, id: &'t str, kept: Kept<'t>) -> Self {
        Self { mark, id: if id.contains(':') { "" } else { id }, kept }
    }

    pub(crate) fn seal(self) -> String {
        let (kind, content) = match self.kept {
            Kept::Encrypted(content) => ('e', content),
            Kept::Text => ('t', ""),
            Kept::Nothing => ('n', ""),
        };
        format!("{SIGNATURE_PREFIX}{}:{}:{kind}:{content}", self.mark, self.id)
    }

    /// `None` for signatures of other origins. The inside of a JSON string may be given as it stands: no escape has a colon.
    pub(crate) fn open(signature: &'t str) -> Option<Self> {
        let mut parts = signature.strip_prefix(SIGNATURE_PREFIX)?.splitn(4, ':');
        let (mark, id, kind, content) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let kept = match kind {
            "e" if !content.is_empty() => Kept::Encrypted(content),
            "t" => Kept::Text,
            _ => Kept::Nothing,
        };
        Some(Self { mark, id, kept })
    }

    /// Whether the provider with this mark made it, or may have made it.
    pub(crate) fn is_of(&self, mark: &str) -> bool {
        !mark.is_empty() && (self.mark == mark || self.mark == ANYONE)
    }
}

/// What tells providers apart in an envelope. A name of the config may be long and have any characters; this has neither.
pub(crate) fn mark(provider: &str) -> String {
    Fingerprint::of(provider).half()
}

#[cfg(test)]
mod tests {
    use super::{Envelope, Kept, mark};

    #[test]
    fn what_was_sealed_is_opened() {
        for kept in [Kept::Encrypted("gAAA:B+/=="), Kept::Text, Kept::Nothing] {
            let envelope = Envelope::new("1234abcd", "rs_1", kept);
            assert_eq!(Envelope::open(&envelope.seal()), Some(envelope));
        }
        let odd = Envelope::new("m", "a:b", Kept::Encrypted("c"));
        assert_eq!(Envelope::open(&odd.seal()), Some(Envelope { mark: "m", id: "", kept: Kept::Encrypted("c") }));
    }

    #[test]
    fn signatures_of_others_are_not_opened() {
        for signature in
            ["", "ErUB", "ccr1:openai:85944171f73967e8", "ccr1:openai-responses:", "ccr1:openai-responses:a:b:e"]
        {
            assert_eq!(Envelope::open(signature), None, "{signature}");
        }
    }

    #[test]
    fn another_provider_is_told_by_its_mark() {
        let (one, two) = (mark("openai"), mark("azure"));
        let envelope = Envelope::new(&one, "", Kept::Text);
        assert!(envelope.is_of(&one) && !envelope.is_of(&two) && !envelope.is_of(""));
        assert!(!Envelope::new("", "", Kept::Text).is_of(""));
    }
}
