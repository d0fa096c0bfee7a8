//! The transformer `groq`: leaves out what Groq refuses, under the name that claude-code-router gave it.
//!
//! `$schema` goes from the tools' schemas; `cache_control` is left out by the protocol, which is asked for it by a hint. Ids of tool calls, which
//! claude-code-router invented anew for each chunk, are the host's work.

use ccr_plugin::messages::json::{Document, Kind, Splice, Value};
use ccr_plugin::prelude::*;
use dialect::Hints;

const SETTINGS: &str = r#"{"type": "object", "properties": {}, "additionalProperties": false}"#;

/// Members of a schema whose members are schemas under names of the user's own: a property may be called `$schema`.
const NAMED_SCHEMAS: [&str; 5] = ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"];

/// Members of a schema that hold values, not schemas.
const VALUES: [&str; 4] = ["const", "enum", "default", "examples"];

/// The plugin.
#[derive(Debug)]
pub struct Groq;

impl Plugin for Groq {
    fn describe() -> Description {
        Description::new("groq", env!("CARGO_PKG_VERSION"), "Leaves out cache_control and $schema, which Groq refuses.")
            .settings_schema(SETTINGS)
    }
}

impl RequestTransformer for Groq {
    fn transform_request(request: &mut dyn Request, _: &Settings) -> Result<(), Fault> {
        let mut hints = Hints::default();
        hints.option("cache_control", "false");
        hints.give(request)?;
        let tools = request.get("/tools").filter(|tools| tools.contains("$schema"));
        match tools.as_deref().and_then(without_dialects) {
            Some(tools) => request.set("/tools", &tools),
            None => Ok(()),
        }
    }
}

/// The tools with schemas that do not name their dialect; `None` if none does. A schema means the same without it.
fn without_dialects(tools: &str) -> Option<String> {
    let document = Document::parse(tools.as_bytes()).ok()?;
    let mut splice = Splice::new();
    for schema in document.root().items().filter_map(|tool| tool.get("input_schema")) {
        clean(schema, &mut splice);
    }
    if splice.is_empty() {
        return None;
    }
    splice.apply(tools.as_bytes()).ok().and_then(|tools| String::from_utf8(tools).ok())
}

/// `schema` is a schema, or a list of them.
fn clean(schema: Value<'_>, splice: &mut Splice<'_>) {
    splice.remove_members(schema, |key, _| key == "$schema");
    for (key, value) in schema.members() {
        let key = key.decode();
        if VALUES.contains(&&*key) {
            continue;
        }
        if NAMED_SCHEMAS.contains(&&*key) {
            value.members().for_each(|(_, schema)| clean(schema, splice));
        } else if matches!(value.kind(), Kind::Object | Kind::Array) {
            clean(value, splice);
        }
    }
    schema.items().for_each(|schema| clean(schema, splice));
}

register!(Groq: request_transformer);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use ccr_plugin::testing::FakeRequest;
    use serde_json::{Value, json};

    fn schema_of(schema: Value) -> Value {
        let mut request = FakeRequest::new(json!({"tools": [{"name": "t", "input_schema": schema}]}));
        Groq::transform_request(&mut request, &Settings::of("{}")).unwrap();
        request.body["tools"][0]["input_schema"].clone()
    }

    #[test]
    fn the_dialect_of_a_schema_goes() {
        let url = "http://json-schema.org/draft-07/schema#";
        let nested = json!({"$schema": url, "properties": {"a": {"$schema": url, "anyOf": [{"$schema": url, "type": "string"}]}}});
        assert_eq!(schema_of(nested), json!({"properties": {"a": {"anyOf": [{"type": "string"}]}}}));
    }

    #[test]
    fn a_property_of_that_name_stays() {
        let schema =
            json!({"type": "object", "properties": {"$schema": {"type": "string"}}, "default": {"$schema": "x"}});
        assert_eq!(schema_of(schema.clone()), schema);
    }

    #[test]
    fn cache_control_is_asked_to_go() {
        let mut request = FakeRequest::new(json!({"messages": []}));
        Groq::transform_request(&mut request, &Settings::of("{}")).unwrap();
        assert_eq!(request.body, json!({"messages": [], "ccr": {"cache_control": false}}));
    }
}
