//! Typed events → a response, whole or streamed.
//!
//! Both are written by the same [`answer::Answer`], so that what a stream tells in the end is what a whole answer says; for the
//! latter the pieces are just not written.

mod answer;
mod blocks;
mod call;
mod frames;
mod message;
mod outcome;
mod search;
mod thought;

use super::context::Context;
use super::errors;
use answer::Answer;
use ccr_plugin::messages::event::{Event, Failure};
use ccr_plugin::messages::json::Writer;
use ccr_plugin::{Encoder, Fault};

/// Writes an answer in one piece.
pub(super) fn whole(events: Vec<Event>, id: &str, model: &str, context: &[u8]) -> ccr_plugin::Answer {
    let mut answer = Answer::new(id, model, Context::read(context), false);
    let mut nothing = Vec::new();
    for event in events {
        answer.push(event, &mut nothing);
    }
    let mut out = Writer::new();
    answer.end(&mut nothing).write(&answer.response(), &mut out);
    ccr_plugin::Answer { status: 200, content_type: errors::JSON.into(), body: out.into_bytes() }
}

/// Writes one streamed answer.
#[derive(Debug)]
pub struct StreamEncoder {
    answer: Answer,
}

impl StreamEncoder {
    pub(super) fn new(id: &str, model: &str, context: &[u8]) -> Self {
        Self { answer: Answer::new(id, model, Context::read(context), true) }
    }
}

impl Encoder for StreamEncoder {
    fn push(&mut self, event: Event, out: &mut Vec<u8>) -> Result<(), Fault> {
        self.answer.push(event, out);
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Fault> {
        self.answer.finish(out);
        Ok(())
    }

    fn abort(&mut self, failure: &Failure, out: &mut Vec<u8>) {
        self.answer.abort(failure, out);
    }
}
