//! Finds where a run of ordinary characters inside a JSON string ends: the inner loop of parsing and of writing.
//!
//! Prompts are long strings with an escape every line or so, schemas are short strings. So the search is inline and goes
//! by steps of 16 bytes; only what proves to be long goes to `memchr`, which has wider vectors but costs a call. What one
//! step does is in [`step`], once per kind of target.

use step::{STEP, first_end};

/// How many steps are searched inline before `memchr` is called: 256 bytes. Lines of prompts end before that, images do not.
const NEAR_STEPS: usize = 16;

/// Everything below must be escaped in a string (RFC 8259, 7).
const FIRST_ALLOWED: u8 = 0x20;

/// Offset of the first quote, backslash or control character at or after `from`, else the length of `bytes`.
#[inline]
pub(super) fn run_end(bytes: &[u8], from: usize) -> usize {
    let (steps, _) = bytes.get(from..).unwrap_or_default().as_chunks::<STEP>();
    let mut at = from;
    for step in steps.iter().take(NEAR_STEPS) {
        if let Some(place) = first_end(step) {
            return at + place;
        }
        at += STEP;
    }
    far_end(bytes, at)
}

#[inline]
fn ends_run(byte: u8) -> bool {
    (byte == b'"') | (byte == b'\\') | (byte < FIRST_ALLOWED)
}

/// The same for what may be a long run.
fn far_end(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    if rest.len() < STEP {
        return tail_end(bytes, from);
    }
    let length = memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
    let run = rest.get(..length).unwrap_or(rest);
    let has_control = run.iter().fold(false, |found, byte| found | (*byte < FIRST_ALLOWED));
    if has_control { tail_end(bytes, from) } else { (from + length).min(bytes.len()) }
}

/// The same byte by byte, for the last bytes of a text and for texts that have a control character.
fn tail_end(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    rest.iter().position(|byte| ends_run(*byte)).map_or(bytes.len(), |offset| from + offset)
}

/// Checks the escape whose backslash is at `at`; gives the offset after it, or what is wrong with it.
#[inline]
pub(super) fn escape_end(bytes: &[u8], at: usize) -> Result<usize, &'static str> {
    match bytes.get(at + 1) {
        // Nearly every escape of a prompt is one of these two; asking for them first avoids a jump table.
        Some(b'n' | b'"') => Ok(at + 2),
        escaped => rare_escape_end(bytes, at, escaped.copied()),
    }
}

fn rare_escape_end(bytes: &[u8], at: usize, escaped: Option<u8>) -> Result<usize, &'static str> {
    match escaped {
        Some(b'\\' | b't' | b'r' | b'/' | b'b' | b'f') => Ok(at + 2),
        Some(b'u') => match bytes.get(at + 2..at + 6) {
            Some(digits) if digits.iter().all(u8::is_ascii_hexdigit) => Ok(at + 6),
            _ => Err("expected four hexadecimal digits after \\u"),
        },
        _ => Err("unknown escape; write a backslash itself as \\\\"),
    }
}

/// WebAssembly: its vector instructions are safe to call, and the compiler would not find them by itself.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod step {
    use super::FIRST_ALLOWED;
    use core::arch::wasm32::{u8x16_bitmask, u8x16_eq, u8x16_lt, u8x16_splat, u64x2, v128_or};

    /// Bytes per step: one vector.
    pub(super) const STEP: usize = 16;

    /// Where in a step the run ends.
    #[inline]
    pub(super) fn first_end(step: &[u8; STEP]) -> Option<usize> {
        let halves = u128::from_le_bytes(*step);
        // Becomes one load.
        let step = u64x2(halves as u64, (halves >> 64) as u64);
        let quoting = v128_or(u8x16_eq(step, u8x16_splat(b'"')), u8x16_eq(step, u8x16_splat(b'\\')));
        let ends = u8x16_bitmask(v128_or(quoting, u8x16_lt(step, u8x16_splat(FIRST_ALLOWED))));
        (ends != 0).then(|| ends.trailing_zeros() as usize)
    }
}

/// Elsewhere: written so that the compiler makes vector code of it without an intrinsic (which would need `unsafe`).
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod step {
    use super::{FIRST_ALLOWED, ends_run};

    /// Bytes per step: one vector of x86-64 and aarch64.
    pub(super) const STEP: usize = 16;

    /// One byte of value 1 in each place of a word.
    const ONES: u64 = 0x0101_0101_0101_0101;

    /// The top bit of each byte of a word.
    const TOPS: u64 = 0x8080_8080_8080_8080;

    /// Where in a step the run ends.
    #[inline]
    pub(super) fn first_end(step: &[u8; STEP]) -> Option<usize> {
        // No early exit inside a step, so that it is a handful of vector instructions.
        let ends = step.iter().fold(false, |found, byte| found | ends_run(*byte));
        ends.then(|| place_in(*step))
    }

    #[inline]
    fn place_in(step: [u8; STEP]) -> usize {
        let step = u128::from_le_bytes(step);
        match marks(step as u64) {
            0 => 8 + (marks((step >> 64) as u64).trailing_zeros() / 8) as usize,
            low => (low.trailing_zeros() / 8) as usize,
        }
    }

    /// Top bits set where a byte of the word ends a run. Only the lowest set bit can be relied on: a borrow of a
    /// subtraction may set bits above a true one, never below.
    #[inline]
    fn marks(word: u64) -> u64 {
        let quote = word ^ (ONES * u64::from(b'"'));
        let backslash = word ^ (ONES * u64::from(b'\\'));
        let control = word.wrapping_sub(ONES * u64::from(FIRST_ALLOWED)) & !word;
        let zero_in = |word: u64| word.wrapping_sub(ONES) & !word;
        (zero_in(quote) | zero_in(backslash) | control) & TOPS
    }
}

#[cfg(test)]
mod tests {
    use super::{run_end, tail_end};
    use proptest::prelude::*;

    #[test]
    fn finds_each_kind_at_every_distance() {
        for special in [b'"', b'\\', 0, b'\n', 0x1F] {
            for distance in 0..400 {
                let mut text = vec![b'a'; distance];
                text.push(special);
                text.extend_from_slice(&[b'"'; 40]);
                assert_eq!(run_end(&text, 0), distance, "byte {special}");
            }
        }
    }

    #[test]
    fn high_bytes_and_neighbours_do_not_end_a_run() {
        let text: Vec<u8> = (0x20..=0xFF).filter(|byte| ![b'"', b'\\'].contains(byte)).collect();
        for from in 0..text.len() {
            assert_eq!(run_end(&text, from), text.len());
        }
        assert_eq!(run_end(&text, text.len() + 1), text.len());
    }

    proptest! {
        #[test]
        fn agrees_with_the_simple_search(
            text in proptest::collection::vec(prop_oneof![30 => 0x20..=0xFF_u8, 1 => 0..=0xFF_u8], 0..600),
            from in 0_usize..600,
        ) {
            prop_assert_eq!(run_end(&text, from), tail_end(&text, from));
        }
    }
}
