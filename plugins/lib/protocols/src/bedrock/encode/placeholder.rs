//! The words that stand for a block which Converse has no place for, or which cannot be sent.

use crate::shared::block::{Block, is_blank};
use crate::shared::notes::Notes;
use crate::shared::placeholder;
use ccr_plugin::messages::json::{Value, Writer};

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
        Block::Other(block, kind) => placeholder::other(block, kind, notes, out),
        // They have their own forms everywhere.
        Block::Text(_) | Block::Thinking(_) | Block::Redacted(_) | Block::ToolUse(_) | Block::ToolResult(_) => {}
    }
}

/// The text of a document, or words that say why there is none.
fn document(block: Value<'_>, notes: &mut Notes, out: &mut Writer) {
    if block.get("citations").and_then(|citations| citations.get("enabled")?.as_bool()) == Some(true) {
        notes.dropped("citations");
    }
    const WHY: &str = ". Bedrock takes only the data of documents, and addresses in S3.";
    placeholder::document(block, |_, out| _ = out.escaped_part(WHY), notes, out);
}
