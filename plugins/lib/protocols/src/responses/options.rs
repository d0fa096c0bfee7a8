//! What a user may choose for one provider, where providers that speak this format disagree.

use crate::openai::model::{Class, class};
use crate::shared::options::{Choices, each, flag, one_of, unknown};
use ccr_plugin::messages::effort::Effort;
use ccr_plugin::messages::json::Value;
use ccr_plugin::{Fault, Settings};

/// JSON Schema of [`Options`], which the host checks the config with.
pub(crate) const SCHEMA: &str = r#"{
  "type": "object",
  "properties": {
    "reasoning": {
      "enum": ["auto", "always", "never"],
      "description": "Whether the model reasons: it then gets reasoning effort and its earlier reasoning, and no temperature. auto: by the model's name (o1, o3, o4, GPT-5); say always for Azure deployments with names of their own."
    },
    "max_effort": {
      "enum": ["low", "medium", "high", "xhigh"],
      "description": "The highest reasoning effort that the model knows; high unless given."
    },
    "summary": {
      "enum": ["auto", "concise", "detailed", "off"],
      "description": "The summary of its reasoning that the model is asked for when the request wants thinking. OpenAI shows it to verified organizations only: say off if yours is not."
    },
    "web_search": {
      "enum": ["web_search", "web_search_preview", "off"],
      "description": "What Anthropic's web search tool becomes; off leaves it out."
    },
    "prompt_cache_key": {
      "type": "boolean",
      "description": "Whether the session's id is sent as prompt_cache_key, so that a conversation finds its cache again; true unless given."
    }
  },
  "additionalProperties": false
}"#;

#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) reasoning: ReasoningRule,
    pub(crate) max_effort: Effort,
    pub(crate) summary: Option<&'static str>,
    pub(crate) web_search: Option<&'static str>,
    pub(crate) prompt_cache_key: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum ReasoningRule {
    #[default]
    Auto,
    Always,
    Never,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            reasoning: ReasoningRule::default(),
            // Only some of OpenAI's models know `xhigh`; the others answer it with a 400.
            max_effort: Effort::High,
            summary: Some("auto"),
            web_search: Some("web_search"),
            prompt_cache_key: true,
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
            "reasoning" => self.reasoning = one_of(name, value, REASONING_RULES)?,
            "max_effort" => self.max_effort = one_of(name, value, EFFORTS)?,
            "summary" => self.summary = one_of(name, value, SUMMARIES)?,
            "web_search" => self.web_search = one_of(name, value, WEB_SEARCHES)?,
            "prompt_cache_key" => self.prompt_cache_key = flag(name, value)?,
            _ => return Err(unknown(name)),
        }
        Ok(())
    }

    pub(crate) fn reasons(&self, model: &str) -> bool {
        match self.reasoning {
            ReasoningRule::Auto => class(model) == Class::Reasoning,
            ReasoningRule::Always => true,
            ReasoningRule::Never => false,
        }
    }
}

const REASONING_RULES: Choices<ReasoningRule> =
    &[("auto", ReasoningRule::Auto), ("always", ReasoningRule::Always), ("never", ReasoningRule::Never)];
const EFFORTS: Choices<Effort> =
    &[("low", Effort::Low), ("medium", Effort::Medium), ("high", Effort::High), ("xhigh", Effort::Xhigh)];
const SUMMARIES: Choices<Option<&'static str>> =
    &[("auto", Some("auto")), ("concise", Some("concise")), ("detailed", Some("detailed")), ("off", None)];
const WEB_SEARCHES: Choices<Option<&'static str>> =
    &[("web_search", Some("web_search")), ("web_search_preview", Some("web_search_preview")), ("off", None)];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use crate::shared::options::testing::agree;

    #[test]
    fn the_schema_and_the_reader_agree() {
        // One for each field of `Options`.
        agree(SCHEMA, Options::read, 5, |_, _| Vec::new());
    }

    #[test]
    fn a_mistyped_option_is_named() {
        let fault = Options::read(&Settings::of(r#"{"sumary": "off"}"#)).unwrap_err();
        assert!(matches!(fault, Fault::Other(message) if message.contains("sumary")));
    }
}
