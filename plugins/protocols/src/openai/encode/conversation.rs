//! The system text and the messages, in order.

use super::block::{is_blank, mark};
use super::body::Body;
use super::content::Joined;
use super::notes::Notes;
use super::run::{Role, Run};
use super::thoughts::Thoughts;
use super::turns::Turns;
use crate::openai::options::{Options, Replay};
use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Kind, Str, Value, Writer};

/// How the block begins in which Claude Code sends a value that is new in every request: it would keep every provider's
/// prompt cache cold (claude-code-router#1220), and says nothing to a model.
const BILLING_HEADER: &str = "x-anthropic-billing-header:";

pub(super) fn write(
    body: &Body<'_>,
    model: &str,
    options: &Options,
    notes: &mut Notes,
    out: &mut Writer,
) -> Result<(), Fault> {
    let messages = body.messages.filter(|messages| messages.kind() == Kind::Array);
    let messages = messages.ok_or_else(|| Fault::invalid("messages: the request needs an array of messages."))?;
    let replay = if body.thinking_is("disabled") { Replay::Off } else { options.reasoning };
    out.key("messages").begin_array();
    system(body.system, notes, out);
    let mut turns = Turns::new(options.empty_content, Thoughts::new(replay, model));
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

/// All system texts as one message, which every provider takes.
fn system(system: Option<Value<'_>>, notes: &mut Notes, out: &mut Writer) {
    let Some(system) = system else { return };
    let mut texts = Vec::new();
    texts.extend(system.as_str().map(|text| (text, None)));
    for block in system.items() {
        texts.extend(system_text(block, notes).map(|text| (text, mark(block).filter(|_| notes.keep_cache_control))));
    }
    texts.retain(|(text, _)| !is_blank(*text));
    if texts.is_empty() {
        return;
    }
    out.begin_object().key("role").string("system").key("content");
    if texts.iter().any(|(_, mark)| mark.is_some()) {
        out.begin_array();
        for (text, mark) in texts {
            out.begin_object().key("type").string("text").key("text").escaped(text.raw());
            if let Some(mark) = mark {
                out.key("cache_control").value(mark);
            }
            out.end_object();
        }
        out.end_array();
    } else {
        out.begin_string();
        let mut joined = Joined::default();
        for (text, _) in texts {
            joined.part(out).escaped_part(text.raw());
        }
        out.end_string();
    }
    out.end_object();
}

fn system_text<'d>(block: Value<'d>, notes: &mut Notes) -> Option<Str<'d>> {
    if mark(block).is_some() {
        notes.cache_control();
    }
    let text = block.as_str().or_else(|| block.get("text")?.as_str());
    if text.is_none() {
        notes.dropped("system blocks without text");
    }
    text.filter(|text| !text.raw().starts_with(BILLING_HEADER))
}
