//! What the reading of an answer must know of the request: whose reasoning it will be, the real names of aliased tools, and the
//! stop sequences.
//!
//! It travels through the host as JSON, `{"mark":MARK,"tools":{ALIAS:NAME},"stop":[…]}`. What there is nothing to say of is left
//! out, and for many requests it is empty.

use ccr_plugin::messages::json::{Document, Str, Value};

/// Room for the names of the members and what stands between them: 32 bytes with all three.
const BRACKETS: usize = 32;

/// Written while the request is encoded.
#[derive(Debug, Default)]
pub(crate) struct ContextWriter {
    mark: String,
    tools: String,
    stop: String,
}

impl ContextWriter {
    /// `mark` tells apart whose reasoning goes back to whom; empty where nothing must be told apart. It never needs escapes.
    pub(crate) fn new(mark: &str) -> Self {
        Self { mark: mark.to_owned(), ..Self::default() }
    }

    /// `name` is the inside of a JSON string; an alias never needs escapes.
    pub(crate) fn tool(&mut self, alias: &str, name: &str) {
        if !self.tools.is_empty() {
            self.tools.push(',');
        }
        for piece in ["\"", alias, "\":\"", name, "\""] {
            self.tools.push_str(piece);
        }
    }

    /// The JSON array of the stop sequences that were sent.
    pub(crate) fn stop(&mut self, sequences: &str) {
        self.stop.push_str(sequences);
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        if self.mark.is_empty() && self.tools.is_empty() && self.stop.is_empty() {
            return Vec::new();
        }
        let mut out = String::with_capacity(self.mark.len() + self.tools.len() + self.stop.len() + BRACKETS);
        out.push('{');
        if !self.mark.is_empty() {
            out.push_str(&["\"mark\":\"", &self.mark, "\","].concat());
        }
        out.push_str(&["\"tools\":{", &self.tools, "}"].concat());
        if !self.stop.is_empty() {
            out.push_str(&[",\"stop\":", &self.stop].concat());
        }
        out.push('}');
        out.into_bytes()
    }
}

/// Read before the answer.
#[derive(Debug, Default)]
pub(crate) struct Context {
    pub(crate) mark: String,
    tools: Vec<(String, String)>,
    stop: Vec<String>,
}

impl Context {
    pub(crate) fn read(text: &[u8]) -> Self {
        if text.is_empty() {
            return Self::default();
        }
        // It comes from `ContextWriter`; if it could not be read, names would stay aliased and reasoning would not go back.
        Document::parse(text).map_or_else(|_| Self::default(), |document| Self::of(document.root()))
    }

    fn of(root: Value<'_>) -> Self {
        let text = |value: Value<'_>| value.as_str().map(Str::decode).unwrap_or_default().into_owned();
        let tools = root.get("tools").into_iter().flat_map(Value::members);
        let stop = root.get("stop").into_iter().flat_map(Value::items);
        Self {
            mark: root.get("mark").map(text).unwrap_or_default(),
            tools: tools.map(|(alias, name)| (alias.decode().into_owned(), text(name))).collect(),
            stop: stop.filter(|sequence| sequence.as_str().is_some()).map(text).collect(),
        }
    }

    /// Whether some alias begins so and goes on.
    pub(crate) fn begins_alias(&self, sent: &str) -> bool {
        self.tools.iter().any(|(alias, _)| alias.len() > sent.len() && alias.starts_with(sent))
    }

    /// The name that the client knows a tool by.
    pub(crate) fn tool_name(&self, sent: String) -> String {
        match self.tools.iter().find(|(alias, _)| *alias == sent) {
            Some((_, name)) => name.clone(),
            None => sent,
        }
    }

    pub(crate) fn has_stop(&self, sequence: &str) -> bool {
        self.stop.iter().any(|stop| stop == sequence)
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
        writer.stop(r#"["\n\nHuman:","END"]"#);
        let context = Context::read(&writer.finish());
        assert_eq!(context.mark, "nova");
        for (alias, name) in [("a_1", "a.1"), ("b_2", "b 2"), ("c", "c")] {
            assert_eq!(context.tool_name(alias.into()), name);
        }
        assert!(context.begins_alias("a_") && !context.begins_alias("a_1"));
        assert!(context.has_stop("\n\nHuman:") && context.has_stop("END") && !context.has_stop("Human"));
    }

    #[test]
    fn only_what_there_is_to_say_is_written() {
        let written = |tell: &dyn Fn(&mut ContextWriter), mark: &str| {
            let mut writer = ContextWriter::new(mark);
            tell(&mut writer);
            String::from_utf8(writer.finish()).unwrap_or_default()
        };
        assert_eq!(written(&|_| {}, ""), "");
        assert_eq!(written(&|_| {}, "0a"), r#"{"mark":"0a","tools":{}}"#);
        assert_eq!(written(&|writer| writer.tool("a", "b"), ""), r#"{"tools":{"a":"b"}}"#);
        assert_eq!(written(&|writer| writer.stop("[]"), ""), r#"{"tools":{},"stop":[]}"#);
    }

    #[test]
    fn what_cannot_be_read_is_nothing() {
        for text in ["", "garbage", "[]", r#"{"mark":1,"tools":[],"stop":"x"}"#] {
            let context = Context::read(text.as_bytes());
            assert_eq!((context.mark.as_str(), context.tool_name("x".into()).as_str()), ("", "x"));
            assert!(!context.has_stop("x"));
        }
    }
}
