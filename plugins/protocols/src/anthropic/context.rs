//! What the reading of an answer must know of the request: whose reasoning it will be, and the real names of aliased tools.
//!
//! It travels through the host as JSON, `{"mark":MARK,"tools":{ALIAS:NAME}}`.

use ccr_plugin::messages::json::{Document, Str, Value, Writer};

/// Written while the request is encoded.
#[derive(Debug)]
pub(crate) struct ContextWriter(Writer);

impl ContextWriter {
    /// `mark` is the provider's, see [`crate::anthropic::signature::mark`].
    pub(crate) fn new(mark: &str) -> Self {
        let mut out = Writer::new();
        out.begin_object().key("mark").string(mark).key("tools").begin_object();
        Self(out)
    }

    pub(crate) fn tool(&mut self, alias: &str, name: Str<'_>) {
        self.0.key(alias).escaped(name.raw());
    }

    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.0.end_object().end_object();
        self.0.into_bytes()
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
        // It comes from `ContextWriter`; if it could not be read, names would stay aliased and reasoning would not go back.
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
    pub(crate) fn tool_name(&self, sent: String) -> String {
        match self.tools.iter().find(|(alias, _)| *alias == sent) {
            Some((_, name)) => name.clone(),
            None => sent,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::{Context, ContextWriter};
    use ccr_plugin::messages::json::Str;

    #[test]
    fn what_was_written_is_read() {
        let mut writer = ContextWriter::new("0123abcd");
        writer.tool("a_1", Str::split_from(r#"a.\u0031""#).unwrap().0);
        let context = Context::read(&writer.finish());
        assert_eq!(context.mark, "0123abcd");
        assert_eq!(context.tool_name("a_1".into()), "a.1");
        assert_eq!(context.tool_name("c".into()), "c");
    }

    #[test]
    fn what_cannot_be_read_is_nothing() {
        for text in ["", "garbage", "[]", r#"{"mark":1,"tools":[]}"#] {
            let context = Context::read(text.as_bytes());
            assert_eq!((context.mark.as_str(), context.tool_name("x".into()).as_str()), ("", "x"));
        }
    }
}
