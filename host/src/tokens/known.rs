//! Short pieces whose numbers of tokens are known: a conversation says the same words again and again.

/// Slots. A power of two; with this many they fit into a second-level cache.
const SLOTS: usize = 8192;

/// From this size of text on, setting the slots up pays off.
const WORTH_KNOWING: usize = 4096;

/// Longest piece that is kept, so that the piece and its length are one number.
const LONGEST: usize = 15;

/// Pieces and their numbers of tokens, each in the slot that its hash says; empty where it does not pay off.
pub(super) struct Known(Vec<(u128, u32)>);

impl Known {
    /// For texts of about this many bytes altogether.
    pub(super) fn for_bytes(bytes: usize) -> Self {
        // No piece is 0: its length is a part of it.
        Self(if bytes >= WORTH_KNOWING { vec![(0, 0); SLOTS] } else { Vec::new() })
    }

    /// What a piece comes to, counted if it is not known.
    #[inline]
    pub(super) fn count(&mut self, piece: &[u8], count: impl FnOnce(&[u8]) -> usize) -> u64 {
        if piece.len() > LONGEST || self.0.is_empty() {
            return count(piece) as u64;
        }
        let mut key = [0; LONGEST + 1];
        key[..piece.len()].copy_from_slice(piece);
        // At most `LONGEST`.
        key[LONGEST] = piece.len() as u8;
        let key = u128::from_le_bytes(key);
        let slot = slot(key);
        match self.0[slot] {
            (known, tokens) if known == key => tokens.into(),
            _ => {
                let tokens = count(piece);
                // A piece this short has no more tokens than a few for each byte.
                self.0[slot] = (key, tokens as u32);
                tokens as u64
            }
        }
    }
}

fn slot(key: u128) -> usize {
    let mixed = ((key as u64) ^ ((key >> 64) as u64).rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 40) as usize & (SLOTS - 1)
}
