//! What a user may choose for one provider, where providers that speak this format disagree.

use ccr_plugin::{Fault, Settings};
use serde::Deserialize;

/// JSON Schema of [`Options`], which the host checks the config with.
pub(crate) const SCHEMA: &str = r#"{
  "type": "object",
  "properties": {
    "max_tokens_field": {
      "enum": ["auto", "max_tokens", "max_completion_tokens"],
      "description": "The field that carries the limit of output tokens. auto: max_completion_tokens for OpenAI's reasoning models, else max_tokens."
    },
    "reasoning": {
      "enum": ["off", "reasoning_content"],
      "description": "Where earlier reasoning goes. off: it is left out. reasoning_content: into that field of the assistant's messages, as DeepSeek and Kimi demand it in thinking mode."
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
    "max_tools": {
      "type": "integer",
      "minimum": 1,
      "description": "The most tools that the provider takes (OpenAI: 128). A request with more is refused with a message that says so. Not checked unless given."
    }
  },
  "additionalProperties": false
}"#;

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Options {
    pub(crate) max_tokens_field: MaxTokensField,
    pub(crate) reasoning: Replay,
    pub(crate) reasoning_effort: EffortRule,
    pub(crate) max_effort: Effort,
    pub(crate) empty_content: EmptyContent,
    pub(crate) response_format: ResponseFormat,
    pub(crate) include_usage: bool,
    pub(crate) max_tools: Option<usize>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MaxTokensField {
    #[default]
    Auto,
    MaxTokens,
    MaxCompletionTokens,
}

/// Where the reasoning of earlier turns goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Replay {
    #[default]
    Off,
    ReasoningContent,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EffortRule {
    #[default]
    Auto,
    Always,
    Never,
}

/// Steps of `reasoning_effort`, from little to much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Effort {
    Low,
    Medium,
    High,
    Xhigh,
}

impl Effort {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Xhigh => "xhigh",
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EmptyContent {
    #[default]
    Null,
    Empty,
    Omit,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ResponseFormat {
    #[default]
    JsonSchema,
    JsonObject,
    Omit,
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
            max_tools: None,
        }
    }
}

impl Options {
    pub(crate) fn read(settings: &Settings) -> Result<Self, Fault> {
        match settings.json() {
            // Most providers have no options: they pay for no parser.
            "{}" | "" => Ok(Self::default()),
            _ => settings.parse(),
        }
    }
}
