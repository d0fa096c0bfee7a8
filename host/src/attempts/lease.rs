//! What a request holds from the moment it is sent upstream until its answer has ended: a place among a target's requests at
//! work, and its part of a key's windows. It lies in the request's record, which is dropped wherever the request ends.

use std::sync::Arc;

use super::Shared;
use super::windows::Taken;
use crate::config::KeyLimit;
use crate::record::UsageNote;

/// Held; dropping it gives the place back.
pub struct Lease {
    shared: Arc<Shared>,
    /// Of a config with aliases only: elsewhere nobody asks how busy a target is.
    target: Option<u64>,
    tokens: Option<Tokens>,
}

struct Tokens {
    key: u64,
    limits: Vec<KeyLimit>,
    taken: Taken,
}

impl std::fmt::Debug for Lease {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lease")
    }
}

impl Lease {
    /// Holds nothing yet but a place at the target, if one is given.
    pub(super) fn begin(shared: &Arc<Shared>, target: Option<u64>) -> Self {
        if let Some(target) = target {
            shared.loads.begins(target);
        }
        Self { shared: Arc::clone(shared), target, tokens: None }
    }

    /// Holds what was counted of a key's windows.
    pub(super) fn hold(&mut self, key: u64, limits: &[KeyLimit], taken: Taken) {
        if !limits.is_empty() {
            self.tokens = Some(Tokens { key, limits: limits.to_vec(), taken });
        }
    }

    /// The request failed: it cost nothing.
    pub(super) fn give_back(mut self) {
        self.correct(0);
    }

    /// The answer has ended. What the provider did not say stays as it was estimated.
    pub fn settle(mut self, usage: &UsageNote) {
        let parts =
            [usage.input_tokens, usage.output_tokens, usage.cache_read_input_tokens, usage.cache_creation_input_tokens];
        if usage.output_tokens.is_some() {
            self.correct(parts.into_iter().flatten().fold(0, u64::saturating_add));
        }
    }

    fn correct(&mut self, tokens: u64) {
        if let Some(held) = self.tokens.take() {
            self.shared.windows.correct(held.key, &held.limits, &held.taken, tokens);
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(target) = self.target {
            self.shared.loads.ends(target);
        }
    }
}
