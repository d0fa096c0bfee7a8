//! Answers → typed events: the whole answer in one piece, or one streamed chunk after the other.
//!
//! Both have the same parts (`message` or `delta`), so both go through [`Answer`]. Unknown members are passed over: every
//! provider adds some.

mod answer;
mod chunk;
mod details;
mod entry;
mod names;
mod part;
mod spot;
mod template;

#[cfg(test)]
mod tests;

use crate::openai::errors;
use crate::shared::context::Context;
use crate::shared::errors::unreadable;
use answer::Answer;
use ccr_plugin::messages::event::Event;
use ccr_plugin::messages::json::{Document, Kind};
use ccr_plugin::messages::sse::SseEvent;
use ccr_plugin::{Decoder, Fault};
use template::Template;

/// What OpenAI sends as its last event.
const DONE: &str = "[DONE]";

/// Reads an answer that came in one piece.
pub(crate) fn whole(body: &[u8], context: &[u8]) -> Result<Vec<Event>, Fault> {
    let document = Document::parse(body).map_err(|_| unreadable(body))?;
    let mut events = Vec::new();
    let mut answer = Answer::new(Context::read(context));
    chunk::message(&mut answer, document.root(), &mut events)?;
    Ok(events)
}

/// Reads one streamed answer.
#[derive(Debug)]
pub struct StreamDecoder {
    answer: Answer,
    template: Template,
}

impl StreamDecoder {
    pub(crate) fn new(context: &[u8]) -> Self {
        Self { answer: Answer::new(Context::read(context)), template: Template::default() }
    }
}

impl Decoder for StreamDecoder {
    fn push(&mut self, event: SseEvent<'_>, events: &mut Vec<Event>) -> Result<(), Fault> {
        let data = event.data.trim_ascii();
        if data.is_empty() || self.answer.has_failed() {
            return Ok(());
        }
        let is_error = event.event == Some("error");
        if !is_error && self.template.read(data, &mut self.answer, events) {
            return Ok(());
        }
        if data == DONE {
            self.answer.done(events);
            return Ok(());
        }
        let document = Document::parse_str(data).map_err(|_| unreadable(data.as_bytes()))?;
        let root = document.root();
        if is_error {
            self.answer.fail(errors::TABLE.in_answer(root.get("error").unwrap_or(root)), events);
        } else if root.kind() == Kind::Object {
            chunk::read(&mut self.answer, root, events);
        }
        self.template.keep(data, self.answer.take_spot());
        Ok(())
    }

    fn finish(&mut self, events: &mut Vec<Event>) -> Result<(), Fault> {
        self.answer.end(events);
        Ok(())
    }
}
