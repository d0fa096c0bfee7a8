//! The client's request → the inner one.
//!
//! One walk over the top level finds the fields, one over the input writes the messages; texts, schemas and numbers are copied
//! as they stand. What the inner form has no place for goes into its member `ccr`, see [`hints`].

mod choice;
mod conversation;
mod echo;
mod fields;
mod hints;
mod item;
mod media;
mod part_path;
mod parts;
mod settings;
mod tools;

use super::context::ContextWriter;
use crate::shared::notes::Notes;
use ccr_plugin::messages::json::{Document, Writer};
use ccr_plugin::{ClientRequest, DecodedRequest, Fault};
use fields::Fields;

/// Room beyond the length of the request: an inner one is hardly ever longer, and an eighth covers what is escaped anew.
fn room(body: usize) -> usize {
    body + body / 8 + 1024
}

pub(super) fn decode(request: &ClientRequest) -> Result<DecodedRequest, Fault> {
    let document = Document::parse(&request.body)
        .map_err(|error| Fault::invalid(format!("The body of the request is not JSON: {error}.")))?;
    let fields = Fields::read(document.root())?;
    let mut notes = Notes::default();
    let mut context = ContextWriter::new(now());
    let mut out = Writer::with_capacity(room(request.body.len()));
    out.begin_object();
    settings::write(&fields, request, &mut out)?;
    let tools = tools::read(&fields, &mut notes)?;
    tools::write(&tools, &fields, &mut context, &mut notes, &mut out);
    choice::write(&fields, &tools, &mut out)?;
    conversation::write(&fields, &mut notes, &mut out)?;
    hints::write(&fields, &mut notes, &mut out);
    out.end_object();
    let mut decoded = DecodedRequest::new(out.into_bytes(), fields.streams()?);
    decoded.context = context.finish(&echo::members(&fields));
    decoded.dropped = notes.into_list();
    Ok(decoded)
}

/// Seconds since 1970. A test has no host to ask, and wants the same answer every time.
fn now() -> u64 {
    if cfg!(target_family = "wasm") { ccr_plugin::host::now_ms() / 1000 } else { 0 }
}
