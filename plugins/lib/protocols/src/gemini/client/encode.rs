//! The inner answer → Gemini's `GenerateContentResponse`: one for a whole answer, many for a stream.
//!
//! [`parts`] keeps what one answer is made of, [`chunk`] writes the objects, [`sources`] what a search found, [`stream`] the
//! frames around them.

mod chunk;
mod finish;
mod parts;
mod sources;
mod stream;
mod usage;

#[cfg(test)]
mod tests;

use super::context::Context;
use ccr_plugin::Answer;
use ccr_plugin::messages::event::Event;
use ccr_plugin::messages::json::Writer;
use chunk::Names;
use parts::{Parts, State};

pub use stream::StreamEncoder;

/// Room for what every answer has beside its texts.
const ROOM: usize = 1024;

/// Writes the whole answer: the parts of one kind that follow each other are one part.
pub(super) fn whole(events: Vec<Event>, id: &str, model: &str, context: &[u8]) -> Answer {
    let mut state = State::new(Context::read(context).thoughts);
    let mut out = Writer::with_capacity(ROOM);
    out.begin_object().key("candidates").begin_array().begin_object();
    out.key("content").begin_object().key("parts").begin_array();
    let mut parts = Parts::joined(&mut out);
    for event in events {
        state.event(event, &mut parts);
    }
    state.end(&mut parts);
    parts.close();
    out.end_array().key("role").string("model").end_object();
    chunk::conclusion(&state, &mut out);
    out.end_object().end_array();
    chunk::counts(&state, &mut out);
    Names::new(id, model).write(&mut out);
    out.end_object();
    Answer { status: 200, content_type: "application/json".into(), body: out.into_bytes() }
}
