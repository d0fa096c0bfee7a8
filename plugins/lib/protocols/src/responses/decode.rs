//! Answers → typed events: the whole answer in one piece, or one streamed event after the other.
//!
//! A stream says most things three times: in pieces, at the end of each part, and once more in the item or the response that is
//! done. [`items`] knows what was said already, so that nothing comes twice, and nothing is lost with a server that leaves
//! some of these out. Unknown events and members are passed over.

mod answer;
mod channel;
mod complete;
mod items;
mod search;
mod wire;

#[cfg(test)]
mod tests;

use crate::shared::context::Context;
use crate::shared::errors::unreadable;
use answer::Answer;
use ccr_plugin::messages::event::Event;
use ccr_plugin::messages::json::{Document, Kind};
use ccr_plugin::messages::sse::SseEvent;
use ccr_plugin::{Decoder, Fault};
use wire::Wire;

/// OpenAI's other API ends with this; some servers end this one so, too. It says nothing about how the answer ended.
const DONE: &str = "[DONE]";

/// Reads an answer that came in one piece.
pub(crate) fn whole(body: &[u8], context: &[u8]) -> Result<Vec<Event>, Fault> {
    let document = Document::parse(body).map_err(|_| unreadable(body))?;
    let mut events = Vec::new();
    Answer::new(Context::read(context)).whole(document.root(), &mut events)?;
    Ok(events)
}

/// Reads one streamed answer.
#[derive(Debug)]
pub struct StreamDecoder {
    answer: Answer,
}

impl StreamDecoder {
    pub(crate) fn new(context: &[u8]) -> Self {
        Self { answer: Answer::new(Context::read(context)) }
    }
}

impl Decoder for StreamDecoder {
    fn push(&mut self, event: SseEvent<'_>, events: &mut Vec<Event>) -> Result<(), Fault> {
        let data = event.data.trim_ascii();
        if data.is_empty() || data == DONE || self.answer.has_ended() {
            return Ok(());
        }
        let document = Document::parse(data.as_bytes()).map_err(|_| unreadable(data.as_bytes()))?;
        let root = document.root();
        if root.kind() == Kind::Object {
            self.answer.event(&Wire::read(root, event.event), events);
        }
        Ok(())
    }

    /// An answer that was not said to be over broke off, and gets no reason; but what was thought can still be signed.
    fn finish(&mut self, events: &mut Vec<Event>) -> Result<(), Fault> {
        if !self.answer.has_ended() {
            self.answer.sign_what_is_open(events);
        }
        Ok(())
    }
}
