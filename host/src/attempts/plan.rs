//! What can be tried for a request, in order: the targets of its route and of the fallback, names for several of them replaced by
//! those, and each with the keys of its provider.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use super::class::Class;
use super::place::{Place, hash};
use super::{Shared, keys};
use crate::base::request::InnerRequest;
use crate::config::{Config, ModelRef, Provider};

/// Something that can be tried.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Provider and model.
    pub(super) target: ModelRef,
    /// The place of the key in the provider's list.
    pub(super) key: Option<usize>,
    /// The alias that it came by.
    pub(super) alias: Option<Arc<str>>,
    /// After it was tried: when it may be tried again, or never.
    pub(super) next_try: NextTry,
}

/// When a candidate may be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NextTry {
    /// It was not tried: at any time.
    First,
    /// Not before this moment.
    From(Instant),
    /// Not in this request.
    Never,
}

impl Candidate {
    /// Where it leads.
    pub(super) fn place<'a>(&'a self, config: &'a Config) -> Option<Place<'a>> {
        Some(Place::new(config.provider(&self.target)?, &self.target, self.key))
    }
}

/// By what a request is bound to a key and to one of several targets: its session, or, where the client names none, the message
/// that the conversation begins with.
pub(super) fn session(config: &Config, request: &InnerRequest) -> u64 {
    let is_pool = |provider: &Provider| provider.keys.len() > 1;
    if !config.has_aliases() && !config.providers.iter().any(is_pool) {
        return 0;
    }
    let about = request.about();
    let told = about.session.as_deref().or_else(|| request.get("/messages/0")).unwrap_or(&about.id);
    hash(&[told.as_bytes()])
}

/// Candidates for these targets, each at most once.
pub(super) fn plan(
    shared: &Shared,
    config: &Config,
    targets: &[ModelRef],
    session: u64,
    spill_over: u32,
) -> Vec<Candidate> {
    let mut candidates = Candidates { list: Vec::with_capacity(1), shared, config, session, spill_over };
    for target in targets {
        match config.provider(target).and_then(|provider| Some((&provider.name, provider.alias.as_ref()?))) {
            None => candidates.add(target, None),
            Some((name, alias)) => {
                for member in shared.loads.order(config, alias, name, session) {
                    candidates.add(&member, Some(name));
                }
            }
        }
    }
    candidates.list
}

/// Candidates so far, and what tells their order.
struct Candidates<'a> {
    list: Vec<Candidate>,
    shared: &'a Shared,
    config: &'a Config,
    session: u64,
    spill_over: u32,
}

impl Candidates<'_> {
    fn add(&mut self, target: &ModelRef, alias: Option<&Arc<str>>) {
        if self.list.iter().any(|known| known.target == *target) {
            return;
        }
        let keys = match self.config.provider(target) {
            None => vec![None],
            Some(provider) => {
                let windows = &self.shared.windows;
                keys::order(windows, provider, target, self.session, self.spill_over, SystemTime::now())
            }
        };
        let candidate =
            |key| Candidate { target: target.clone(), key, alias: alias.cloned(), next_try: NextTry::First };
        self.list.extend(keys.into_iter().map(candidate));
    }
}

/// What a failure of one candidate means for those behind it.
pub(super) fn after(candidates: &mut [Candidate], at: usize, class: Class) {
    let failed = candidates[at].target.clone();
    let behind = &mut candidates[at + 1..];
    match class {
        // Another key will hardly help against an outage: other targets go first.
        Class::Transient => behind.sort_by_key(|candidate| candidate.target == failed),
        Class::TargetUnfit => {
            let same = behind.iter_mut().filter(|candidate| candidate.target == failed);
            same.for_each(|candidate| candidate.next_try = NextTry::Never);
        }
        Class::Limited | Class::KeyRefused | Class::Unavailable | Class::TooLong | Class::Fatal => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates() -> Vec<Candidate> {
        let candidate = |(provider, key)| Candidate {
            target: ModelRef { provider, model: "m".into() },
            key: Some(key),
            alias: None,
            next_try: NextTry::First,
        };
        [(0, 0), (0, 1), (1, 0), (0, 2)].map(candidate).into()
    }

    fn keys(candidates: &[Candidate]) -> Vec<(usize, Option<usize>)> {
        candidates.iter().map(|candidate| (candidate.target.provider, candidate.key)).collect()
    }

    #[test]
    fn after_an_outage_other_targets_go_before_other_keys() {
        let mut list = candidates();
        after(&mut list, 0, Class::Transient);
        assert_eq!(keys(&list), [(0, Some(0)), (1, Some(0)), (0, Some(1)), (0, Some(2))]);
    }

    #[test]
    fn after_a_refused_key_the_next_key_is_next() {
        let mut list = candidates();
        after(&mut list, 0, Class::KeyRefused);
        assert_eq!(keys(&list), keys(&candidates()));
        assert!(list.iter().all(|candidate| candidate.next_try == NextTry::First));
    }

    #[test]
    fn a_target_that_is_unfit_is_not_tried_with_other_keys() {
        let mut list = candidates();
        after(&mut list, 0, Class::TargetUnfit);
        let untried: Vec<bool> = list.iter().map(|candidate| candidate.next_try == NextTry::First).collect();
        assert_eq!(untried, [true, false, true, false]);
    }
}
