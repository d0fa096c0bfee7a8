//! The system text and the messages, in order.

use super::To;
use super::block::{is_blank, mark};
use super::body::Body;
use super::messages::{Messages, cache_point};
use super::run::{Role, Run};
use super::turns::Turns;
use crate::shared::notes::Notes;
use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Kind, Str, Value, Writer};

/// How the block begins in which Claude Code sends a value that is new in every request: it would keep every provider's
/// prompt cache cold (claude-code-router#1220), and says nothing to a model.
const BILLING_HEADER: &str = "x-anthropic-billing-header:";

pub(super) fn messages(body: &Body<'_>, to: To<'_>, notes: &mut Notes, out: &mut Writer) -> Result<(), Fault> {
    let list = body.messages.filter(|messages| messages.kind() == Kind::Array);
    let list = list.ok_or_else(|| Fault::invalid("messages: the request needs an array of messages."))?;
    let mut messages = Messages::begin(to, out);
    let mut turns = Turns::new(to);
    let mut run = Run::default();
    for (index, message) in list.items().enumerate() {
        let role = Role::of(index, message)?;
        if run.ends_before(role) {
            turns.write(&run, notes, &mut messages);
            run.clear();
        }
        run.add(role, message.get("content"), notes);
    }
    turns.write(&run, notes, &mut messages);
    turns.finish(&mut messages);
    if messages.end() {
        return Ok(());
    }
    Err(Fault::invalid("messages: there is nothing to answer; send at least one message with text or an image."))
}

/// One block for each text, and one for each mark.
pub(super) fn system(system: Option<Value<'_>>, to: To<'_>, notes: &mut Notes, out: &mut Writer) {
    let Some(system) = system else { return };
    let mut texts = Vec::new();
    texts.extend(system.as_str().map(|text| (text, None)));
    for block in system.items() {
        texts.extend(system_text(block, notes).map(|text| (text, mark(block))));
    }
    texts.retain(|(text, _)| !is_blank(text.raw()));
    if texts.is_empty() {
        return;
    }
    out.key("system").begin_array();
    for (text, mark) in texts {
        out.begin_object().key("text").escaped(text.raw()).end_object();
        match mark {
            Some(mark) if to.caches => cache_point(mark, to, notes, out),
            Some(_) => notes.dropped("cache_control"),
            None => {}
        }
    }
    out.end_array();
}

fn system_text<'d>(block: Value<'d>, notes: &mut Notes) -> Option<Str<'d>> {
    let text = block.as_str().or_else(|| block.get("text")?.as_str());
    if text.is_none() {
        notes.dropped("system blocks without text");
    }
    text.filter(|text| !text.raw().starts_with(BILLING_HEADER))
}
