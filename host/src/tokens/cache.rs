//! What has been counted, by the block's text. All requests share it.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lru::LruCache;

use super::parts::Part;
use super::tokenizer::Scheme;

/// Blocks that are remembered: a hundred long conversations, in about 8 MB.
const BLOCKS: NonZeroUsize = NonZeroUsize::new(100_000).expect("it is not zero");

/// Counts by a hash of what was counted. The hash has 128 bits and begins with a secret of this process, so that no two texts
/// have the same one, by chance or by design.
pub(super) struct Cache {
    secret: [u64; 4],
    counts: Mutex<LruCache<u128, u64>>,
}

impl Default for Cache {
    fn default() -> Self {
        let mut secret = [0; 4];
        for word in &mut secret {
            // Without the system's randomness the hash is only as good as a fixed one.
            *word = getrandom::u64().unwrap_or(0xa076_1d64_78bd_642f) | 1;
        }
        // Grows as it is filled, to the bound.
        let mut counts = LruCache::unbounded();
        counts.resize(BLOCKS);
        Self { secret, counts: Mutex::new(counts) }
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").finish_non_exhaustive()
    }
}

/// The counts, for some questions or answers.
pub(super) struct Counts<'c>(MutexGuard<'c, LruCache<u128, u64>>);

impl Counts<'_> {
    pub(super) fn get(&mut self, key: u128) -> Option<u64> {
        self.0.get(&key).copied()
    }

    pub(super) fn extend(&mut self, counted: Vec<(u128, u64)>) {
        for (key, count) in counted {
            self.0.put(key, count);
        }
    }
}

impl Cache {
    pub(super) fn lock(&self) -> Counts<'_> {
        Counts(self.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Under which a part's count is kept.
    pub(super) fn key(&self, part: &Part<'_>, scheme: &Scheme) -> u128 {
        self.key_of(part.raw(), part.is_escaped(), scheme.id())
    }

    /// The same for any text, by the number of what counts it.
    pub(super) fn key_of(&self, raw: &str, escaped: bool, counter: u64) -> u128 {
        let raw = raw.as_bytes();
        // A text with escapes is not the JSON that looks the same.
        let kind = counter << 1 | u64::from(escaped);
        let [seed, second_seed, factor, second_factor] = self.secret;
        let mut low = fold(seed ^ kind, factor ^ raw.len() as u64);
        let mut high = fold(second_seed ^ raw.len() as u64, second_factor ^ kind);
        let mut mix = |words: &[u8; 16]| {
            let [first, second] = words_of(words);
            low = fold(low ^ first, factor ^ second);
            high = fold(high ^ second, second_factor ^ first);
        };
        let (words, rest) = raw.as_chunks::<16>();
        words.iter().for_each(&mut mix);
        let mut last = [0; 16];
        if let Some(room) = last.get_mut(..rest.len()) {
            room.copy_from_slice(rest);
        }
        mix(&last);
        u128::from(fold(low, second_factor)) << 64 | u128::from(fold(high, factor))
    }
}

fn words_of(bytes: &[u8; 16]) -> [u64; 2] {
    let both = u128::from_le_bytes(*bytes);
    [both as u64, (both >> 64) as u64]
}

/// The two halves of a product, one over the other: each bit of both numbers has an effect on each bit of it.
fn fold(first: u64, second: u64) -> u64 {
    let product = u128::from(first) * u128::from(second);
    (product as u64) ^ (product >> 64) as u64
}
