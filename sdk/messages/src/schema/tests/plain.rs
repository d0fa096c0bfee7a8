//! The dialects in JSON Schema's own words: OpenAI's strict mode, and Groq's.

use super::legal::any_schema;
use crate::json::{Document, Writer};
use crate::schema::{Lost, groq, openai_strict};
use proptest::prelude::*;
use serde_json::{Value, json};

fn strict(schema: &Value) -> Option<(Value, Vec<&'static str>)> {
    let text = schema.to_string();
    let document = Document::parse(text.as_bytes()).unwrap();
    let (mut lost, mut out) = (Lost::default(), Writer::new());
    if !openai_strict::write_parameters(Some(document.root()), &mut lost, &mut out) {
        assert_eq!((out.as_str(), lost.keywords().count()), ("", 0), "nothing is written or noted");
        return None;
    }
    Some((serde_json::from_str(out.as_str()).unwrap(), lost.keywords().collect()))
}

fn for_groq(schema: &Value) -> (Value, Vec<&'static str>) {
    let text = schema.to_string();
    let document = Document::parse(text.as_bytes()).unwrap();
    let (mut lost, mut out) = (Lost::default(), Writer::new());
    groq::write_parameters(Some(document.root()), &mut lost, &mut out);
    (serde_json::from_str(out.as_str()).unwrap(), lost.keywords().collect())
}

fn is_strict(schema: &Value) -> bool {
    openai_strict::is_strict(Document::parse(schema.to_string().as_bytes()).unwrap().root())
}

/// An object that requires all its members.
fn object(properties: Value) -> Value {
    let required: Vec<_> = properties.as_object().unwrap().keys().cloned().collect();
    json!({"type": "object", "properties": properties, "required": required})
}

fn closed(properties: Value) -> Value {
    let mut object = object(properties);
    object["additionalProperties"] = false.into();
    object
}

#[test]
fn strict_objects_are_closed_and_keep_formats_and_bounds() {
    let schema = object(json!({
        "s": {"type": "string", "format": "date-time", "pattern": "^a", "minLength": 2},
        "u": {"type": "string", "format": "uri", "description": "Where."},
        "n": {"type": ["integer", "null"], "minimum": 1, "default": 3},
        "c": {"const": "x"},
        "l": {"type": "array", "items": object(json!({"b": {"type": "boolean"}})), "maxItems": 2},
    }));
    let (written, lost) = strict(&schema).unwrap();
    assert_eq!(
        written,
        closed(json!({
            "s": {"type": "string", "format": "date-time", "pattern": "^a", "description": "minLength: 2."},
            "u": {"type": "string", "description": "Where.\nFormat: uri."},
            "n": {"type": ["integer", "null"], "minimum": 1, "description": "Default: 3."},
            "c": {"type": "string", "enum": ["x"]},
            "l": {"type": "array", "items": closed(json!({"b": {"type": "boolean"}})), "maxItems": 2},
        }))
    );
    assert!(lost.is_empty());
}

#[test]
fn references_and_unions_below_the_top_are_strict() {
    let schema = json!({"$defs": {"p": object(json!({"x": {"type": "number"}}))}, "type": "object", "required": ["u", "r"],
        "properties": {"u": {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/p"}, {"type": "null"}]}, "r": {"$ref": "#/$defs/p"}}});
    let point = closed(json!({"x": {"type": "number"}}));
    let (written, _) = strict(&schema).unwrap();
    assert_eq!(written, closed(json!({"u": {"anyOf": [{"type": "string"}, point, {"type": "null"}]}, "r": point})));
}

#[test]
fn properties_named_like_keywords_are_properties() {
    let names = ["type", "properties", "required", "items", "anyOf", "enum", "$ref", "additionalProperties", "format"];
    let members: Value = names.iter().map(|name| ((*name).to_owned(), json!({"type": "string"}))).collect();
    assert_eq!(strict(&object(members.clone())).unwrap().0, closed(members.clone()));
    assert!(is_strict(&closed(members.clone())));
    assert_eq!(for_groq(&object(members.clone())).0, object(members));
}

#[test]
fn what_strict_mode_cannot_say_is_not_written() {
    let optional = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let node = object(json!({"children": {"type": "array", "items": {"$ref": "#/$defs/n"}}}));
    let mut map = object(json!({"a": {"type": "string"}}));
    map["additionalProperties"] = json!({"type": "string"});
    for schema in [
        optional.clone(),
        object(json!({"o": optional})),
        object(json!({"free": {"type": "object"}})),
        object(json!({"any": {}})),
        object(json!({"l": {"type": "array"}})),
        json!({"anyOf": [object(json!({"a": {"type": "string"}})), object(json!({"b": {"type": "string"}}))]}),
        json!({"$defs": {"n": node}, "type": "object", "properties": {"root": {"$ref": "#/$defs/n"}}, "required": ["root"]}),
        map,
    ] {
        assert_eq!(strict(&schema), None, "{schema}");
    }
}

#[test]
fn a_schema_that_is_strict_as_it_stands_is_known() {
    let tree = json!({"type": "object", "properties": {"next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}}, "required": ["next"],
        "additionalProperties": false});
    let inner = |schema: Value| closed(json!({"a": schema}));
    for (schema, known) in [
        (closed(json!({})), true),
        (tree, true),
        (inner(closed(json!({"b": {"type": "string"}}))), true),
        (inner(object(json!({"b": {"type": "string"}}))), false),
        (inner(json!({"type": "array", "items": object(json!({}))})), false),
        (inner(json!({"oneOf": [{"type": "string"}]})), false),
        (object(json!({"a": {"type": "string"}})), false),
        (json!({"type": "object", "properties": {"a": {}}, "additionalProperties": false}), false),
        (json!({"type": "string"}), false),
        (json!(true), false),
    ] {
        assert_eq!(is_strict(&schema), known, "{schema}");
    }
}

#[test]
fn groq_gets_references_inlined_and_formats_in_words() {
    let schema = json!({"$schema": "x", "$defs": {"d": {"type": "string", "format": "email"}}, "type": "object",
        "properties": {"e": {"$ref": "#/$defs/d"}, "n": {"type": "integer", "minimum": 0, "multipleOf": 2}}, "required": ["e", "gone"],
        "additionalProperties": false});
    let expected = json!({"type": "object", "properties": {"e": {"type": "string", "description": "Format: email."},
        "n": {"type": "integer", "minimum": 0, "description": "multipleOf: 2."}}, "required": ["e"]});
    assert_eq!(for_groq(&schema), (expected, vec![]));
    let union = json!({"anyOf": [object(json!({"a": {"type": "string"}})), object(json!({"a": {"type": "string"}, "b": {"type": "null"}}))]});
    let (written, lost) = for_groq(&union);
    assert_eq!(written["required"], json!(["a"]));
    assert_eq!(lost, ["anyOf"]);
}

proptest! {
    #[test]
    fn whatever_is_written_is_strict_or_an_object(schema in any_schema()) {
        if let Some((written, _)) = strict(&schema) {
            prop_assert!(is_strict(&written), "{}", written);
        }
        let (written, _) = for_groq(&schema);
        prop_assert_eq!(&written["type"], "object");
        prop_assert!(!written.to_string().contains("$ref\":\"#"), "{}", written);
    }
}
