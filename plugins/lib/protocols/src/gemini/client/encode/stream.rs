//! A streamed answer: server-sent events, or the items of one JSON array.

use super::chunk::{self, Names};
use super::parts::{Parts, State};
use crate::gemini::client::context::Context;
use crate::gemini::client::errors;
use ccr_plugin::messages::event::{Event, Failure};
use ccr_plugin::messages::json::Writer;
use ccr_plugin::{Encoder, Fault};

/// Room for a chunk beside its text.
const ROOM: usize = 256;

/// Writes one streamed answer.
#[derive(Debug)]
pub struct StreamEncoder {
    sse: bool,
    state: State,
    names: Names,
    /// Something was written: in an array, the next item needs a comma.
    begun: bool,
}

impl StreamEncoder {
    pub(crate) fn new(id: &str, model: &str, context: &[u8]) -> Self {
        let context = Context::read(context);
        Self { sse: context.sse, state: State::new(context.thoughts), names: Names::new(id, model), begun: false }
    }

    /// What stands before a chunk.
    fn begin(&mut self, out: &mut Vec<u8>) {
        let begun = std::mem::replace(&mut self.begun, true);
        out.extend_from_slice(match (self.sse, begun) {
            (true, _) => b"data: ",
            (false, false) => b"[",
            (false, true) => b"\n,\n",
        });
    }

    fn end(&self, out: &mut Vec<u8>) {
        if self.sse {
            out.extend_from_slice(b"\n\n");
        }
    }

    /// The parts that an event completes, without the brackets around them.
    fn parts(&mut self, write: impl FnOnce(&mut State, &mut Parts<'_>), room: usize) -> Writer {
        let mut out = Writer::with_capacity(room);
        out.begin_object().key("candidates").begin_array().begin_object();
        out.key("content").begin_object().key("parts").begin_array();
        let mut parts = Parts::pieces(&mut out);
        write(&mut self.state, &mut parts);
        parts.close();
        out
    }
}

/// How [`StreamEncoder::parts`] leaves the text if there was no part.
const NO_PARTS: &str = "[";

impl Encoder for StreamEncoder {
    fn push(&mut self, event: Event, out: &mut Vec<u8>) -> Result<(), Fault> {
        let room = ROOM
            + match &event {
                Event::Text(text) | Event::Thinking(text) => text.len() + text.len() / 8,
                _ => 0,
            };
        let mut chunk = self.parts(|state, parts| state.event(event, parts), room);
        if chunk.as_str().ends_with(NO_PARTS) {
            return Ok(());
        }
        chunk.end_array().key("role").string("model").end_object().key("index").number(0).end_object().end_array();
        self.names.write(&mut chunk);
        chunk.end_object();
        self.begin(out);
        out.extend_from_slice(chunk.as_str().as_bytes());
        self.end(out);
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Fault> {
        let mut chunk = self.parts(State::end, ROOM);
        if chunk.as_str().ends_with(NO_PARTS) {
            // As Gemini's own last chunk has it: libraries strike a turn from the history that has a content without parts.
            chunk.begin_object().key("text").string("").end_object();
        }
        chunk.end_array().key("role").string("model").end_object();
        chunk::conclusion(&self.state, &mut chunk);
        chunk.end_object().end_array();
        chunk::counts(&self.state, &mut chunk);
        self.names.write(&mut chunk);
        chunk.end_object();
        self.begin(out);
        out.extend_from_slice(chunk.as_str().as_bytes());
        self.end(out);
        if !self.sse {
            out.extend_from_slice(b"\n]\n");
        }
        Ok(())
    }

    /// In a stream of events Google's error stands alone on a line, without `data:`; its Python library knows it in either form,
    /// the one in JavaScript only in this. With nothing behind the line end, that one also fails where the error comes in one
    /// read with a chunk before it.
    fn abort(&mut self, failure: &Failure, out: &mut Vec<u8>) {
        let mut error = Writer::new();
        errors::write(failure, "", &mut error);
        if !self.sse {
            self.begin(out);
        }
        out.extend_from_slice(error.as_str().as_bytes());
        out.extend_from_slice(if self.sse { b"\n" } else { b"\n]\n" });
    }
}
