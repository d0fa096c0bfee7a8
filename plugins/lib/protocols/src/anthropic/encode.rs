//! The inner request → a request of Anthropic's format.
//!
//! The inner form is Anthropic's, so the body goes out as it came, but for what the target refuses: edits are spliced into the
//! client's bytes, and what needs none stays byte for byte. [`history`] cleans the messages, [`tools`] the tools, [`params`] and
//! [`thinking`] the rest.

mod blocks;
mod calls;
mod history;
mod members;
mod params;
mod search;
mod source;
mod thinking;
mod to;
mod tools;

use super::options::Replay;
use crate::shared::context::ContextWriter;
use crate::shared::notes::Notes;
use crate::shared::request;
use ccr_plugin::messages::json::{Kind, Splice};
use ccr_plugin::{Fault, Request};
use members::Members;
pub(super) use to::To;

/// The body and the context of a request.
pub(super) fn encode(request: &dyn Request, mut to: To<'_>) -> Result<(Vec<u8>, Vec<u8>), Fault> {
    let text = request.text();
    let document = request::parse(&text)?;
    let root = document.root();
    if root.kind() != Kind::Object {
        return Err(Fault::invalid("The request must be a JSON object with `messages`."));
    }
    if to.replay == Replay::Required && params::forbids_thinking(root) {
        to.replay = Replay::Any;
    }
    to.unmarked = root.get("ccr").and_then(|ccr| ccr.get("cache_control")?.as_bool()) == Some(false);
    let mut notes = Notes::default();
    let mut context = ContextWriter::new(to.mark);
    let mut splice = Splice::new();
    let mut members = Members::of(root);
    let history = history::clean(members.get("messages"), &to, &mut splice, &mut notes)?;
    tools::clean(&mut members, &to, &mut splice, &mut context, &mut notes);
    params::write(&mut members, &to, history, &mut notes)?;
    members.apply(&mut splice);
    let body = splice.apply(document.text().as_bytes()).map_err(|error| Fault::own(error.to_string()))?;
    notes.tell(request);
    Ok((body, context.finish()))
}
