//! The system text and the messages, in order.

use super::block::is_blank;
use super::body::Body;
use super::contents::Contents;
use super::run::{Role, Run};
use super::turns::Turns;
use crate::gemini::model;
use crate::gemini::options::{Options, SignatureRule};
use crate::shared::notes::Notes;
use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Kind, Str, Value, Writer};

/// How the block begins in which Claude Code sends a value that is new in every request: it would keep every provider's
/// prompt cache cold (claude-code-router#1220), and says nothing to a model.
const BILLING_HEADER: &str = "x-anthropic-billing-header:";

pub(super) fn contents(
    body: &Body<'_>,
    model: &str,
    options: &Options,
    notes: &mut Notes,
    out: &mut Writer,
) -> Result<(), Fault> {
    let messages = body.messages.filter(|messages| messages.kind() == Kind::Array);
    let messages = messages.ok_or_else(|| Fault::invalid("messages: the request needs an array of messages."))?;
    let sentinel = match options.missing_signature {
        SignatureRule::Auto => model::checks_signatures(model),
        SignatureRule::Always => true,
        SignatureRule::Never => false,
    };
    let mut contents = Contents::begin(out);
    let mut turns = Turns::new(options.sends_call_ids(model), sentinel, model::thinks(model) != model::Thinks::Never);
    let mut run = Run::default();
    for (index, message) in messages.items().enumerate() {
        let role = Role::of(index, message)?;
        if run.ends_before(role) {
            turns.write(&run, notes, &mut contents);
            run.clear();
        }
        run.add(role, message.get("content"), notes);
    }
    turns.write(&run, notes, &mut contents);
    turns.finish(&mut contents);
    if contents.end() {
        return Ok(());
    }
    Err(Fault::invalid("messages: there is nothing to answer; send at least one message with text or an image."))
}

/// One part for each block.
pub(super) fn system(system: Option<Value<'_>>, notes: &mut Notes, out: &mut Writer) {
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
    out.key("systemInstruction").begin_object().key("parts").begin_array();
    for text in texts {
        out.begin_object().key("text").escaped(text.raw()).end_object();
    }
    out.end_array().end_object();
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
