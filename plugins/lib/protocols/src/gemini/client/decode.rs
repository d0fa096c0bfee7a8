//! The client's request → the inner one.
//!
//! One walk finds the fields, one over the contents writes the messages; texts, arguments and numbers are copied as they stand.
//! Names are taken in both of protobuf's spellings, `systemInstruction` and `system_instruction`.

mod at;
mod calls;
mod choice;
mod contents;
mod extra;
mod fields;
mod generation;
mod media;
mod part;
mod schema;
mod system;
mod thinking;
mod tools;
mod turn;

#[cfg(test)]
mod tests;

use super::context::Context;
use super::path::Call;
use crate::shared::notes::Notes;
use ccr_plugin::messages::json::{Document, Writer};
use ccr_plugin::{ClientRequest, DecodedRequest, Fault};
use fields::Fields;
use generation::Generation;

/// Room beyond the length of the request: an inner one is hardly ever longer, and an eighth covers what is escaped anew.
fn room(body: usize) -> usize {
    body + body / 8 + 1024
}

pub(super) fn decode(request: &ClientRequest) -> Result<DecodedRequest, Fault> {
    let call = Call::read(&request.path)?;
    let document = Document::parse(&request.body)
        .map_err(|error| Fault::invalid(format!("The body of the request is not JSON: {error}.")))?;
    let mut notes = Notes::default();
    let fields = Fields::read(document.root())?;
    let generation = Generation::read(fields.generation)?;
    let mut out = Writer::with_capacity(room(request.body.len()));
    out.begin_object().key("model").string(&call.model);
    generation.write(&mut notes, &mut out);
    let choice = choice::Choice::read(fields.tool_config, &mut notes)?;
    let google = tools::write(&fields, &choice, &mut notes, &mut out)?;
    system::write(fields.system, &mut notes, &mut out)?;
    contents::write(fields.contents, &mut notes, &mut out)?;
    out.key("stream").bool(call.streaming);
    extra::write(&fields, &generation, &google, &mut out);
    out.end_object();
    let mut decoded = DecodedRequest::new(out.into_bytes(), call.streaming);
    if !call.sse {
        decoded.stream_type = "application/json".into();
    }
    decoded.context = Context { sse: call.sse, thoughts: generation.shows_thoughts() }.write();
    decoded.dropped = notes.into_list();
    Ok(decoded)
}
