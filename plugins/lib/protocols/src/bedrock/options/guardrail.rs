//! The option `guardrail`, and `guardrailConfig`, which it becomes.

use crate::shared::options::{Choices, fits, one_of, unknown};
use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Str, Value, Writer};

#[derive(Debug)]
pub(crate) struct Guardrail {
    identifier: String,
    version: String,
    trace: Option<&'static str>,
    stream_mode: Option<&'static str>,
}

const TRACES: Choices<&str> = &[("enabled", "enabled"), ("disabled", "disabled"), ("enabled_full", "enabled_full")];
const STREAM_MODES: Choices<&str> = &[("sync", "sync"), ("async", "async")];

impl Guardrail {
    pub(super) fn read(value: Value<'_>) -> Result<Self, Fault> {
        let (mut identifier, mut version, mut trace, mut stream_mode) = (None, None, None, None);
        for (key, value) in value.members() {
            match &*key.decode() {
                "identifier" => identifier = value.as_str().map(Str::decode),
                "version" => version = value.as_str().map(Str::decode),
                "trace" => trace = Some(one_of("guardrail.trace", value, TRACES)?),
                "stream_mode" => stream_mode = Some(one_of("guardrail.stream_mode", value, STREAM_MODES)?),
                other => return Err(unknown(&format!("guardrail.{other}"))),
            }
        }
        let needed = identifier.zip(version).map(|(id, version)| (id.into_owned(), version.into_owned()));
        let (identifier, version) = fits("guardrail", needed, "an object with `identifier` and `version`")?;
        Ok(Self { identifier, version, trace, stream_mode })
    }

    pub(crate) fn write(&self, streaming: bool, out: &mut Writer) {
        out.key("guardrailConfig").begin_object();
        out.key("guardrailIdentifier").string(&self.identifier).key("guardrailVersion").string(&self.version);
        if let Some(trace) = self.trace {
            out.key("trace").string(trace);
        }
        // Converse itself refuses a mode.
        if let Some(mode) = self.stream_mode.filter(|_| streaming) {
            out.key("streamProcessingMode").string(mode);
        }
        out.end_object();
    }
}
