//! The inner request → a chat completion request.
//!
//! One pass finds the spans of the body, one walk over them writes the new one; texts and schemas are copied as they stand.
//! The messages come last, so that the requests of two turns of one conversation share their longest possible beginning.

mod content;
mod conversation;
mod hints;
mod marked;
mod media;
pub(super) mod notes;
mod params;
mod results;
mod thoughts;
mod tools;
mod turns;

#[cfg(test)]
mod tests;

use crate::openai::endpoint::{self, CHAT_COMPLETIONS};
use crate::openai::options::{Documents, Images, Options};
use crate::shared::body::Body;
use crate::shared::context::ContextWriter;
use crate::shared::request;
use ccr_plugin::messages::json::Writer;
use ccr_plugin::{EncodedRequest, Fault, Request};
use hints::Hints;
use notes::Notes;

/// Fields that chat completions have no place for.
const LACKS: &[&str] = &["top_k", "service_tier"];

pub(crate) fn encode(request: &dyn Request, options: &Options) -> Result<EncodedRequest, Fault> {
    let target = request::target(request)?;
    let text = request.text();
    let document = request::parse(&text)?;
    let mut notes = Notes::default();
    let body = Body::read(document.root(), LACKS, &mut notes.list)?;
    let hints = Hints::read(body.ccr, options)?;
    let options = hints.options();
    notes.keep_cache_control = options.cache_control;
    notes.omit_images = options.images == Images::Omit;
    notes.send_files = options.documents == Documents::File;
    let mut context = ContextWriter::default();
    let mut out = Writer::with_capacity(request::room(text.len()));
    out.begin_object().key("model").string(&target.model);
    params::write(&body, &target.model, options, &mut context, &mut notes, &mut out);
    tools::write(&body, options, &mut context, &mut notes, &mut out)?;
    hints.add(&mut out);
    if let Some(session) = session(request, options, &hints) {
        out.key("prompt_cache_key").string(&session);
    }
    conversation::write(&body, &target.model, options, &mut notes, &mut out)?;
    out.end_object();
    notes.tell(request);
    let wire = hints.replace(out.into_bytes())?;
    let mut encoded =
        EncodedRequest::new(endpoint::path(&request.base_path().unwrap_or_default(), CHAT_COMPLETIONS), wire);
    encoded.context = context.finish();
    Ok(encoded)
}

/// The session's id, where it is to be sent and nobody else said a key.
fn session(request: &dyn Request, options: &Options, hints: &Hints<'_>) -> Option<String> {
    if options.prompt_cache_key && !hints.has("prompt_cache_key") { request.session() } else { None }
}
