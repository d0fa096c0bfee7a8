//! Ids of tool calls that occur twice, found in one pass without a table that grows.

use crate::fingerprint::Fingerprint;

/// Places for ids, 8 kB on the stack: over a thousand calls find one without searching long.
const PLACES: usize = 2048;

/// After so many places that others have taken the table counts as full, and the id as repeated: no history takes longer than
/// its length, whatever ids a client chooses.
const MOST_PROBES: usize = 32;

/// The ids that have occurred, by 31 bits of their hashes; 0 is a free place. Ids that differ and have the same bits are so rare
/// that what they cost, a look by the component, does not matter.
pub(super) struct Seen([u32; PLACES]);

impl Seen {
    pub(super) fn new() -> Self {
        Self([0; PLACES])
    }

    /// Whether this id may have occurred before; from now on it has.
    pub(super) fn again(&mut self, id: &str) -> bool {
        // The last bytes of a short text reach the high bits by one more multiplication only (Fibonacci hashing).
        let hash = Fingerprint::of(id).number().wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let first = (hash >> 53) as usize;
        let bits = (hash >> 16) as u32 | 1;
        for place in first..first + MOST_PROBES {
            match self.0.get_mut(place % PLACES) {
                Some(free) if *free == 0 => {
                    *free = bits;
                    return false;
                }
                Some(taken) if *taken != bits => {}
                _ => return true,
            }
        }
        true
    }
}
