//! What the reading of an answer must know of the request: the real names of aliased tools.
//!
//! It travels through the host as JSON, `{ALIAS:NAME}`; for most requests it is empty.

use ccr_plugin::messages::json::Document;

/// Written while the request is encoded.
#[derive(Debug, Default)]
pub(crate) struct ContextWriter(String);

impl ContextWriter {
    /// `name` is the inside of a JSON string; an alias never needs escapes.
    pub(crate) fn tool(&mut self, alias: &str, name: &str) {
        for piece in [if self.0.is_empty() { "{\"" } else { ",\"" }, alias, "\":\"", name, "\""] {
            self.0.push_str(piece);
        }
    }

    pub(crate) fn finish(mut self) -> Vec<u8> {
        if !self.0.is_empty() {
            self.0.push('}');
        }
        self.0.into_bytes()
    }
}

/// Read before the answer.
#[derive(Debug, Default)]
pub(crate) struct Context(Vec<(String, String)>);

impl Context {
    pub(crate) fn read(text: &[u8]) -> Self {
        let mut tools = Vec::new();
        // It comes from `ContextWriter`; if it could not be read, names would only stay aliased.
        if let Ok(document) = Document::parse(text) {
            for (alias, name) in document.root().members() {
                let name = name.as_str().map(|name| name.decode().into_owned()).unwrap_or_default();
                tools.push((alias.decode().into_owned(), name));
            }
        }
        Self(tools)
    }

    /// The name that the client knows a tool by. Gemini sometimes puts the module of its own prompt before it.
    pub(crate) fn tool_name(&self, sent: &str) -> String {
        let bare = ["default_api:", "default_api."].iter().find_map(|module| sent.strip_prefix(module));
        let sent = bare.filter(|bare| !bare.is_empty()).unwrap_or(sent);
        let known = self.0.iter().find(|(alias, _)| alias == sent);
        known.map_or_else(|| sent.to_owned(), |(_, name)| name.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::{Context, ContextWriter};

    #[test]
    fn what_was_written_is_read() {
        let mut writer = ContextWriter::default();
        writer.tool("a_1", r"a.\u0031");
        writer.tool("b_2", "b 2");
        let context = Context::read(&writer.finish());
        assert_eq!(context.tool_name("a_1"), "a.1");
        assert_eq!(context.tool_name("default_api:b_2"), "b 2");
        assert_eq!(context.tool_name("c"), "c");
    }

    #[test]
    fn nothing_to_know_is_no_bytes() {
        assert!(ContextWriter::default().finish().is_empty());
        for text in ["", "garbage", "[1]"] {
            assert_eq!(Context::read(text.as_bytes()).tool_name("x"), "x");
        }
    }
}
