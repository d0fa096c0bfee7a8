//! That nothing becomes what Gemini refuses.

use super::parameters;
use crate::json::{Document, Writer};
use crate::schema::{Lost, gemini};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Every object of the schema has only keywords that Gemini knows, in shapes that it takes.
fn check(schema: &Value) -> Result<(), TestCaseError> {
    let members = schema.as_object().unwrap();
    if let Some(any_of) = members.get("anyOf") {
        prop_assert_eq!(members.len(), 1);
        prop_assert!(any_of.as_array().unwrap().len() > 1);
        return any_of.as_array().unwrap().iter().try_for_each(check);
    }
    let kind = members["type"].as_str().unwrap();
    for (key, value) in members {
        match (key.as_str(), kind) {
            ("type", "STRING" | "NUMBER" | "INTEGER" | "BOOLEAN" | "ARRAY" | "OBJECT") => {}
            ("description", _) => prop_assert!(!value.as_str().unwrap().is_empty()),
            ("nullable", _) => prop_assert_eq!(value, &json!(true)),
            ("format", "STRING" | "NUMBER" | "INTEGER") => prop_assert!(value.is_string()),
            ("enum", "STRING") => {
                prop_assert!(!value.as_array().unwrap().is_empty());
                prop_assert!(value.as_array().unwrap().iter().all(|choice| !choice.as_str().unwrap().is_empty()));
            }
            ("minimum" | "maximum", "NUMBER" | "INTEGER") => prop_assert!(value.is_number()),
            ("minLength" | "maxLength", "STRING")
            | ("minItems" | "maxItems", "ARRAY")
            | ("minProperties" | "maxProperties", "OBJECT") => prop_assert!(value.is_u64()),
            ("items", "ARRAY") => check(value)?,
            ("properties", "OBJECT") => value.as_object().unwrap().values().try_for_each(check)?,
            ("required", "OBJECT") => {
                let names = value.as_array().unwrap();
                prop_assert!(names.iter().all(|name| members["properties"].get(name.as_str().unwrap()).is_some()));
            }
            other => prop_assert!(false, "{:?} in {}", other, schema),
        }
    }
    prop_assert!(kind != "ARRAY" || members.contains_key("items"));
    Ok(())
}

const KEYWORDS: &[&str] = &[
    "type",
    "enum",
    "const",
    "format",
    "properties",
    "required",
    "items",
    "prefixItems",
    "anyOf",
    "oneOf",
    "allOf",
    "$ref",
    "$defs",
    "not",
    "description",
    "title",
    "default",
    "nullable",
    "minimum",
    "maxLength",
    "minItems",
    "pattern",
    "additionalProperties",
    "exclusiveMinimum",
    "a",
];
const WORDS: &[&str] =
    &["string", "object", "array", "null", "integer", "#", "#/$defs/a", "#/properties/a", "date-time", "a", ""];

pub(super) fn any_schema() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(WORDS).prop_map(Value::from);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i8>().prop_map(Value::from),
        any::<f32>().prop_map(|number| json!(number)),
        word.clone(),
        word,
    ];
    leaf.prop_recursive(6, 60, 6, |inner| {
        let member = (prop::sample::select(KEYWORDS), inner.clone());
        let object = prop::collection::vec(member, 0..6).prop_map(|members| {
            Value::Object(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
        });
        prop_oneof![3 => object, 1 => prop::collection::vec(inner, 0..4).prop_map(Value::from)]
    })
}

proptest! {
    #[test]
    fn every_json_becomes_a_legal_schema(schema in any_schema()) {
        let text = schema.to_string();
        let (parameters, _) = parameters(&text);
        prop_assert_eq!(&parameters["type"], "OBJECT");
        check(&parameters)?;
        let document = Document::parse(text.as_bytes()).unwrap();
        let mut out = Writer::new();
        gemini::write_schema(document.root(), &mut Lost::default(), &mut out);
        check(&serde_json::from_str(out.as_str()).unwrap())?;
    }
}
