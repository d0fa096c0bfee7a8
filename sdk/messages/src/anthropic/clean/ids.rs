//! Ids of tool calls that occur twice, found without a table that grows.

use crate::fingerprint::Fingerprint;
use crate::json::{Str, Value};

/// Bits that remember ids, a kilobyte on the stack: with a hundred calls, hardly one id is looked up for nothing.
const BITS: usize = 8192;

/// After so many look-ups, each of which goes over all messages, the rest is taken for repeated: the walk stays short whatever a
/// client sends.
const MOST_LOOKUPS: u32 = 64;

/// The ids that have occurred, roughly.
pub(super) struct Seen<'d> {
    messages: Value<'d>,
    bits: [u64; BITS / 64],
    lookups: u32,
}

impl<'d> Seen<'d> {
    pub(super) fn of(messages: Value<'d>) -> Self {
        Self { messages, bits: [0; BITS / 64], lookups: 0 }
    }

    /// Whether this id of a call has occurred before. May be wrong about a conversation with very many calls.
    pub(super) fn again(&mut self, id: Str<'d>) -> bool {
        let place = hash(id.raw()) % BITS;
        let Some(word) = self.bits.get_mut(place / 64) else { return true };
        let bit = 1 << (place % 64);
        if *word & bit == 0 {
            *word |= bit;
            return false;
        }
        self.lookups += 1;
        self.lookups > MOST_LOOKUPS || self.occurs_twice(id)
    }

    fn occurs_twice(&self, id: Str<'_>) -> bool {
        let blocks = self.messages.items().filter_map(|message| message.get("content")).flat_map(Value::items);
        let calls =
            blocks.filter(|block| block.get("type").and_then(Value::as_str).is_some_and(|kind| kind == "tool_use"));
        calls.filter(|call| call.get("id").and_then(Value::as_str) == Some(id)).nth(1).is_some()
    }
}

/// The last bytes of a short text reach the high bits by one more multiplication only (Fibonacci hashing); 13 of them are as many
/// as there are bits to choose from.
fn hash(text: &str) -> usize {
    (Fingerprint::of(text).number().wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 51) as usize
}
