//! Byte pair encoding with a list of merges, as `tokenizer.json` has it: which pairs become one, and in what order.
//!
//! Unlike OpenAI's encodings, where the rank of what comes out decides, here each pair has a rank of its own.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};

use crate::tokens::merge::WINDOW;

/// Pieces of up to this many symbols are searched from end to end for each merge; beyond, a heap is quicker.
const SMALL: usize = 48;

/// No pair.
const NONE: u32 = u32::MAX;

/// A hasher for numbers: a multiplication, its halves folded together. Whoever writes the file could make them collide, and would
/// slow down only a gateway of their own.
#[derive(Default)]
pub(super) struct Fold(u64);

impl Hasher for Fold {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(number.into());
    }

    fn write_u64(&mut self, number: u64) {
        // An odd number without a pattern: the first digits of the golden ratio.
        let product = u128::from(self.0 ^ number) * 0x9e37_79b9_7f4a_7c15;
        self.0 = (product as u64) ^ (product >> 64) as u64;
    }
}

pub(super) type Map<K, V> = HashMap<K, V, BuildHasherDefault<Fold>>;

/// How symbols begin and merge.
pub(super) struct Bpe {
    pub(super) start: Start,
    /// The rank of a pair, and what it becomes.
    pub(super) merges: Map<u64, (u32, u32)>,
    /// Tokens that are not made by merging where a piece is one as a whole (`ignore_merges`), as the piece's bytes.
    pub(super) whole: Option<std::collections::HashSet<Box<[u8]>>>,
}

/// What symbols a piece begins as.
pub(super) enum Start {
    /// One for each byte; [`None`] where the vocabulary has none.
    Bytes(Box<[Option<u32>; 256]>),
    /// One for each character.
    Characters {
        known: Map<u32, u32>,
        /// The tokens of bytes, for characters that are not known; only if all are there.
        bytes: Option<Box<[u32; 256]>>,
        /// What stands for a character that is not known in any way.
        unknown: Option<u32>,
        /// Several of these in a row are one.
        fused: bool,
    },
}

/// Two symbols as one number.
pub(super) fn pair(first: u32, second: u32) -> u64 {
    u64::from(first) << 32 | u64::from(second)
}

impl Bpe {
    /// The number of tokens of a piece; beyond [`WINDOW`] symbols, nearly.
    pub(super) fn count(&self, piece: &str) -> usize {
        if self.whole.as_ref().is_some_and(|whole| whole.contains(piece.as_bytes())) {
            return 1;
        }
        let symbols = self.symbols(piece);
        symbols
            .chunks(WINDOW)
            .map(|window| if window.len() <= SMALL { self.small(window) } else { self.large(window) })
            .sum()
    }

    pub(super) fn symbols(&self, piece: &str) -> Vec<u32> {
        let (known, bytes, unknown, fused) = match &self.start {
            Start::Bytes(table) => return piece.bytes().filter_map(|byte| table[usize::from(byte)]).collect(),
            Start::Characters { known, bytes, unknown, fused } => (known, bytes, unknown, *fused),
        };
        let mut symbols = Vec::with_capacity(piece.len());
        let mut after_unknown = false;
        for character in piece.chars() {
            let was_unknown = std::mem::take(&mut after_unknown);
            match (known.get(&u32::from(character)), bytes, unknown) {
                (Some(symbol), _, _) => symbols.push(*symbol),
                (None, Some(table), _) => {
                    let mut buffer = [0; 4];
                    symbols.extend(character.encode_utf8(&mut buffer).bytes().map(|byte| table[usize::from(byte)]));
                }
                (None, None, Some(unknown)) => {
                    if !(fused && was_unknown) {
                        symbols.push(*unknown);
                    }
                    after_unknown = true;
                }
                (None, None, None) => {}
            }
        }
        symbols
    }

    fn merge(&self, first: u32, second: u32) -> (u32, u32) {
        self.merges.get(&pair(first, second)).copied().unwrap_or((NONE, NONE))
    }

    pub(super) fn small(&self, symbols: &[u32]) -> usize {
        let mut symbols = symbols.to_vec();
        let mut ranks: Vec<(u32, u32)> = symbols.windows(2).map(|two| self.merge(two[0], two[1])).collect();
        while let Some((at, &(rank, made))) = ranks.iter().enumerate().min_by_key(|(_, (rank, _))| *rank) {
            if rank == NONE {
                break;
            }
            symbols[at] = made;
            symbols.remove(at + 1);
            ranks.remove(at);
            if let Some(next) = symbols.get(at + 1) {
                ranks[at] = self.merge(made, *next);
            }
            if at > 0 {
                ranks[at - 1] = self.merge(symbols[at - 1], made);
            }
        }
        symbols.len()
    }

    pub(super) fn large(&self, symbols: &[u32]) -> usize {
        let mut parts: Vec<Part> = symbols
            .iter()
            .enumerate()
            .map(|(at, symbol)| Part {
                symbol: *symbol,
                before: at.wrapping_sub(1),
                next: at + 1,
                rank: NONE,
                made: NONE,
            })
            .collect();
        let mut heap = BinaryHeap::with_capacity(parts.len());
        for at in 0..parts.len() {
            self.look(&mut parts, at, &mut heap);
        }
        let mut count = parts.len();
        while let Some(Reverse((rank, at))) = heap.pop() {
            let Part { rank: current, made, next, before, .. } = parts[at];
            if current != rank {
                continue;
            }
            let after = parts[next].next;
            parts[next].rank = NONE;
            parts[at].symbol = made;
            parts[at].next = after;
            if let Some(after) = parts.get_mut(after) {
                after.before = at;
            }
            count -= 1;
            self.look(&mut parts, at, &mut heap);
            if at > 0 {
                self.look(&mut parts, before, &mut heap);
            }
        }
        count
    }

    /// Notes what a part and the next one become.
    fn look(&self, parts: &mut [Part], at: usize, heap: &mut BinaryHeap<Reverse<(u32, usize)>>) {
        let merge = parts.get(parts[at].next).map_or((NONE, NONE), |next| self.merge(parts[at].symbol, next.symbol));
        (parts[at].rank, parts[at].made) = merge;
        if merge.0 != NONE {
            heap.push(Reverse((merge.0, at)));
        }
    }
}

/// A part of a long piece; its place in the list is that of its first symbol.
#[derive(Clone, Copy)]
struct Part {
    symbol: u32,
    before: usize,
    next: usize,
    /// The rank together with the next one; entries of the heap that say otherwise are old.
    rank: u32,
    made: u32,
}

/// The letter that stands for each byte in byte-level vocabularies: the byte's own where that can be seen, else the next unused
/// one from U+0100 on.
pub(super) fn letters() -> [char; 256] {
    let mut next = 0x100;
    std::array::from_fn(|byte| match byte {
        0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff => char::from(byte as u8),
        _ => {
            next += 1;
            char::from_u32(next - 1).unwrap_or_default()
        }
    })
}

/// The other way round.
pub(super) fn bytes_of_letters() -> HashMap<char, u8> {
    letters().into_iter().zip(0..=255).collect()
}
