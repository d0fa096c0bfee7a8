//! Who should not be asked just now: keys that were refused cool down, and places that fail again and again rest, until a single
//! request has shown that they are well again (a circuit breaker).
//!
//! Only trouble is remembered: while all is well there is nothing to look up. Whether a resting place is asked all the same,
//! because nobody else is left, is the caller's decision.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lru::LruCache;

use super::place::Place;
use crate::config::Failover;

/// Most places with trouble that are remembered, about 200 bytes each; clients choose models' names, so there is no end to them.
const MOST: NonZeroUsize = NonZeroUsize::new(4096).unwrap();

/// The longest rest, whatever the provider asks for: an account that was paid for meanwhile should not wait longer.
const LONGEST_REST: Duration = Duration::from_secs(10 * 60);

/// Characters of a model's name that are kept; real ones are shorter, and clients may send any.
const SHOWN: usize = 100;

/// What is remembered.
pub(super) struct Health {
    troubled: Mutex<LruCache<u64, Trouble>>,
    /// How many there are, to be asked without the lock.
    count: AtomicUsize,
}

struct Trouble {
    provider: String,
    /// `None`: the key, with all models.
    model: Option<String>,
    key: Option<String>,
    /// In a row.
    failures: u32,
    /// How often it has been sent to rest in a row.
    rests: u32,
    rests_until: Option<Instant>,
    cools_until: Option<Instant>,
    /// A request is finding out whether it is well again.
    probed: bool,
}

/// A place with trouble, for `/health`.
#[derive(Debug, PartialEq, Eq)]
pub struct Report {
    /// The provider's name.
    pub provider: String,
    /// `None`: the key, with all models.
    pub model: Option<String>,
    /// The key's id.
    pub key: Option<String>,
    /// `closed`, `open`, `half-open` or `cooling`.
    pub state: &'static str,
    /// Failures in a row.
    pub failures: u32,
    /// For how much longer.
    pub left: Duration,
}

/// What keeps others from probing a place at the same time; dropping it lets them.
pub(super) struct Probe(Option<(Arc<Health>, u64)>);

impl Health {
    /// All is well.
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { troubled: Mutex::new(LruCache::new(MOST)), count: AtomicUsize::new(0) })
    }

    /// Enters a place that does not rest. A place whose rest is over lets one request in at a time.
    pub(super) fn enter(self: &Arc<Self>, place: &Place<'_>, now: Instant) -> Option<Probe> {
        if self.count.load(Relaxed) == 0 {
            return Some(Probe(None));
        }
        let mut troubled = self.lock();
        let cools = |trouble: &Trouble| trouble.cools_until.is_some_and(|until| now < until);
        if troubled.peek(&place.key_id()).is_some_and(cools) {
            return None;
        }
        let id = place.id();
        match troubled.get_mut(&id) {
            None => Some(Probe(None)),
            Some(trouble) if cools(trouble) => None,
            Some(Trouble { rests_until: None, .. }) => Some(Probe(None)),
            Some(Trouble { rests_until: Some(until), .. }) if now < *until => None,
            Some(Trouble { probed: true, .. }) => None,
            Some(trouble) => {
                trouble.probed = true;
                Some(Probe(Some((Arc::clone(self), id))))
            }
        }
    }

    /// An answer begins, which may break off yet: the place is open again, and its failures are not forgotten before the end.
    pub(super) fn begins(&self, place: &Place<'_>) {
        if self.count.load(Relaxed) == 0 {
            return;
        }
        let mut troubled = self.lock();
        troubled.pop(&place.key_id());
        if let Some(trouble) = troubled.get_mut(&place.id()) {
            (trouble.rests_until, trouble.cools_until) = (None, None);
        }
        self.count.store(troubled.len(), Relaxed);
    }

    /// It served.
    pub(super) fn served(&self, place: &Place<'_>) {
        if self.count.load(Relaxed) == 0 {
            return;
        }
        let mut troubled = self.lock();
        troubled.pop(&place.id());
        troubled.pop(&place.key_id());
        self.count.store(troubled.len(), Relaxed);
    }

    /// It failed for no fault of the request's or the key's.
    pub(super) fn failed(&self, place: &Place<'_>, settings: &Failover, now: Instant) {
        if settings.breaker_failures == 0 {
            return;
        }
        self.note(place.id(), place, Some(place.model), |trouble| {
            trouble.failures = trouble.failures.saturating_add(1);
            let rests = trouble.rests_until.is_some_and(|until| now < until);
            if trouble.failures >= settings.breaker_failures && !rests {
                let factor = 1u32.checked_shl(trouble.rests).unwrap_or(u32::MAX);
                let rest = settings.breaker_rest.saturating_mul(factor).min(LONGEST_REST);
                trouble.rests_until = Some(now + rest);
                trouble.rests = trouble.rests.saturating_add(1);
            }
        });
    }

    /// Lets a key cool down, with this model or with all of them.
    pub(super) fn cool(&self, place: &Place<'_>, all_models: bool, wait: Duration, now: Instant) {
        let (id, model) = if all_models { (place.key_id(), None) } else { (place.id(), Some(place.model)) };
        let until = now + wait.min(LONGEST_REST);
        self.note(id, place, model, |trouble| trouble.cools_until = Some(until));
    }

    fn note(&self, id: u64, place: &Place<'_>, model: Option<&str>, change: impl FnOnce(&mut Trouble)) {
        let mut troubled = self.lock();
        change(troubled.get_or_insert_mut(id, || Trouble {
            provider: place.provider.name.to_string(),
            model: model.map(|model| model.chars().take(SHOWN).collect()),
            key: place.key.map(|key| key.id.clone()),
            failures: 0,
            rests: 0,
            rests_until: None,
            cools_until: None,
            probed: false,
        }));
        self.count.store(troubled.len(), Relaxed);
    }

    /// All trouble, the newest first.
    pub(super) fn report(&self, now: Instant) -> Vec<Report> {
        let troubled = self.lock();
        let report = |trouble: &Trouble| {
            let left = |until: Option<Instant>| until.map_or(Duration::ZERO, |until| until.duration_since(now));
            let (rests, cools) = (left(trouble.rests_until), left(trouble.cools_until));
            let state = match trouble.rests_until {
                Some(_) if !rests.is_zero() => "open",
                _ if !cools.is_zero() => "cooling",
                Some(_) => "half-open",
                None => "closed",
            };
            Report {
                provider: trouble.provider.clone(),
                model: trouble.model.clone(),
                key: trouble.key.clone(),
                state,
                failures: trouble.failures,
                left: rests.max(cools),
            }
        };
        // A cool-down that is over and nothing else means nothing any more.
        let matters = |report: &Report| report.state != "closed" || report.failures > 0;
        troubled.iter().map(|(_, trouble)| report(trouble)).filter(matters).collect()
    }

    /// What is guarded stays whole whatever panics: each use is a single step.
    fn lock(&self) -> MutexGuard<'_, LruCache<u64, Trouble>> {
        self.troubled.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        if let Some((health, id)) = self.0.take()
            && let Some(trouble) = health.lock().peek_mut(&id)
        {
            trouble.probed = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ModelRef, Provider};

    const SETTINGS: fn() -> Failover =
        || Failover { breaker_failures: 2, breaker_rest: Duration::from_secs(10), ..Failover::default() };

    fn at(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    #[test]
    fn it_rests_after_failures_in_a_row_and_lets_one_probe_in() {
        let (health, start, settings) = (Health::new(), Instant::now(), SETTINGS());
        let provider = Provider::named("p");
        let target = ModelRef { provider: 0, model: "m".into() };
        let place = Place::new(&provider, &target, None);
        let enters = |seconds| health.enter(&place, at(start, seconds)).is_some();
        health.failed(&place, &settings, start);
        health.served(&place);
        health.failed(&place, &settings, start);
        assert!(enters(0));
        health.failed(&place, &settings, start);
        assert!(!enters(9));
        assert_eq!(health.report(at(start, 9))[0].state, "open");

        let probe = health.enter(&place, at(start, 10));
        assert!(probe.is_some() && !enters(10));
        assert_eq!(health.report(at(start, 10))[0].state, "half-open");
        // Whoever probed hung up.
        drop(probe);
        let probe = health.enter(&place, at(start, 11));
        health.failed(&place, &settings, at(start, 11));
        drop(probe);
        // Twice as long.
        assert!(!enters(30) && enters(31));
        health.served(&place);
        assert_eq!(health.report(start), []);
    }

    #[test]
    fn answers_that_begin_and_break_off_are_failures_in_a_row() {
        let (health, start, settings) = (Health::new(), Instant::now(), SETTINGS());
        let provider = Provider::named("p");
        let target = ModelRef { provider: 0, model: "m".into() };
        let place = Place::new(&provider, &target, None);
        let enters = |seconds| health.enter(&place, at(start, seconds)).is_some();
        for _ in 0..2 {
            assert!(enters(0));
            health.begins(&place);
            health.failed(&place, &settings, start);
        }
        assert!(!enters(9) && enters(10));
        // The probe began well, and broke off again: twice as long.
        health.begins(&place);
        assert_eq!(health.report(at(start, 10))[0].state, "closed");
        health.failed(&place, &settings, at(start, 10));
        assert!(!enters(29) && enters(30));
        // While it rests nothing makes the rest longer.
        health.failed(&place, &settings, at(start, 29));
        assert!(enters(30));
        health.begins(&place);
        health.served(&place);
        assert_eq!(health.report(start), []);
    }

    #[test]
    fn a_refused_key_cools_down_with_one_model_or_with_all() {
        let (health, start) = (Health::new(), Instant::now());
        let provider = Provider::named("p");
        let [one, other] = ["m", "n"].map(|model| ModelRef { provider: 0, model: model.into() });
        let [one, other] = [&one, &other].map(|target| Place::new(&provider, target, None));
        let enters = |place: &Place<'_>, seconds| health.enter(place, at(start, seconds)).is_some();
        health.cool(&one, false, Duration::from_secs(3), start);
        assert!(!enters(&one, 2) && enters(&one, 3) && enters(&other, 0));
        health.cool(&one, true, Duration::from_secs(3), start);
        assert!(!enters(&other, 2) && enters(&other, 3));
        assert_eq!(health.report(at(start, 3)), []);
    }

    #[test]
    fn memory_is_bounded() {
        let (health, settings) = (Health::new(), SETTINGS());
        let provider = Provider::named("p");
        for number in 0..2 * MOST.get() {
            let target = ModelRef { provider: 0, model: number.to_string().into() };
            health.failed(&Place::new(&provider, &target, None), &settings, Instant::now());
        }
        assert_eq!(health.report(Instant::now()).len(), MOST.get());
    }
}
