//! Judges an Anthropic answer that goes to the client byte for byte: by the events that the decoder makes of it, but without
//! reading what can change nothing.

use super::decode::{Decoder, decode_until_content};
use crate::event::Event;
use crate::tool_calls::Assembler;
use crate::verdict::Verdict;

/// How the events begin that carry nothing but content. Nearly all of a stream are these, so they are told apart by their first
/// bytes; one that is spelled otherwise (with spaces, say) is read, and comes to the same.
const CONTENT: &[u8] = b"{\"type\":\"content_block_";

/// Comes to the same verdict as reading the whole answer would. Reads only; what cannot be read is passed over.
#[derive(Debug)]
pub struct Tap {
    decoder: Decoder,
    /// A call counts from the moment on at which a client would see it begin.
    assembler: Assembler,
    verdict: Verdict,
    events: Vec<Event>,
}

impl Tap {
    /// A tap that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        // Ids reach nobody here.
        let assembler = Assembler::new("");
        Self { decoder: Decoder::new(), assembler, verdict: Verdict::default(), events: Vec::new() }
    }

    /// Looks at the `data` of one server-sent event.
    #[inline]
    pub fn event(&mut self, data: &[u8]) {
        // Once there is content, more of it changes nothing.
        if !(self.verdict.has_content() && data.starts_with(CONTENT)) {
            self.read(data);
        }
    }

    fn read(&mut self, data: &[u8]) {
        self.decoder.push(data, &mut self.events);
        self.note();
    }

    fn note(&mut self) {
        let mut assembled = Vec::new();
        for event in self.events.drain(..) {
            // What the assembler would hold back to the end is known at once here.
            if self.verdict.has_content() || matches!(event, Event::Finish(_)) {
                self.verdict.note(&event);
                continue;
            }
            self.assembler.push(event, &mut assembled);
            assembled.drain(..).for_each(|event| self.verdict.note(&event));
        }
    }

    /// The stream has come to its end. A call that nothing else was said beside begins here, if the answer is whole.
    pub fn finish(&mut self) {
        if self.verdict.finish().is_some() {
            self.finish_calls();
        }
    }

    fn finish_calls(&mut self) {
        if !self.verdict.has_content() {
            let mut assembled = Vec::new();
            self.assembler.finish(&mut assembled);
            assembled.iter().for_each(|event| self.verdict.note(event));
        }
    }

    /// Looks at the body of an answer that is not streamed: a message or an error.
    pub fn body(&mut self, json: &[u8]) {
        decode_until_content(json, &mut self.events);
        self.note();
        self.finish_calls();
    }

    /// What the answer has shown of itself so far.
    #[must_use]
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }
}

impl Default for Tap {
    fn default() -> Self {
        Self::new()
    }
}
