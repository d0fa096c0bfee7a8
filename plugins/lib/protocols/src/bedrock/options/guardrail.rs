//! The option `guardrail`, and `guardrailConfig`, which it becomes.

use crate::shared::options::{Choice, Setting, choices, one_of, write_enum};
use ccr_plugin::messages::json::{Str, Value, Writer};

#[derive(Debug)]
pub(crate) struct Guardrail {
    identifier: String,
    version: String,
    trace: Option<Trace>,
    stream_mode: Option<StreamMode>,
}

choices! { Trace { #[default] Enabled = "enabled", Disabled = "disabled", Full = "enabled_full" } }

choices! {
    /// Whether streamed text waits until it has been checked.
    StreamMode { #[default] Sync = "sync", Async = "async" }
}

impl Setting for Option<Guardrail> {
    fn schema(out: &mut Writer) {
        out.key("type").string("object").key("properties").begin_object();
        out.key("identifier").begin_object().key("type").string("string").end_object();
        out.key("version").begin_object().key("type").string("string");
        out.key("description").string("A number, or DRAFT.").end_object();
        out.key("trace").begin_object();
        write_enum(Trace::NAMES, out);
        out.end_object().key("stream_mode").begin_object();
        write_enum(StreamMode::NAMES, out);
        out.key("description").string("Whether streamed text waits until it has been checked.").end_object();
        out.end_object().key("required").begin_array().string("identifier").string("version").end_array();
        out.key("additionalProperties").bool(false);
    }

    fn read(value: Value<'_>) -> Result<Self, String> {
        let (mut identifier, mut version, mut trace, mut stream_mode) = (None, None, None, None);
        for (key, value) in value.members() {
            match &*key.decode() {
                "identifier" => identifier = value.as_str().map(Str::decode),
                "version" => version = value.as_str().map(Str::decode),
                "trace" => trace = Some(one_of(value, Trace::NAMES).map_err(|known| within("trace", &known))?),
                "stream_mode" => {
                    stream_mode =
                        Some(one_of(value, StreamMode::NAMES).map_err(|known| within("stream_mode", &known))?);
                }
                other => return Err(format!("without `guardrail.{other}`, which is not an option")),
            }
        }
        let needed = identifier.zip(version).map(|(id, version)| (id.into_owned(), version.into_owned()));
        let (identifier, version) = needed.ok_or("an object with `identifier` and `version`")?;
        Ok(Some(Guardrail { identifier, version, trace, stream_mode }))
    }
}

fn within(member: &str, known: &str) -> String {
    format!("an object whose `{member}` is {known}")
}

impl Guardrail {
    pub(crate) fn write(&self, streaming: bool, out: &mut Writer) {
        out.key("guardrailConfig").begin_object();
        out.key("guardrailIdentifier").string(&self.identifier).key("guardrailVersion").string(&self.version);
        if let Some(trace) = self.trace {
            out.key("trace").string(trace.name());
        }
        // Converse itself refuses a mode.
        if let Some(mode) = self.stream_mode.filter(|_| streaming) {
            out.key("streamProcessingMode").string(mode.name());
        }
        out.end_object();
    }
}
