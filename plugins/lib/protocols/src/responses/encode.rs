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
mod to;
mod tools;
mod turns;

#[cfg(test)]
mod tests;

use crate::openai::endpoint::{self, RESPONSES};
use crate::responses::options::Options;
use crate::responses::thinking;
use crate::shared::context::ContextWriter;
use crate::shared::notes::Notes;
use crate::shared::request;
use body::Body;
use ccr_plugin::messages::json::Writer;
use ccr_plugin::{EncodedRequest, Fault, Request, Target};
use to::To;

pub(crate) fn encode(request: &dyn Request, options: &Options) -> Result<EncodedRequest, Fault> {
    let target = request::target(request)?;
    let text = request.text();
    let document = request::parse(&text)?;
    let session = options.prompt_cache_key.then(|| request.session()).flatten();
    let mut notes = Notes::default();
    let body = Body::read(document.root(), &mut notes)?;
    let encoded = write(
        &body,
        &target,
        endpoint::path(&request.base_path().unwrap_or_default(), RESPONSES),
        session.as_deref(),
        options,
        &mut notes,
        Writer::with_capacity(request::room(text.len())),
    )?;
    notes.tell(request);
    Ok(encoded)
}

fn write(
    body: &Body<'_>,
    target: &Target,
    path: String,
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
    let mut encoded = EncodedRequest::new(path, out.into_bytes());
    encoded.context = context.finish();
    Ok(encoded)
}
