//! Credentials that run out: kept until shortly before, fetched once however many requests want them, and a failure is
//! remembered for a moment, so that a broken key does not make a request to its server of each request to the gateway.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// How long before its end a credential is replaced. Google's metadata server has a new token from five minutes before on,
/// and Google's own libraries ask 225 s before: it covers a request's way and clocks that differ.
const EARLY: Duration = Duration::from_secs(225);

/// How long a failure counts: a person who corrects it does not notice, a token server under load does.
const FAILURE_KEPT: Duration = Duration::from_secs(5);

/// How long fetching may take, all that it asks together. Token servers answer within a second; whoever waits here has a client
/// that hears nothing.
const FETCH_LIMIT: Duration = Duration::from_secs(10);

/// Most credentials that are kept. A configuration has some; only reloads with ever new keys get here, and then all are
/// fetched again.
const MOST: usize = 256;

/// What was fetched.
pub(in crate::upstream) struct Fetched<T> {
    pub(in crate::upstream) value: T,
    /// When it ends.
    pub(in crate::upstream) until: SystemTime,
}

/// Credentials by what they were fetched for.
pub(in crate::upstream) struct Cached<T> {
    slots: Mutex<HashMap<Arc<str>, Arc<Slot<T>>>>,
    limit: Duration,
}

struct Slot<T> {
    known: Mutex<Known<T>>,
    /// Whoever fetches holds it, and the others wait for it.
    turn: tokio::sync::Mutex<()>,
}

struct Known<T> {
    kept: Option<Kept<T>>,
    failed: Option<(SystemTime, String)>,
}

struct Kept<T> {
    value: T,
    since: SystemTime,
    until: SystemTime,
}

impl<T> Kept<T> {
    fn is_good(&self, now: SystemTime) -> bool {
        now < self.until
    }

    /// One with a short life is replaced after half of it.
    fn is_due(&self, now: SystemTime) -> bool {
        let life = self.until.duration_since(self.since).unwrap_or_default();
        let left = self.until.duration_since(now).unwrap_or_default();
        left <= EARLY.min(life / 2)
    }
}

impl<T: Clone> Slot<T> {
    /// The answer, as far as it needs no fetching: one that is not due, or a failure of a moment ago.
    fn settled(&self, now: SystemTime) -> Option<Result<T, String>> {
        let known = locked(&self.known);
        if let Some(kept) = known.kept.as_ref().filter(|kept| !kept.is_due(now)) {
            return Some(Ok(kept.value.clone()));
        }
        let (at, reason) = known.failed.as_ref()?;
        // A clock that was put back makes no failure of the future.
        if now.duration_since(*at).is_ok_and(|age| age < FAILURE_KEPT) {
            let old = known.kept.as_ref().filter(|kept| kept.is_good(now));
            return Some(old.map_or_else(|| Err(reason.clone()), |kept| Ok(kept.value.clone())));
        }
        None
    }

    /// One that is due but has not ended.
    fn old(&self, now: SystemTime) -> Option<T> {
        locked(&self.known).kept.as_ref().filter(|kept| kept.is_good(now)).map(|kept| kept.value.clone())
    }

    fn keep(&self, fetched: Fetched<T>, now: SystemTime) -> T {
        let value = fetched.value.clone();
        let kept = Kept { value: fetched.value, since: now, until: fetched.until };
        *locked(&self.known) = Known { kept: Some(kept), failed: None };
        value
    }
}

impl<T> Default for Cached<T> {
    fn default() -> Self {
        Self { slots: Mutex::default(), limit: FETCH_LIMIT }
    }
}

impl<T: Clone> Cached<T> {
    /// What is kept for `name`, fetched if need be.
    pub(in crate::upstream) async fn get(
        &self,
        name: &str,
        clock: impl Fn() -> SystemTime,
        fetch: impl Future<Output = Result<Fetched<T>, String>>,
    ) -> Result<T, String> {
        let slot = self.slot(name);
        if let Some(settled) = slot.settled(clock()) {
            return settled;
        }
        let _turn = match slot.turn.try_lock() {
            Ok(turn) => turn,
            // Somebody fetches already: what has not ended will do.
            Err(_) => match slot.old(clock()) {
                Some(old) => return Ok(old),
                None => slot.turn.lock().await,
            },
        };
        if let Some(settled) = slot.settled(clock()) {
            return settled;
        }
        let late = |_| Err(format!("its credentials could not be fetched within {} s", self.limit.as_secs_f32()));
        match tokio::time::timeout(self.limit, fetch).await.unwrap_or_else(late) {
            Ok(fetched) => Ok(slot.keep(fetched, clock())),
            Err(reason) => {
                let now = clock();
                locked(&slot.known).failed = Some((now, reason.clone()));
                let old = slot.old(now).ok_or(reason.clone())?;
                tracing::warn!("credentials that end soon could not be replaced: {reason}");
                Ok(old)
            }
        }
    }

    /// Fetches again what `is_meant` finds.
    pub(in crate::upstream) fn forget(&self, is_meant: impl Fn(&T) -> bool) {
        for slot in locked(&self.slots).values() {
            let mut known = locked(&slot.known);
            if known.kept.as_ref().is_some_and(|kept| is_meant(&kept.value)) {
                known.kept = None;
            }
        }
    }

    fn slot(&self, name: &str) -> Arc<Slot<T>> {
        let mut slots = locked(&self.slots);
        if let Some(slot) = slots.get(name) {
            return Arc::clone(slot);
        }
        if slots.len() >= MOST {
            slots.clear();
        }
        let known = Mutex::new(Known { kept: None, failed: None });
        let slot = Arc::new(Slot { known, turn: tokio::sync::Mutex::default() });
        slots.insert(name.into(), Arc::clone(&slot));
        slot
    }
}

/// What is guarded stays whole whatever panics: each use is a single step.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// Asks at a time, in seconds; what is fetched lives so long, or the fetching fails. Tells what came and whether it was fetched.
    async fn ask(cached: &Cached<u64>, at: u64, life: Option<u64>) -> (Result<u64, String>, bool) {
        let time = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let asked = Cell::new(false);
        let fetch = async {
            asked.set(true);
            let life = life.ok_or("no")?;
            Ok(Fetched { value: at, until: time(at + life) })
        };
        let answer = cached.get("a", || time(at), fetch).await;
        (answer, asked.get())
    }

    #[tokio::test]
    async fn it_is_fetched_again_shortly_before_its_end() {
        let cached = Cached::default();
        assert_eq!(ask(&cached, 1000, Some(3600)).await, (Ok(1000), true));
        assert_eq!(ask(&cached, 1000 + 3600 - 226, None).await, (Ok(1000), false));
        assert_eq!(ask(&cached, 1000 + 3600 - 225, Some(100)).await, (Ok(4375), true));
        // A short life is not fetched again with each request.
        assert_eq!(ask(&cached, 4375 + 49, None).await, (Ok(4375), false));
        assert_eq!(ask(&cached, 4375 + 50, Some(0)).await, (Ok(4425), true));
        assert_eq!(ask(&cached, 4425, Some(10)).await, (Ok(4425), true));
    }

    #[tokio::test]
    async fn a_failure_counts_for_a_moment_and_not_before_the_end() {
        let cached = Cached::default();
        assert_eq!(ask(&cached, 1000, None).await, (Err("no".into()), true));
        assert_eq!(ask(&cached, 1004, Some(3600)).await, (Err("no".into()), false));
        assert_eq!(ask(&cached, 1005, Some(3600)).await, (Ok(1005), true));
        assert_eq!(ask(&cached, 4500, None).await, (Ok(1005), true));
        assert_eq!(ask(&cached, 4504, Some(3600)).await, (Ok(1005), false));
        assert_eq!(ask(&cached, 4605, None).await, (Err("no".into()), true));
        // The clock was put back.
        assert_eq!(ask(&cached, 900, Some(3600)).await, (Ok(1005), false));
    }

    #[tokio::test]
    async fn fetching_has_an_end_that_counts_as_a_failure() {
        let cached = Cached::<u64> { limit: Duration::from_millis(1), ..Cached::default() };
        let now = SystemTime::UNIX_EPOCH;
        let reason = cached.get("a", || now, std::future::pending()).await.unwrap_err();
        assert!(reason.contains("within 0.001 s"), "{reason}");
        assert_eq!(ask(&cached, 0, Some(3600)).await, (Err(reason), false));
    }

    #[tokio::test]
    async fn what_is_forgotten_is_fetched_again() {
        let cached = Cached::default();
        assert_eq!(ask(&cached, 1000, Some(3600)).await, (Ok(1000), true));
        cached.forget(|value| *value == 7);
        assert_eq!(ask(&cached, 1001, Some(3600)).await, (Ok(1000), false));
        cached.forget(|value| *value == 1000);
        assert_eq!(ask(&cached, 1002, Some(3600)).await, (Ok(1002), true));
    }
}
