//! What a user may choose for one provider: what Bedrock offers beside the model, and what cannot be told from a model's id.

mod guardrail;

use crate::bedrock::family::Family;
use crate::shared::options::{Names, Rule, Setting, choices, each, one_of, options, schema, write_enum};
use ccr_plugin::messages::json::{Kind, Value, Writer};
use ccr_plugin::{Fault, Settings};
pub(crate) use guardrail::Guardrail;

#[derive(Debug, Default)]
pub(crate) struct Options {
    pub(crate) family: Option<Family>,
    pub(crate) prompt_caching: Rule,
    pub(crate) replay_reasoning: Rule,
    pub(crate) structured_output: StructuredOutput,
    pub(crate) latency: Option<Latency>,
    pub(crate) service_tier: Option<ServiceTier>,
    pub(crate) guardrail: Option<Guardrail>,
    pub(crate) request_metadata: Option<Object<true>>,
    pub(crate) anthropic_beta: Vec<String>,
    pub(crate) additional_fields: Option<Object<false>>,
}

options! { Options {
    family: "Whose model it is. auto: by the model's id; say it for application inference profiles and imported models, whose ids do not tell.",
    prompt_caching: "Whether Anthropic's cache_control becomes Bedrock's cachePoint. auto: for the Claude and Nova models that can cache.",
    replay_reasoning: "Whether a model gets its earlier reasoning back. auto: Claude, Nova and OpenAI's closed models.",
    structured_output: "What a request for JSON output becomes; say omit for models that Bedrock does not offer it for.",
    latency: "performanceConfig.latency; not sent unless given.",
    service_tier: "serviceTier; not sent unless given.",
    guardrail: "The guardrail that every request passes through (guardrailConfig).",
    request_metadata: "Pairs by which invocation logs can be filtered (requestMetadata); 16 at the most.",
    anthropic_beta: "Betas of Anthropic's that are switched on in every request to Claude, beside those that the client asks for and Bedrock knows.",
    additional_fields: "Further members of additionalModelRequestFields, as the model's own documentation names them. They win over what the plugin writes there.",
} }

choices! { StructuredOutput { #[default] JsonSchema = "json_schema", Omit = "omit" } }

choices! { Latency { #[default] Standard = "standard", Optimized = "optimized" } }

choices! { ServiceTier { #[default] Default = "default", Priority = "priority", Flex = "flex", Reserved = "reserved" } }

impl Options {
    pub(crate) fn schema() -> String {
        schema(Self::properties)
    }

    pub(crate) fn read(settings: &Settings) -> Result<Self, Fault> {
        let mut options = Self::default();
        each(settings, |name, value| options.set(name, value))?;
        Ok(options)
    }
}

const FAMILIES: Names<Option<Family>> = &[
    ("auto", None),
    ("claude", Some(Family::Claude)),
    ("nova", Some(Family::Nova)),
    ("openai", Some(Family::OpenAi)),
    ("gpt-oss", Some(Family::GptOss)),
    ("kimi", Some(Family::Kimi)),
    ("other", Some(Family::Other)),
];

impl Setting for Option<Family> {
    fn schema(out: &mut Writer) {
        write_enum(FAMILIES, out);
    }

    fn read(value: Value<'_>) -> Result<Self, String> {
        one_of(value, FAMILIES)
    }
}

/// JSON text of an object; `OF_STRINGS` is whether all its members are strings.
#[derive(Debug)]
pub(crate) struct Object<const OF_STRINGS: bool>(pub(crate) String);

impl<const OF_STRINGS: bool> Setting for Option<Object<OF_STRINGS>> {
    fn schema(out: &mut Writer) {
        out.key("type").string("object");
        if OF_STRINGS {
            out.key("additionalProperties").begin_object().key("type").string("string").end_object();
        }
    }

    fn read(value: Value<'_>) -> Result<Self, String> {
        let is_string = |(_, member): (_, Value<'_>)| member.kind() == Kind::String;
        let fits = value.kind() == Kind::Object && (!OF_STRINGS || value.members().all(is_string));
        let what = if OF_STRINGS { "an object of strings" } else { "an object" };
        if fits { Ok(Some(Object(value.raw().to_owned()))) } else { Err(what.into()) }
    }
}

impl Setting for Vec<String> {
    fn schema(out: &mut Writer) {
        out.key("type").string("array").key("items").begin_object().key("type").string("string").end_object();
    }

    fn read(value: Value<'_>) -> Result<Self, String> {
        let strings = value.items().map(|item| Some(item.as_str()?.decode().into_owned())).collect();
        let strings: Option<Self> = if value.kind() == Kind::Array { strings } else { None };
        strings.ok_or_else(|| "a list of strings".into())
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
        let others = |name: &str, _: &serde_json::Value| match name {
            "guardrail" => vec![json!({"identifier": "g", "version": "1"})],
            "anthropic_beta" => vec![json!([]), json!(["a"])],
            _ => vec![json!({}), json!({"a": "b"})],
        };
        // One for each field of `Options`.
        agree(&Options::schema(), Options::read, 10, others);
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
