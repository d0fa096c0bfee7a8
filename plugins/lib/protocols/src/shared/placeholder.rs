//! The words that stand for a block which a format has no place for, or which cannot be sent. They go into the open string.

use crate::shared::notes::Notes;
use ccr_plugin::messages::json::{Str, Value, Writer};

/// The inside of a string member that is not empty.
pub(crate) fn filled<'d>(object: Value<'d>, key: &str) -> Option<&'d str> {
    object.get(key)?.as_str().map(Str::raw).filter(|text| !text.is_empty())
}

/// The text of a document; of one that is no text, words that say what was left out. `why` ends the sentence, and is told the
/// media type.
pub(crate) fn document(
    block: Value<'_>,
    why: impl FnOnce(Option<&str>, &mut Writer),
    notes: &mut Notes,
    out: &mut Writer,
) {
    let title = filled(block, "title");
    let source = block.get("source");
    let member = |key: &str| source.and_then(|source| filled(source, key));
    match member("type") {
        Some("text") => {
            if let Some(title) = title {
                out.escaped_part(title).escaped_part("\\n\\n");
            }
            out.escaped_part(member("data").unwrap_or_default());
        }
        Some("content") => texts(source.and_then(|source| source.get("content")), notes, out),
        _ => {
            notes.dropped("document");
            out.escaped_part("[A document was left out here: ").escaped_part(title.unwrap_or("without a title"));
            why(member("media_type"), out);
            out.escaped_part("]");
        }
    }
}

/// The texts of a string or of an array of blocks, with an empty line between them.
fn texts(content: Option<Value<'_>>, notes: &mut Notes, out: &mut Writer) {
    let Some(content) = content else { return };
    if let Some(text) = content.as_str() {
        out.escaped_part(text.raw());
    }
    let mut first = true;
    for block in content.items() {
        let Some(text) = block.get("text").and_then(Value::as_str) else {
            notes.dropped("document.content");
            continue;
        };
        out.escaped_part(if first { "" } else { "\\n\\n" }).escaped_part(text.raw());
        first = false;
    }
}

/// A block that no format but Anthropic's has a place for.
pub(crate) fn other(block: Value<'_>, kind: Str<'_>, notes: &mut Notes, out: &mut Writer) {
    match kind.raw() {
        "tool_reference" => {
            let name = filled(block, "tool_name");
            out.escaped_part("[Tool: ").escaped_part(name.unwrap_or("unnamed")).escaped_part("]");
        }
        "search_result" => {
            for key in ["title", "source"] {
                if let Some(text) = filled(block, key) {
                    out.escaped_part(text).escaped_part("\\n");
                }
            }
            texts(block.get("content"), notes, out);
        }
        name => {
            notes.dropped(kind.decode().into_owned());
            out.escaped_part("[A block of type ").escaped_part(name).escaped_part(" was left out here.]");
        }
    }
}
