//! The top level of the inner request: which fields are known, and what happens to the others.

use super::hints::Hints;
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
    pub(super) stream: Option<Value<'d>>,
    pub(super) thinking: Option<Value<'d>>,
    pub(super) output_config: Option<Value<'d>>,
    pub(super) output_format: Option<Value<'d>>,
    pub(super) service_tier: Option<Value<'d>>,
    pub(super) hints: Hints<'d>,
}

/// Fields that are left out without a note, as nothing of the request's meaning goes with them: `model` is the target's,
/// `metadata` says who asks, `betas` only switches on other fields, `thread` is the host's.
const SILENT: &[&str] = &["model", "metadata", "betas", "thread"];

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
                None if &*key == "ccr" => body.hints = Hints::read(value),
                None if SILENT.contains(&&*key) || (&*key == "stop_sequences" && value.is_empty()) => {}
                // `stop_sequences`, `top_k`, `context_management`, `container`, `mcp_servers` and whatever comes next: OpenAI
                // refuses fields that it does not know.
                None => notes.dropped(key.into_owned()),
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
            "stream" => &mut self.stream,
            "thinking" => &mut self.thinking,
            "output_config" => &mut self.output_config,
            "output_format" => &mut self.output_format,
            "service_tier" => &mut self.service_tier,
            _ => return None,
        })
    }

    pub(super) fn thinks(&self) -> Thinks {
        let kind = self.thinking.and_then(|thinking| thinking.get("type")?.as_str());
        match kind {
            None => Thinks::Unsaid,
            Some(kind) if kind == "disabled" => Thinks::No,
            Some(_) => Thinks::Yes,
        }
    }
}

/// Whether the client wants thinking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thinks {
    Yes,
    No,
    Unsaid,
}
