//! Reading one content block of the inner request.

use crate::shared::block::{Block, cites};
use crate::shared::notes::Notes;
use ccr_plugin::messages::json::Value;

/// Marks of caches and citations are lost. Reasoning that only Claude can read is a block like any other that Gemini has no place
/// for.
pub(super) fn read<'d>(value: Value<'d>, notes: &mut Notes) -> Option<Block<'d>> {
    let block = Block::read(value, |key, member| match key {
        "cache_control" if !member.is_null() => notes.dropped("cache_control"),
        "citations" if cites(member) => notes.dropped("citations"),
        _ => {}
    })?;
    match block {
        Block::Redacted(_) => Some(Block::Other(value, value.get("type")?.as_str()?)),
        block => Some(block),
    }
}
