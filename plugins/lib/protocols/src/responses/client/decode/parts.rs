//! The parts of a message or of a call's outcome → content blocks.

use super::media;
use super::part_path::PartPath;
use super::tools::kind_of;
use crate::shared::notes::Notes;
use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Kind, Str, Value, Writer};

/// Whether anything is left of the content; empty texts are not, as providers refuse them.
pub(super) fn says_something(content: Value<'_>) -> bool {
    match content.as_str() {
        Some(text) => !text.is_empty(),
        None => content.items().any(|part| text(part).is_none_or(|text| !text.is_empty())),
    }
}

pub(super) fn is_all_text(content: Value<'_>) -> bool {
    content.as_str().is_some() || content.items().all(|part| text(part).is_some())
}

/// The text of a part, if it is one of text.
fn text(part: Value<'_>) -> Option<Str<'_>> {
    match kind_of(part) {
        "input_text" | "output_text" | "text" | "summary_text" => part.get("text")?.as_str(),
        "refusal" => part.get("refusal")?.as_str(),
        _ => part.as_str(),
    }
}

/// Writes the blocks into the open array; `place` is that of the first part.
pub(super) fn write(path: PartPath, content: Value<'_>, notes: &mut Notes, out: &mut Writer) -> Result<(), Fault> {
    if let Some(text) = content.as_str() {
        write_text(text, out);
    }
    for (part, value) in content.items().enumerate() {
        let path = path.part(part);
        match text(value) {
            Some(text) => write_text(text, out),
            None => other(path, value, notes, out)?,
        }
    }
    Ok(())
}

fn write_text(text: Str<'_>, out: &mut Writer) {
    if !text.is_empty() {
        out.begin_object().key("type").string("text").key("text").escaped(text.raw()).end_object();
    }
}

fn other(path: PartPath, part: Value<'_>, notes: &mut Notes, out: &mut Writer) -> Result<(), Fault> {
    match kind_of(part) {
        "input_image" => media::image(path, part, notes, out),
        "input_file" => media::file(path, part, out),
        "input_audio" => Err(Fault::unsupported(format!("{path}: audio is not understood here. Send a transcript."))),
        _ if part.kind() != Kind::Object => Err(Fault::invalid(format!("{path}: must be an object with `type`."))),
        "input_text" | "output_text" | "text" => Err(Fault::invalid(format!("{path}.text: must be a string."))),
        other => Err(Fault::invalid(format!(
            "{path}.type: `{other}` is not a type of content; use `input_text`, `input_image` or `input_file`."
        ))),
    }
}
