//! Answers → typed events. Reading the format is `ccr_messages::anthropic`'s; here reasoning gets the signature that its maker
//! will be known by, and aliased tools get their names back.

use super::signature::{needs_seal, seal};
use crate::shared::context::Context;
use ccr_plugin::messages::anthropic::{Decoder as FormatDecoder, decode_message};
use ccr_plugin::messages::event::{Event, ToolDelta};
use ccr_plugin::messages::sse::SseEvent;
use ccr_plugin::{Decoder, Fault};

/// OpenAI's streams end with this, and so do those of some imitators of Anthropic's.
const DONE: &str = "[DONE]";

/// Reads an answer that came in one piece.
pub(super) fn whole(body: &[u8], context: &[u8]) -> Result<Vec<Event>, Fault> {
    let (mut read, mut events) = (Vec::new(), Vec::new());
    decode_message(body, &mut read);
    let mut names = Names::new(context);
    read.into_iter().for_each(|event| names.pass(event, &mut events));
    names.close(&mut events);
    Ok(events)
}

/// Reads one streamed answer.
#[derive(Debug)]
pub struct StreamDecoder {
    format: FormatDecoder,
    names: Names,
    /// What one event of the wire said; kept for its room.
    read: Vec<Event>,
}

impl StreamDecoder {
    pub(super) fn new(context: &[u8]) -> Self {
        Self { format: FormatDecoder::new(), names: Names::new(context), read: Vec::new() }
    }
}

impl Decoder for StreamDecoder {
    fn push(&mut self, event: SseEvent<'_>, events: &mut Vec<Event>) -> Result<(), Fault> {
        let data = event.data.trim_ascii();
        if data.is_empty() || data == DONE {
            return Ok(());
        }
        self.format.push(data.as_bytes(), &mut self.read);
        for event in self.read.drain(..) {
            self.names.pass(event, events);
        }
        Ok(())
    }

    fn finish(&mut self, events: &mut Vec<Event>) -> Result<(), Fault> {
        self.names.close(events);
        Ok(())
    }
}

/// Puts the names and signatures into an answer that the client shall see.
#[derive(Debug)]
struct Names {
    context: Context,
    /// The signature of the open reasoning, as far as it is there; it may come in pieces, or not at all.
    thought: Option<String>,
}

impl Names {
    fn new(context: &[u8]) -> Self {
        Self { context: Context::read(context), thought: None }
    }

    fn pass(&mut self, event: Event, events: &mut Vec<Event>) {
        match event {
            Event::Thinking(_) => {
                self.thought.get_or_insert_default();
                events.push(event);
            }
            Event::Signature(piece) => self.thought.get_or_insert_default().push_str(&piece),
            Event::Start(_) | Event::Usage(_) | Event::Dropped(_) => events.push(event),
            Event::ToolDelta(ToolDelta { name: Some(name), index, id, arguments }) => {
                self.close(events);
                let name = Some(self.context.tool_name(name));
                events.push(Event::ToolDelta(ToolDelta { index, id, name, arguments }));
            }
            other => {
                self.close(events);
                events.push(other);
            }
        }
    }

    /// The reasoning is complete. An unsigned one is signed: clients keep only signed blocks.
    fn close(&mut self, events: &mut Vec<Event>) {
        let Some(signature) = self.thought.take() else { return };
        let sealed = !self.context.mark.is_empty() && needs_seal(&signature);
        events.push(Event::Signature(if sealed { seal(&self.context.mark, &signature) } else { signature }));
    }
}
