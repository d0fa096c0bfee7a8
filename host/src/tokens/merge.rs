//! How many tokens a piece becomes: byte pair encoding, in which the pair of the lowest rank is merged first, again and again.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::vocabulary::{NONE, Vocabulary};

/// Pieces up to this size are searched from end to end for each merge; that is quicker than keeping a heap, and takes no memory.
/// Beyond it the time would grow with the square of the size.
const SMALL: usize = 64;

/// Pieces up to this size are counted exactly. Nothing that people or programs write has longer words; what has (megabytes of one
/// letter, made to keep a counter busy) is counted in windows of this size, whose 2 MB of places stay in a processor's cache:
/// 50 MB took 30 s and 2 GB in one go. Each border between windows can add the tokens that would have reached over it, at most
/// one on either side and what follows from their being cut: less than one in a thousand of the window's own (a test holds it).
/// Of words of more than [`MOST_WINDOWS`] windows, that many are counted, evenly spread, and stand for the rest.
pub(super) const WINDOW: usize = 64 * 1024;

/// The number of tokens of a piece that is not empty and no token itself; beyond [`WINDOW`] bytes, nearly.
pub(super) fn merged(vocabulary: &Vocabulary, piece: &[u8]) -> usize {
    match piece.len() {
        size if size <= SMALL => small(vocabulary, piece),
        size if size <= WINDOW => large(vocabulary, piece),
        _ => windows(vocabulary, piece),
    }
}

/// Windows of one word that are counted: a megabyte, a fifth of a second.
pub(super) const MOST_WINDOWS: usize = 16;

/// The sum over windows.
fn windows(vocabulary: &Vocabulary, piece: &[u8]) -> usize {
    let all = piece.len().div_ceil(WINDOW);
    let step = all.div_ceil(MOST_WINDOWS);
    let (mut bytes, mut tokens) = (0, 0);
    for window in piece.chunks(WINDOW).step_by(step) {
        bytes += window.len();
        tokens += large(vocabulary, window);
    }
    // A body has some megabytes, so the product is far from the end of the numbers.
    (tokens as u64 * piece.len() as u64).div_ceil(bytes.max(1) as u64) as usize
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

/// A part of a large piece; its place in the list is where it begins. Places are below [`WINDOW`], or that itself.
#[derive(Clone, Copy)]
struct Part {
    /// Where the part before begins.
    before: u32,
    /// Where it ends, and the next one begins.
    end: u32,
    /// The rank that it has together with the next one; entries of the heap that say otherwise are old.
    rank: u32,
}

/// An entry of the heap: the rank and the place in one number, so that the lowest is the pair to merge next.
fn entry(rank: u32, at: usize) -> Reverse<u64> {
    Reverse(u64::from(rank) << 32 | at as u64)
}

fn large(vocabulary: &Vocabulary, piece: &[u8]) -> usize {
    let size = piece.len() as u32;
    let mut parts: Vec<Part> =
        (0..size).map(|at| Part { before: at.wrapping_sub(1), end: at + 1, rank: NONE }).collect();
    let mut heap = BinaryHeap::with_capacity(piece.len());
    for (at, two) in piece.windows(2).enumerate() {
        let rank = vocabulary.rank_of_pair(two[0], two[1]);
        parts[at].rank = rank;
        if rank != NONE {
            heap.push(entry(rank, at));
        }
    }
    let mut count = piece.len();
    while let Some(Reverse(next)) = heap.pop() {
        let (rank, at) = ((next >> 32) as u32, next as u32 as usize);
        if parts[at].rank != rank {
            continue;
        }
        let second = parts[at].end as usize;
        let end = parts[second].end;
        parts[second].rank = NONE;
        parts[at].end = end;
        if let Some(after) = parts.get_mut(end as usize) {
            after.before = at as u32;
        }
        count -= 1;
        for start in [Some(at), (at > 0).then(|| parts[at].before as usize)].into_iter().flatten() {
            let rank = match parts.get(parts[start].end as usize) {
                Some(following) => vocabulary.rank(&piece[start..following.end as usize]),
                None => NONE,
            };
            parts[start].rank = rank;
            if rank != NONE {
                heap.push(entry(rank, start));
            }
        }
    }
    count
}
