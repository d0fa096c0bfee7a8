//! Answers → typed events: the whole answer in one piece, or one event of the stream after the other.
//!
//! Both say the same things in other shapes, so both go through [`Answer`]. Unknown members, events and blocks are passed
//! over or noted.

mod answer;
mod block;
mod citation;
mod stream;

#[cfg(test)]
mod tests;

use crate::bedrock::errors;
use crate::shared::context::Context;
use answer::Answer;
use ccr_plugin::messages::event::{Event, Start};
use ccr_plugin::messages::json::{Document, Kind, Str, Value};
use ccr_plugin::messages::sse::SseEvent;
use ccr_plugin::{Decoder, Fault, WireResponse};

/// The header with Bedrock's name of the answer.
const REQUEST_ID: &str = "x-amzn-requestid";

/// Reads an answer that came in one piece.
pub(crate) fn whole(response: &WireResponse, context: &[u8]) -> Result<Vec<Event>, Fault> {
    let document = Document::parse(&response.body).map_err(|_| errors::unreadable(&response.body))?;
    let root = document.root();
    let message = root.get("output").and_then(|output| output.get("message"));
    let reason = root.get("stopReason").and_then(Value::as_str);
    if message.is_none() && reason.is_none() {
        return Err(errors::no_output(root));
    }
    let mut events = Vec::new();
    if let Some(id) = response.header(REQUEST_ID) {
        events.push(Event::Start(Start { id: Some(id.to_owned()), model: None }));
    }
    let mut answer = Answer::new(Context::read(context));
    let blocks = message.and_then(|message| message.get("content"));
    for (index, block) in (0..).zip(blocks.into_iter().flat_map(Value::items)) {
        block::read(index, block, &mut answer, &mut events);
    }
    answer.finish_content(&mut events);
    if let Some(usage) = root.get("usage") {
        answer.count(usage, &mut events);
    }
    if let Some(reason) = reason {
        answer.conclude(&reason.decode(), stream::stop_sequence(root), &mut events);
    }
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
        if self.answer.has_failed() {
            return Ok(());
        }
        let named = event.event.filter(|name| !name.is_empty() && *name != "message");
        let data = event.data.trim_ascii();
        if data.is_empty() {
            if let Some(name) = named.filter(|name| errors::is_exception(name)) {
                let nothing = Document::parse_str("{}").map_err(|_| errors::unreadable(b""))?;
                self.answer.fail(errors::in_stream(name, nothing.root()), events);
            }
            return Ok(());
        }
        let document = Document::parse_str(data).map_err(|_| errors::unreadable(data.as_bytes()))?;
        match named {
            Some(name) => stream::read(name, document.root(), &mut self.answer, events),
            None if errors::has_message(document.root()) => {
                self.answer.fail(errors::in_stream("", document.root()), events);
            }
            // Proxies that speak server-sent events wrap each event in an object with its name.
            None => {
                let wrapped = document.root().members().filter(|(_, value)| value.kind() == Kind::Object);
                for (name, value) in wrapped {
                    stream::read(&Str::decode(name), value, &mut self.answer, events);
                }
            }
        }
        Ok(())
    }

    fn finish(&mut self, events: &mut Vec<Event>) -> Result<(), Fault> {
        self.answer.finish_content(events);
        Ok(())
    }
}
