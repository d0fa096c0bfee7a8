//! The words that stand for a block which Converse has no place for, or which cannot be sent.

use super::block::{Block, is_blank};
use super::media::filled;
use crate::shared::notes::Notes;
use ccr_plugin::messages::json::{Str, Value, Writer};

/// What is said of a block without a word: Bedrock refuses empty texts.
const EMPTY: &str = "(empty)";

/// Into the open string; never nothing.
pub(super) fn write(block: Block<'_>, notes: &mut Notes, out: &mut Writer) {
    let mut words = Writer::new();
    words_of(block, notes, &mut words);
    let words = words.as_str();
    out.escaped_part(if is_blank(words) { EMPTY } else { words });
}

fn words_of(block: Block<'_>, notes: &mut Notes, out: &mut Writer) {
    match block {
        Block::Image(_) => {
            notes.dropped("image");
            out.escaped_part("[An image was left out here: Bedrock takes the data, or an address in S3, ");
            out.escaped_part("of PNG, JPEG, GIF and WebP.]");
        }
        Block::Document(document) => self::document(document, notes, out),
        Block::Other(block, kind) => other(block, kind, notes, out),
        // They have their own forms everywhere.
        Block::Text(_) | Block::Thinking(_) | Block::Redacted(_) | Block::ToolUse(_) | Block::ToolResult(_) => {}
    }
}

/// The text of a document; of one that is no text, words that say what was left out.
fn document(block: Value<'_>, notes: &mut Notes, out: &mut Writer) {
    let title = filled(block, "title");
    if block.get("citations").and_then(|citations| citations.get("enabled")?.as_bool()) == Some(true) {
        notes.dropped("citations");
    }
    let source = block.get("source");
    match source.and_then(|source| filled(source, "type")) {
        Some("text") => {
            if let Some(title) = title {
                out.escaped_part(title).escaped_part("\\n\\n");
            }
            out.escaped_part(source.and_then(|source| filled(source, "data")).unwrap_or_default());
        }
        Some("content") => texts(source.and_then(|source| source.get("content")), notes, out),
        _ => {
            notes.dropped("document");
            out.escaped_part("[A document was left out here: ").escaped_part(title.unwrap_or("without a title"));
            out.escaped_part(". Bedrock takes only the data of documents, and addresses in S3.]");
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

/// Words for a block that the format has no place for.
fn other(block: Value<'_>, kind: Str<'_>, notes: &mut Notes, out: &mut Writer) {
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
