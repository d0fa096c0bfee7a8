//! The system text and the messages, in order.

use super::block;
use super::contents::Contents;
use super::turns::Turns;
use crate::gemini::model;
use crate::gemini::options::Options;
use crate::shared::body::Body;
use crate::shared::notes::Notes;
use crate::shared::run::each_run;
use crate::shared::system::{is_marked, texts};
use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Value, Writer};

pub(super) fn contents(
    body: &Body<'_>,
    model: &str,
    options: &Options,
    notes: &mut Notes,
    out: &mut Writer,
) -> Result<(), Fault> {
    let messages = body.conversation()?;
    let sentinel = options.missing_signature.or(model::checks_signatures(model));
    let mut contents = Contents::begin(out);
    let mut turns = Turns::new(options.sends_call_ids(model), sentinel, model::thinks(model) != model::Thinks::Never);
    each_run(
        messages,
        notes,
        |_, value, notes| block::read(value, notes),
        |run, notes| turns.write(run, notes, &mut contents),
    )?;
    turns.finish(&mut contents);
    if contents.end() {
        return Ok(());
    }
    Err(Fault::invalid("messages: there is nothing to answer; send at least one message with text or an image."))
}

/// One part for each block.
pub(super) fn system(system: Option<Value<'_>>, notes: &mut Notes, out: &mut Writer) {
    if is_marked(system) {
        notes.dropped("cache_control");
    }
    let texts = texts(system, notes);
    if texts.is_empty() {
        return;
    }
    out.key("systemInstruction").begin_object().key("parts").begin_array();
    for (text, _) in texts {
        out.begin_object().key("text").escaped(text.raw()).end_object();
    }
    out.end_array().end_object();
}
