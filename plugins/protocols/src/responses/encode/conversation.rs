//! The system text as instructions, and the messages as input items, in order.

use super::To;
use super::block::is_blank;
use super::body::Body;
use super::content::Joined;
use super::run::{Role, Run};
use super::turns::Turns;
use crate::shared::notes::Notes;
use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Kind, Str, Value, Writer};

/// How the block begins in which Claude Code sends a value that is new in every request: it would keep every provider's
/// prompt cache cold (claude-code-router#1220), and says nothing to a model.
const BILLING_HEADER: &str = "x-anthropic-billing-header:";

pub(super) fn write(body: &Body<'_>, to: To<'_>, notes: &mut Notes, out: &mut Writer) -> Result<(), Fault> {
    let messages = body.messages.filter(|messages| messages.kind() == Kind::Array);
    let messages = messages.ok_or_else(|| Fault::invalid("messages: the request needs an array of messages."))?;
    instructions(body.system, notes, out);
    out.key("input").begin_array();
    let mut turns = Turns::new(to);
    let mut run = Run::default();
    for (index, message) in messages.items().enumerate() {
        let role = Role::of(index, message)?;
        if run.ends_before(role) {
            turns.write(&run, notes, out);
            run.clear();
        }
        run.add(role, message.get("content"), notes);
    }
    turns.write(&run, notes, out);
    turns.finish(out);
    out.end_array();
    Ok(())
}

/// All system texts as one.
fn instructions(system: Option<Value<'_>>, notes: &mut Notes, out: &mut Writer) {
    let Some(system) = system else { return };
    let mut texts = Vec::new();
    texts.extend(system.as_str());
    for block in system.items() {
        texts.extend(system_text(block, notes));
    }
    texts.retain(|text| !is_blank(*text));
    if texts.is_empty() {
        return;
    }
    out.key("instructions").begin_string();
    let mut joined = Joined::default();
    for text in texts {
        joined.part(out).escaped_part(text.raw());
    }
    out.end_string();
}

fn system_text<'d>(block: Value<'d>, notes: &mut Notes) -> Option<Str<'d>> {
    if block.get("cache_control").is_some_and(|mark| !mark.is_null()) {
        notes.dropped("cache_control");
    }
    let text = block.as_str().or_else(|| block.get("text")?.as_str());
    if text.is_none() {
        notes.dropped("system blocks without text");
    }
    text.filter(|text| !text.raw().starts_with(BILLING_HEADER))
}
