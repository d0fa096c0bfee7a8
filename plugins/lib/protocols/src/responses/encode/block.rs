//! Reading one content block of the inner request.

use crate::shared::block::{Block, Thinking, cites};
use crate::shared::notes::Notes;
use ccr_plugin::messages::json::Value;

/// Marks of caches and citations are lost. The data of a `redacted_thinking` block is its signature: in this plugin's envelopes both
/// are the same.
pub(super) fn read<'d>(value: Value<'d>, notes: &mut Notes) -> Option<Block<'d>> {
    let block = Block::read(value, |key, member| match key {
        "cache_control" if !member.is_null() => notes.dropped("cache_control"),
        "citations" if cites(member) || are_wanted(member) => notes.dropped("citations"),
        _ => {}
    })?;
    Some(match block {
        Block::Redacted(signature) => Block::Thinking(Thinking { text: "", signature }),
        block => block,
    })
}

/// Those of a document may be switched on.
fn are_wanted(citations: Value<'_>) -> bool {
    citations.get("enabled").and_then(Value::as_bool) == Some(true)
}
