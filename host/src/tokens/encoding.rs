//! The encodings that can be counted with, and counting a text.
//!
//! Text that looks like a special token (`<|endoftext|>`) is text: that is how providers read what users write.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use super::known::Known;
use super::merge::merged;
use super::split::{self, Split};
use super::vocabulary::{NONE, Vocabulary};

/// One of OpenAI's encodings, as `tiktoken` names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Encoding {
    /// GPT-4's, with which claude-code-router counts where nothing else is said.
    #[default]
    Cl100kBase,
    /// GPT-4o's and its followers'.
    O200kBase,
    /// Codex's.
    P50kBase,
    /// GPT-2's and GPT-3's.
    R50kBase,
}

impl Encoding {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Cl100kBase, Self::O200kBase, Self::P50kBase, Self::R50kBase];

    /// The name that `tiktoken` has for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cl100kBase => "cl100k_base",
            Self::O200kBase => "o200k_base",
            Self::P50kBase => "p50k_base",
            Self::R50kBase => "r50k_base",
        }
    }

    fn split(self) -> Split {
        match self {
            Self::Cl100kBase => split::cl100k,
            Self::O200kBase => split::o200k,
            Self::P50kBase | Self::R50kBase => split::gpt2,
        }
    }

    /// Read when it is first needed: a gateway that never counts has none in memory.
    fn vocabulary(self) -> &'static Vocabulary {
        static CL100K: OnceLock<Vocabulary> = OnceLock::new();
        static O200K: OnceLock<Vocabulary> = OnceLock::new();
        static P50K: OnceLock<Vocabulary> = OnceLock::new();
        static R50K: OnceLock<Vocabulary> = OnceLock::new();
        // `r50k_base` is `p50k_base` without the runs of spaces that follow the special token of this rank.
        const R50K_TOKENS: usize = 50_256;
        let read = |packed| Vocabulary::read(packed, usize::MAX);
        let p50k = include_bytes!(concat!(env!("OUT_DIR"), "/p50k_base.vocabulary"));
        match self {
            Self::Cl100kBase => {
                CL100K.get_or_init(|| read(include_bytes!(concat!(env!("OUT_DIR"), "/cl100k_base.vocabulary"))))
            }
            Self::O200kBase => {
                O200K.get_or_init(|| read(include_bytes!(concat!(env!("OUT_DIR"), "/o200k_base.vocabulary"))))
            }
            Self::P50kBase => P50K.get_or_init(|| read(p50k)),
            Self::R50kBase => R50K.get_or_init(|| Vocabulary::read(p50k, R50K_TOKENS)),
        }
    }

    /// Reads the vocabulary now, so that the first count need not.
    pub fn prepare(self) {
        self.vocabulary();
    }

    /// The most bytes that one token stands for, so that a text of `n` bytes has at least `n` divided by it. Constants and not
    /// the vocabulary's own, as bounds are there to keep it from being read; a test compares the two.
    pub fn longest_token(self) -> usize {
        128
    }

    /// A counter for texts of about this many bytes altogether.
    pub fn counter(self, bytes: usize) -> Counter {
        Counter { split: self.split(), vocabulary: self.vocabulary(), known: Known::for_bytes(bytes) }
    }

    /// The number of tokens of a text.
    pub fn count(self, text: &str) -> u64 {
        self.counter(text.len()).count(text)
    }

    #[cfg(test)]
    pub(super) fn longest_in_vocabulary(self) -> usize {
        self.vocabulary().longest()
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Encoding {
    type Err = String;

    /// Also takes the names of encodings that differ from one of these in nothing but special tokens.
    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim().to_ascii_lowercase().as_str() {
            "o200k_harmony" => Ok(Self::O200kBase),
            "gpt2" => Ok(Self::R50kBase),
            "p50k_edit" => Ok(Self::P50kBase),
            name => Self::ALL.into_iter().find(|encoding| encoding.as_str() == name).ok_or_else(|| {
                "must be one of cl100k_base, o200k_base, o200k_harmony, p50k_base, p50k_edit, r50k_base, gpt2"
                    .to_owned()
            }),
        }
    }
}

/// Counts texts of one encoding.
pub struct Counter {
    split: Split,
    vocabulary: &'static Vocabulary,
    known: Known,
}

impl Counter {
    /// The number of tokens of a text.
    pub fn count(&mut self, text: &str) -> u64 {
        let mut rest = text;
        let mut tokens = 0;
        while !rest.is_empty() {
            let (piece, after) = rest.split_at((self.split)(rest));
            tokens += self.piece(piece.as_bytes());
            rest = after;
        }
        tokens
    }

    #[inline]
    fn piece(&mut self, piece: &[u8]) -> u64 {
        if piece.len() == 1 {
            return 1;
        }
        let vocabulary = self.vocabulary;
        self.known.count(piece, |piece| if vocabulary.rank(piece) == NONE { merged(vocabulary, piece) } else { 1 })
    }
}
