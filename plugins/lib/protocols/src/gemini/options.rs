//! What a user may choose for one provider.

use crate::gemini::model;
use crate::shared::options::{Choices, each, fits, flag, one_of, unknown};
use ccr_plugin::messages::json::{Kind, Value};
use ccr_plugin::{Fault, Settings};

/// The options that both plugins have; a macro, as only such can be put together into one constant.
macro_rules! shared_properties {
    () => {
        r#"
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
      "description": "Whether ids of tool calls are sent. Unless given: always to the Gemini API, to Vertex only for Gemini 3 and later. Some endpoints that imitate Gemini refuse them."
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
    }"#
    };
}

/// JSON Schema of [`Options`], which the host checks the config with.
pub(crate) const SCHEMA: &str =
    concat!(r#"{"type": "object", "properties": {"#, shared_properties!(), r#"}, "additionalProperties": false}"#);

/// The same for Vertex; the names in capitals are those of claude-code-router.
pub(crate) const VERTEX_SCHEMA: &str = concat!(
    r#"{"type": "object", "properties": {
    "GOOGLE_CLOUD_PROJECT": { "type": "string", "minLength": 1, "description": "The project's id. Not needed in express mode, nor where api_base_url names it." },
    "project": { "type": "string", "minLength": 1, "description": "The same as GOOGLE_CLOUD_PROJECT.", "x-ccr-env": "GOOGLE_CLOUD_PROJECT" },
    "GOOGLE_CLOUD_LOCATION": { "type": "string", "minLength": 1, "description": "The place in the path, us-central1 unless given. The host of api_base_url must be that of the same place." },
    "location": { "type": "string", "minLength": 1, "description": "The same as GOOGLE_CLOUD_LOCATION.", "x-ccr-env": "GOOGLE_CLOUD_LOCATION" },
    "express": { "type": "boolean", "description": "Express mode: with an API key, without project and location." },"#,
    shared_properties!(),
    r#"}, "additionalProperties": false}"#
);

/// claude-code-router's place where none is given.
const DEFAULT_LOCATION: &str = "us-central1";

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) thinking: ThinkingRule,
    pub(crate) missing_signature: SignatureRule,
    /// `None`: as the API and the model want it.
    pub(crate) call_ids: Option<bool>,
    pub(crate) google_search: bool,
    /// JSON text of an array.
    pub(crate) safety_settings: Option<String>,
    /// `None` for the Gemini API.
    pub(crate) vertex: Option<Vertex>,
}

/// Where on Vertex the model is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Vertex {
    pub(crate) project: Option<String>,
    pub(crate) location: String,
    /// With an API key, without project and place.
    pub(crate) express: bool,
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
            call_ids: None,
            google_search: true,
            safety_settings: None,
            vertex: None,
        }
    }
}

impl Options {
    pub(crate) fn read(settings: &Settings) -> Result<Self, Fault> {
        Self::default().and(settings)
    }

    pub(crate) fn read_vertex(settings: &Settings) -> Result<Self, Fault> {
        let vertex = Vertex { project: None, location: DEFAULT_LOCATION.into(), express: false };
        Self { vertex: Some(vertex), ..Self::default() }.and(settings)
    }

    fn and(mut self, settings: &Settings) -> Result<Self, Fault> {
        each(settings, |name, value| self.set(name, value))?;
        Ok(self)
    }

    /// Whether ids of calls are sent to this model.
    pub(crate) fn sends_call_ids(&self, model: &str) -> bool {
        self.call_ids.unwrap_or_else(|| self.vertex.is_none() || model::has_call_ids_on_vertex(model))
    }

    /// Whether they ask for anything but what a client's own request says.
    pub(crate) fn edits(&self) -> bool {
        *self != Self::default()
    }

    fn set(&mut self, name: &str, value: Value<'_>) -> Result<(), Fault> {
        match name {
            "thinking" => self.thinking = one_of(name, value, THINKING)?,
            "missing_signature" => self.missing_signature = one_of(name, value, SIGNATURES)?,
            "call_ids" => self.call_ids = Some(flag(name, value)?),
            "web_search" => self.google_search = one_of(name, value, SEARCHES)?,
            "safety_settings" => {
                let list = (value.kind() == Kind::Array).then(|| value.raw().to_owned());
                self.safety_settings = Some(fits(name, list, "a list of categories and thresholds")?);
            }
            _ => return self.set_vertex(name, value),
        }
        Ok(())
    }

    fn set_vertex(&mut self, name: &str, value: Value<'_>) -> Result<(), Fault> {
        let vertex = self.vertex.as_mut().ok_or_else(|| unknown(name))?;
        let text = || {
            let text = value.as_str().filter(|text| !text.is_empty()).map(|text| text.decode().into_owned());
            fits(name, text, "a text that is not empty")
        };
        match name {
            "GOOGLE_CLOUD_PROJECT" | "project" => vertex.project = Some(text()?),
            "GOOGLE_CLOUD_LOCATION" | "location" => vertex.location = text()?,
            "express" => vertex.express = flag(name, value)?,
            _ => return Err(unknown(name)),
        }
        Ok(())
    }
}

const THINKING: Choices<ThinkingRule> = &[
    ("auto", ThinkingRule::Auto),
    ("budget", ThinkingRule::Budget),
    ("level", ThinkingRule::Level),
    ("omit", ThinkingRule::Omit),
];
const SIGNATURES: Choices<SignatureRule> =
    &[("auto", SignatureRule::Auto), ("always", SignatureRule::Always), ("never", SignatureRule::Never)];
const SEARCHES: Choices<bool> = &[("google_search", true), ("omit", false)];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use crate::shared::options::testing::agree;
    use serde_json::json;

    #[test]
    fn the_schema_and_the_reader_agree() {
        let others = |_: &str, property: &serde_json::Value| match property["type"].as_str() {
            Some("string") => vec![json!("x")],
            _ => vec![json!([]), json!([{"category": "c", "threshold": "OFF"}])],
        };
        // One for each field of `Options`, and of `Vertex` with its two spellings.
        agree(SCHEMA, Options::read, 5, others);
        agree(VERTEX_SCHEMA, Options::read_vertex, 10, others);
    }

    #[test]
    fn ids_go_to_who_takes_them() {
        let vertex = Options::read_vertex(&Settings::of("{}")).unwrap();
        assert!(!vertex.sends_call_ids("gemini-2.5-pro") && vertex.sends_call_ids("gemini-3.5-flash"));
        assert!(Options::default().sends_call_ids("gemini-2.5-pro"));
        let forced = Options::read_vertex(&Settings::of(r#"{"call_ids":true}"#)).unwrap();
        assert!(forced.sends_call_ids("gemini-2.5-pro"));
    }
}
