//! What the writing of an answer must know of the request: whether counts were asked for, and in which of OpenAI's three ways
//! tools were given. It travels through the host as JSON; for most requests it is empty.

use ccr_plugin::messages::json::{Document, Value, Writer};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Context {
    /// `stream_options.include_usage`: a last chunk with the token counts.
    pub(super) usage: bool,
    /// Tools came as `functions`, so calls go back as `function_call`.
    pub(super) legacy: bool,
    /// Names of tools whose input is any text (`type: "custom"`).
    pub(super) custom: Vec<String>,
}

impl Context {
    pub(super) fn write(&self) -> Vec<u8> {
        if *self == Self::default() {
            return Vec::new();
        }
        let mut out = Writer::new();
        out.begin_object().key("usage").bool(self.usage).key("legacy").bool(self.legacy).key("custom").begin_array();
        for name in &self.custom {
            out.string(name);
        }
        out.end_array().end_object();
        out.into_bytes()
    }

    pub(super) fn read(text: &[u8]) -> Self {
        // It comes from `write`; without it an answer is written in today's way.
        let Ok(document) = Document::parse(text) else { return Self::default() };
        let root = document.root();
        let flag = |name: &str| root.get(name).and_then(Value::as_bool) == Some(true);
        let names = root.get("custom").into_iter().flat_map(Value::items).filter_map(Value::as_str);
        Self { usage: flag("usage"), legacy: flag("legacy"), custom: names.map(|name| name.decode().into()).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::Context;

    #[test]
    fn what_was_written_is_read() {
        assert!(Context::default().write().is_empty());
        assert_eq!(Context::read(b""), Context::default());
        let context = Context { usage: true, legacy: true, custom: vec!["a\"b".into(), "c".into()] };
        assert_eq!(Context::read(&context.write()), context);
    }
}
