//! What a plugin costs: calls, failures, time.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Counters of one plugin since it was loaded.
#[derive(Debug, Default)]
pub struct Meter {
    calls: AtomicU64,
    failures: AtomicU64,
    nanoseconds: AtomicU64,
    peak_memory: AtomicU64,
}

impl Meter {
    pub(super) fn add(&self, time: Duration, memory: usize, failed: bool) {
        self.calls.fetch_add(1, Relaxed);
        self.failures.fetch_add(u64::from(failed), Relaxed);
        self.nanoseconds.fetch_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX), Relaxed);
        self.peak_memory.fetch_max(memory as u64, Relaxed);
    }

    /// Calls into it.
    pub fn calls(&self) -> u64 {
        self.calls.load(Relaxed)
    }

    /// Calls that trapped, took too long or answered nonsense.
    pub fn failures(&self) -> u64 {
        self.failures.load(Relaxed)
    }

    /// Time spent in it.
    pub fn time(&self) -> Duration {
        Duration::from_nanos(self.nanoseconds.load(Relaxed))
    }

    /// The most memory that one instance had, in bytes.
    pub fn peak_memory(&self) -> u64 {
        self.peak_memory.load(Relaxed)
    }
}
