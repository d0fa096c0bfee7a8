//! Where an attempt goes: provider, model and key, by which its health, load and use are remembered across requests and reloads.

use std::hash::Hasher as _;

use siphasher::sip::SipHasher13;

use crate::config::{ModelRef, Provider, ProviderKey};

/// Provider, model and key. Cheap: names are borrowed.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    /// The provider.
    pub(super) provider: &'a Provider,
    /// The model, in the provider's words.
    pub(super) model: &'a str,
    /// Which of the provider's keys.
    pub(super) key: Option<&'a ProviderKey>,
}

impl<'a> Place<'a> {
    /// Of a target and the place of a key in the provider's list.
    pub(super) fn new(provider: &'a Provider, target: &'a ModelRef, key: Option<usize>) -> Self {
        Self { provider, model: &target.model, key: key.and_then(|key| provider.keys.get(key)) }
    }

    /// All of it. A key that was corrected is another one, hence the secret.
    pub(super) fn id(&self) -> u64 {
        let (id, secret) = self.key.map_or(("", ""), |key| (&*key.id, key.secret.expose()));
        hash(&[self.provider.name.as_bytes(), self.model.as_bytes(), id.as_bytes(), secret.as_bytes()])
    }

    /// The key with whatever model.
    pub(super) fn key_id(&self) -> u64 {
        Self { model: "", ..*self }.id()
    }

    /// Provider and model with whatever key.
    pub(super) fn target_id(&self) -> u64 {
        hash(&[self.provider.name.as_bytes(), self.model.as_bytes()])
    }
}

/// SipHash 1-3 with a key of zeros over the parts, each closed by a byte that no text has: the same number in every run, on every
/// machine and by every version of the gateway, so that sessions stay where they were after a restart.
pub(super) fn hash(parts: &[&[u8]]) -> u64 {
    let mut hasher = SipHasher13::new();
    for part in parts {
        hasher.write(part);
        hasher.write(&[0xff]);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::hash;

    #[test]
    fn the_hash_is_the_same_for_ever_and_knows_where_parts_end() {
        assert_eq!(hash(&[b"a", b"bc"]), 0x6752_b020_1341_85f3);
        assert_ne!(hash(&[b"a", b"bc"]), hash(&[b"ab", b"c"]));
    }
}
