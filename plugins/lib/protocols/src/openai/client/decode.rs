//! A chat completion request → the inner request.
//!
//! One walk over the top level sorts the fields, then everything is written in a fixed order, texts and schemas copied as they
//! stand: the requests of two turns of one conversation share their longest possible beginning.

mod assistant;
mod conversation;
mod fields;
mod media;
mod output;
mod params;
mod parts;
mod reasoning;
mod tools;
mod wrong;

use super::context::Context;
use crate::openai::encode::notes::Notes;
use ccr_plugin::messages::json::{Document, Value, Writer};
use ccr_plugin::{DecodedRequest, Fault};
use fields::Fields;

/// Room beyond the length of the client's request: a few fields that the inner form needs. Blocks and messages are about as
/// long in both forms.
const ROOM: usize = 512;

pub(super) fn decode(body: &[u8]) -> Result<DecodedRequest, Fault> {
    let document = Document::parse(body)
        .map_err(|error| Fault::invalid(format!("The body is not JSON: {error}. Send a chat completion request.")))?;
    let mut notes = Notes::default();
    let fields = Fields::read(document.root())?;
    let mut context = Context { usage: wants_usage(&fields), ..Context::default() };
    let mut out = Writer::with_capacity(body.len() + ROOM);
    out.begin_object().key("model").value(fields.model()?);
    params::write(&fields, &mut out)?;
    output::write(&fields, &mut notes, &mut out)?;
    tools::write(&fields, &mut context, &mut notes, &mut out)?;
    params::private(&fields, &mut out);
    conversation::write(&fields, &mut notes, &mut out)?;
    out.end_object();
    let mut decoded = DecodedRequest::new(out.into_bytes(), fields.streams());
    decoded.context = context.write();
    decoded.dropped = notes.into_list();
    Ok(decoded)
}

fn wants_usage(fields: &Fields<'_>) -> bool {
    fields.stream_options.and_then(|options| options.get("include_usage")).and_then(Value::as_bool) == Some(true)
}
