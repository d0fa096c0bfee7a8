//! What the writing of an answer must know of the request: which tools are called in other words than functions are, and the
//! fields of the request that a response repeats.
//!
//! It travels through the host as one line of JSON, `{"created_at":SECONDS,"tools":{NAME:[KIND,NAMESPACE,NAME]}}`, and behind it
//! the repeated fields as members of an object, ready to be copied.

use super::tool_name::ToolName;
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

/// What the client knows a tool by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) wording: Wording,
    pub(super) namespace: Option<String>,
    pub(super) name: String,
}

const FUNCTION: &str = "function";
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

    /// A tool that a client would not know by its name alone.
    pub(super) fn tool(&mut self, name: ToolName<'_>, wording: Wording) {
        let kind = match wording {
            Wording::Function if name.namespace.is_none() => return,
            Wording::Function => FUNCTION,
            Wording::Custom => CUSTOM,
            Wording::LocalShell => LOCAL_SHELL,
        };
        self.0
            .key(&decoded(&name.inner()))
            .begin_array()
            .string(kind)
            .escaped(name.namespace.map_or("", Str::raw))
            .escaped(name.own.raw())
            .end_array();
    }

    pub(super) fn local_shell(&mut self) {
        self.0.key(LOCAL_SHELL).begin_array().string(LOCAL_SHELL).string("").string(LOCAL_SHELL).end_array();
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

/// The text of the inside of a JSON string.
fn decoded(raw: &str) -> String {
    let quoted = format!("{raw}\"");
    Str::split_from(&quoted).map(|(text, _)| text.decode().into_owned()).unwrap_or_default()
}

/// Read before the answer.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) created_at: u64,
    tools: Vec<(String, Known)>,
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
        for (inner, known) in root.get("tools").into_iter().flat_map(Value::members) {
            let mut parts = known.items().map(|part| part.as_str().map(Str::decode).unwrap_or_default());
            let mut next = || parts.next().unwrap_or_default();
            let wording = match &*next() {
                FUNCTION => Wording::Function,
                CUSTOM => Wording::Custom,
                LOCAL_SHELL => Wording::LocalShell,
                _ => continue,
            };
            let namespace = Some(next().into_owned()).filter(|namespace| !namespace.is_empty());
            self.tools.push((inner.decode().into_owned(), Known { wording, namespace, name: next().into_owned() }));
        }
    }

    /// What the client knows a tool by.
    pub(super) fn known(&self, tool: String) -> Known {
        match self.tools.iter().find(|(inner, _)| *inner == tool) {
            Some((_, known)) => known.clone(),
            None => Known { wording: Wording::Function, namespace: None, name: tool },
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::{Context, ContextWriter, Known, Wording};
    use crate::responses::client::tool_name::ToolName;
    use ccr_plugin::messages::json::Document;

    fn known(wording: Wording, namespace: Option<&str>, name: &str) -> Known {
        Known { wording, namespace: namespace.map(str::to_owned), name: name.into() }
    }

    #[test]
    fn what_was_written_is_read() {
        let names =
            Document::parse(br#"[{"name":"a\u0031\n"},{"name":"b","namespace":"n"},{"name":"c","namespace":"m__"}]"#);
        let names = names.unwrap();
        let mut writer = ContextWriter::new(7);
        for (name, wording) in names.root().items().zip([Wording::Custom, Wording::Function, Wording::Custom]) {
            writer.tool(ToolName::of(name).unwrap(), wording);
        }
        writer.local_shell();
        let context = Context::read(&writer.finish(r#""tools":[]"#));
        assert_eq!((context.created_at, context.repeated.as_str()), (7, r#""tools":[]"#));
        assert_eq!(context.known("a1\n".into()), known(Wording::Custom, None, "a1\n"));
        assert_eq!(context.known("n__b".into()), known(Wording::Function, Some("n"), "b"));
        assert_eq!(context.known("m__c".into()), known(Wording::Custom, Some("m__"), "c"));
        assert_eq!(context.known("local_shell".into()), known(Wording::LocalShell, None, "local_shell"));
        assert_eq!(context.known("d".into()), known(Wording::Function, None, "d"));
    }

    #[test]
    fn what_cannot_be_read_is_nothing() {
        for text in ["", "garbage", "[]\n", "{\"tools\":[1]}", "{\"tools\":{\"x\":1}}", "{\"created_at\":\"x\"}"] {
            let context = Context::read(text.as_bytes());
            assert_eq!((context.created_at, context.known("x".into())), (0, known(Wording::Function, None, "x")));
        }
    }
}
