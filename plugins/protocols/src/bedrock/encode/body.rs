//! The top level of the inner request: which fields are known, and what happens to the others.

use crate::shared::notes::Notes;
use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Kind, Value};

/// The fields that have a counterpart. `null` is read as absent.
#[derive(Debug, Default)]
pub(super) struct Body<'d> {
    pub(super) system: Option<Value<'d>>,
    pub(super) messages: Option<Value<'d>>,
    pub(super) tools: Option<Value<'d>>,
    pub(super) tool_choice: Option<Value<'d>>,
    pub(super) max_tokens: Option<Value<'d>>,
    pub(super) temperature: Option<Value<'d>>,
    pub(super) top_p: Option<Value<'d>>,
    pub(super) top_k: Option<Value<'d>>,
    pub(super) stop_sequences: Option<Value<'d>>,
    stream: Option<Value<'d>>,
    pub(super) thinking: Option<Value<'d>>,
    pub(super) output_config: Option<Value<'d>>,
    pub(super) output_format: Option<Value<'d>>,
    pub(super) betas: Option<Value<'d>>,
    ccr: Option<Value<'d>>,
}

/// Fields that are left out without a note, as nothing of the request's meaning goes with them: `model` is the target's,
/// `metadata` says who asks, `thread` is the host's.
const SILENT: &[&str] = &["model", "metadata", "thread"];

impl<'d> Body<'d> {
    pub(super) fn read(root: Value<'d>, notes: &mut Notes) -> Result<Self, Fault> {
        if root.kind() != Kind::Object {
            return Err(Fault::invalid("The request must be a JSON object with `messages`."));
        }
        let mut body = Self::default();
        for (key, value) in root.members().filter(|(_, value)| !value.is_null()) {
            let key = key.decode();
            match body.field(&key) {
                Some(field) => *field = Some(value),
                // `context_management`, `container`, `mcp_servers`, `service_tier` and whatever comes next: Bedrock refuses
                // fields that it does not know.
                None if !SILENT.contains(&&*key) => notes.dropped(key.into_owned()),
                None => {}
            }
        }
        Ok(body)
    }

    fn field(&mut self, key: &str) -> Option<&mut Option<Value<'d>>> {
        Some(match key {
            "system" => &mut self.system,
            "messages" => &mut self.messages,
            "tools" => &mut self.tools,
            "tool_choice" => &mut self.tool_choice,
            "max_tokens" => &mut self.max_tokens,
            "temperature" => &mut self.temperature,
            "top_p" => &mut self.top_p,
            "top_k" => &mut self.top_k,
            "stop_sequences" => &mut self.stop_sequences,
            "stream" => &mut self.stream,
            "thinking" => &mut self.thinking,
            "output_config" => &mut self.output_config,
            "output_format" => &mut self.output_format,
            "betas" => &mut self.betas,
            "ccr" => &mut self.ccr,
            _ => return None,
        })
    }

    pub(super) fn streams(&self) -> bool {
        self.stream.and_then(Value::as_bool) == Some(true)
    }

    /// A member of `ccr`, the gateway's own.
    pub(super) fn own(&self, name: &str) -> Option<Value<'d>> {
        self.ccr?.get(name)
    }

    /// Parameters of other formats that Anthropic's has no place for, and members of the wire body that transformers ask for.
    pub(super) fn params(&self) -> Params<'d> {
        Params { of_client: self.own("params"), of_transformers: self.own("extra") }
    }

    pub(super) fn thinking_is(&self, kind: &str) -> bool {
        self.thinking.and_then(|thinking| thinking.get("type")?.as_str()).is_some_and(|is| is == kind)
    }

    /// `output_config.effort`, one of Anthropic's words.
    pub(super) fn effort(&self) -> Option<Value<'d>> {
        self.output_config?.get("effort").filter(|effort| effort.kind() == Kind::String)
    }
}

/// What came beside Anthropic's own fields; see `extra`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Params<'d> {
    pub(super) of_client: Option<Value<'d>>,
    pub(super) of_transformers: Option<Value<'d>>,
}
