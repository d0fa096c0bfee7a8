//! What is remembered of sessions: how large the last request of each was. A session that grows beyond the threshold of a long
//! context stays there, though one of its requests is counted lower; and what a request's input comes to can be told from what
//! the last one's did.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use lru::LruCache;

/// Sessions that are remembered; an entry takes some 150 bytes, so that all of them stay far below 20 MB.
const MOST: usize = 10_000;

/// Longest name of a session: they are UUIDs, and one that is made up to fill the memory is not remembered.
const LONGEST: usize = 256;

/// A session's last answered request, in tokens.
#[derive(Debug, Clone, Copy)]
struct Last {
    input: u64,
    /// What the input was thought to come to.
    estimate: Option<u64>,
}

/// The last input of each session.
#[derive(Debug)]
pub struct Sessions(Mutex<LruCache<Arc<str>, Last>>);

impl Default for Sessions {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(NonZeroUsize::new(MOST).unwrap_or(NonZeroUsize::MIN))))
    }
}

impl Sessions {
    /// The input of the session's last answered request, what came from caches included.
    pub fn last_input(&self, session: &str) -> Option<u64> {
        // Without moving it to the front: asking leaves no trace.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).peek(session).map(|last| last.input)
    }

    /// What a request's input may come to, from an estimate of it and how far that of the session's last request was off.
    pub fn expected_input(&self, session: Option<&str>, estimate: u64) -> u64 {
        /// No tokenizer is off by more than this factor; what seems so was another kind of request.
        const FURTHEST: u64 = 4;
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match session.and_then(|session| all.peek(session)) {
            Some(&Last { input, estimate: Some(then @ 1..) })
                if then / FURTHEST <= input && input / FURTHEST <= then =>
            {
                (u128::from(estimate) * u128::from(input) / u128::from(then)).try_into().unwrap_or(estimate)
            }
            _ => estimate,
        }
    }

    /// Remembers the input of an answered request.
    pub fn note(&self, session: &str, input: u64, estimate: Option<u64>) {
        if session.len() <= LONGEST {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match all.get_mut(session) {
                Some(last) => *last = Last { input, estimate },
                None => {
                    all.put(session.into(), Last { input, estimate });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_session_is_forgotten_first() {
        let sessions = Sessions::default();
        for number in 0..=MOST {
            sessions.note(&format!("s{number}"), number as u64, None);
            sessions.note("kept", 7, None);
        }
        assert_eq!(sessions.last_input("kept"), Some(7));
        assert_eq!(sessions.last_input("s0"), None);
        assert_eq!(sessions.last_input(&format!("s{MOST}")), Some(MOST as u64));
        sessions.note(&"x".repeat(LONGEST + 1), 1, None);
        assert_eq!(sessions.last_input(&"x".repeat(LONGEST + 1)), None);
    }
    #[test]
    fn an_estimate_is_as_far_off_as_the_last_one_was() {
        let sessions = Sessions::default();
        assert_eq!(sessions.expected_input(None, 100), 100);
        assert_eq!(sessions.expected_input(Some("s"), 100), 100);
        sessions.note("s", 1_200, Some(1_000));
        assert_eq!(sessions.expected_input(Some("s"), 2_000), 2_400);
        assert_eq!(sessions.expected_input(Some("other"), 2_000), 2_000);
        // A count that has nothing to do with the estimate.
        sessions.note("s", 9_000, Some(1_000));
        assert_eq!(sessions.expected_input(Some("s"), 2_000), 2_000);
        sessions.note("s", 9_000, None);
        assert_eq!(sessions.expected_input(Some("s"), 2_000), 2_000);
    }
}
