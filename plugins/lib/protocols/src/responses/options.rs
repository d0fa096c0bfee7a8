//! What a user may choose for one provider, where providers that speak this format disagree.

use crate::openai::model::{Class, class};
use crate::shared::options::{Choice as _, Rule, choices, each, options, schema};
use ccr_plugin::messages::effort::Effort;
use ccr_plugin::messages::json::{Value, Writer};
use ccr_plugin::{Fault, Settings};

#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) reasoning: Rule,
    pub(crate) max_effort: Effort,
    pub(crate) summary: Summary,
    pub(crate) web_search: WebSearch,
    pub(crate) prompt_cache_key: bool,
}

options! { Options {
    reasoning: "Whether the model reasons: it then gets reasoning effort and its earlier reasoning, and no temperature. auto: by the model's name (o1, o3, o4, GPT-5); say always for Azure deployments with names of their own.",
    max_effort: "The highest reasoning effort that the model knows; high unless given.",
    summary: "The summary of its reasoning that the model is asked for when the request wants thinking. OpenAI shows it to verified organizations only: say off if yours is not.",
    web_search: "What Anthropic's web search tool becomes; off leaves it out.",
    prompt_cache_key: "Whether the session's id is sent as prompt_cache_key, so that a conversation finds its cache again; true unless given.",
} }

choices! { Summary { #[default] Auto = "auto", Concise = "concise", Detailed = "detailed", Off = "off" } }

choices! { WebSearch { #[default] Current = "web_search", Preview = "web_search_preview", Off = "off" } }

impl Summary {
    /// What it is called on the wire, if one is asked for.
    pub(crate) fn wire(self) -> Option<&'static str> {
        (self != Self::Off).then(|| self.name())
    }
}

impl WebSearch {
    /// The type of the tool on the wire, if it is sent.
    pub(crate) fn wire(self) -> Option<&'static str> {
        (self != Self::Off).then(|| self.name())
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            reasoning: Rule::default(),
            // Only some of OpenAI's models know `xhigh`; the others answer it with a 400.
            max_effort: Effort::High,
            summary: Summary::default(),
            web_search: WebSearch::default(),
            prompt_cache_key: true,
        }
    }
}

impl Options {
    pub(crate) fn schema() -> String {
        schema(Self::properties)
    }

    pub(crate) fn read(settings: &Settings) -> Result<Self, Fault> {
        let mut options = Self::default();
        each(settings, |name, value| options.set(name, value))?;
        Ok(options)
    }

    pub(crate) fn reasons(&self, model: &str) -> bool {
        self.reasoning.or(class(model) == Class::Reasoning)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    #[test]
    fn a_mistyped_option_is_named() {
        let fault = Options::read(&Settings::of(r#"{"sumary": "off"}"#)).unwrap_err();
        assert!(matches!(fault, Fault::Other(message) if message.contains("sumary")));
    }
}
