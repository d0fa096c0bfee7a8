//! The inner request → a request for a response.
//!
//! One pass finds the spans of the body, one walk over them writes the new one; texts and schemas are copied as they stand.
//! The input comes last, so that the requests of two turns of one conversation share their longest possible beginning.

mod block;
mod body;
mod content;
mod conversation;
mod hints;
mod media;
mod params;
mod results;
mod tools;
mod turns;

#[cfg(test)]
mod tests;

use crate::responses::options::Options;
use crate::responses::thinking;
use crate::shared::context::ContextWriter;
use crate::shared::notes::Notes;
use body::Body;
use ccr_plugin::messages::json::{Document, Writer};
use ccr_plugin::{EncodedRequest, Fault, Request, Target, join_endpoint};

const ENDPOINT: &str = "/responses";

/// Room beyond the length of the inner request: names of fields are longer in OpenAI's form, and a tool's input is
/// escaped once more. An eighth is enough for sessions of Claude Code; a kilobyte covers the small ones.
fn room(body: usize) -> usize {
    body + body / 8 + 1024
}

/// What every part of the request is written with.
#[derive(Debug, Clone, Copy)]
struct To<'o> {
    options: &'o Options,
    /// The model reasons, by its name or by the options.
    reasons: bool,
    /// The provider's mark in envelopes of reasoning.
    mark: &'o str,
}

pub(crate) fn encode(request: &dyn Request, options: &Options) -> Result<EncodedRequest, Fault> {
    let target = request.target().ok_or_else(|| Fault::own("the request was not routed before it was encoded"))?;
    let text = request.body();
    let document =
        Document::parse(&text).map_err(|error| Fault::invalid(format!("The request is not JSON: {error}.")))?;
    let session = options.prompt_cache_key.then(|| request.session()).flatten();
    let mut notes = Notes::default();
    let body = Body::read(document.root(), &mut notes)?;
    let encoded =
        write(&body, &target, session.as_deref(), options, &mut notes, Writer::with_capacity(room(text.len())))?;
    notes.tell(request);
    Ok(encoded)
}

fn write(
    body: &Body<'_>,
    target: &Target,
    session: Option<&str>,
    options: &Options,
    notes: &mut Notes,
    mut out: Writer,
) -> Result<EncodedRequest, Fault> {
    let mark = thinking::mark(&target.provider);
    let to = To { options, reasons: options.reasons(&target.model), mark: &mark };
    let mut context = ContextWriter::new(&mark);
    out.begin_object().key("model").string(&target.model);
    params::write(body, to, session, notes, &mut out)?;
    let searches = tools::write(body, to, &mut context, notes, &mut out)?;
    params::include(body, to, searches, &mut out);
    conversation::write(body, to, notes, &mut out)?;
    out.end_object();
    let mut encoded = EncodedRequest::new(path(&target.base_path), out.into_bytes());
    encoded.context = context.finish();
    Ok(encoded)
}

/// A base without a path is a provider's bare host: OpenAI's own version is meant.
pub(super) fn path(base: &str) -> String {
    let bare = base.is_empty() || base.starts_with('?') || base == "/" || base.starts_with("/?");
    if bare {
        join_endpoint(&format!("/v1{}", base.trim_start_matches('/')), ENDPOINT)
    } else {
        join_endpoint(base, ENDPOINT)
    }
}
