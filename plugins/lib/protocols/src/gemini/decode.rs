//! Answers → typed events: the whole answer in one piece, or one streamed chunk after the other.
//!
//! Both are `GenerateContentResponse`s, so both go through [`Answer`]. Unknown members are passed over.

mod answer;
mod chunk;
mod grounding;
mod part;

#[cfg(test)]
mod tests;

use crate::gemini::errors;
use crate::shared::context::Context;
use crate::shared::errors::unreadable;
use answer::Answer;
use ccr_plugin::messages::event::Event;
use ccr_plugin::messages::json::{Document, Kind, Value};
use ccr_plugin::messages::sse::SseEvent;
use ccr_plugin::{Decoder, Fault};

/// What proxies that also speak OpenAI's format send as their last event.
const DONE: &str = "[DONE]";

/// Reads an answer that came in one piece.
pub(crate) fn whole(body: &[u8], context: &[u8]) -> Result<Vec<Event>, Fault> {
    let document = Document::parse(body).map_err(|_| unreadable(body))?;
    let mut events = Vec::new();
    let mut answer = Answer::new(Context::read(context));
    for chunk in chunks(document.root()) {
        chunk::read(&mut answer, chunk, &mut events);
    }
    if !answer.was_one() {
        return Err(errors::no_candidates(document.root()));
    }
    answer.end(&mut events);
    Ok(events)
}

/// Streams that were not asked for as server-sent events are an array of chunks.
fn chunks(root: Value<'_>) -> impl Iterator<Item = Value<'_>> {
    let single = (root.kind() == Kind::Object).then_some(root);
    root.items().chain(single)
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
        if data.is_empty() || data == DONE || self.answer.has_failed() {
            return Ok(());
        }
        let document = Document::parse(data.as_bytes()).map_err(|_| unreadable(data.as_bytes()))?;
        if event.event == Some("error") {
            let root = document.root();
            self.answer.fail(errors::TABLE.in_answer(root.get("error").unwrap_or(root)), events);
            return Ok(());
        }
        for chunk in chunks(document.root()) {
            chunk::read(&mut self.answer, chunk, events);
        }
        Ok(())
    }

    fn finish(&mut self, events: &mut Vec<Event>) -> Result<(), Fault> {
        self.answer.end(events);
        Ok(())
    }
}
