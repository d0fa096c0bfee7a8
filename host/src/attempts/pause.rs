//! How long to pause before a retry, and whether there may be one: exponential back-off with full jitter, and a budget over
//! all requests, so that retries never multiply the load of an outage.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crate::config::Failover;

/// One retry, in the budget's unit.
const RETRY: u64 = 1000;

/// Most retries that quiet times save up, and what a gateway begins with: enough for one person's requests in an outage.
const SAVED: u64 = 10 * RETRY;

/// Retries that may still be made.
pub(super) struct Budget(AtomicU64);

impl Budget {
    /// Full.
    pub(super) fn new() -> Self {
        Self(AtomicU64::new(SAVED))
    }

    /// A request adds its share.
    pub(super) fn earn(&self, thousandths: u32) {
        let more = |saved: u64| Some((saved + u64::from(thousandths)).min(SAVED));
        let _ = self.0.fetch_update(Relaxed, Relaxed, more);
    }

    /// Takes one retry, if there is one.
    pub(super) fn spend(&self) -> bool {
        self.0.fetch_update(Relaxed, Relaxed, |saved| saved.checked_sub(RETRY)).is_ok()
    }
}

/// The pause before retry number `retry` (0 is the first): anything up to a bound that doubles, so that clients that failed
/// together do not come back together.
pub(super) fn backoff(settings: &Failover, retry: u32) -> Duration {
    bound(settings, retry).mul_f64(fraction())
}

fn bound(settings: &Failover, retry: u32) -> Duration {
    let factor = 1u32.checked_shl(retry).unwrap_or(u32::MAX);
    settings.backoff.saturating_mul(factor).min(settings.longest_backoff)
}

/// A random number from 0 to 1.
fn fraction() -> f64 {
    let mut bytes = [0; 4];
    // Without a source of randomness all pauses are the shortest, which only clients that fail together would notice.
    let _ = getrandom::fill(&mut bytes);
    f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_doubles_up_to_the_longest() {
        let settings = Failover::default();
        let bounds: Vec<u64> = [0, 1, 2, 4, 5, 31, 32, 9998].map(|retry| bound(&settings, retry).as_secs()).into();
        assert_eq!(bounds, [1, 2, 4, 16, 30, 30, 30, 30]);
        for _ in 0..100 {
            assert!(backoff(&settings, 1) <= Duration::from_secs(2));
        }
    }

    #[test]
    fn retries_are_a_share_of_the_requests() {
        let budget = Budget::new();
        let retries = |budget: &Budget| std::iter::from_fn(|| budget.spend().then_some(())).count();
        assert_eq!(retries(&budget), 10);
        for _ in 0..14 {
            budget.earn(200);
        }
        assert_eq!(retries(&budget), 2);
        for _ in 0..1000 {
            budget.earn(200);
        }
        assert_eq!(retries(&budget), 10);
    }
}
