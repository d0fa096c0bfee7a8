//! The inner request → Gemini's.
//!
//! One pass finds the spans of the body, one walk over them writes the new one; texts are copied as they stand.
//! The contents come last, so that the requests of two turns of one conversation share their longest possible beginning.

mod block;
mod contents;
mod conversation;
mod generation;
mod media;
mod params;
pub(super) mod path;
mod results;
mod tools;
mod turns;
mod vertex;

#[cfg(test)]
mod tests;

use crate::gemini::options::Options;
use crate::shared::body::Body;
use crate::shared::context::ContextWriter;
use crate::shared::notes::Notes;
use crate::shared::request;
use ccr_plugin::messages::json::Writer;
use ccr_plugin::{Credential, EncodedRequest, Fault, Request};
use params::Params;

/// Fields that Gemini has no place for.
const LACKS: &[&str] = &["service_tier"];

/// Where Google wants the key.
pub(super) const KEY_HEADER: &str = "x-goog-api-key";

pub(crate) fn encode(request: &dyn Request, options: &Options) -> Result<EncodedRequest, Fault> {
    let target = request::target(request)?;
    let base_path = request.base_path().unwrap_or_default();
    let text = request.text();
    let document = request::parse(&text)?;
    let mut notes = Notes::default();
    let mut body = Body::read(document.root(), LACKS, &mut notes)?;
    if body.is_unlimited() {
        // The client set no limit, and Gemini needs none.
        body.max_tokens = None;
    }
    let params = Params::read(body.ccr, options, &mut notes)?;
    let mut context = ContextWriter::default();
    let mut out = Writer::with_capacity(request::room(text.len()));
    out.begin_object();
    conversation::system(body.system, &mut notes, &mut out);
    let has_functions = tools::write(&body, &params, options, &mut context, &mut notes, &mut out)?;
    params.write_top(options, &mut out);
    generation::write(&body, &params, &target.model, has_functions, options, &mut notes, &mut out);
    conversation::contents(&body, &target.model, options, &mut notes, &mut out)?;
    out.end_object();
    notes.tell(request);
    let streaming = body.streams();
    let path = match &options.vertex {
        Some(vertex) => vertex::path(vertex, &base_path, &target.model, streaming)?,
        None => path::of(&base_path, &target.model, streaming),
    };
    let mut encoded = EncodedRequest::new(path, out.into_bytes());
    encoded.credential = match &options.vertex {
        Some(vertex) if !vertex.express => Credential::Google,
        _ => Credential::Header(KEY_HEADER.into()),
    };
    encoded.context = context.finish();
    Ok(encoded)
}
