//! What a user may choose for one provider, where providers that speak this format disagree.
//!
//! Read with the span reader that the plugin has anyway: serde's readers would make the component half as large again, and
//! the host has checked the options against the schema before they come here.

use crate::openai::model::{Class, class};
use ccr_plugin::messages::json::{Document, Value};
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

/// Steps of reasoning effort, from little to much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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
        let document =
            Document::parse(settings.json().as_bytes()).map_err(|error| Fault::own(format!("options: {error}")))?;
        for (name, value) in document.root().members() {
            options.set(&name.decode(), value)?;
        }
        Ok(options)
    }

    fn set(&mut self, name: &str, value: Value<'_>) -> Result<(), Fault> {
        match name {
            "reasoning" => self.reasoning = one_of(name, value, REASONING_RULES)?,
            "max_effort" => self.max_effort = one_of(name, value, EFFORTS)?,
            "summary" => self.summary = one_of(name, value, SUMMARIES)?,
            "web_search" => self.web_search = one_of(name, value, WEB_SEARCHES)?,
            "prompt_cache_key" => self.prompt_cache_key = fits(name, value.as_bool(), "true or false")?,
            _ => return Err(Fault::own(format!("options: `{name}` is not an option; see the plugin's README"))),
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

/// The ways to write a choice.
type Choices<T> = &'static [(&'static str, T)];

const REASONING_RULES: Choices<ReasoningRule> =
    &[("auto", ReasoningRule::Auto), ("always", ReasoningRule::Always), ("never", ReasoningRule::Never)];
const EFFORTS: Choices<Effort> =
    &[("low", Effort::Low), ("medium", Effort::Medium), ("high", Effort::High), ("xhigh", Effort::Xhigh)];
const SUMMARIES: Choices<Option<&'static str>> =
    &[("auto", Some("auto")), ("concise", Some("concise")), ("detailed", Some("detailed")), ("off", None)];
const WEB_SEARCHES: Choices<Option<&'static str>> =
    &[("web_search", Some("web_search")), ("web_search_preview", Some("web_search_preview")), ("off", None)];

fn one_of<T: Copy>(name: &str, value: Value<'_>, choices: Choices<T>) -> Result<T, Fault> {
    let written = value.as_str();
    let choice = choices.iter().find(|(choice, _)| written.is_some_and(|written| written == **choice));
    let known: Vec<_> = choices.iter().map(|(choice, _)| *choice).collect();
    fits(name, choice.map(|(_, meaning)| *meaning), &known.join(" or "))
}

fn fits<T>(name: &str, value: Option<T>, expected: &str) -> Result<T, Fault> {
    value.ok_or_else(|| Fault::own(format!("options: `{name}` must be {expected}")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use serde_json::json;

    /// Every value that the schema allows is understood, and every option is in the schema.
    #[test]
    fn the_schema_and_the_reader_agree() {
        let schema: serde_json::Value = serde_json::from_str(SCHEMA).unwrap();
        let properties = schema["properties"].as_object().unwrap();
        for (name, property) in properties {
            let values = property["enum"].as_array().cloned().unwrap_or_else(|| vec![json!(true), json!(false)]);
            for value in values {
                let settings = Settings::of(json!({ name: value }).to_string());
                assert!(Options::read(&settings).is_ok(), "{name}: {value}");
            }
            let wrong = Settings::of(json!({ name: {} }).to_string());
            let fault = Options::read(&wrong).unwrap_err();
            assert!(matches!(fault, Fault::Other(message) if message.contains(name)));
        }
        // One for each field of `Options`.
        assert_eq!(properties.len(), 5);
    }

    #[test]
    fn a_mistyped_option_is_named() {
        let fault = Options::read(&Settings::of(r#"{"sumary": "off"}"#)).unwrap_err();
        assert!(matches!(fault, Fault::Other(message) if message.contains("sumary")));
    }
}
