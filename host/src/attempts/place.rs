//! Where an attempt goes: provider, model and key, by which its health, load and use are remembered across requests and reloads.

use std::hash::{DefaultHasher, Hash, Hasher as _};

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
        hash((&*self.provider.name, self.model, self.key.map(|key| (&key.id, key.secret.expose()))))
    }

    /// The key with whatever model.
    pub(super) fn key_id(&self) -> u64 {
        Self { model: "", ..*self }.id()
    }

    /// Provider and model with whatever key.
    pub(super) fn target_id(&self) -> u64 {
        hash((&*self.provider.name, self.model))
    }
}

/// The same number for the same value in every run: sessions stay where they were after a restart.
pub(super) fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
