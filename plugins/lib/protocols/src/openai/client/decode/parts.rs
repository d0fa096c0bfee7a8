//! The content of a message: a string, or a list of parts.

use super::media;
use super::wrong::{Checked, Wrong};
use crate::openai::encode::notes::Notes;
use ccr_plugin::messages::json::{Kind, Str, Value, Writer};

/// `cache_control` as gateways take it on a whole message: Anthropic has it on blocks, so the last one gets it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Marks<'d>(Option<Value<'d>>);

impl<'d> Marks<'d> {
    pub(super) fn of(value: Value<'d>) -> Self {
        Self(value.get("cache_control").filter(|mark| mark.kind() == Kind::Object))
    }

    pub(super) fn is_empty(self) -> bool {
        self.0.is_none()
    }

    pub(super) fn or(self, other: Self) -> Self {
        Self(self.0.or(other.0))
    }

    pub(super) fn write(self, out: &mut Writer) {
        if let Some(mark) = self.0 {
            out.key("cache_control").value(mark);
        }
    }
}

/// Whether a content leaves any block. Anthropic refuses empty texts, so they leave none.
pub(super) fn say_something(content: Option<Value<'_>>) -> bool {
    content.is_some_and(|content| match content.as_str() {
        Some(text) => !text.is_empty(),
        None => content.items().any(|part| !is_empty_text(part)),
    })
}

/// Refuses what is no content at all.
pub(super) fn check(content: Option<Value<'_>>) -> Checked {
    match content.map(Value::kind) {
        None | Some(Kind::String | Kind::Array | Kind::Null) => Ok(()),
        Some(_) => Err(Wrong::new("content", "must be a string or an array of parts")),
    }
}

fn is_empty_text(part: Value<'_>) -> bool {
    text_of(part).is_some_and(Str::is_empty)
}

/// The text of a part that is nothing but text. Some clients list bare strings.
fn text_of(part: Value<'_>) -> Option<Str<'_>> {
    part.as_str().or_else(|| match kind_of(part)?.raw() {
        "text" | "input_text" | "output_text" => part.get("text")?.as_str(),
        "refusal" => part.get("refusal")?.as_str(),
        _ => None,
    })
}

fn kind_of(part: Value<'_>) -> Option<Str<'_>> {
    part.get("type").and_then(Value::as_str)
}

/// Writes the blocks of a content into the open array; `marks` are those of the message.
pub(super) fn blocks(content: Option<Value<'_>>, marks: Marks<'_>, notes: &mut Notes, out: &mut Writer) -> Checked {
    check(content)?;
    let Some(content) = content else { return Ok(()) };
    if let Some(said) = content.as_str() {
        if !said.is_empty() {
            text(said, marks, out);
        }
        return Ok(());
    }
    let last = content.items().enumerate().filter(|(_, part)| !is_empty_text(*part)).map(|(index, _)| index).last();
    for (index, part) in content.items().enumerate() {
        let outer = if Some(index) == last { marks } else { Marks::default() };
        self::part(part, outer, notes, out).map_err(|wrong| wrong.item("content", index))?;
    }
    Ok(())
}

fn text(text: Str<'_>, marks: Marks<'_>, out: &mut Writer) {
    out.begin_object().key("type").string("text").key("text").escaped(text.raw());
    marks.write(out);
    out.end_object();
}

pub(super) fn part(part: Value<'_>, outer: Marks<'_>, notes: &mut Notes, out: &mut Writer) -> Checked {
    let marks = Marks::of(part).or(outer);
    if let Some(said) = text_of(part) {
        if !said.is_empty() {
            text(said, marks, out);
        }
        return Ok(());
    }
    let kind = kind_of(part).map(Str::decode).unwrap_or_default();
    match &*kind {
        "image_url" | "input_image" => media::image(part, notes, out)?,
        "input_audio" => media::audio(part, out)?,
        "file" => media::file(part, out)?,
        "text" | "input_text" | "output_text" => return Err(Wrong::new("text", "must be a string")),
        "refusal" => return Err(Wrong::new("refusal", "must be a string")),
        "" => return Err(Wrong::new("type", "must be a string, such as text or image_url")),
        _ => {
            return Err(Wrong::new(
                "type",
                format!("`{kind}` is not known here; use text, image_url, input_audio or file"),
            ));
        }
    }
    marks.write(out);
    out.end_object();
    Ok(())
}
