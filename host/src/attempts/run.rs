//! The attempts of one request, one after the other: rounds over all candidates, and pauses between rounds.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::class::{self, Class};
use super::health::Probe;
use super::lease::Lease;
use super::pause;
use super::place::Place;
use super::plan::{self, Again, Candidate};
use super::summary::Failures;
use super::{Attempts, Shared, cost, single};
use crate::answer::Answer;
use crate::config::{Config, Failover, ModelRef};
use crate::error::GatewayError;
use crate::record::{Attempt, milliseconds};
use crate::routing::Route;

/// The attempts of one request so far.
pub(super) struct Run<'a> {
    pub(super) attempts: Attempts<'a>,
    config: &'a Config,
    route: &'a Route,
    pub(super) shared: Arc<Shared>,
    session: u64,
    started: Instant,
    made: u32,
    /// Before the next attempt.
    waited: Duration,
    failures: Failures,
    /// Keys that were passed over because their windows are full.
    used_up: Vec<(String, GatewayError)>,
    /// The target for long contexts has been turned to.
    lengthened: bool,
}

/// What came of a round over all candidates.
pub(super) enum Round {
    Answered(Box<Answer>),
    /// Nobody will do better.
    Ended(GatewayError),
    /// The prompt is too long for this target.
    TooLong(String, GatewayError),
    /// Nobody has done it.
    Failed,
}

/// What came of one candidate.
pub(super) enum Step {
    Skipped,
    Failed(Class),
    Over(Round),
}

/// An attempt that has been let in.
pub(super) struct Begun {
    pub(super) candidate: Candidate,
    /// Goes into the attempt's record.
    pub(super) lease: Option<Lease>,
    probe: Option<Probe>,
    pub(super) started: Instant,
}

impl<'a> Run<'a> {
    /// None yet.
    pub(super) fn new(attempts: Attempts<'a>, route: &'a Route) -> Self {
        Self {
            config: &attempts.snapshot.config,
            route,
            shared: Arc::clone(attempts.gateway.shared()),
            session: plan::session(&attempts.snapshot.config, attempts.request),
            attempts,
            started: Instant::now(),
            made: 0,
            waited: Duration::ZERO,
            failures: Failures::default(),
            used_up: Vec::new(),
            lengthened: false,
        }
    }

    /// Makes them.
    pub(super) async fn go(mut self) -> Result<Answer, GatewayError> {
        self.shared.budget.earn(self.settings().retry_share);
        let mut candidates = self.plan(&self.route.targets);
        let mut retry = 0;
        loop {
            match self.round(&mut candidates).await {
                Round::Answered(answer) => return Ok(*answer),
                Round::Ended(error) => return Err(error),
                Round::TooLong(target, error) => match self.longer(&candidates) {
                    Some(longer) => {
                        candidates = longer;
                        continue;
                    }
                    None => {
                        // Whoever failed before may have room for it: then the client should ask again, not shorten.
                        self.failures.push(target, class::as_too_long(error));
                        break;
                    }
                },
                Round::Failed => {}
            }
            let Some(pause) = self.pause(&candidates, retry) else { break };
            retry += 1;
            tokio::time::sleep(pause).await;
            self.waited = pause;
        }
        if self.failures.is_empty() {
            self.used_up.drain(..).for_each(|(target, error)| self.failures.push(target, error));
        }
        Err(self.failures.most_useful())
    }

    /// Every candidate in its order; those that rest only if there is no other.
    async fn round(&mut self, candidates: &mut [Candidate]) -> Round {
        for last_resort in [false, true] {
            let before = self.made;
            let mut at = 0;
            while at < candidates.len() {
                let step = match self.hedges_after() {
                    None => self.step(&mut candidates[at], last_resort).await,
                    Some(silence) => self.race(candidates, &mut at, last_resort, silence).await,
                };
                match step {
                    Step::Skipped => {}
                    Step::Over(round) => return round,
                    Step::Failed(class) => after(candidates, at, class),
                }
                at += 1;
            }
            if self.made > before {
                break;
            }
        }
        Round::Failed
    }

    async fn step(&mut self, candidate: &mut Candidate, last_resort: bool) -> Step {
        let mut begun = match self.begin(candidate, last_resort) {
            Ok(begun) => begun,
            Err(step) => return step,
        };
        self.attempts.record.lease = begun.lease.take();
        let answer = single::attempt(&mut self.attempts, &begun.candidate).await;
        self.conclude(candidate, begun, answer)
    }

    /// Lets an attempt in, if it may be made now.
    pub(super) fn begin(&mut self, candidate: &Candidate, last_resort: bool) -> Result<Begun, Step> {
        let now = Instant::now();
        if self.made >= self.settings().attempts {
            return Err(Step::Over(Round::Failed));
        }
        let candidate = candidate.clone();
        let Some(place) = candidate.place(self.config) else { return Err(Step::Over(gone())) };
        let probe = match candidate.again {
            Again::Never => return Err(Step::Skipped),
            Again::From(moment) if now < moment => return Err(Step::Skipped),
            Again::From(_) => None,
            Again::Untried => match self.shared.health.enter(&place, now) {
                Some(probe) if !last_resort => Some(probe),
                None if last_resort => None,
                _ => return Err(Step::Skipped),
            },
        };
        let Some(lease) = self.lease(&candidate, &place) else { return Err(Step::Skipped) };
        self.made += 1;
        self.route.progress.tries(&place.provider.name, &candidate.target.model, self.made);
        Ok(Begun { candidate, lease: Some(lease), probe, started: Instant::now() })
    }

    /// What came of it. The record holds the lease.
    pub(super) fn conclude(
        &mut self,
        candidate: &mut Candidate,
        begun: Begun,
        answer: Result<Answer, GatewayError>,
    ) -> Step {
        let took = begun.started.elapsed();
        let Some(place) = begun.candidate.place(self.config) else { return Step::Over(gone()) };
        let step = match answer {
            Ok(answer) => {
                self.served(&begun.candidate, &place, took);
                Step::Over(Round::Answered(Box::new(answer)))
            }
            Err(error) => self.failed(candidate, &place, took, error),
        };
        // Only now others may find out how it is.
        drop(begun.probe);
        step
    }

    /// What happens when targets fail.
    pub(super) fn settings(&self) -> &'a Failover {
        &self.route.failover
    }

    fn plan(&self, targets: &[ModelRef]) -> Vec<Candidate> {
        plan::plan(&self.shared, self.config, targets, self.session, self.settings().spill_over)
    }

    /// What an attempt holds while it lasts; none if the key's windows are full.
    fn lease(&mut self, candidate: &Candidate, place: &Place<'_>) -> Option<Lease> {
        let target = self.config.has_aliases().then(|| place.target_id());
        let health = (self.attempts.snapshot, candidate, &self.route.failover);
        let mut lease = Lease::begin(&self.shared, target, health);
        let Some(key) = place.key.filter(|key| !key.limits.is_empty()) else { return Some(lease) };
        let taken = cost::of(self.attempts.request, &key.limits);
        let id = place.key_id();
        match self.shared.windows.take(id, &key.limits, &taken) {
            Ok(()) => {
                lease.hold(id, &key.limits, taken);
                Some(lease)
            }
            Err(wait) => {
                self.used_up.push((candidate.target.display(self.config), cost::used_up(place, &key.id, wait)));
                None
            }
        }
    }

    fn served(&mut self, candidate: &Candidate, place: &Place<'_>, took: Duration) {
        // It has served when the answer is whole, which the lease will know. All of a short one may have come, and broken off.
        if self.attempts.record.lease.as_ref().is_some_and(Lease::goes_on) {
            self.shared.health.begins(place);
        }
        if self.config.has_aliases() {
            self.shared.loads.answers(place.target_id(), took);
        }
        if let Some(alias) = &candidate.alias
            && self.attempts.request.about().session.is_some()
        {
            self.shared.loads.sits(alias, self.session, place.target_id());
        }
        self.note(place, took, None);
    }

    fn failed(&mut self, candidate: &mut Candidate, place: &Place<'_>, took: Duration, error: GatewayError) -> Step {
        if let Some(lease) = self.attempts.record.lease.take() {
            lease.give_back();
        }
        let class = Class::of(&error, &self.settings().statuses);
        let now = Instant::now();
        self.note(place, took, Some((class, &error)));
        self.remember(place, class, &error, now);
        let wait = class::asked_wait(&error).unwrap_or_default();
        let waits = class.may_pass() && wait <= self.settings().longest_wait;
        candidate.again = if waits { Again::From(now + wait) } else { Again::Never };
        match class {
            Class::Fatal => Step::Over(Round::Ended(error)),
            Class::TooLong => Step::Over(Round::TooLong(candidate.target.display(self.config), error)),
            _ => {
                self.failures.push(candidate.target.display(self.config), error);
                Step::Failed(class)
            }
        }
    }

    /// What a failure means for later requests.
    fn remember(&self, place: &Place<'_>, class: Class, error: &GatewayError, now: Instant) {
        let settings = self.settings();
        let (health, asked) = (&self.shared.health, class::asked_wait(error));
        match class {
            Class::KeyRefused => {
                // Unknown or not paid for; what is forbidden may be the model.
                let all_models = matches!(error.status().as_u16(), 401 | 402);
                health.cool(place, all_models, asked.unwrap_or(settings.cooldown), now);
            }
            Class::Limited => health.cool(place, false, asked.unwrap_or(settings.cooldown), now),
            Class::Transient => {
                health.failed(place, settings, now);
                let is_pool = place.provider.keys.iter().filter(|key| key.enabled).count() > 1;
                let answered = matches!(error, GatewayError::Upstream(_));
                if let Some(wait) = asked.or((is_pool && answered).then_some(settings.cooldown)) {
                    health.cool(place, false, wait, now);
                }
            }
            Class::TargetUnfit | Class::Unavailable | Class::TooLong | Class::Fatal => {}
        }
    }

    fn note(&mut self, place: &Place<'_>, took: Duration, failure: Option<(Class, &GatewayError)>) {
        self.attempts.record.record.attempts.push(Attempt {
            provider: place.provider.name.to_string(),
            model: place.model.to_owned(),
            key: place.key.map(|key| key.id.clone()),
            status: Some(failure.map_or(200, |(_, error)| error.status().as_u16())),
            class: failure.map(|(class, _)| class.as_str()),
            error: failure.map(|(_, error)| error.to_string()),
            waited_ms: milliseconds(std::mem::take(&mut self.waited)),
            ms: milliseconds(took),
        });
    }

    /// The pause before another round, if there shall be one.
    fn pause(&self, candidates: &[Candidate], retry: u32) -> Option<Duration> {
        let settings = self.settings();
        if retry >= settings.retries || self.made >= settings.attempts {
            return None;
        }
        let moment = |candidate: &Candidate| match candidate.again {
            Again::From(moment) => Some(moment),
            Again::Untried | Again::Never => None,
        };
        let soonest = candidates.iter().filter_map(moment).min()?.saturating_duration_since(Instant::now());
        let pause = soonest.max(pause::backoff(settings, retry));
        // Nobody waits longer for a first attempt either.
        let in_time = self.started.elapsed() + pause < self.config.timeouts.first_byte;
        (in_time && self.shared.budget.spend()).then_some(pause)
    }

    /// The target for long contexts, if there is one that was not tried.
    fn longer(&mut self, tried: &[Candidate]) -> Option<Vec<Candidate>> {
        if std::mem::replace(&mut self.lengthened, true) {
            return None;
        }
        let mut longer = self.plan(std::slice::from_ref(self.route.longer.as_ref()?));
        longer.retain(|candidate| tried.iter().all(|tried| tried.target != candidate.target));
        (!longer.is_empty()).then_some(longer)
    }
}

fn gone() -> Round {
    Round::Ended(GatewayError::NoRoute("the provider is gone from the config".into()))
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
            same.for_each(|candidate| candidate.again = Again::Never);
        }
        Class::Limited | Class::KeyRefused | Class::Unavailable | Class::TooLong | Class::Fatal => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ModelRef;

    fn candidates() -> Vec<Candidate> {
        let candidate = |(provider, key)| Candidate {
            target: ModelRef { provider, model: "m".into() },
            key: Some(key),
            alias: None,
            again: Again::Untried,
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
        assert!(list.iter().all(|candidate| candidate.again == Again::Untried));
    }

    #[test]
    fn a_target_that_is_unfit_is_not_tried_with_other_keys() {
        let mut list = candidates();
        after(&mut list, 0, Class::TargetUnfit);
        let untried: Vec<bool> = list.iter().map(|candidate| candidate.again == Again::Untried).collect();
        assert_eq!(untried, [true, false, true, false]);
    }
}
