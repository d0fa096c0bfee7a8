//! A hash that tells texts apart, for what must come out the same in every turn: aliases of names, ids, marks of providers.

/// A running 64-bit FNV-1a hash (its authors' parameters): tells texts apart, protects nothing. Chosen because it needs no
/// table and no buffer, and the same everywhere and for ever: clients send what was made from it back in later versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(u64);

impl Default for Fingerprint {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fingerprint {
    /// The hash of a whole text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut fingerprint = Self::default();
        fingerprint.add(text);
        fingerprint
    }

    /// Hashes on: the pieces of a text have the hash of the whole.
    pub fn add(&mut self, text: &str) {
        for byte in text.bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    /// The hash as a number, for tables.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }

    /// All of it: 16 hexadecimal digits.
    #[must_use]
    pub fn digits(self) -> String {
        format!("{:016x}", self.0)
    }

    /// Its low half, 8 hexadecimal digits: enough to tell a handful of texts apart.
    #[must_use]
    pub fn half(self) -> String {
        format!("{:08x}", self.0 & 0xFFFF_FFFF)
    }
}

#[cfg(test)]
mod tests {
    use super::Fingerprint;

    #[test]
    fn known_values_of_the_hash() {
        let mut fingerprint = Fingerprint::default();
        assert_eq!(fingerprint.digits(), "cbf29ce484222325");
        fingerprint.add("foo");
        fingerprint.add("bar");
        assert_eq!(fingerprint.digits(), "85944171f73967e8");
        assert_eq!(Fingerprint::of("foobar").half(), "f73967e8");
    }
}
