//! What the writing of an answer must know of the request: which tools are called in other words than functions are, and the
//! fields of the request that a response repeats.
//!
//! It travels through the host as one line of JSON, `{"created_at":SECONDS,"tools":{NAME:KIND}}`, and behind it the repeated
//! fields as members of an object, ready to be copied.

use ccr_plugin::messages::json::{Document, Str, Value, Writer};

/// What a tool's call looks like to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wording {
    /// `function_call`
    Function,
    /// `custom_tool_call`: the input is a text.
    Custom,
    /// `local_shell_call`: the input is a command.
    LocalShell,
}

const CUSTOM: &str = "custom";
const LOCAL_SHELL: &str = "local_shell";

/// The request repeated by a response to a request that nothing is known of.
const NOTHING_KNOWN: &str = r#""parallel_tool_calls":true,"tool_choice":"auto","tools":[]"#;

/// Written while the request is read.
#[derive(Debug)]
pub(super) struct ContextWriter(Writer);

impl ContextWriter {
    /// `created_at` is in seconds since 1970.
    pub(super) fn new(created_at: u64) -> Self {
        let mut out = Writer::new();
        out.begin_object().key("created_at").number(created_at).key("tools").begin_object();
        Self(out)
    }

    pub(super) fn tool(&mut self, name: Str<'_>, wording: Wording) {
        let kind = match wording {
            Wording::Function => return,
            Wording::Custom => CUSTOM,
            Wording::LocalShell => LOCAL_SHELL,
        };
        self.0.key_str(name).string(kind);
    }

    /// `repeated` has no line breaks.
    pub(super) fn finish(mut self, repeated: &str) -> Vec<u8> {
        self.0.end_object().end_object();
        let mut context = self.0.into_bytes();
        context.reserve(repeated.len() + 1);
        context.push(b'\n');
        context.extend_from_slice(repeated.as_bytes());
        context
    }
}

/// Read before the answer.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) created_at: u64,
    tools: Vec<(String, Wording)>,
    /// Members of an object.
    pub(super) repeated: String,
}

impl Context {
    /// What cannot be read is nothing: the calls of special tools would look like those of functions.
    pub(super) fn read(context: &[u8]) -> Self {
        let text = std::str::from_utf8(context).unwrap_or_default();
        let (line, repeated) = text.split_once('\n').unwrap_or((text, ""));
        let repeated = if repeated.is_empty() { NOTHING_KNOWN } else { repeated };
        let mut read = Self { created_at: 0, tools: Vec::new(), repeated: repeated.to_owned() };
        if let Ok(document) = Document::parse_str(line) {
            read.line(document.root());
        }
        read
    }

    fn line(&mut self, root: Value<'_>) {
        self.created_at = root.get("created_at").and_then(Value::as_u64).unwrap_or_default();
        for (name, kind) in root.get("tools").into_iter().flat_map(Value::members) {
            let wording = match kind.as_str().map(Str::raw) {
                Some(CUSTOM) => Wording::Custom,
                Some(LOCAL_SHELL) => Wording::LocalShell,
                _ => continue,
            };
            self.tools.push((name.decode().into_owned(), wording));
        }
    }

    pub(super) fn wording(&self, tool: &str) -> Wording {
        self.tools.iter().find(|(name, _)| name == tool).map_or(Wording::Function, |(_, wording)| *wording)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::{Context, ContextWriter, Wording};
    use ccr_plugin::messages::json::{Document, Value};

    #[test]
    fn what_was_written_is_read() {
        let names = Document::parse(br#"["a\u0031\n","b","c"]"#).unwrap();
        let names: Vec<_> = names.root().items().filter_map(Value::as_str).collect();
        let mut writer = ContextWriter::new(7);
        for (name, wording) in names.iter().zip([Wording::Custom, Wording::LocalShell, Wording::Function]) {
            writer.tool(*name, wording);
        }
        let context = Context::read(&writer.finish(r#""tools":[]"#));
        assert_eq!((context.created_at, context.repeated.as_str()), (7, r#""tools":[]"#));
        assert_eq!(context.wording("a1\n"), Wording::Custom);
        assert_eq!(context.wording("b"), Wording::LocalShell);
        assert_eq!(context.wording("c"), Wording::Function);
    }

    #[test]
    fn what_cannot_be_read_is_nothing() {
        for text in ["", "garbage", "[]\n", "{\"tools\":[1]}", "{\"created_at\":\"x\"}"] {
            let context = Context::read(text.as_bytes());
            assert_eq!((context.created_at, context.wording("x")), (0, Wording::Function));
        }
    }
}
