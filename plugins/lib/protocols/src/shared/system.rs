//! The system texts of the inner request.

use crate::shared::block::{is_blank, mark};
use crate::shared::notes::Notes;
use ccr_plugin::messages::json::{Str, Value};

/// How the block begins in which Claude Code sends a value that is new in every request: it would keep every provider's
/// prompt cache cold (claude-code-router#1220), and says nothing to a model.
const BILLING_HEADER: &str = "x-anthropic-billing-header:";

/// A text that says something, and its `cache_control`.
pub(crate) type Text<'d> = (Str<'d>, Option<Value<'d>>);

/// Whether a block has a `cache_control`, be it one that says nothing.
pub(crate) fn is_marked(system: Option<Value<'_>>) -> bool {
    system.into_iter().flat_map(Value::items).any(|block| mark(block).is_some())
}

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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::{is_marked, texts};
    use crate::shared::notes::Notes;
    use ccr_plugin::messages::json::Document;

    fn read(json: &str) -> (Vec<String>, bool, Vec<String>) {
        let document = Document::parse_str(json).unwrap();
        let mut notes = Notes::default();
        let texts = texts(Some(document.root()), &mut notes);
        let texts = texts.iter().map(|(text, mark)| format!("{}{}", text.raw(), if mark.is_some() { "!" } else { "" }));
        (texts.collect(), is_marked(Some(document.root())), notes.into_list())
    }

    #[test]
    fn only_what_says_something_is_left() {
        let list = r#"[{"text":"a","cache_control":{}},"b",{"text":" "},{"text":"x-anthropic-billing-header: 1"},{"type":"image"}]"#;
        let lost = vec!["system blocks without text".to_owned()];
        assert_eq!(read(list), (vec!["a!".to_owned(), "b".to_owned()], true, lost));
        assert_eq!(read("\"a\""), (vec!["a".to_owned()], false, Vec::new()));
        assert_eq!(read("\"\""), (Vec::new(), false, Vec::new()));
    }
}
