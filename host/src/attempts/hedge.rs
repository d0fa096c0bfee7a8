//! Hedged requests (`Router.fallback.hedgeMs`): while a stream's first target has said nothing for a while, the next one is asked
//! as well, and whichever begins to answer first is kept.
//!
//! Both attempts write into records of their own; the one that is kept takes the request's place, and the other is dropped with
//! its request upstream, its lease and its probe, and without a word on its target's health. Whole answers are never hedged:
//! all of them take as long as their text.

use std::pin::pin;
use std::time::Duration;

use tokio::time::timeout;

use super::plan::{Again, Candidate};
use super::run::{Begun, Run, Step, after};
use super::{Attempts, single};
use crate::answer::Answer;
use crate::error::GatewayError;
use crate::record::{Attempt, OpenRecord, milliseconds};

/// An attempt's answer, and the record that was written beside it.
type Made = (Result<Answer, GatewayError>, OpenRecord);

impl<'a> Run<'a> {
    /// How long the first target may be silent; `None` where nothing is hedged.
    pub(super) fn hedges_after(&self) -> Option<Duration> {
        // A later turn of an agent's conversation goes where the earlier ones are in the cache.
        let suits = self.attempts.request.about().streaming && self.attempts.continued.is_none();
        self.settings().hedge.filter(|_| suits)
    }

    /// Tries the candidate at `at`, and the next other target too if it takes longer than `silence`. Where both were tried, `at`
    /// is the second's place afterwards.
    pub(super) async fn race(
        &mut self,
        candidates: &mut [Candidate],
        at: &mut usize,
        last_resort: bool,
        silence: Duration,
    ) -> Step {
        let mut first = match self.begin(&candidates[*at], last_resort) {
            Ok(begun) => begun,
            Err(step) => return step,
        };
        let mut one = pin!(self.attempt(&mut first));
        if let Ok(made) = timeout(silence, &mut one).await {
            return self.take(&mut candidates[*at], first, made);
        }
        let Some(mut second) = self.second(candidates, *at, last_resort) else {
            let made = one.await;
            return self.take(&mut candidates[*at], first, made);
        };
        let mut other = pin!(self.attempt(&mut second));
        let own = *at;
        *at += 1;
        let (made, first_ended) = tokio::select! {
            biased;
            made = &mut one => (made, true),
            made = &mut other => (made, false),
        };
        let (ended, left, places) = if first_ended { (first, second, (own, *at)) } else { (second, first, (*at, own)) };
        if made.0.is_ok() {
            self.outrun(&left);
            return self.take(&mut candidates[places.0], ended, made);
        }
        match self.take(&mut candidates[places.0], ended, made) {
            Step::Failed(class) => after(candidates, places.0, class),
            over => return over,
        }
        let made = if first_ended { other.await } else { one.await };
        self.take(&mut candidates[places.1], left, made)
    }

    /// The next candidate for another target, moved to the place behind `at` and let in; none if there is none, or if retries and
    /// hedges have used up their share.
    fn second(&mut self, candidates: &mut [Candidate], at: usize, last_resort: bool) -> Option<Begun> {
        let first = candidates[at].target.clone();
        let suits = |candidate: &Candidate| candidate.target != first && candidate.again == Again::Untried;
        let others: Vec<usize> = (at + 1..candidates.len()).filter(|&other| suits(&candidates[other])).collect();
        if others.is_empty() || !self.shared.budget.spend() {
            return None;
        }
        let let_in = |&other: &usize| Some((other, self.begin(&candidates[other], last_resort).ok()?));
        let (other, begun) = others.iter().find_map(let_in)?;
        candidates[at + 1..=other].rotate_right(1);
        Some(begun)
    }

    /// An attempt that writes into a record of its own, and holds nothing of the run's that changes.
    fn attempt(&self, begun: &mut Begun) -> impl Future<Output = Made> + use<'a> {
        let mut record = self.attempts.record.aside();
        record.lease = begun.lease.take();
        let candidate = begun.candidate.clone();
        let &Attempts { gateway, caller, snapshot, request, inner_client, answering, unread, .. } = &self.attempts;
        async move {
            let mut attempts = Attempts {
                gateway,
                caller,
                continued: None,
                snapshot,
                request,
                inner_client,
                answering,
                unread,
                record: &mut record,
            };
            let answer = single::attempt(&mut attempts, &candidate).await;
            (answer, record)
        }
    }

    /// Keeps an attempt's record as the request's, and its outcome.
    fn take(&mut self, candidate: &mut Candidate, begun: Begun, (answer, record): Made) -> Step {
        self.attempts.record.take_over(record);
        self.conclude(candidate, begun, answer)
    }

    /// Notes the attempt that is dropped because the other began first.
    fn outrun(&mut self, begun: &Begun) {
        let Some(place) = begun.candidate.place(&self.attempts.snapshot.config) else { return };
        let attempt = Attempt {
            provider: place.provider.name.to_string(),
            model: place.model.to_owned(),
            key: place.key.map(|key| key.id.clone()),
            status: None,
            class: Some("outrun"),
            error: None,
            waited_ms: 0.0,
            ms: milliseconds(begun.started.elapsed()),
        };
        self.attempts.record.record.attempts.push(attempt);
    }
}
