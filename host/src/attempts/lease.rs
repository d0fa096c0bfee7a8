//! What a request holds from the moment it is sent upstream until its answer has ended: a place among a target's requests at
//! work, its part of a key's windows, and what the end of the answer says of the target's health. Whoever answers the
//! request holds it, and drops it wherever the request ends.

use std::sync::Arc;
use std::time::Instant;

use ccr_messages::event::Failure;

use super::Shared;
use super::class::{self, Class};
use super::place::Place;
use super::plan::Candidate;
use super::windows::Taken;
use crate::base::error::GatewayError;
use crate::config::{Failover, KeyLimit, ModelRef};
use crate::record::UsageNote;
use crate::snapshot::Snapshot;

/// Held; dropping it gives the place back.
pub struct Lease {
    shared: Arc<Shared>,
    /// Of a config with aliases only: elsewhere nobody asks how busy a target is.
    target: Option<u64>,
    tokens: Option<Tokens>,
    /// Whose health the end of the answer tells of.
    watched: Watched,
}

struct Watched {
    snapshot: Arc<Snapshot>,
    target: ModelRef,
    key: Option<usize>,
    settings: Arc<Failover>,
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
    pub(super) fn begin(
        shared: &Arc<Shared>,
        target: Option<u64>,
        (snapshot, candidate, settings): (&Arc<Snapshot>, &Candidate, &Arc<Failover>),
    ) -> Self {
        if let Some(target) = target {
            shared.loads.begins(target);
        }
        let watched = Watched {
            snapshot: Arc::clone(snapshot),
            target: candidate.target.clone(),
            key: candidate.key,
            settings: Arc::clone(settings),
        };
        Self { shared: Arc::clone(shared), target, tokens: None, watched }
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

    /// The answer is whole.
    pub fn served(self, usage: &UsageNote) {
        if let Some(place) = self.watched.place() {
            self.shared.health.served(&place);
        }
        self.settle(usage);
    }

    /// The answer broke off after its first content: for later requests that is a failure like any other.
    pub fn broke(self, failure: &Failure, usage: &UsageNote) {
        if let Some(place) = self.watched.place() {
            let error = GatewayError::Upstream(failure.clone());
            let (health, now) = (&self.shared.health, Instant::now());
            match Class::of(&error, &[]) {
                Class::Transient => health.failed(&place, &self.watched.settings, now),
                Class::Limited => {
                    let wait = class::asked_wait(&error).unwrap_or(self.watched.settings.cooldown);
                    health.cool(&place, false, wait, now);
                }
                _ => {}
            }
        }
        self.settle(usage);
    }

    /// The answer has ended, and how is not the target's doing. What the provider did not count stays as it was estimated.
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

impl Watched {
    fn place(&self) -> Option<Place<'_>> {
        Some(Place::new(self.snapshot.config.provider(&self.target)?, &self.target, self.key))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(target) = self.target {
            self.shared.loads.ends(target);
        }
    }
}
