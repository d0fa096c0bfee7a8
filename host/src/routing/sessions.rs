//! What is remembered of sessions: how large the last request of each was. A session that grows beyond the threshold of a long
//! context stays there, though one of its requests is counted lower.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use lru::LruCache;

/// Sessions that are remembered; an entry takes some 150 bytes, so that all of them stay far below 20 MB.
const MOST: usize = 10_000;

/// Longest name of a session: they are UUIDs, and one that is made up to fill the memory is not remembered.
const LONGEST: usize = 256;

/// The last input of each session, in tokens.
#[derive(Debug)]
pub struct Sessions(Mutex<LruCache<Arc<str>, u64>>);

impl Default for Sessions {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(NonZeroUsize::new(MOST).unwrap_or(NonZeroUsize::MIN))))
    }
}

impl Sessions {
    /// The input of the session's last answered request, what came from caches included.
    pub fn last_input(&self, session: &str) -> Option<u64> {
        // Without moving it to the front: asking leaves no trace.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).peek(session).copied()
    }

    /// Remembers the input of an answered request.
    pub fn note(&self, session: &str, input: u64) {
        if session.len() <= LONGEST {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match all.get_mut(session) {
                Some(last) => *last = input,
                None => {
                    all.put(session.into(), input);
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
            sessions.note(&format!("s{number}"), number as u64);
            sessions.note("kept", 7);
        }
        assert_eq!(sessions.last_input("kept"), Some(7));
        assert_eq!(sessions.last_input("s0"), None);
        assert_eq!(sessions.last_input(&format!("s{MOST}")), Some(MOST as u64));
        sessions.note(&"x".repeat(LONGEST + 1), 1);
        assert_eq!(sessions.last_input(&"x".repeat(LONGEST + 1)), None);
    }
}
