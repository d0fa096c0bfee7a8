//! How many tokens a request has, as far as routing wants to know.

use crate::request::InnerRequest;

/// Counts the input tokens of one request. Counting is dear, so that it is asked for no more than the answer to a question.
pub trait TokenCount: Send + Sync {
    /// Whether there are more than this many, and the number, if it had to be found.
    fn exceeds(&self, threshold: u64) -> (bool, Option<u64>);

    /// The number.
    fn count(&self) -> u64;
}

/// An estimate: four bytes a token is what English and code come to.
#[derive(Debug)]
pub struct ByBytes<'a>(pub &'a InnerRequest);

impl TokenCount for ByBytes<'_> {
    fn exceeds(&self, threshold: u64) -> (bool, Option<u64>) {
        let count = self.count();
        (count > threshold, Some(count))
    }

    fn count(&self) -> u64 {
        (self.0.text().len() as u64).div_ceil(4)
    }
}
