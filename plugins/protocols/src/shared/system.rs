//! The system texts of the inner request.

use crate::shared::block::{is_blank, mark};
use crate::shared::notes::Notes;
use ccr_plugin::messages::json::{Str, Value};

/// How the block begins in which Claude Code sends a value that is new in every request: it would keep every provider's
/// prompt cache cold (claude-code-router#1220), and says nothing to a model.
const BILLING_HEADER: &str = "x-anthropic-billing-header:";

/// A text that says something, and its `cache_control`.
pub(crate) type Text<'d> = (Str<'d>, Option<Value<'d>>);

/// All that says something, in order. What has no text is noted; what becomes of the marks is the caller's.
pub(crate) fn texts<'d>(system: Option<Value<'d>>, notes: &mut Notes) -> Vec<Text<'d>> {
    let mut texts: Vec<Text<'d>> = Vec::new();
    let Some(system) = system else { return texts };
    texts.extend(system.as_str().map(|text| (text, None)));
    for block in system.items() {
        match block.as_str().or_else(|| block.get("text")?.as_str()) {
            Some(text) if text.raw().starts_with(BILLING_HEADER) => {}
            Some(text) => texts.push((text, mark(block))),
            None => notes.dropped("system blocks without text"),
        }
    }
    texts.retain(|(text, _)| !is_blank(text.raw()));
    texts
}
