//! What a user may choose for one provider: what Bedrock offers beside the model, and what cannot be told from a model's id.

mod guardrail;

use crate::bedrock::family::Family;
use crate::shared::options::{Choices, each, fits, one_of, unknown};
use ccr_plugin::messages::json::{Kind, Value};
use ccr_plugin::{Fault, Settings};
pub(crate) use guardrail::Guardrail;

/// JSON Schema of [`Options`], which the host checks the config with.
pub(crate) const SCHEMA: &str = r#"{
  "type": "object",
  "properties": {
    "family": {
      "enum": ["auto", "claude", "nova", "openai", "gpt-oss", "kimi", "other"],
      "description": "Whose model it is. auto: by the model's id; say it for application inference profiles and imported models, whose ids do not tell."
    },
    "prompt_caching": {
      "enum": ["auto", "always", "never"],
      "description": "Whether Anthropic's cache_control becomes Bedrock's cachePoint. auto: for the Claude and Nova models that can cache."
    },
    "replay_reasoning": {
      "enum": ["auto", "always", "never"],
      "description": "Whether a model gets its earlier reasoning back. auto: Claude, Nova and OpenAI's closed models."
    },
    "structured_output": {
      "enum": ["json_schema", "omit"],
      "description": "What a request for JSON output becomes; say omit for models that Bedrock does not offer it for."
    },
    "latency": {
      "enum": ["standard", "optimized"],
      "description": "performanceConfig.latency; not sent unless given."
    },
    "service_tier": {
      "enum": ["default", "priority", "flex", "reserved"],
      "description": "serviceTier; not sent unless given."
    },
    "guardrail": {
      "type": "object",
      "properties": {
        "identifier": { "type": "string" },
        "version": { "type": "string", "description": "A number, or DRAFT." },
        "trace": { "enum": ["enabled", "disabled", "enabled_full"] },
        "stream_mode": { "enum": ["sync", "async"], "description": "Whether streamed text waits until it has been checked." }
      },
      "required": ["identifier", "version"],
      "additionalProperties": false,
      "description": "The guardrail that every request passes through (guardrailConfig)."
    },
    "request_metadata": {
      "type": "object",
      "additionalProperties": { "type": "string" },
      "description": "Pairs by which invocation logs can be filtered (requestMetadata); 16 at the most."
    },
    "anthropic_beta": {
      "type": "array",
      "items": { "type": "string" },
      "description": "Betas of Anthropic's that are switched on in every request to Claude, beside those that the client asks for and Bedrock knows."
    },
    "additional_fields": {
      "type": "object",
      "description": "Further members of additionalModelRequestFields, as the model's own documentation names them. They win over what the plugin writes there."
    }
  },
  "additionalProperties": false
}"#;

#[derive(Debug, Default)]
pub(crate) struct Options {
    pub(crate) family: Option<Family>,
    pub(crate) prompt_caching: Rule,
    pub(crate) replay_reasoning: Rule,
    pub(crate) omit_structured_output: bool,
    pub(crate) latency: Option<&'static str>,
    pub(crate) service_tier: Option<&'static str>,
    pub(crate) guardrail: Option<Guardrail>,
    /// A JSON object of strings.
    pub(crate) request_metadata: Option<String>,
    pub(crate) anthropic_beta: Vec<String>,
    /// A JSON object.
    pub(crate) additional_fields: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Rule {
    #[default]
    Auto,
    Always,
    Never,
}

impl Rule {
    /// What it comes to, if `auto` is this.
    pub(crate) fn or(self, auto: bool) -> bool {
        match self {
            Self::Auto => auto,
            Self::Always => true,
            Self::Never => false,
        }
    }
}

impl Options {
    pub(crate) fn read(settings: &Settings) -> Result<Self, Fault> {
        let mut options = Self::default();
        each(settings, |name, value| options.set(name, value))?;
        Ok(options)
    }

    fn set(&mut self, name: &str, value: Value<'_>) -> Result<(), Fault> {
        match name {
            "family" => self.family = one_of(name, value, FAMILIES)?,
            "prompt_caching" => self.prompt_caching = one_of(name, value, RULES)?,
            "replay_reasoning" => self.replay_reasoning = one_of(name, value, RULES)?,
            "structured_output" => self.omit_structured_output = one_of(name, value, STRUCTURED_OUTPUTS)?,
            "latency" => self.latency = one_of(name, value, LATENCIES)?,
            "service_tier" => self.service_tier = one_of(name, value, SERVICE_TIERS)?,
            "guardrail" => self.guardrail = Some(Guardrail::read(value)?),
            "request_metadata" => {
                let fits = value.kind() == Kind::Object && value.members().all(|(_, text)| text.kind() == Kind::String);
                self.request_metadata = Some(object(name, value, fits, "an object of strings")?);
            }
            "additional_fields" => {
                let fits = value.kind() == Kind::Object;
                self.additional_fields = Some(object(name, value, fits, "an object")?);
            }
            "anthropic_beta" => {
                let strings = value.kind() == Kind::Array && value.items().all(|beta| beta.kind() == Kind::String);
                fits(name, strings.then_some(()), "a list of strings")?;
                let betas = value.items().filter_map(Value::as_str);
                self.anthropic_beta = betas.map(|beta| beta.decode().into_owned()).collect();
            }
            _ => return Err(unknown(name)),
        }
        Ok(())
    }
}

const FAMILIES: Choices<Option<Family>> = &[
    ("auto", None),
    ("claude", Some(Family::Claude)),
    ("nova", Some(Family::Nova)),
    ("openai", Some(Family::OpenAi)),
    ("gpt-oss", Some(Family::GptOss)),
    ("kimi", Some(Family::Kimi)),
    ("other", Some(Family::Other)),
];
const RULES: Choices<Rule> = &[("auto", Rule::Auto), ("always", Rule::Always), ("never", Rule::Never)];
const STRUCTURED_OUTPUTS: Choices<bool> = &[("json_schema", false), ("omit", true)];
const LATENCIES: Choices<Option<&'static str>> = &[("standard", Some("standard")), ("optimized", Some("optimized"))];
const SERVICE_TIERS: Choices<Option<&'static str>> = &[
    ("default", Some("default")),
    ("priority", Some("priority")),
    ("flex", Some("flex")),
    ("reserved", Some("reserved")),
];

fn object(name: &str, value: Value<'_>, good: bool, expected: &str) -> Result<String, Fault> {
    fits(name, good.then(|| value.raw().to_owned()), expected)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use crate::shared::options::testing::agree;
    use serde_json::json;

    #[test]
    fn the_schema_and_the_reader_agree() {
        let others = |name: &str, _: &serde_json::Value| match name {
            "guardrail" => vec![json!({"identifier": "g", "version": "1"})],
            "anthropic_beta" => vec![json!([]), json!(["a"])],
            _ => vec![json!({}), json!({"a": "b"})],
        };
        // One for each field of `Options`.
        agree(SCHEMA, Options::read, 10, others);
    }

    #[test]
    fn a_mistyped_option_is_named() {
        for (json, name) in [
            (r#"{"famly": "claude"}"#, "famly"),
            (r#"{"guardrail": {"identifier": "g", "versoin": "1"}}"#, "guardrail.versoin"),
            (r#"{"guardrail": {"identifier": "g"}}"#, "guardrail"),
            (r#"{"request_metadata": {"team": 1}}"#, "request_metadata"),
        ] {
            let fault = Options::read(&Settings::of(json)).unwrap_err();
            assert!(matches!(fault, Fault::Other(message) if message.contains(name)), "{json}");
        }
    }
}
