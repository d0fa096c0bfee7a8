//! A schema without references or unions at its top, for models that take none: its shape, written as JSON Schema again.

use ccr_plugin::messages::json::{Str, Value, Writer};
use ccr_plugin::messages::schema::{Lost, Shape, Type};

/// Writes the outermost object; of a union of objects, all their members, of which those are required that every alternative
/// requires.
pub(super) fn write(schema: Value<'_>, lost: &mut Lost, out: &mut Writer) {
    let mut shape = Shape::read(schema, lost);
    if shape.description.is_some() {
        lost.add("description");
    }
    if !shape.any_of.is_empty() {
        lost.add("anyOf");
        shape = union(shape);
    }
    out.begin_object().key("type").string("object");
    members(&shape, out);
    out.end_object();
}

/// All members of the alternatives.
fn union(shape: Shape<'_>) -> Shape<'_> {
    let mut whole = Shape::default();
    for (number, variant) in shape.any_of.into_iter().enumerate() {
        if number == 0 {
            whole.required.clone_from(&variant.required);
        } else {
            whole.required.retain(|name| variant.required.contains(name));
        }
        for (name, property) in variant.properties {
            if !whole.properties.iter().any(|(known, _)| *known == name) {
                whole.properties.push((name, property));
            }
        }
    }
    whole
}

fn members(shape: &Shape<'_>, out: &mut Writer) {
    out.key("properties").begin_object();
    for (name, property) in &shape.properties {
        any(property, out.key_str(*name));
    }
    out.end_object();
    let known = |name: &&Str<'_>| shape.properties.iter().any(|(property, _)| property == *name);
    let mut required = shape.required.iter().filter(known).peekable();
    if required.peek().is_some() {
        out.key("required").begin_array();
        required.for_each(|name| _ = out.escaped(name.raw()));
        out.end_array();
    }
}

fn any(shape: &Shape<'_>, out: &mut Writer) {
    out.begin_object();
    types(shape, out);
    if let Some(description) = shape.description {
        out.key("description").escaped(description.raw());
    }
    if let Some(format) = shape.format {
        out.key("format").escaped(format.raw());
    }
    if !shape.values.is_empty() {
        out.key("enum").begin_array();
        shape.values.iter().for_each(|value| _ = out.value(*value));
        out.end_array();
    }
    let said = shape.limits.iter().chain(&shape.hints);
    for (at, (keyword, value)) in said.clone().enumerate() {
        // Merged schemas may say one twice.
        if !said.clone().take(at).any(|(before, _)| before == keyword) {
            out.key(keyword).value(*value);
        }
    }
    if shape.types.contains(Type::Object) && (!shape.properties.is_empty()) {
        members(shape, out);
    }
    if let Some(items) = &shape.items {
        any(items, out.key("items"));
    }
    if !shape.any_of.is_empty() {
        out.key("anyOf").begin_array();
        shape.any_of.iter().for_each(|variant| any(variant, out));
        if shape.types.contains(Type::Null) {
            out.raw(r#"{"type":"null"}"#);
        }
        out.end_array();
    }
    out.end_object();
}

/// Where there are alternatives, they say the types.
fn types(shape: &Shape<'_>, out: &mut Writer) {
    let mut types = shape.types.iter().filter(|_| shape.any_of.is_empty());
    match (types.next(), types.next()) {
        (None, _) => {}
        (Some(only), None) => _ = out.key("type").string(name(only)),
        (Some(first), Some(second)) => {
            out.key("type").begin_array().string(name(first)).string(name(second));
            types.for_each(|kind| _ = out.string(name(kind)));
            out.end_array();
        }
    }
}

fn name(kind: Type) -> &'static str {
    match kind {
        Type::String => "string",
        Type::Number => "number",
        Type::Integer => "integer",
        Type::Boolean => "boolean",
        Type::Array => "array",
        Type::Object => "object",
        Type::Null => "null",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::write;
    use ccr_plugin::messages::json::{Document, Writer};
    use ccr_plugin::messages::schema::Lost;
    use serde_json::{Value, json};

    fn plain(schema: Value) -> (Value, Vec<&'static str>) {
        let text = schema.to_string();
        let (mut out, mut lost) = (Writer::new(), Lost::default());
        write(Document::parse_str(&text).unwrap().root(), &mut lost, &mut out);
        (serde_json::from_str(out.as_str()).unwrap(), lost.keywords().collect())
    }

    #[test]
    fn references_are_put_in_their_places() {
        let list = json!({"type": "array", "items": {"$ref": "#/$defs/B"}, "minItems": 1});
        let defs = json!({"A": {"type": ["string", "null"], "description": "a"}, "B": {"enum": ["x", "y"]}});
        let schema = json!({"type": "object", "properties": {"a": {"$ref": "#/$defs/A"}, "b": list}, "required": ["a"],
            "$defs": defs});
        let (written, lost) = plain(schema);
        assert_eq!(
            written,
            json!({"type": "object", "properties": {
                "a": {"type": ["string", "null"], "description": "a"},
                "b": {"type": "array", "items": {"type": "string", "enum": ["x", "y"]}, "minItems": 1},
            }, "required": ["a"]})
        );
        assert!(lost.is_empty(), "{lost:?}");
    }

    #[test]
    fn a_union_has_the_members_of_all() {
        let of = |name: &str| json!({"type": "object", "properties": {name: {"type": "integer"}, "k": {}}, "required": [name, "k"]});
        let (written, lost) = plain(json!({"anyOf": [of("a"), of("b")]}));
        assert_eq!(written["required"], json!(["k"]));
        assert_eq!(written["properties"].as_object().unwrap().len(), 3);
        assert_eq!(lost, ["anyOf"]);
    }
}
