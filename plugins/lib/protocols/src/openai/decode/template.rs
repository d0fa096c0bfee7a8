//! Chunks that differ from the one before in a single string.
//!
//! Nearly all of a stream is chunks with the same members around another piece of text, so the bytes around it are kept, and
//! a chunk with the same bytes around a well-formed string is read without parsing it again. What such a chunk means cannot
//! differ: [`super::answer`] offers a spot only where the string was all that had an effect. A second string may differ, too:
//! OpenAI pads its chunks with random characters, against those who would guess a text by the lengths of encrypted chunks.

use super::answer::Answer;
use super::spot::{Role, Spot};
use ccr_plugin::messages::event::{Event, ToolDelta};
use ccr_plugin::messages::json::Str;

/// Longer chunks are not kept: such a chunk is a whole answer or arguments in one piece, which no other follows.
const LONGEST: usize = 4096;

/// Bytes compared in one step: two loads on a 64-bit machine, one vector elsewhere.
const STEP: usize = 16;

/// The chunk before, if the next one may be like it.
#[derive(Debug, Default)]
pub(super) struct Template {
    /// Up to the opening quote, that included.
    before: Vec<u8>,
    /// From the closing quote on, as far as the opening quote of the padding or the end.
    between: Vec<u8>,
    /// From the closing quote of the padding on; empty if there is none.
    after: Vec<u8>,
    /// `None`: no chunk is like it.
    role: Option<Role>,
}

impl Template {
    /// Keeps a chunk whose string stands at `spot`.
    pub(super) fn keep(&mut self, chunk: &str, spot: Option<Spot>) {
        self.role = None;
        let Some(Spot { role, span, padding }) = spot.filter(|_| chunk.len() <= LONGEST) else {
            return;
        };
        let close = span.end.saturating_sub(1);
        // Padding before the string could be left out as well, but nobody sends it there.
        let padding = padding.filter(|padding| padding.start > close);
        let (padded, rest) = padding.map_or((chunk.len(), chunk.len()), |span| (span.start + 1, span.end - 1));
        let parts = [0..span.start + 1, close..padded, rest..chunk.len()];
        for (kept, part) in [&mut self.before, &mut self.between, &mut self.after].into_iter().zip(parts) {
            // Mostly the same bytes as before, or as many.
            kept.clear();
            kept.extend_from_slice(chunk.as_bytes().get(part).unwrap_or_default());
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
        let (string, mut rest) = Str::split_from(after(&self.before, chunk)?)?;
        rest = after(&self.between, rest)?;
        if !self.after.is_empty() {
            rest = after(&self.after, Str::split_from(rest)?.1)?;
        }
        (rest.is_empty() && !string.is_empty()).then_some(string)
    }
}

/// What follows this beginning of a text.
#[inline]
fn after<'t>(beginning: &[u8], text: &'t str) -> Option<&'t str> {
    let start = text.as_bytes().get(..beginning.len())?;
    if same(start, beginning) { text.get(beginning.len()..) } else { None }
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
