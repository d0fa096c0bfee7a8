//! How much of each key's limits is used: fixed windows of requests, tokens and pictures, which begin with the minute, the hour
//! and the day (UTC), as most providers count.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::config::{Counted, KeyLimit};

/// Windows that are kept before those that are over are thrown away; a config has some, reloads with ever new keys have more.
const MOST: usize = 4096;

/// Counts by key and window.
#[derive(Default)]
pub(super) struct Windows(Mutex<HashMap<Name, Count>>);

/// Key, what is counted, length in milliseconds.
type Name = (u64, Counted, u64);

/// What was counted for a request before it was sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken {
    /// When.
    pub(super) at: SystemTime,
    /// How many it might cost.
    pub(super) tokens: u64,
    /// How many pictures it has.
    pub(super) images: u64,
}

struct Count {
    /// Number of the window since 1970.
    number: u64,
    used: u64,
}

impl Windows {
    /// How full the fullest window is, in thousandths.
    pub(super) fn fill(&self, key: u64, limits: &[KeyLimit], now: SystemTime) -> u64 {
        if limits.is_empty() {
            return 0;
        }
        let counts = self.lock();
        let fill = |limit: &KeyLimit| used(&counts, key, limit, now).saturating_mul(1000) / limit.most.max(1);
        limits.iter().map(fill).max().unwrap_or_default()
    }

    /// Counts a request and what it may cost. `Err`: a window is full, for so long. A request that is larger than a whole window
    /// gets one of its own.
    pub(super) fn take(&self, key: u64, limits: &[KeyLimit], taken: &Taken) -> Result<(), Duration> {
        let now = taken.at;
        if limits.is_empty() {
            return Ok(());
        }
        let mut counts = self.lock();
        let is_full = |limit: &&KeyLimit| {
            let (used, more) = (used(&counts, key, limit, now), more(limit, taken));
            used > 0 && more > 0 && used.saturating_add(more) > limit.most
        };
        if let Some(wait) = limits.iter().filter(is_full).map(|limit| left(limit, now)).max() {
            return Err(wait);
        }
        if counts.len() >= MOST {
            counts.retain(|&(_, _, window), count| count.number == number(window, now));
        }
        for limit in limits {
            let number = number(window(limit), now);
            let count = counts.entry(name(key, limit)).or_insert(Count { number, used: 0 });
            if count.number != number {
                *count = Count { number, used: 0 };
            }
            count.used = count.used.saturating_add(more(limit, taken));
        }
        Ok(())
    }

    /// Puts what a request did cost in the place of what it might have.
    /// Where the window is over meanwhile, it counts no more.
    pub(super) fn correct(&self, key: u64, limits: &[KeyLimit], taken: &Taken, tokens: u64) {
        let mut counts = self.lock();
        for limit in limits.iter().filter(|limit| limit.counts == Counted::Tokens) {
            let number = number(window(limit), taken.at);
            if let Some(count) = counts.get_mut(&name(key, limit)).filter(|count| count.number == number) {
                count.used = count.used.saturating_sub(taken.tokens).saturating_add(tokens);
            }
        }
    }

    /// What is guarded stays whole whatever panics: each use is a single step.
    fn lock(&self) -> MutexGuard<'_, HashMap<Name, Count>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn name(key: u64, limit: &KeyLimit) -> Name {
    (key, limit.counts, window(limit))
}

fn window(limit: &KeyLimit) -> u64 {
    u64::try_from(limit.window.as_millis()).unwrap_or(u64::MAX).max(1)
}

fn number(window: u64, now: SystemTime) -> u64 {
    milliseconds(now) / window
}

fn left(limit: &KeyLimit, now: SystemTime) -> Duration {
    let window = window(limit);
    Duration::from_millis(window - milliseconds(now) % window)
}

fn milliseconds(now: SystemTime) -> u64 {
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn more(limit: &KeyLimit, taken: &Taken) -> u64 {
    match limit.counts {
        Counted::Requests => 1,
        Counted::Tokens => taken.tokens,
        Counted::Images => taken.images,
    }
}

fn used(counts: &HashMap<Name, Count>, key: u64, limit: &KeyLimit, now: SystemTime) -> u64 {
    let count = counts.get(&name(key, limit)).filter(|count| count.number == number(window(limit), now));
    count.map_or(0, |count| count.used)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: [KeyLimit; 2] = [
        KeyLimit { counts: Counted::Requests, most: 3, window: Duration::from_secs(60) },
        KeyLimit { counts: Counted::Tokens, most: 1000, window: Duration::from_secs(3600) },
    ];

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn taken(tokens: u64, seconds: u64) -> Taken {
        Taken { at: at(seconds), tokens, images: 0 }
    }

    #[test]
    fn requests_are_counted_by_the_minute() {
        let windows = Windows::default();
        for _ in 0..3 {
            assert_eq!(windows.take(1, &LIMITS, &taken(10, 30)), Ok(()));
        }
        assert_eq!(windows.take(1, &LIMITS, &taken(10, 45)), Err(Duration::from_secs(15)));
        assert_eq!(windows.take(2, &LIMITS, &taken(10, 45)), Ok(()));
        assert_eq!(windows.take(1, &LIMITS, &taken(10, 60)), Ok(()));
    }

    #[test]
    fn tokens_are_corrected_when_they_are_known() {
        let windows = Windows::default();
        assert_eq!(windows.take(1, &LIMITS, &taken(900, 0)), Ok(()));
        assert_eq!(windows.fill(1, &LIMITS, at(0)), 900);
        assert_eq!(windows.take(1, &LIMITS, &taken(200, 60)), Err(Duration::from_secs(3540)));
        windows.correct(1, &LIMITS, &taken(900, 0), 100);
        assert_eq!(windows.take(1, &LIMITS, &taken(200, 60)), Ok(()));
        // A single request that is larger than the window is let through when nothing else is counted.
        assert_eq!(windows.take(3, &LIMITS, &taken(5000, 60)), Ok(()));
    }

    #[test]
    fn pictures_are_counted_and_requests_without_any_go_on() {
        let limits = [KeyLimit { counts: Counted::Images, most: 3, window: Duration::from_secs(60) }];
        let (windows, with) = (Windows::default(), |images| Taken { images, ..taken(10, 15) });
        assert_eq!(windows.take(1, &limits, &with(2)), Ok(()));
        assert_eq!(windows.take(1, &limits, &with(2)), Err(Duration::from_secs(45)));
        assert_eq!(windows.take(1, &limits, &with(1)), Ok(()));
        assert_eq!(windows.take(1, &limits, &with(0)), Ok(()));
        assert_eq!(windows.take(1, &limits, &with(1)), Err(Duration::from_secs(45)));
    }
}
