//! The signature that reasoning gets, since clients replay only signed reasoning (Claude Code drops the rest).
//!
//! It is an envelope of the gateway's own, `ccr1:openai:` and 16 hexadecimal digits: whoever reads it later can tell that the
//! block came from a provider of this format and must not go to Anthropic, which would refuse the signature.

/// How signatures of this plugin begin: the version of the envelope, then the origin.
pub(crate) const SIGNATURE_PREFIX: &str = "ccr1:openai:";

/// A running 64-bit FNV-1a hash (its authors' parameters): tells texts apart, protects nothing. Chosen because it needs no
/// table and no buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fingerprint(u64);

impl Default for Fingerprint {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fingerprint {
    pub(crate) fn add(&mut self, text: &str) {
        for byte in text.bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    pub(crate) fn value(self) -> u64 {
        self.0
    }

    /// The signature of the text so far.
    pub(crate) fn signature(self) -> String {
        format!("{SIGNATURE_PREFIX}{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Fingerprint;

    #[test]
    fn known_values_of_the_hash() {
        let mut fingerprint = Fingerprint::default();
        assert_eq!(fingerprint.value(), 0xcbf2_9ce4_8422_2325);
        fingerprint.add("foo");
        fingerprint.add("bar");
        assert_eq!(fingerprint.signature(), "ccr1:openai:85944171f73967e8");
    }
}
