//! Who goes first of several targets behind one name, and what has to be known for that: how busy and how fast they are, and who
//! served a session last.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lru::LruCache;

use super::place::{Place, hash};
use super::share::rank;
use crate::config::{Alias, Config, Member, ModelRef, Strategy};

/// Sessions whose target is remembered, 16 bytes each and the list's own; those that are forgotten are shared out anew.
const SESSIONS: NonZeroUsize = NonZeroUsize::new(10_000).unwrap();

/// Targets whose load is known, before those that do nothing are forgotten: more than a config has.
const MOST_TARGETS: usize = 4096;

/// How much of the newest time goes into the average: the last ten or so answers count.
const NEWEST: f64 = 0.2;

/// What is known of targets behind aliases.
pub(super) struct Loads {
    targets: Mutex<HashMap<u64, Load>>,
    /// Which target served a session last, by session and alias.
    seats: Mutex<LruCache<u64, u64>>,
}

#[derive(Default, Clone, Copy)]
struct Load {
    at_work: u32,
    /// Seconds to the beginning of an answer; a moving average.
    latency: Option<f64>,
}

impl Loads {
    /// Nothing is known.
    pub(super) fn new() -> Self {
        Self { targets: Mutex::default(), seats: Mutex::new(LruCache::new(SESSIONS)) }
    }

    /// The targets of an alias in the order in which they are tried for a session.
    pub(super) fn order(&self, config: &Config, alias: &Alias, name: &str, session: u64) -> Vec<ModelRef> {
        let seat = match alias.strategy {
            Strategy::LeastBusy | Strategy::LowestLatency => lock(&self.seats).get(&seat(session, name)).copied(),
            // Nothing that changes: the session meets the same one without a memory.
            Strategy::Weighted | Strategy::LowestPrice => None,
        };
        let targets = lock(&self.targets);
        let rate = |member: &Member| {
            let id = target_id(config, &member.target).unwrap_or_default();
            let load = targets.get(&id).copied().unwrap_or_default();
            let measure = match alias.strategy {
                _ if seat == Some(id) => f64::NEG_INFINITY,
                Strategy::Weighted => 0.0,
                Strategy::LeastBusy => f64::from(load.at_work) / f64::from(member.weight.max(1)),
                // One that was never measured goes first, so that it is.
                Strategy::LowestLatency => load.latency.unwrap_or_default(),
                Strategy::LowestPrice => member.price.unwrap_or(f64::INFINITY),
            };
            (member.priority, measure, rank(session, id, member.weight))
        };
        let mut rated: Vec<_> = alias.members.iter().map(|member| (rate(member), &member.target)).collect();
        rated.sort_by(|((priority, measure, rank), _), (other, _)| {
            priority.cmp(&other.0).then(measure.total_cmp(&other.1)).then(rank.total_cmp(&other.2))
        });
        rated.into_iter().map(|(_, target)| target.clone()).collect()
    }

    /// A request goes to a target.
    pub(super) fn begins(&self, target: u64) {
        let mut targets = lock(&self.targets);
        if targets.len() >= MOST_TARGETS {
            targets.retain(|_, load| load.at_work > 0);
        }
        let load = targets.entry(target).or_default();
        load.at_work = load.at_work.saturating_add(1);
    }

    /// The answer has begun after this time.
    pub(super) fn answers(&self, target: u64, after: Duration) {
        if let Some(load) = lock(&self.targets).get_mut(&target) {
            let newest = after.as_secs_f64();
            load.latency = Some(load.latency.map_or(newest, |latency| latency + NEWEST * (newest - latency)));
        }
    }

    /// The request is over.
    pub(super) fn ends(&self, target: u64) {
        if let Some(load) = lock(&self.targets).get_mut(&target) {
            load.at_work = load.at_work.saturating_sub(1);
        }
    }

    /// The session stays with this target.
    pub(super) fn sits(&self, alias: &str, session: u64, target: u64) {
        lock(&self.seats).put(seat(session, alias), target);
    }
}

fn target_id(config: &Config, target: &ModelRef) -> Option<u64> {
    Some(Place::new(config.provider(target)?, target, None).target_id())
}

/// What is guarded stays whole whatever panics: each use is a single step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// By what the target of a session is remembered for an alias.
fn seat(session: u64, alias: &str) -> u64 {
    hash(&[&session.to_le_bytes(), alias.as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Provider;

    fn config() -> Config {
        Config { providers: ["a", "b", "c"].map(Provider::named).into(), ..Config::default() }
    }

    fn member(provider: usize, priority: u32, price: Option<f64>) -> Member {
        Member { target: ModelRef { provider, model: "m".into() }, weight: 1, priority, price }
    }

    fn alias(strategy: Strategy) -> Alias {
        Alias { strategy, members: vec![member(0, 1, Some(1.0)), member(1, 0, Some(3.0)), member(2, 0, Some(2.0))] }
    }

    fn order(loads: &Loads, strategy: Strategy, session: u64) -> Vec<usize> {
        let order = loads.order(&config(), &alias(strategy), "x", session);
        order.iter().map(|target| target.provider).collect()
    }

    fn id(provider: usize) -> u64 {
        target_id(&config(), &member(provider, 0, None).target).unwrap_or_default()
    }

    #[test]
    fn priority_goes_before_everything() {
        let loads = Loads::new();
        for strategy in Strategy::ALL {
            assert_eq!(order(&loads, strategy, 1)[2], 0, "{strategy:?}");
        }
        assert_eq!(order(&loads, Strategy::LowestPrice, 1), [2, 1, 0]);
    }

    #[test]
    fn sessions_are_shared_out_and_stay() {
        let loads = Loads::new();
        let firsts: Vec<usize> = (0..100).map(|session| order(&loads, Strategy::Weighted, session)[0]).collect();
        assert!(firsts.contains(&1) && firsts.contains(&2));
        let again: Vec<usize> = (0..100).map(|session| order(&loads, Strategy::Weighted, session)[0]).collect();
        assert_eq!(firsts, again);
    }

    #[test]
    fn the_least_busy_goes_first_until_it_is_busy() {
        let loads = Loads::new();
        loads.begins(id(1));
        assert_eq!(order(&loads, Strategy::LeastBusy, 1), [2, 1, 0]);
        loads.begins(id(2));
        loads.begins(id(2));
        assert_eq!(order(&loads, Strategy::LeastBusy, 1), [1, 2, 0]);
        loads.ends(id(2));
        loads.ends(id(2));
        assert_eq!(order(&loads, Strategy::LeastBusy, 1), [2, 1, 0]);
        // A session that sits somewhere stays.
        loads.sits("x", 7, id(1));
        assert_eq!(order(&loads, Strategy::LeastBusy, 7), [1, 2, 0]);
    }

    #[test]
    fn the_fastest_goes_first_once_all_are_measured() {
        let loads = Loads::new();
        for (provider, time) in [(1, 100), (2, 300)] {
            loads.begins(id(provider));
            loads.answers(id(provider), Duration::from_millis(time));
            loads.ends(id(provider));
        }
        assert_eq!(order(&loads, Strategy::LowestLatency, 1), [1, 2, 0]);
        for _ in 0..10 {
            loads.answers(id(1), Duration::from_millis(900));
        }
        assert_eq!(order(&loads, Strategy::LowestLatency, 1), [2, 1, 0]);
    }
}
