//! `systemInstruction` → `system`: one block for each part.

use super::fields::{list, member};
use crate::shared::notes::Notes;
use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Kind, Str, Value, Writer};

pub(super) fn write(system: Option<Value<'_>>, notes: &mut Notes, out: &mut Writer) -> Result<(), Fault> {
    let Some(system) = system else { return Ok(()) };
    let mut texts: Vec<Str<'_>> = Vec::new();
    match system.kind() {
        Kind::String => texts.extend(system.as_str()),
        Kind::Object => {
            for part in list(member(system, "parts")) {
                match member(part, "text").and_then(Value::as_str) {
                    Some(text) => texts.push(text),
                    None => notes.dropped("systemInstruction.parts without text"),
                }
            }
        }
        _ => return Err(Fault::invalid("systemInstruction must be a content with `parts`, or a string.")),
    }
    texts.retain(|text| !text.is_empty());
    if texts.is_empty() {
        return Ok(());
    }
    out.key("system").begin_array();
    for text in texts {
        out.begin_object().key("type").string("text").key("text").escaped(text.raw()).end_object();
    }
    out.end_array();
    Ok(())
}
