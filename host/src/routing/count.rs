//! How many tokens a request has, as far as routing wants to know.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::base::request::InnerRequest;
use crate::tokens::{TokenCounts, Tokenizer};

/// Counts the input tokens of one request. Counting is dear, so that it is asked for no more than the answer to a question.
pub trait TokenCount: Send + Sync {
    /// Whether there are more than this many, and the number, if it had to be found.
    fn exceeds(&self, threshold: u64) -> (bool, Option<u64>);

    /// The number.
    fn count(&self) -> u64;
}

/// The tokenizer's count, known from bounds where these settle the question.
#[derive(Debug)]
pub struct Counted<'a> {
    /// What counts, and remembers.
    pub counts: &'a TokenCounts,
    /// What is counted.
    pub request: &'a InnerRequest,
    /// How.
    pub tokenizer: Tokenizer,
}

impl TokenCount for Counted<'_> {
    fn exceeds(&self, threshold: u64) -> (bool, Option<u64>) {
        self.counts.exceeds(self.request, &self.tokenizer, threshold)
    }

    fn count(&self) -> u64 {
        self.counts.count(self.request, &self.tokenizer)
    }
}

/// Stands in for a service that counts: notes whether a count is wanted at all, and gives our own.
#[derive(Debug)]
pub struct Probe<'a> {
    counted: &'a Counted<'a>,
    wanted: AtomicBool,
}

impl<'a> Probe<'a> {
    /// One that has not been asked.
    pub fn new(counted: &'a Counted<'a>) -> Self {
        Self { counted, wanted: AtomicBool::new(false) }
    }

    /// Whether the decision depends on the number.
    pub fn was_asked(&self) -> bool {
        self.wanted.load(Relaxed)
    }
}

impl TokenCount for Probe<'_> {
    fn exceeds(&self, threshold: u64) -> (bool, Option<u64>) {
        // No tokenizer makes more tokens of a text than it has bytes.
        if self.counted.counts.at_most(self.counted.request, threshold) {
            return (false, None);
        }
        self.wanted.store(true, Relaxed);
        self.counted.exceeds(threshold)
    }

    fn count(&self) -> u64 {
        self.wanted.store(true, Relaxed);
        self.counted.count()
    }
}

/// A number that somebody has found.
#[derive(Debug)]
pub struct KnownCount(pub u64);

impl TokenCount for KnownCount {
    fn exceeds(&self, threshold: u64) -> (bool, Option<u64>) {
        (self.0 > threshold, Some(self.0))
    }

    fn count(&self) -> u64 {
        self.0
    }
}

/// An estimate for tests: four bytes a token is what English and code come to.
#[cfg(test)]
#[derive(Debug)]
pub struct ByBytes<'a>(pub &'a InnerRequest);

#[cfg(test)]
impl TokenCount for ByBytes<'_> {
    fn exceeds(&self, threshold: u64) -> (bool, Option<u64>) {
        let count = self.count();
        (count > threshold, Some(count))
    }

    fn count(&self) -> u64 {
        (self.0.text().len() as u64).div_ceil(4)
    }
}
