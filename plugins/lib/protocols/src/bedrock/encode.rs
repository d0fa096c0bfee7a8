//! The inner request → a Converse request.
//!
//! One pass finds the spans of the body, one walk over them writes the new one; texts and schemas are copied as they stand.
//! The messages come last, so that the requests of two turns of one conversation share their longest possible beginning.

mod additional;
mod attributed;
mod conversation;
mod extra;
mod inference;
mod media;
mod messages;
mod path;
mod placeholder;
mod results;
mod schema;
mod to;
mod tools;
mod turns;

#[cfg(test)]
mod tests;

use crate::bedrock::family::Model;
use crate::bedrock::options::Options;
use crate::shared::body::Body;
use crate::shared::context::ContextWriter;
use crate::shared::notes::Notes;
use crate::shared::request;
use ccr_plugin::messages::json::Writer;
use ccr_plugin::{Credential, EncodedRequest, Fault, Request, Target};
use extra::Params;
use to::To;
use tools::Tools;

/// Fields that Converse has no place for.
const LACKS: &[&str] = &["service_tier"];

/// The name under which AWS's signatures know Bedrock.
const SERVICE: &str = "bedrock";

pub(crate) fn encode(request: &dyn Request, options: &Options) -> Result<EncodedRequest, Fault> {
    let target = request::target(request)?;
    let text = request.text();
    let document = request::parse(&text)?;
    let mut notes = Notes::default();
    let body = Body::read(document.root(), LACKS, &mut notes)?;
    let betas = request.header("anthropic-beta").unwrap_or_default();
    let out = Writer::with_capacity(request::room(text.len()));
    let path = path::path(&request.base_path().unwrap_or_default(), &target.model, body.streams());
    let encoded = write(&body, &target, path, &betas, options, &mut notes, out)?;
    notes.tell(request);
    Ok(encoded)
}

fn write(
    body: &Body<'_>,
    target: &Target,
    path: String,
    betas: &str,
    options: &Options,
    notes: &mut Notes,
    mut out: Writer,
) -> Result<EncodedRequest, Fault> {
    let model = Model::of(&target.model, options.family);
    let caches = options.prompt_caching.or(model.caches());
    let to = To { options, model, caches, streaming: body.streams() };
    let mut context = ContextWriter::new(&model.mark());
    let params = Params::of(body);
    extra::check(params, notes)?;
    let tools = Tools::read(body, to, notes)?;
    out.begin_object();
    inference::write(body, to, notes, &mut out);
    additional::write(body, betas, &tools, to, notes, &mut out)?;
    extra::write(params, to, &mut out);
    tools.write(to, &mut context, notes, &mut out);
    conversation::system(body.system, to, notes, &mut out);
    conversation::messages(body, to, notes, &mut out)?;
    out.end_object();
    Ok(EncodedRequest {
        path,
        headers: Vec::new(),
        body: out.into_bytes(),
        credential: Credential::Aws(SERVICE.into()),
        context: context.finish(),
    })
}
