//! In which order a provider's keys are tried for a session: those with room before those that are nearly used up, then by
//! priority, then each session its own, so that the prompt caches behind a key stay warm.

use std::time::SystemTime;

use super::place::{Place, hash};
use super::share::rank;
use super::windows::Windows;
use crate::config::{ModelRef, Provider};

/// Places of keys in the provider's list; one `None` for a provider that has none.
pub(super) fn order(
    windows: &Windows,
    provider: &Provider,
    target: &ModelRef,
    session: u64,
    spill_over: u32,
    now: SystemTime,
) -> Vec<Option<usize>> {
    let enabled: Vec<usize> = (0..provider.keys.len()).filter(|&at| provider.keys[at].enabled).collect();
    if enabled.len() < 2 {
        return vec![enabled.first().copied()];
    }
    let rate = |at: usize| {
        let key = &provider.keys[at];
        let id = Place::new(provider, target, Some(at)).key_id();
        let is_nearly_used_up = windows.fill(id, &key.limits, now) >= u64::from(spill_over);
        (is_nearly_used_up, key.priority, rank(session, hash(&[key.id.as_bytes()]), key.weight))
    };
    let mut rated: Vec<_> = enabled.into_iter().map(|at| (rate(at), at)).collect();
    rated.sort_by(|((full, priority, rank), _), (other, _)| {
        full.cmp(&other.0).then(priority.cmp(&other.1)).then(rank.total_cmp(&other.2))
    });
    rated.into_iter().map(|(_, at)| Some(at)).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::windows::Taken;
    use super::*;
    use crate::config::{Counted, KeyLimit, ProviderKey, Secret};

    fn key(id: &str, priority: u32, limits: Vec<KeyLimit>) -> ProviderKey {
        ProviderKey { id: id.into(), secret: Secret::new(id), enabled: true, priority, weight: 1, limits }
    }

    #[test]
    fn keys_go_by_priority_until_they_are_nearly_used_up() {
        let limit = KeyLimit { counts: Counted::Requests, most: 5, window: Duration::from_secs(60) };
        let disabled = ProviderKey { enabled: false, ..key("off", 0, Vec::new()) };
        let keys = vec![disabled, key("second", 1, Vec::new()), key("first", 0, vec![limit])];
        let provider = Provider { keys, ..Provider::named("p") };
        let target = ModelRef { provider: 0, model: "m".into() };
        let (windows, now) = (Windows::default(), SystemTime::UNIX_EPOCH);
        let order = || order(&windows, &provider, &target, 1, 800, now);
        let id = Place::new(&provider, &target, Some(2)).key_id();
        for _ in 0..4 {
            assert_eq!(order(), [Some(2), Some(1)]);
            assert!(windows.take(id, &[limit], &Taken { at: now, tokens: 0, images: 0 }).is_ok());
        }
        assert_eq!(order(), [Some(1), Some(2)]);
    }

    #[test]
    fn sessions_are_spread_over_keys_and_stay() {
        let keys = ["a", "b", "c"].map(|id| key(id, 0, Vec::new())).into();
        let provider = Provider { keys, ..Provider::named("p") };
        let target = ModelRef { provider: 0, model: "m".into() };
        let windows = Windows::default();
        let first = |session| order(&windows, &provider, &target, session, 800, SystemTime::now())[0];
        for key in 0..3 {
            assert!((0..100).any(|session| first(session) == Some(key)), "{key} is never first");
        }
        assert!((0..100).all(|session| first(session) == first(session)));
    }

    #[test]
    fn a_provider_without_keys_is_tried_without_one() {
        let target = ModelRef { provider: 0, model: "m".into() };
        let order = order(&Windows::default(), &Provider::named("p"), &target, 1, 800, SystemTime::now());
        assert_eq!(order, [None]);
    }
}
