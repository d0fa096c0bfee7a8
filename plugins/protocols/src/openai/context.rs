//! What the reading of an answer must know of the request: real names of aliased tools, and the stop sequences.
//!
//! It travels through the host as JSON, `{"tools":{ALIAS:NAME},"stop":[…]}`; for most requests it is empty.

use ccr_plugin::messages::json::{Document, Value};

/// Written while the request is encoded.
#[derive(Debug, Default)]
pub(crate) struct ContextWriter {
    tools: String,
    stop: String,
}

impl ContextWriter {
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
        if self.tools.is_empty() && self.stop.is_empty() {
            return Vec::new();
        }
        let stop = if self.stop.is_empty() { "[]" } else { &self.stop };
        format!(r#"{{"tools":{{{}}},"stop":{stop}}}"#, self.tools).into_bytes()
    }
}

/// Read before the answer.
#[derive(Debug, Default)]
pub(crate) struct Context {
    tools: Vec<(String, String)>,
    stop: Vec<String>,
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
        let mut context = Self::default();
        for (alias, name) in root.get("tools").into_iter().flat_map(Value::members) {
            let name = name.as_str().map(|name| name.decode().into_owned()).unwrap_or_default();
            context.tools.push((alias.decode().into_owned(), name));
        }
        let stop = root.get("stop").into_iter().flat_map(Value::items).filter_map(Value::as_str);
        context.stop.extend(stop.map(|sequence| sequence.decode().into_owned()));
        context
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
        let mut writer = ContextWriter::default();
        writer.tool("a_1", r"a.\u0031");
        writer.tool("b_2", "b 2");
        writer.stop(r#"["\n\nHuman:","END"]"#);
        let context = Context::read(&writer.finish());
        assert_eq!(context.tool_name("a_1".into()), "a.1");
        assert_eq!(context.tool_name("b_2".into()), "b 2");
        assert_eq!(context.tool_name("c".into()), "c");
        assert!(context.has_stop("\n\nHuman:") && context.has_stop("END") && !context.has_stop("Human"));
    }

    #[test]
    fn nothing_to_know_is_no_bytes() {
        assert!(ContextWriter::default().finish().is_empty());
        assert_eq!(Context::read(b"").tool_name("x".into()), "x");
        assert_eq!(Context::read(b"garbage").tool_name("x".into()), "x");
    }
}
