//! Gemini's `Schema` → JSON Schema: types in small letters, `nullable` as one more type, names in JSON Schema's spelling.
//!
//! Clients that send JSON Schema where a `Schema` belongs get it through as it is.

use super::fields::{members, whole};
use ccr_plugin::messages::json::{Kind, Str, Value, Writer};

/// How deep schemas are followed; real ones stay below ten, and every level costs stack, which a sandbox has little of.
const DEEPEST: u32 = 48;

/// Counts, which protobuf writes as strings.
const COUNTS: [&str; 6] = ["minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"];

pub(super) fn write(schema: Value<'_>, out: &mut Writer) {
    level(schema, 0, out);
}

fn level(schema: Value<'_>, depth: u32, out: &mut Writer) {
    if schema.kind() != Kind::Object || depth > DEEPEST {
        out.value(schema);
        return;
    }
    let nullable = members(schema).any(|(name, value)| name == "nullable" && value.as_bool() == Some(true));
    out.begin_object();
    for (name, value) in members(schema) {
        match &*name {
            "type" => kind(value, nullable, out),
            // Said with the type; how members are ordered is Gemini's own.
            "nullable" | "propertyOrdering" => {}
            "properties" | "defs" | "$defs" if value.kind() == Kind::Object => {
                out.key(if name == "properties" { "properties" } else { "$defs" }).begin_object();
                for (key, value) in value.members() {
                    level(value, depth + 1, out.key_str(key));
                }
                out.end_object();
            }
            "anyOf" | "oneOf" | "allOf" | "prefixItems" if value.kind() == Kind::Array => {
                out.key(&name).begin_array();
                value.items().for_each(|value| level(value, depth + 1, out));
                if nullable && name == "anyOf" {
                    out.raw(r#"{"type":"null"}"#);
                }
                out.end_array();
            }
            "items" | "additionalProperties" | "not" => level(value, depth + 1, out.key(&name)),
            "ref" => _ = out.key("$ref").value(value),
            "example" => _ = out.key("examples").begin_array().value(value).end_array(),
            count if COUNTS.contains(&count) => {
                out.key(count);
                match whole(value) {
                    Some(number) => _ = out.raw(&number.to_string()),
                    None => _ = out.value(value),
                }
            }
            other => _ = out.key(other).value(value),
        }
    }
    out.end_object();
}

/// One name or a list of names; no type at all where Gemini's says that none is meant.
fn kind(value: Value<'_>, nullable: bool, out: &mut Writer) {
    let single = value.as_str();
    let names = single.into_iter().chain(value.items().filter_map(Value::as_str)).map(Str::decode);
    let mut names: Vec<_> = names.map(|name| name.to_ascii_lowercase()).collect();
    names.retain(|name| name != "type_unspecified");
    if nullable && !names.is_empty() && !names.iter().any(|name| name == "null") {
        names.push("null".into());
    }
    match names.as_slice() {
        [] => {}
        [only] => _ = out.key("type").string(only),
        several => {
            out.key("type").begin_array();
            several.iter().for_each(|name| _ = out.string(name));
            out.end_array();
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::write;
    use ccr_plugin::messages::json::{Document, Writer};
    use serde_json::{Value, json};

    fn written(schema: &Value) -> Value {
        let text = schema.to_string();
        let document = Document::parse(text.as_bytes()).unwrap();
        let mut out = Writer::new();
        write(document.root(), &mut out);
        serde_json::from_str(out.as_str()).unwrap()
    }

    #[test]
    fn a_schema_of_gemini_becomes_json_schema() {
        let schema = json!({"type": "OBJECT", "propertyOrdering": ["a"], "required": ["a"], "properties": {
            "any_of": {"type": "STRING", "nullable": true, "max_length": "5", "enum": ["x"]},
            "type": {"any_of": [{"type": "INTEGER"}, {"type": "BOOLEAN"}], "nullable": true},
            "l": {"type": "ARRAY", "items": {"type": "NUMBER", "minimum": 0.5}, "minItems": 1},
            "u": {"type": "TYPE_UNSPECIFIED", "description": "d", "example": 3},
            "r": {"ref": "#/$defs/x"},
        }, "defs": {"x": {"type": "NULL"}}});
        let expected = json!({"type": "object", "required": ["a"], "properties": {
            "any_of": {"type": ["string", "null"], "maxLength": 5, "enum": ["x"]},
            "type": {"anyOf": [{"type": "integer"}, {"type": "boolean"}, {"type": "null"}]},
            "l": {"type": "array", "items": {"type": "number", "minimum": 0.5}, "minItems": 1},
            "u": {"description": "d", "examples": [3]},
            "r": {"$ref": "#/$defs/x"},
        }, "$defs": {"x": {"type": "null"}}});
        assert_eq!(written(&schema), expected);
        // JSON Schema already.
        assert_eq!(written(&expected), expected);
    }

    #[test]
    fn what_is_too_deep_is_copied() {
        let mut schema = json!({"type": "STRING"});
        for _ in 0..100 {
            schema = json!({"items": schema});
        }
        assert!(written(&schema).to_string().contains("STRING"));
    }
}
