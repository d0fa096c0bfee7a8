//! How many tokens a request has, as far as routing wants to know.

use crate::request::InnerRequest;
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
