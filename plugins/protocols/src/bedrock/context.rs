//! What the reading of an answer must know of the request: whose reasoning it will be, and the real names of aliased tools.
//!
//! It travels through the host as JSON, `{"mark":MARK,"tools":{ALIAS:NAME}}`; for most requests to Claude it is empty.

use ccr_plugin::messages::json::{Document, Str, Value, Writer};

/// Written while the request is encoded.
#[derive(Debug)]
pub(crate) struct ContextWriter {
    out: Writer,
    is_needed: bool,
}

impl ContextWriter {
    /// `mark` is the model's, see [`crate::bedrock::family::Model::mark`].
    pub(crate) fn new(mark: &str) -> Self {
        let mut out = Writer::new();
        out.begin_object().key("mark").string(mark).key("tools").begin_object();
        Self { out, is_needed: !mark.is_empty() }
    }

    /// `name` is the inside of a JSON string.
    pub(crate) fn tool(&mut self, alias: &str, name: &str) {
        self.out.key(alias).escaped(name);
        self.is_needed = true;
    }

    pub(crate) fn finish(mut self) -> Vec<u8> {
        if !self.is_needed {
            return Vec::new();
        }
        self.out.end_object().end_object();
        self.out.into_bytes()
    }
}

/// Read before the answer.
#[derive(Debug, Default)]
pub(crate) struct Context {
    pub(crate) mark: String,
    tools: Vec<(String, String)>,
}

impl Context {
    pub(crate) fn read(text: &[u8]) -> Self {
        if text.is_empty() {
            return Self::default();
        }
        // It comes from `ContextWriter`; if it could not be read, names would only stay aliased.
        Document::parse(text).map_or_else(|_| Self::default(), |document| Self::of(document.root()))
    }

    fn of(root: Value<'_>) -> Self {
        let text = |value: Value<'_>| value.as_str().map(Str::decode).unwrap_or_default().into_owned();
        let tools = root.get("tools").into_iter().flat_map(Value::members);
        Self {
            mark: root.get("mark").map(text).unwrap_or_default(),
            tools: tools.map(|(alias, name)| (alias.decode().into_owned(), text(name))).collect(),
        }
    }

    /// The name that the client knows a tool by.
    pub(crate) fn tool_name(&self, sent: &str) -> String {
        let known = self.tools.iter().find(|(alias, _)| alias == sent);
        known.map_or(sent, |(_, name)| name).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::{Context, ContextWriter};

    #[test]
    fn what_was_written_is_read() {
        let mut writer = ContextWriter::new("nova");
        writer.tool("a_1", r"a.\u0031");
        writer.tool("b_2", "b 2");
        let context = Context::read(&writer.finish());
        assert_eq!(context.mark, "nova");
        for (alias, name) in [("a_1", "a.1"), ("b_2", "b 2"), ("c", "c")] {
            assert_eq!(context.tool_name(alias), name);
        }
    }

    #[test]
    fn nothing_to_know_is_no_bytes_and_what_cannot_be_read_is_nothing() {
        assert!(ContextWriter::new("").finish().is_empty());
        for text in ["", "garbage", "[]", r#"{"mark":1,"tools":[]}"#] {
            let context = Context::read(text.as_bytes());
            assert_eq!((context.mark.as_str(), context.tool_name("x").as_str()), ("", "x"));
        }
    }
}
