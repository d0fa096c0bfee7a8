//! How many tokens a piece becomes: byte pair encoding, in which the pair of the lowest rank is merged first, again and again.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::vocabulary::{NONE, Vocabulary};

/// Pieces up to this size are searched from end to end for each merge; that is quicker than keeping a heap, and takes no memory.
/// Beyond it the time would grow with the square of the size.
const SMALL: usize = 64;

/// The number of tokens of a piece that is not empty and no token itself.
pub(super) fn merged(vocabulary: &Vocabulary, piece: &[u8]) -> usize {
    if piece.len() <= SMALL { small(vocabulary, piece) } else { large(vocabulary, piece) }
}

/// The rank and the place of a pair in one number, so that the lowest number is the pair to merge next. Ranks have 18 bits and
/// places 6; signed numbers, as every processor of the last twenty years finds the lowest of those several at a time.
type Key = i32;

/// No pair.
const NO_PAIR: Key = Key::MAX;

fn key(rank: u32, at: usize) -> Key {
    match rank {
        NONE => NO_PAIR,
        rank => (rank << 6) as Key | at as Key,
    }
}

fn small(vocabulary: &Vocabulary, piece: &[u8]) -> usize {
    // By the place where a part begins: its pair with the next one, and where the parts before and behind it begin. Two more
    // entries than places, as the end is behind the last part, and behind the end is nothing.
    let mut keys = [NO_PAIR; SMALL];
    let mut before = [0_u8; SMALL + 2];
    let mut behind = [0_u8; SMALL + 2];
    let size = piece.len();
    for at in 0..=size {
        (before[at], behind[at]) = ((at as u8).wrapping_sub(1), at as u8 + 1);
    }
    for (at, two) in piece.windows(2).enumerate() {
        keys[at] = key(vocabulary.rank_of_pair(two[0], two[1]), at);
    }
    // A multiple of eight, for searches of several at a time.
    let searched = size.next_multiple_of(8);
    let mut parts = size;
    loop {
        let lowest = keys[..searched].iter().fold(NO_PAIR, |lowest, key| lowest.min(*key));
        if lowest == NO_PAIR {
            return parts;
        }
        let at = (lowest & 63) as usize;
        let second = usize::from(behind[at]);
        let end = usize::from(behind[second]);
        behind[at] = end as u8;
        before[end] = at as u8;
        keys[second] = NO_PAIR;
        parts -= 1;
        keys[at] = match end < size {
            true => key(vocabulary.rank(&piece[at..usize::from(behind[end])]), at),
            false => NO_PAIR,
        };
        if at > 0 {
            let previous = usize::from(before[at]);
            keys[previous] = key(vocabulary.rank(&piece[previous..end]), previous);
        }
    }
}

/// A part of a large piece; its place in the list is where it begins.
#[derive(Clone, Copy)]
struct Part {
    /// Where the part before begins.
    before: usize,
    /// Where it ends, and the next one begins.
    end: usize,
    /// The rank that it has together with the next one; entries of the heap that say otherwise are old.
    rank: u32,
}

fn large(vocabulary: &Vocabulary, piece: &[u8]) -> usize {
    let mut parts: Vec<Part> =
        (0..piece.len()).map(|at| Part { before: at.wrapping_sub(1), end: at + 1, rank: NONE }).collect();
    let mut heap = BinaryHeap::with_capacity(piece.len());
    for (at, two) in piece.windows(2).enumerate() {
        let rank = vocabulary.rank_of_pair(two[0], two[1]);
        parts[at].rank = rank;
        if rank != NONE {
            heap.push(Reverse((rank, at)));
        }
    }
    let mut count = piece.len();
    while let Some(Reverse((rank, at))) = heap.pop() {
        if parts[at].rank != rank {
            continue;
        }
        let next = parts[at].end;
        let end = parts[next].end;
        parts[next].rank = NONE;
        parts[at].end = end;
        if let Some(after) = parts.get_mut(end) {
            after.before = at;
        }
        count -= 1;
        for start in [Some(at), (at > 0).then(|| parts[at].before)].into_iter().flatten() {
            let rank = match parts.get(parts[start].end) {
                Some(following) => vocabulary.rank(&piece[start..following.end]),
                None => NONE,
            };
            parts[start].rank = rank;
            if rank != NONE {
                heap.push(Reverse((rank, start)));
            }
        }
    }
    count
}
