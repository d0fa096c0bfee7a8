//! What a user may choose for one provider, where providers that speak this format disagree.

use crate::shared::options::{Choices, each, fits, flag, one_of, unknown};
use ccr_plugin::messages::effort::Effort;
use ccr_plugin::messages::json::Value;
use ccr_plugin::{Fault, Settings};

/// JSON Schema of [`Options`], which the host checks the config with.
pub(crate) const SCHEMA: &str = r#"{
  "type": "object",
  "properties": {
    "max_tokens_field": {
      "enum": ["auto", "max_tokens", "max_completion_tokens"],
      "description": "The field that carries the limit of output tokens. auto: max_completion_tokens for OpenAI's reasoning models, else max_tokens."
    },
    "reasoning": {
      "enum": ["off", "reasoning_content", "reasoning", "reasoning_details"],
      "description": "Where earlier reasoning goes. off: it is left out. reasoning_content: into that field of the assistant's messages, as DeepSeek and Kimi demand it in thinking mode. reasoning: into the field of that name, where there is some. reasoning_details: signed and encrypted reasoning into that list, as OpenRouter and Vercel take it, other reasoning into reasoning; Claude gets only what it signed."
    },
    "reasoning_effort": {
      "enum": ["auto", "always", "never"],
      "description": "When reasoning_effort is sent. auto: only to OpenAI's reasoning models."
    },
    "max_effort": {
      "enum": ["low", "medium", "high", "xhigh"],
      "description": "The highest reasoning_effort that the model knows; high unless given."
    },
    "empty_content": {
      "enum": ["null", "empty", "omit"],
      "description": "The content of an assistant message that only calls tools. null is OpenAI's own way; Ollama and LM Studio want empty, endpoints in front of Bedrock refuse empty."
    },
    "response_format": {
      "enum": ["json_schema", "json_object", "omit"],
      "description": "What a request for JSON output becomes; json_schema unless given."
    },
    "include_usage": {
      "type": "boolean",
      "description": "Whether token counts are asked for in streams (stream_options); true unless given."
    },
    "cache_control": {
      "type": "boolean",
      "description": "Whether Anthropic's cache_control is kept, on the parts of messages, on tools, and on the assistant's and the tools' messages, for gateways that hand it on; false unless given."
    },
    "max_tools": {
      "type": "integer",
      "minimum": 1,
      "description": "The most tools that the provider takes (OpenAI: 128). A request with more is refused with a message that says so, or see excess_tools. Not checked unless given."
    },
    "excess_tools": {
      "enum": ["refuse", "drop"],
      "description": "What happens to tools beyond max_tools. drop: the last ones are left out and noted, but not those that the conversation has calls of."
    },
    "default_max_tokens": {
      "type": "integer",
      "minimum": 1,
      "description": "The limit of output tokens where the client gives none; without this option none is sent then."
    },
    "images": {
      "enum": ["send", "omit"],
      "description": "omit: for models that take text only. A sentence stands in the place of every image."
    },
    "documents": {
      "enum": ["text", "file"],
      "description": "file: documents that are no text go as file parts, sounds as input_audio parts. text: a sentence stands in their places."
    },
    "prompt_cache_key": {
      "type": "boolean",
      "description": "Whether the session's id is sent as prompt_cache_key, which brings the requests of a session to the same cache at OpenAI; false unless given."
    },
    "schemas": {
      "enum": ["as_is", "openai_strict", "groq"],
      "description": "How the schemas of tools are written. openai_strict: compiled to the subset of OpenAI's strict mode, with strict: true. groq: to the subset that Groq accepts."
    }
  },
  "additionalProperties": false
}"#;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) max_tokens_field: MaxTokensField,
    pub(crate) reasoning: Replay,
    pub(crate) reasoning_effort: EffortRule,
    pub(crate) max_effort: Effort,
    pub(crate) empty_content: EmptyContent,
    pub(crate) response_format: ResponseFormat,
    pub(crate) include_usage: bool,
    pub(crate) cache_control: bool,
    pub(crate) max_tools: Option<usize>,
    pub(crate) drop_excess_tools: bool,
    pub(crate) default_max_tokens: Option<u64>,
    pub(crate) omit_images: bool,
    pub(crate) send_files: bool,
    pub(crate) prompt_cache_key: bool,
    pub(crate) schemas: Schemas,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum MaxTokensField {
    #[default]
    Auto,
    MaxTokens,
    MaxCompletionTokens,
}

/// Where the reasoning of earlier turns goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Replay {
    #[default]
    Off,
    ReasoningContent,
    Reasoning,
    Details,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum EffortRule {
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum EmptyContent {
    #[default]
    Null,
    Empty,
    Omit,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum ResponseFormat {
    #[default]
    JsonSchema,
    JsonObject,
    Omit,
}

/// How the schemas of tools are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Schemas {
    #[default]
    AsIs,
    OpenAiStrict,
    Groq,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_tokens_field: MaxTokensField::default(),
            reasoning: Replay::default(),
            reasoning_effort: EffortRule::default(),
            // Only some of OpenAI's models know `xhigh`; the others answer it with a 400.
            max_effort: Effort::High,
            empty_content: EmptyContent::default(),
            response_format: ResponseFormat::default(),
            include_usage: true,
            cache_control: false,
            max_tools: None,
            drop_excess_tools: false,
            default_max_tokens: None,
            omit_images: false,
            send_files: false,
            prompt_cache_key: false,
            schemas: Schemas::default(),
        }
    }
}

impl Options {
    pub(crate) fn read(settings: &Settings) -> Result<Self, Fault> {
        Self::read_beside(settings, |_, _| Ok(false))
    }

    /// Reads options among which may be others; `other` says whether one is.
    pub(crate) fn read_beside(
        settings: &Settings,
        mut other: impl FnMut(&str, Value<'_>) -> Result<bool, Fault>,
    ) -> Result<Self, Fault> {
        let mut options = Self::default();
        each(settings, |name, value| {
            let known = options.set(name, value)? || other(name, value)?;
            if known { Ok(()) } else { Err(unknown(name)) }
        })?;
        Ok(options)
    }

    /// The options with the hints for one request laid over them. What is no option is a hint for somebody else.
    pub(crate) fn with(&self, hints: Value<'_>) -> Result<Self, Fault> {
        let mut options = self.clone();
        for (name, value) in hints.members() {
            // A client's request without a limit says so under the name of the option for it (see `params`).
            if !(name == "default_max_tokens" && value.as_bool().is_some()) {
                options.set(&name.decode(), value)?;
            }
        }
        Ok(options)
    }

    /// Whether a chat completion request of a client's own goes as it is. Options that say how a *translated* request is written
    /// count as edits, too, where they are set: the user had a reason.
    pub(crate) fn leave_alone(&self, request: Value<'_>) -> bool {
        let many = || request.get("tools").map_or(0, Value::len);
        if self.max_tools.is_some_and(|most| many() > most) {
            return false;
        }
        let default = Self::default();
        // Marks that a client sets itself are for a provider that knows them.
        let plain = Self { max_tools: default.max_tools, cache_control: default.cache_control, ..self.clone() };
        plain == default
    }

    /// Whether there is such an option.
    fn set(&mut self, name: &str, value: Value<'_>) -> Result<bool, Fault> {
        match name {
            "max_tokens_field" => self.max_tokens_field = one_of(name, value, MAX_TOKENS_FIELDS)?,
            "reasoning" => self.reasoning = one_of(name, value, REPLAYS)?,
            "reasoning_effort" => self.reasoning_effort = one_of(name, value, EFFORT_RULES)?,
            "max_effort" => self.max_effort = one_of(name, value, EFFORTS)?,
            "empty_content" => self.empty_content = one_of(name, value, EMPTY_CONTENTS)?,
            "response_format" => self.response_format = one_of(name, value, RESPONSE_FORMATS)?,
            "include_usage" => self.include_usage = flag(name, value)?,
            "cache_control" => self.cache_control = flag(name, value)?,
            "max_tools" => {
                let most = value.as_u64().and_then(|most| usize::try_from(most).ok());
                self.max_tools = Some(fits(name, most, "a number of tools")?);
            }
            "excess_tools" => self.drop_excess_tools = one_of(name, value, &[("refuse", false), ("drop", true)])?,
            "default_max_tokens" => {
                let limit = value.as_u64().filter(|limit| *limit > 0);
                self.default_max_tokens = Some(fits(name, limit, "a number of tokens")?);
            }
            "images" => self.omit_images = one_of(name, value, &[("send", false), ("omit", true)])?,
            "documents" => self.send_files = one_of(name, value, &[("text", false), ("file", true)])?,
            "prompt_cache_key" => self.prompt_cache_key = flag(name, value)?,
            "schemas" => self.schemas = one_of(name, value, SCHEMAS)?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

const MAX_TOKENS_FIELDS: Choices<MaxTokensField> = &[
    ("auto", MaxTokensField::Auto),
    ("max_tokens", MaxTokensField::MaxTokens),
    ("max_completion_tokens", MaxTokensField::MaxCompletionTokens),
];
const REPLAYS: Choices<Replay> = &[
    ("off", Replay::Off),
    ("reasoning_content", Replay::ReasoningContent),
    ("reasoning", Replay::Reasoning),
    ("reasoning_details", Replay::Details),
];
const SCHEMAS: Choices<Schemas> =
    &[("as_is", Schemas::AsIs), ("openai_strict", Schemas::OpenAiStrict), ("groq", Schemas::Groq)];
const EFFORT_RULES: Choices<EffortRule> =
    &[("auto", EffortRule::Auto), ("always", EffortRule::Always), ("never", EffortRule::Never)];
const EFFORTS: Choices<Effort> =
    &[("low", Effort::Low), ("medium", Effort::Medium), ("high", Effort::High), ("xhigh", Effort::Xhigh)];
const EMPTY_CONTENTS: Choices<EmptyContent> =
    &[("null", EmptyContent::Null), ("empty", EmptyContent::Empty), ("omit", EmptyContent::Omit)];
const RESPONSE_FORMATS: Choices<ResponseFormat> = &[
    ("json_schema", ResponseFormat::JsonSchema),
    ("json_object", ResponseFormat::JsonObject),
    ("omit", ResponseFormat::Omit),
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use crate::shared::options::testing::agree;
    use serde_json::json;

    #[test]
    fn the_schema_and_the_reader_agree() {
        // One for each field of `Options`.
        agree(SCHEMA, Options::read, 15, |_, _| vec![json!(1), json!(128)]);
    }
}
