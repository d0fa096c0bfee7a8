//! The attempts of one request, one after the other: rounds over all candidates, and pauses between rounds.

use std::time::{Duration, Instant};

use super::class::{self, Class};
use super::health::Probe;
use super::lease::Lease;
use super::log::AttemptLog;
use super::pause;
use super::place::Place;
use super::plan::{self, Candidate, NextTry, after};
use super::summary::Failures;
use super::{Served, Tools, Turn, cost};
use crate::base::error::GatewayError;
use crate::config::{Config, Failover, ModelRef};
use crate::record::AttemptNotes;
use crate::routing::Route;

/// The attempts at one turn so far.
pub(super) struct Run<'a, T> {
    pub(super) tools: Tools<'a>,
    pub(super) turn: &'a T,
    pub(super) log: &'a mut AttemptLog,
    config: &'a Config,
    route: &'a Route,
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
pub(super) enum Round<A> {
    Answered(Served<A>),
    /// Nobody will do better.
    Ended(GatewayError),
    /// The prompt is too long for this target.
    TooLong(String, GatewayError),
    /// Nobody has done it.
    Failed,
}

/// What came of one candidate.
pub(super) enum Step<A> {
    Skipped,
    Failed(Class),
    Over(Round<A>),
}

/// An attempt that has been let in.
pub(super) struct Started {
    pub(super) candidate: Candidate,
    lease: Lease,
    probe: Option<Probe>,
    pub(super) at: Instant,
}

/// Why a candidate is not tried.
pub(super) enum NotStarted {
    /// It rests, was tried, or has used up its limits.
    Skipped,
    /// There have been as many attempts as the config allows.
    NoMore,
    /// The config has no such provider.
    Gone,
}

impl NotStarted {
    pub(super) fn step<A>(self) -> Step<A> {
        match self {
            Self::Skipped => Step::Skipped,
            Self::NoMore => Step::Over(Round::Failed),
            Self::Gone => Step::Over(gone()),
        }
    }
}

/// What an attempt came to, with what it leaves for the record.
pub(super) type Attempted<A> = (Result<A, GatewayError>, AttemptNotes);

impl<'a, T: Turn> Run<'a, T> {
    /// None yet.
    pub(super) fn new(tools: Tools<'a>, turn: &'a T, route: &'a Route, log: &'a mut AttemptLog) -> Self {
        let config = &tools.snapshot.config;
        Self {
            tools,
            turn,
            log,
            config,
            route,
            session: plan::session(config, turn.request()),
            started: Instant::now(),
            made: 0,
            waited: Duration::ZERO,
            failures: Failures::default(),
            used_up: Vec::new(),
            lengthened: false,
        }
    }

    /// Makes them.
    pub(super) async fn go(mut self) -> Result<Served<T::Opened>, GatewayError> {
        self.tools.shared.budget.earn(self.settings().retry_share);
        let mut candidates = self.plan(&self.route.targets);
        let mut retry = 0;
        loop {
            match self.round(&mut candidates).await {
                Round::Answered(served) => return Ok(served),
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
    async fn round(&mut self, candidates: &mut [Candidate]) -> Round<T::Opened> {
        for last_resort in [false, true] {
            let before = self.made;
            let mut at = 0;
            while at < candidates.len() {
                let step = match self.hedges_after() {
                    None => self.step(&mut candidates[at], last_resort).await,
                    // Boxed, as all requests would carry its room otherwise.
                    Some(silence) => Box::pin(self.race(candidates, &mut at, last_resort, silence)).await,
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

    async fn step(&mut self, candidate: &mut Candidate, last_resort: bool) -> Step<T::Opened> {
        let started = match self.start(candidate, last_resort) {
            Ok(started) => started,
            Err(not_started) => return not_started.step(),
        };
        let mut notes = AttemptNotes::default();
        let opened = self.turn.attempt(self.tools, &started.candidate, &mut notes).await;
        self.conclude(candidate, started, (opened, notes))
    }

    /// Lets an attempt in, if it may be made now.
    pub(super) fn start(&mut self, candidate: &Candidate, last_resort: bool) -> Result<Started, NotStarted> {
        let now = Instant::now();
        if self.made >= self.settings().attempts {
            return Err(NotStarted::NoMore);
        }
        let candidate = candidate.clone();
        let Some(place) = candidate.place(self.config) else { return Err(NotStarted::Gone) };
        let probe = match candidate.next_try {
            NextTry::Never => return Err(NotStarted::Skipped),
            NextTry::From(moment) if now < moment => return Err(NotStarted::Skipped),
            NextTry::From(_) => None,
            NextTry::First => match self.tools.shared.health.enter(&place, now) {
                Some(probe) if !last_resort => Some(probe),
                None if last_resort => None,
                _ => return Err(NotStarted::Skipped),
            },
        };
        let Some(lease) = self.lease(&candidate, &place) else { return Err(NotStarted::Skipped) };
        self.made += 1;
        if T::BEGINS {
            self.log.begin_answer();
        }
        self.log.tries(&place);
        self.route.progress.tries(&place.provider.name, &candidate.target.model, self.made);
        Ok(Started { candidate, lease, probe, at: Instant::now() })
    }

    /// What came of it.
    pub(super) fn conclude(
        &mut self,
        candidate: &mut Candidate,
        started: Started,
        (opened, notes): Attempted<T::Opened>,
    ) -> Step<T::Opened> {
        let Started { candidate: tried, lease, probe, at } = started;
        let took = at.elapsed();
        let Some(place) = tried.place(self.config) else { return Step::Over(gone()) };
        self.log.tries(&place);
        self.log.note(notes);
        let step = match opened {
            Ok(opened) => {
                self.served(&tried, &place, took);
                Step::Over(Round::Answered(Served { opened, lease }))
            }
            Err(error) => {
                lease.give_back();
                self.failed(candidate, &place, took, error)
            }
        };
        // Only now others may find out how it is.
        drop(probe);
        step
    }

    /// What happens when targets fail.
    pub(super) fn settings(&self) -> &'a Failover {
        &self.route.failover
    }

    fn plan(&self, targets: &[ModelRef]) -> Vec<Candidate> {
        plan::plan(self.tools.shared, self.config, targets, self.session, self.settings().spill_over)
    }

    /// What an attempt holds while it lasts; none if the key's windows are full.
    fn lease(&mut self, candidate: &Candidate, place: &Place<'_>) -> Option<Lease> {
        let target = self.config.has_aliases().then(|| place.target_id());
        let health = (self.tools.snapshot, candidate, &self.route.failover);
        let mut lease = Lease::begin(self.tools.shared, target, health);
        let Some(key) = place.key.filter(|key| !key.limits.is_empty()) else { return Some(lease) };
        let taken = cost::of(self.turn.request(), &key.limits);
        let id = place.key_id();
        match self.tools.shared.windows.take(id, &key.limits, &taken) {
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
        // It has served when the answer is whole, which whoever holds the lease will know.
        self.tools.shared.health.begins(place);
        if self.config.has_aliases() {
            self.tools.shared.loads.answers(place.target_id(), took);
        }
        if let Some(alias) = &candidate.alias
            && self.turn.request().about().session.is_some()
        {
            self.tools.shared.loads.sits(alias, self.session, place.target_id());
        }
        self.log.served = Some(candidate.target.clone());
        self.log.ended(place, std::mem::take(&mut self.waited), took, None);
    }

    fn failed(
        &mut self,
        candidate: &mut Candidate,
        place: &Place<'_>,
        took: Duration,
        error: GatewayError,
    ) -> Step<T::Opened> {
        let class = Class::of(&error, &self.settings().statuses);
        let now = Instant::now();
        self.log.ended(place, std::mem::take(&mut self.waited), took, Some((class, &error)));
        self.remember(place, class, &error, now);
        let wait = class::asked_wait(&error).unwrap_or_default();
        let waits = class.may_pass() && wait <= self.settings().longest_wait;
        candidate.next_try = if waits { NextTry::From(now + wait) } else { NextTry::Never };
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
        let (health, asked) = (&self.tools.shared.health, class::asked_wait(error));
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

    /// The pause before another round, if there shall be one.
    fn pause(&self, candidates: &[Candidate], retry: u32) -> Option<Duration> {
        let settings = self.settings();
        if retry >= settings.retries || self.made >= settings.attempts {
            return None;
        }
        let moment = |candidate: &Candidate| match candidate.next_try {
            NextTry::From(moment) => Some(moment),
            NextTry::First | NextTry::Never => None,
        };
        let soonest = candidates.iter().filter_map(moment).min()?.saturating_duration_since(Instant::now());
        let pause = soonest.max(pause::backoff(settings, retry));
        // Nobody waits longer for a first attempt either.
        let in_time = self.started.elapsed() + pause < self.config.timeouts.first_byte;
        (in_time && self.tools.shared.budget.spend()).then_some(pause)
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

fn gone<A>() -> Round<A> {
    Round::Ended(GatewayError::NoRoute("the provider is gone from the config".into()))
}
