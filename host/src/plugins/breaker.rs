//! Leaves a plugin alone for a while when it fails again and again, so that it does not cost every request its time limit.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Failures within [`WINDOW`] that open the breaker: one may be bad luck with an input, three are a pattern.
const FAILURES: usize = 3;
/// How long a failure counts.
const WINDOW: Duration = Duration::from_secs(60);
/// How long the plugin is left alone.
const REST: Duration = Duration::from_secs(30);

/// The recent failures of one plugin.
#[derive(Debug, Default)]
pub struct Breaker {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    failures: VecDeque<Instant>,
    open_until: Option<Instant>,
}

impl Breaker {
    /// How long the plugin is still left alone; `None` when it may be called.
    pub fn resting(&self, now: Instant) -> Option<Duration> {
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match state.open_until {
            Some(until) if until > now => Some(until - now),
            Some(_) => {
                // The next call is a probe: one more failure opens it again.
                state.open_until = None;
                while state.failures.len() >= FAILURES {
                    state.failures.pop_front();
                }
                None
            }
            None => None,
        }
    }

    /// Counts a failure; true when it was the one that opened the breaker.
    pub fn failed(&self, now: Instant) -> bool {
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        state.failures.push_back(now);
        while state.failures.front().is_some_and(|first| now.duration_since(*first) > WINDOW) {
            state.failures.pop_front();
        }
        let opens = state.failures.len() >= FAILURES && state.open_until.is_none();
        if opens {
            state.open_until = Some(now + REST);
        }
        opens
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_at_the_third_failure_and_rests_thirty_seconds() {
        let breaker = Breaker::default();
        let start = Instant::now();
        assert!(!breaker.failed(start));
        assert!(!breaker.failed(start));
        assert_eq!(breaker.resting(start), None);
        assert!(breaker.failed(start));
        assert_eq!(breaker.resting(start), Some(REST));
        assert_eq!(breaker.resting(start + REST), None);
    }

    #[test]
    fn one_more_failure_after_the_rest_opens_it_again() {
        let breaker = Breaker::default();
        let start = Instant::now();
        for _ in 0..FAILURES {
            breaker.failed(start);
        }
        let later = start + REST;
        assert_eq!(breaker.resting(later), None);
        assert!(breaker.failed(later));
    }

    #[test]
    fn failures_far_apart_do_not_add_up() {
        let breaker = Breaker::default();
        let start = Instant::now();
        for minute in 0..10 {
            assert!(!breaker.failed(start + WINDOW * minute + Duration::from_secs(u64::from(minute))));
        }
    }
}
