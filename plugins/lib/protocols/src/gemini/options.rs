//! What a user may choose for one provider.

mod vertex;

use crate::gemini::model;
use crate::shared::options::{Rule, Setting, choices, each, options, schema};
use ccr_plugin::messages::json::{Kind, Value, Writer};
use ccr_plugin::{Fault, Settings};
pub(crate) use vertex::Vertex;

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) thinking: ThinkingRule,
    pub(crate) missing_signature: Rule,
    /// `None`: as the API and the model want it.
    pub(crate) call_ids: Option<bool>,
    pub(crate) web_search: WebSearch,
    pub(crate) safety_settings: Option<SafetySettings>,
    /// `None` for the Gemini API.
    pub(crate) vertex: Option<Vertex>,
}

options! { Options {
    thinking: "How the model is told how much to think. auto: by its name, thinkingLevel for Gemini 3 and thinkingBudget for others, nothing for models that do not think. omit: not at all.",
    missing_signature: "When a tool call without a thought signature is marked as one that needs none. auto: unless the model is older than Gemini 3, which does not ask for signatures.",
    call_ids: "Whether ids of tool calls are sent. Unless given: always to the Gemini API, to Vertex only for Gemini 3 and later. Some endpoints that imitate Gemini refuse them.",
    web_search: "What the server tool web_search becomes; google_search unless given.",
    safety_settings: "Sent as safetySettings, as they are. Google's own settings hold unless given.",
} }

choices! { ThinkingRule { #[default] Auto = "auto", Budget = "budget", Level = "level", Omit = "omit" } }

choices! { WebSearch { #[default] GoogleSearch = "google_search", Omit = "omit" } }

/// JSON text of an array.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SafetySettings(pub(crate) String);

impl Setting for Option<SafetySettings> {
    fn schema(out: &mut Writer) {
        out.key("type").string("array").key("items").begin_object().key("type").string("object");
        out.key("properties").begin_object();
        for name in SAFETY {
            out.key(name).begin_object().key("type").string("string").end_object();
        }
        out.end_object().key("required").begin_array();
        SAFETY.iter().for_each(|name| _ = out.string(name));
        out.end_array().end_object();
    }

    fn read(value: Value<'_>) -> Result<Self, String> {
        let list = (value.kind() == Kind::Array).then(|| SafetySettings(value.raw().to_owned()));
        list.map(Some).ok_or_else(|| "a list of categories and thresholds".into())
    }
}

/// The members of a safety setting.
const SAFETY: [&str; 2] = ["category", "threshold"];

impl Options {
    pub(crate) fn schema() -> String {
        schema(Self::properties)
    }

    pub(crate) fn vertex_schema() -> String {
        schema(|out| {
            Vertex::properties(out);
            Self::properties(out);
        })
    }

    pub(crate) fn read(settings: &Settings) -> Result<Self, Fault> {
        let mut options = Self::default();
        each(settings, |name, value| options.set(name, value))?;
        Ok(options)
    }

    pub(crate) fn read_vertex(settings: &Settings) -> Result<Self, Fault> {
        let (mut options, mut vertex) = (Self::default(), Vertex::default());
        each(settings, |name, value| Ok(options.set(name, value)? || vertex.set(name, value)?))?;
        Ok(Self { vertex: Some(vertex), ..options })
    }

    /// Whether ids of calls are sent to this model.
    pub(crate) fn sends_call_ids(&self, model: &str) -> bool {
        self.call_ids.unwrap_or_else(|| self.vertex.is_none() || model::has_call_ids_on_vertex(model))
    }

    /// Whether they ask for anything but what a client's own request says.
    pub(crate) fn edits(&self) -> bool {
        *self != Self::default()
    }
}

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
        agree(&Options::schema(), Options::read, 5, others);
        agree(&Options::vertex_schema(), Options::read_vertex, 10, others);
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
