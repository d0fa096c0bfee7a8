//! What each keyword of JSON Schema becomes for Gemini; that nothing becomes what it refuses is in [`legal`]. The other dialects are in
//! [`plain`].
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod legal;
mod plain;

use super::{Lost, gemini};
use crate::json::{Document, Writer};
use serde_json::{Value, json};

fn parameters(schema: &str) -> (Value, Vec<&'static str>) {
    let document = Document::parse(schema.as_bytes()).unwrap();
    let (mut lost, mut out) = (Lost::default(), Writer::new());
    gemini::write_parameters(Some(document.root()), &mut lost, &mut out);
    (serde_json::from_str(out.as_str()).unwrap(), lost.keywords().collect())
}

/// One property's schema, and what was lost.
fn property_and_lost(schema: &Value) -> (Value, Vec<&'static str>) {
    let (parameters, lost) = parameters(&json!({"type": "object", "properties": {"p": schema}}).to_string());
    (parameters["properties"]["p"].clone(), lost)
}

fn property(schema: &Value) -> Value {
    property_and_lost(schema).0
}

#[test]
fn simple_types_keep_what_gemini_knows() {
    let schema = json!({"type": "object", "properties": {
        "s": {"type": "string", "description": "d", "minLength": 1, "maxLength": 5, "format": "date-time"},
        "i": {"type": "integer", "minimum": 1, "maximum": 9, "format": "int32"},
        "n": {"type": "number", "minimum": -0.5},
        "b": {"type": "boolean"},
        "l": {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}, "minItems": 1, "maxItems": 2},
    }, "required": ["s", "l"], "additionalProperties": false, "$schema": "x", "$id": "y", "title": "z"});
    let (parameters, lost) = parameters(&schema.to_string());
    assert_eq!(
        parameters,
        json!({"type": "OBJECT", "description": "z", "properties": {
            "s": {"type": "STRING", "description": "d", "minLength": 1, "maxLength": 5, "format": "date-time"},
            "i": {"type": "INTEGER", "minimum": 1, "maximum": 9, "format": "int32"},
            "n": {"type": "NUMBER", "minimum": -0.5},
            "b": {"type": "BOOLEAN"},
            "l": {"type": "ARRAY", "minItems": 1, "maxItems": 2, "items": {"type": "STRING", "enum": ["a", "b"]}},
        }, "required": ["s", "l"]})
    );
    assert!(lost.is_empty());
}

#[test]
fn a_tool_without_parameters_takes_an_empty_object() {
    for schema in ["{}", "true", "null", "[]", "7", r#"{"type":"object"}"#, r#"{"type":"object","properties":{}}"#] {
        assert_eq!(parameters(schema).0, json!({"type": "OBJECT", "properties": {}}), "{schema}");
    }
    let mut out = Writer::new();
    gemini::write_parameters(None, &mut Lost::default(), &mut out);
    assert_eq!(out.as_str(), r#"{"type":"OBJECT","properties":{}}"#);
}

#[test]
fn properties_named_like_keywords_are_kept() {
    let names =
        ["$schema", "title", "format", "type", "additionalProperties", "$ref", "properties", "enum", "required"];
    let members: Vec<_> = names.iter().map(|name| format!(r#""{name}":{{"type":"string"}}"#)).collect();
    let schema = format!(r#"{{"type":"object","properties":{{{}}},"required":["type","$ref"]}}"#, members.join(","));
    let (parameters, lost) = parameters(&schema);
    for name in names {
        assert_eq!(parameters["properties"][name], json!({"type": "STRING"}), "{name}");
    }
    assert_eq!(parameters["required"], json!(["type", "$ref"]));
    assert!(lost.is_empty());
}

#[test]
fn type_arrays_become_nullable_or_alternatives() {
    assert_eq!(property(&json!({"type": ["string", "null"]})), json!({"type": "STRING", "nullable": true}));
    assert_eq!(
        property(&json!({"type": ["string", "integer", "null"], "description": "d", "minLength": 1, "minimum": 2})),
        json!({"anyOf": [
            {"type": "STRING", "description": "d", "nullable": true, "minLength": 1},
            {"type": "INTEGER", "nullable": true, "minimum": 2},
        ]})
    );
    assert_eq!(property(&json!({"type": ["number", "integer"]})), json!({"type": "NUMBER"}));
}

#[test]
fn unions_become_any_of_which_stands_alone() {
    let schema =
        json!({"description": "d", "oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]});
    assert_eq!(
        property(&schema),
        json!({"anyOf": [
            {"type": "STRING", "description": "d"}, {"type": "ARRAY", "items": {"type": "STRING"}}
        ]})
    );
    let optional = json!({"anyOf": [{"type": "integer"}, {"type": "null"}], "default": null, "title": "Limit"});
    assert_eq!(property(&optional), json!({"type": "INTEGER", "description": "Limit", "nullable": true}));
    let nested = json!({"anyOf": [{"anyOf": [{"type": "string"}, {"type": "null"}]}, {"type": "boolean"}]});
    assert_eq!(property(&nested), json!({"anyOf": [{"type": "STRING", "nullable": true}, {"type": "BOOLEAN"}]}));
}

#[test]
fn what_stands_beside_a_union_goes_into_each_alternative() {
    let schema = json!({"type": "object", "properties": {"k": {"type": "string"}},
        "oneOf": [{"properties": {"a": {"type": "string"}}}, {"properties": {"b": {"type": "string"}}}]});
    let variants = property(&schema)["anyOf"].clone();
    assert_eq!(variants[0]["properties"], json!({"a": {"type": "STRING"}, "k": {"type": "STRING"}}));
    assert_eq!(variants[1]["properties"], json!({"b": {"type": "STRING"}, "k": {"type": "STRING"}}));
    let (found, lost) = property_and_lost(&json!({"type": "object", "properties": {"a": {"type": "string"}},
        "anyOf": [{"required": ["a"]}, {"required": ["b"]}]}));
    assert_eq!(found, json!({"type": "OBJECT", "properties": {"a": {"type": "STRING"}}}));
    assert_eq!(lost, ["anyOf"]);
}

#[test]
fn all_of_is_merged() {
    let schema = json!({"allOf": [
        {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
        {"properties": {"a": {"maxLength": 3}, "b": {"type": "integer"}}, "required": ["b", "a"]},
    ]});
    assert_eq!(
        parameters(&schema.to_string()).0,
        json!({"type": "OBJECT", "properties": {"a": {"type": "STRING", "maxLength": 3}, "b": {"type": "INTEGER"}},
            "required": ["a", "b"]})
    );
}

#[test]
fn const_and_numbers_to_choose_from() {
    assert_eq!(property(&json!({"const": "a"})), json!({"type": "STRING", "enum": ["a"]}));
    assert_eq!(
        property(&json!({"oneOf": [{"const": "a"}, {"const": "b"}]})),
        json!({"type": "STRING", "enum": ["a", "b"]})
    );
    assert_eq!(
        property(&json!({"enum": [1, 2], "description": "Level."})),
        json!({"type": "INTEGER", "description": "Level.\nOne of: 1, 2."})
    );
    assert_eq!(
        property(&json!({"enum": ["a", 1, null]})),
        json!({"anyOf": [
            {"type": "STRING", "nullable": true, "enum": ["a"]},
            {"type": "INTEGER", "description": "One of: 1.", "nullable": true},
        ]})
    );
    assert_eq!(property(&json!({"type": "string", "enum": [""]})), json!({"type": "STRING"}));
    assert_eq!(property(&json!({"const": true})), json!({"type": "BOOLEAN", "description": "One of: true."}));
}

#[test]
fn what_has_no_keyword_is_said_in_words() {
    assert_eq!(
        property(&json!({"type": "string", "format": "uri", "pattern": "^a\"b$", "default": "x"})),
        json!({"type": "STRING", "description": "Format: uri.\nMatches ^a\"b$.\nDefault: x."})
    );
    assert_eq!(
        property(&json!({"type": "integer", "exclusiveMinimum": 0, "multipleOf": 5, "default": {"a": "b"}})),
        json!({"type": "INTEGER", "description": "Greater than 0.\nA multiple of 5.\nDefault: {\"a\":\"b\"}."})
    );
    assert_eq!(property(&json!({"type": "number", "exclusiveMinimum": true})), json!({"type": "NUMBER"}));
}

#[test]
fn what_cannot_be_said_is_named() {
    let (found, lost) = property_and_lost(&json!({"type": "object", "additionalProperties": {"type": "string"},
        "propertyNames": {"pattern": "a"}, "patternProperties": {"a": {}}, "not": {"type": "null"}}));
    assert_eq!(found, json!({"type": "OBJECT"}));
    assert_eq!(lost, ["additionalProperties", "propertyNames", "patternProperties", "not"]);
    assert_eq!(property_and_lost(&json!({"$ref": "other.json#/a"})).1, ["$ref"]);
}

#[test]
fn anything_is_one_of_the_types() {
    let anything = json!({"anyOf": [
        {"type": "STRING", "description": "d"}, {"type": "NUMBER"}, {"type": "BOOLEAN"}, {"type": "OBJECT"}
    ]});
    assert_eq!(property(&json!({"description": "d"})), anything);
    assert_eq!(property(&json!({"type": "array"}))["items"]["anyOf"].as_array().unwrap().len(), 4);
    assert_eq!(property(&json!({"anyOf": [{"type": "string"}, {}], "description": "d"})), anything);
}

#[test]
fn references_are_inlined_and_recursion_is_cut() {
    let schema = json!({"$ref": "#/definitions/Node", "definitions": {"Node": {"type": "object",
        "description": "A node.",
        "properties": {"name": {"$ref": "#/definitions/Name", "description": "own"}, "next": {"$ref": "#/definitions/Node"}}},
        "Name": {"type": "string", "description": "A name."}}});
    let (found, lost) = parameters(&schema.to_string());
    let name = json!({"type": "STRING", "description": "own"});
    let cut = json!({"type": "OBJECT", "description": "A node."});
    let inner = json!({"type": "OBJECT", "description": "A node.", "properties": {"name": name, "next": cut}});
    assert_eq!(found, json!({"type": "OBJECT", "description": "A node.", "properties": {"name": name, "next": inner}}));
    assert_eq!(lost, ["recursion"]);
    let (itself, lost) = parameters(r##"{"$ref":"#"}"##);
    assert_eq!((itself, lost), (json!({"type": "OBJECT", "properties": {}}), vec!["recursion"]));
}

#[test]
fn required_names_only_what_is_there() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["b", "a"]});
    assert_eq!(property(&schema)["required"], json!(["a"]));
    assert_eq!(property(&json!({"type": "object", "required": ["x"]})), json!({"type": "OBJECT"}));
    let twice = json!({"type": "object", "properties": {"a": {}, "b": {}}, "required": ["a", "b", "a"]});
    assert_eq!(property(&twice)["required"], json!(["a", "b"]));
}

#[test]
fn an_answer_with_an_object_without_members_is_a_loss() {
    let lost = |schema: Value| {
        let text = schema.to_string();
        let (document, mut lost) = (Document::parse(text.as_bytes()).unwrap(), Lost::default());
        gemini::write_schema(document.root(), &mut lost, &mut Writer::new());
        lost.keywords().collect::<Vec<_>>()
    };
    assert!(
        lost(json!({"type": "object", "properties": {"a": {"type": "array", "items": {"type": "string"}}}})).is_empty()
    );
    for schema in [
        json!({"type": "object", "properties": {"a": {"type": "object"}}}),
        json!({"anyOf": [{"type": "string"}, {"type": "object", "properties": {}}]}),
        json!({"type": "array"}),
        json!({"type": "array", "items": {}}),
    ] {
        assert_eq!(lost(schema.clone()), ["properties"], "{schema}");
    }
}

/// Parameters as popular tools of MCP servers and Claude Code write them.
#[test]
fn schemas_of_real_tools() {
    let schema = json!({"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "additionalProperties": false,
        "properties": {
            "questions": {"type": "array", "minItems": 1, "maxItems": 4, "items": {"type": "object",
                "properties": {"options": {"type": "array", "items": {"type": "object", "properties": {"label": {"type": "string"}},
                    "required": ["label"]}}, "multiSelect": {"type": "boolean", "default": false}}, "required": ["options"]}},
            "answers": {"type": "object", "propertyNames": {"type": "string"}, "additionalProperties": {"type": "string"}},
            "output_mode": {"type": "string", "enum": ["content", "count"]},
            "-A": {"type": "number", "description": "Lines after."},
            "url": {"type": "string", "format": "uri"},
            "cursor": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": null, "title": "Cursor"},
            "parent": {"anyOf": [
                {"type": "object", "properties": {"page_id": {"type": "string"}}, "required": ["page_id"]},
                {"type": "object", "properties": {"type": {"type": "string", "const": "workspace"}}}]},
            "priority": {"type": "integer", "enum": [1, 2, 3]},
        }, "required": ["questions"]});
    let (found, lost) = parameters(&schema.to_string());
    assert_eq!(lost, ["propertyNames", "additionalProperties"]);
    let properties = &found["properties"];
    assert_eq!(
        properties["questions"]["items"]["properties"]["multiSelect"],
        json!({"type": "BOOLEAN", "description": "Default: false."})
    );
    assert_eq!(properties["answers"], json!({"type": "OBJECT"}));
    assert_eq!(properties["-A"], json!({"type": "NUMBER", "description": "Lines after."}));
    assert_eq!(properties["cursor"], json!({"type": "STRING", "description": "Cursor", "nullable": true}));
    assert_eq!(
        properties["parent"]["anyOf"][1]["properties"]["type"],
        json!({"type": "STRING", "enum": ["workspace"]})
    );
    assert_eq!(properties["priority"], json!({"type": "INTEGER", "description": "One of: 1, 2, 3."}));
}

#[test]
fn a_union_at_the_top_becomes_one_object() {
    let schema = json!({"anyOf": [
        {"type": "object", "properties": {"a": {"type": "string"}, "k": {"type": "string"}}, "required": ["a", "k"]},
        {"type": "object", "properties": {"b": {"type": "string"}, "k": {"type": "string"}}, "required": ["b", "k"]},
    ]});
    let (found, lost) = parameters(&schema.to_string());
    assert_eq!(found["properties"].as_object().unwrap().len(), 3);
    assert_eq!((&found["required"], lost), (&json!(["k"]), vec!["anyOf"]));
}

#[test]
fn tuples_become_lists_of_what_their_places_take() {
    let (found, lost) = property_and_lost(&json!({"prefixItems": [{"type": "string"}, {"type": "number"}]}));
    assert_eq!(found, json!({"type": "ARRAY", "items": {"anyOf": [{"type": "STRING"}, {"type": "NUMBER"}]}}));
    assert_eq!(lost, ["prefixItems"]);
}

/// Ten definitions of which each refers ten times to the next: ten thousand million schemas if nothing stopped it.
#[test]
fn schemas_that_explode_stay_bounded() {
    let mut definitions = serde_json::Map::new();
    for level in 0..10 {
        let members = (0..10).map(|n| (format!("p{n}"), json!({"$ref": format!("#/$defs/d{}", level + 1)}))).collect();
        let properties = Value::Object(members);
        definitions.insert(
            format!("d{level}"),
            json!({"type": "object", "properties": properties,
            "anyOf": [{"properties": {"x": {"type": "string"}}}, {"properties": {"y": {"type": "string"}}}]}),
        );
    }
    let schema = json!({"$ref": "#/$defs/d0", "$defs": definitions}).to_string();
    let document = Document::parse(schema.as_bytes()).unwrap();
    let (mut lost, mut out) = (Lost::default(), Writer::new());
    gemini::write_parameters(Some(document.root()), &mut lost, &mut out);
    assert!(out.as_str().len() < 1_000_000, "{}", out.as_str().len());
    assert!(lost.keywords().any(|lost| lost == "nesting"));
}
