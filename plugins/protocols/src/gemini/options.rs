//! What a user may choose for one provider.
//!
//! Read with the span reader that the plugin has anyway: serde's readers would make the component half as large again, and
//! the host has checked the options against the schema before they come here.

use ccr_plugin::messages::json::{Document, Kind, Value};
use ccr_plugin::{Fault, Settings};

/// JSON Schema of [`Options`], which the host checks the config with.
pub(crate) const SCHEMA: &str = r#"{
  "type": "object",
  "properties": {
    "thinking": {
      "enum": ["auto", "budget", "level", "omit"],
      "description": "How the model is told how much to think. auto: by its name, thinkingLevel for Gemini 3 and thinkingBudget for others, nothing for models that do not think. omit: not at all."
    },
    "missing_signature": {
      "enum": ["auto", "always", "never"],
      "description": "When a tool call without a thought signature is marked as one that needs none. auto: unless the model is older than Gemini 3, which does not ask for signatures."
    },
    "call_ids": {
      "type": "boolean",
      "description": "Whether ids of tool calls are sent; true unless given. Some endpoints that imitate Gemini refuse them."
    },
    "web_search": {
      "enum": ["google_search", "omit"],
      "description": "What the server tool web_search becomes; google_search unless given."
    },
    "safety_settings": {
      "type": "array",
      "items": {
        "type": "object",
        "properties": { "category": { "type": "string" }, "threshold": { "type": "string" } },
        "required": ["category", "threshold"]
      },
      "description": "Sent as safetySettings, as they are. Google's own settings hold unless given."
    }
  },
  "additionalProperties": false
}"#;

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) thinking: ThinkingRule,
    pub(crate) missing_signature: SignatureRule,
    pub(crate) call_ids: bool,
    pub(crate) google_search: bool,
    /// JSON text of an array.
    pub(crate) safety_settings: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ThinkingRule {
    Auto,
    Budget,
    Level,
    Omit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignatureRule {
    Auto,
    Always,
    Never,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            thinking: ThinkingRule::Auto,
            missing_signature: SignatureRule::Auto,
            call_ids: true,
            google_search: true,
            safety_settings: None,
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

    /// Whether they ask for anything but what a client's own request says.
    pub(crate) fn edits(&self) -> bool {
        *self != Self::default()
    }

    fn set(&mut self, name: &str, value: Value<'_>) -> Result<(), Fault> {
        match name {
            "thinking" => self.thinking = one_of(name, value, THINKING)?,
            "missing_signature" => self.missing_signature = one_of(name, value, SIGNATURES)?,
            "call_ids" => self.call_ids = fits(name, value.as_bool(), "true or false")?,
            "web_search" => self.google_search = one_of(name, value, SEARCHES)?,
            "safety_settings" => {
                let list = (value.kind() == Kind::Array).then(|| value.raw().to_owned());
                self.safety_settings = Some(fits(name, list, "a list of categories and thresholds")?);
            }
            _ => return Err(Fault::own(format!("options: `{name}` is not an option; see the plugin's README"))),
        }
        Ok(())
    }
}

/// The ways to write a choice.
type Choices<T> = &'static [(&'static str, T)];

const THINKING: Choices<ThinkingRule> = &[
    ("auto", ThinkingRule::Auto),
    ("budget", ThinkingRule::Budget),
    ("level", ThinkingRule::Level),
    ("omit", ThinkingRule::Omit),
];
const SIGNATURES: Choices<SignatureRule> =
    &[("auto", SignatureRule::Auto), ("always", SignatureRule::Always), ("never", SignatureRule::Never)];
const SEARCHES: Choices<bool> = &[("google_search", true), ("omit", false)];

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
            let values = property["enum"].as_array().cloned().unwrap_or_else(|| match property["type"].as_str() {
                Some("boolean") => vec![json!(true), json!(false)],
                _ => vec![json!([]), json!([{"category": "c", "threshold": "OFF"}])],
            });
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
}
