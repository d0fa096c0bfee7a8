//! Hedged requests (`Router.fallback.hedgeMs`): while a stream's first target has said nothing for a while, the next one is asked
//! as well, and whichever begins to answer first is kept.
//!
//! Both attempts keep their own notes; those of the one that is kept count, and the other is dropped with its request upstream,
//! its lease and its probe, and without a word on its target's health. Whole answers are never hedged:
//! all of them take as long as their text.

use std::time::Duration;

use tokio::time::timeout;

use super::plan::{Candidate, NextTry, after};
use super::run::{Attempted, Run, Started, Step};
use super::{Tools, Turn};
use crate::record::AttemptNotes;

impl<'a, T: Turn> Run<'a, T> {
    /// How long the first target may be silent; `None` where nothing is hedged.
    pub(super) fn hedges_after(&self) -> Option<Duration> {
        // A later turn of an agent's conversation goes where the earlier ones are in the cache.
        let suits = self.turn.request().about().streaming && T::BEGINS;
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
    ) -> Step<T::Opened> {
        let first = match self.start(&candidates[*at], last_resort) {
            Ok(started) => started,
            Err(not_started) => return not_started.step(),
        };
        let mut one = Box::pin(attempt(self.tools, self.turn, first.candidate.clone()));
        if let Ok(made) = timeout(silence, &mut one).await {
            return self.conclude(&mut candidates[*at], first, made);
        }
        let Some(second) = self.second(candidates, *at, last_resort) else {
            let made = one.await;
            return self.conclude(&mut candidates[*at], first, made);
        };
        let mut other = Box::pin(attempt(self.tools, self.turn, second.candidate.clone()));
        let own = *at;
        *at += 1;
        let (made, first_ended) = tokio::select! {
            biased;
            made = &mut one => (made, true),
            made = &mut other => (made, false),
        };
        let (ended, left, places) = if first_ended { (first, second, (own, *at)) } else { (second, first, (*at, own)) };
        if made.0.is_ok() {
            if let Some(place) = left.candidate.place(&self.tools.snapshot.config) {
                self.log.outrun(&place, left.at.elapsed());
            }
            return self.conclude(&mut candidates[places.0], ended, made);
        }
        match self.conclude(&mut candidates[places.0], ended, made) {
            Step::Failed(class) => after(candidates, places.0, class),
            over => return over,
        }
        let made = if first_ended { other.await } else { one.await };
        self.conclude(&mut candidates[places.1], left, made)
    }

    /// The next candidate for another target, moved to the place behind `at` and let in; none if there is none, or if retries and
    /// hedges have used up their share.
    fn second(&mut self, candidates: &mut [Candidate], at: usize, last_resort: bool) -> Option<Started> {
        let first = candidates[at].target.clone();
        let suits = |candidate: &Candidate| candidate.target != first && candidate.next_try == NextTry::First;
        let others: Vec<usize> = (at + 1..candidates.len()).filter(|&other| suits(&candidates[other])).collect();
        if others.is_empty() || !self.tools.shared.budget.spend() {
            return None;
        }
        let let_in = |&other: &usize| Some((other, self.start(&candidates[other], last_resort).ok()?));
        let (other, started) = others.iter().find_map(let_in)?;
        candidates[at + 1..=other].rotate_right(1);
        Some(started)
    }
}

/// An attempt that holds nothing of the run's that changes.
async fn attempt<T: Turn>(tools: Tools<'_>, turn: &T, candidate: Candidate) -> Attempted<T::Opened> {
    let mut notes = AttemptNotes::default();
    let opened = turn.attempt(tools, &candidate, &mut notes).await;
    (opened, notes)
}
