//! The tokens of an encoding, found by their bytes.

/// Ranks take this many bits of a slot: the largest encoding has 200,000 tokens.
const RANK_BITS: u32 = 18;

/// A slot without a token. Its rank is beyond every encoding's.
const EMPTY: u32 = u32::MAX;

/// How many of a table's slots a token shall have for itself: half full, most searches end at the first slot.
const SLOTS_PER_TOKEN: usize = 2;

/// The rank of what is no token.
pub(super) const NONE: u32 = u32::MAX;

/// The tokens of an encoding. A token's rank is also the order in which it is merged.
pub(super) struct Vocabulary {
    /// All tokens, one behind the other.
    bytes: Vec<u8>,
    /// Where the token of each rank begins; one more for the end of the last.
    starts: Vec<u32>,
    /// Open addressing: the low bits are the rank, the others some of the hash.
    slots: Vec<u32>,
    /// The ranks of tokens of two bytes, by both: each merge begins with them.
    pairs: Vec<u32>,
    /// Length of the longest token.
    longest: usize,
}

impl Vocabulary {
    /// From what `build/tokens.rs` writes, without the tokens of `limit` and above.
    pub(super) fn read(mut packed: &[u8], limit: usize) -> Self {
        let mut bytes = Vec::with_capacity(packed.len());
        let mut starts = vec![0];
        while let Some((token, rest)) = packed.split_first().and_then(|(&n, rest)| rest.split_at_checked(n.into())) {
            if starts.len() > limit {
                break;
            }
            bytes.extend_from_slice(token);
            starts.push(index(bytes.len()));
            packed = rest;
        }
        let slots = vec![EMPTY; (starts.len() * SLOTS_PER_TOKEN).next_power_of_two()];
        let pairs = vec![NONE; 1 << 16];
        let mut vocabulary = Self { bytes, starts, slots, pairs, longest: 0 };
        for rank in 0..index(vocabulary.starts.len() - 1) {
            vocabulary.insert(rank);
        }
        vocabulary
    }

    fn insert(&mut self, rank: u32) {
        let token = self.token(rank);
        let (length, hash) = (token.len(), hash(token));
        if length == 0 {
            return;
        }
        if let [first, second] = *token {
            self.pairs[pair(first, second)] = rank;
        }
        let mut at = self.first_slot(hash);
        while self.slots[at] != EMPTY {
            at = (at + 1) & (self.slots.len() - 1);
        }
        self.slots[at] = tag(hash) | rank;
        self.longest = self.longest.max(length);
    }

    fn token(&self, rank: u32) -> &[u8] {
        let rank = rank as usize;
        &self.bytes[self.starts[rank] as usize..self.starts[rank + 1] as usize]
    }

    fn first_slot(&self, hash: u64) -> usize {
        hash as usize & (self.slots.len() - 1)
    }

    /// The rank of a token, or [`NONE`].
    #[inline]
    pub(super) fn rank(&self, token: &[u8]) -> u32 {
        if token.len() > self.longest {
            return NONE;
        }
        let hash = hash(token);
        let tag = tag(hash);
        let mut at = self.first_slot(hash);
        loop {
            let slot = self.slots[at];
            if slot == EMPTY {
                return NONE;
            }
            let rank = slot & ((1 << RANK_BITS) - 1);
            if slot & !((1 << RANK_BITS) - 1) == tag && self.token(rank) == token {
                return rank;
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    /// The rank of two bytes, or [`NONE`].
    #[inline]
    pub(super) fn rank_of_pair(&self, first: u8, second: u8) -> u32 {
        self.pairs[pair(first, second)]
    }

    /// The most bytes that a token stands for.
    #[cfg(test)]
    pub(super) fn longest(&self) -> usize {
        self.longest
    }
}

fn pair(first: u8, second: u8) -> usize {
    usize::from(first) << 8 | usize::from(second)
}

fn index(number: usize) -> u32 {
    u32::try_from(number).expect("an encoding has a few megabytes")
}

/// The part of a hash that a slot keeps.
fn tag(hash: u64) -> u32 {
    ((hash >> 40) as u32) << RANK_BITS
}

/// Eight bytes at a time, each step mixed by a multiplication whose halves are folded together. What is left at the end is read
/// together with bytes before it, which is quicker than byte by byte.
#[inline]
fn hash(bytes: &[u8]) -> u64 {
    // An odd number without a pattern: the first digits of the golden ratio.
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let fold = |state: u64, word: u64| {
        let product = u128::from(state ^ word) * u128::from(FACTOR);
        (product as u64) ^ (product >> 64) as u64
    };
    let four = |bytes: &[u8; 4]| u64::from(u32::from_le_bytes(*bytes));
    let length = bytes.len() as u64 ^ FACTOR;
    if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        let mut state = fold(length, u64::from_le_bytes(*first));
        for word in bytes[8..].as_chunks::<8>().0 {
            state = fold(state, u64::from_le_bytes(*word));
        }
        return fold(state, u64::from_le_bytes(*last));
    }
    let word = match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>(), bytes) {
        (Some(first), Some(last), _) => four(first) << 32 | four(last),
        (_, _, [first, second, third]) => u64::from_le_bytes([*first, *second, *third, 0, 0, 0, 0, 0]),
        (_, _, [first, second]) => u64::from_le_bytes([*first, *second, 0, 0, 0, 0, 0, 0]),
        _ => bytes.first().copied().unwrap_or_default().into(),
    };
    fold(length, word)
}
