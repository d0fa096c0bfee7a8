//! Chunks that differ from the one before in a single string.
//!
//! Nearly all of a stream is chunks with the same members around another piece of text, so the bytes around it are kept, and
//! a chunk with the same bytes around a well-formed string is read without parsing it again. What such a chunk means cannot
//! differ: [`super::answer`] offers a spot only where the string was all that had an effect.

use super::answer::Answer;
use ccr_plugin::messages::event::{Event, ToolDelta};
use ccr_plugin::messages::json::Str;
use std::ops::Range;

/// Longer chunks are not kept: such a chunk is a whole answer or arguments in one piece, which no other follows.
const LONGEST: usize = 4096;

/// Bytes compared in one step: two loads on a 64-bit machine, one vector elsewhere.
const STEP: usize = 16;

/// What the string is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Role {
    Text,
    Thinking,
    /// The arguments of this fragment.
    Arguments(ToolDelta),
}

/// The string that was all that counted in a chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) role: Role,
    /// Where it stands in the chunk, quotes included.
    pub(super) span: Range<usize>,
}

/// The chunk before, if the next one may be like it.
#[derive(Debug, Default)]
pub(super) struct Template {
    /// Up to the opening quote, that included.
    before: Vec<u8>,
    /// From the closing quote on.
    after: Vec<u8>,
    /// `None`: no chunk is like it.
    role: Option<Role>,
}

impl Template {
    /// Keeps a chunk whose string stands at `spot`.
    pub(super) fn keep(&mut self, chunk: &str, spot: Option<Spot>) {
        self.role = None;
        let Some(Spot { role, span }) = spot.filter(|_| chunk.len() <= LONGEST) else {
            return;
        };
        let bytes = chunk.as_bytes();
        let before = bytes.get(..span.start + 1).unwrap_or_default();
        let after = bytes.get(span.end.saturating_sub(1)..).unwrap_or_default();
        for (kept, part) in [(&mut self.before, before), (&mut self.after, after)] {
            // Mostly the same bytes as before, or as many.
            kept.clear();
            kept.extend_from_slice(part);
        }
        self.role = Some(role);
    }

    /// Reads a chunk that is like the one kept. False, and nothing done, if it is not.
    #[inline]
    pub(super) fn read(&self, chunk: &str, answer: &mut Answer, events: &mut Vec<Event>) -> bool {
        let Some((role, text)) = self.role.as_ref().zip(self.varying(chunk)) else {
            return false;
        };
        let text = text.decode().into_owned();
        match role {
            Role::Text => answer.say(text, events),
            Role::Thinking => answer.think(text, events),
            Role::Arguments(call) => answer.call(ToolDelta { arguments: text, ..call.clone() }, events),
        }
        true
    }

    /// The string that stands in the place of the kept one. An empty one is left to the parser, as it may mean nothing.
    #[inline]
    fn varying<'c>(&self, chunk: &'c str) -> Option<Str<'c>> {
        let bytes = chunk.as_bytes();
        let end = bytes.len().checked_sub(self.after.len())?;
        let (start, inner) = (self.before.len(), self.before.len()..end);
        let has_text = !inner.is_empty();
        if !has_text || !same(bytes.get(end..)?, &self.after) || !same(bytes.get(..start)?, &self.before) {
            return None;
        }
        Str::checked(chunk.get(inner)?)
    }
}

/// Equality of slices by steps: in WebAssembly, the built-in comparison goes byte by byte.
#[inline]
fn same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let (steps, rest) = one.as_chunks::<STEP>();
    let (other_steps, other_rest) = other.as_chunks::<STEP>();
    let differs = |a: &[u8; STEP], b: &[u8; STEP]| u128::from_le_bytes(*a) ^ u128::from_le_bytes(*b);
    let all = steps.iter().zip(other_steps).fold(0, |all, (a, b)| all | differs(a, b));
    all == 0 && rest.iter().zip(other_rest).all(|(a, b)| a == b)
}

#[cfg(test)]
mod tests;
