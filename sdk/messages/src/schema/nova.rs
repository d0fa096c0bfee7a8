//! Shapes without references or unions at their top, for models that take none (Amazon Nova); any other word of JSON Schema is kept.

use super::plain::{self, Dialect, Keeps};
use super::{Lost, Shape, gemini};
use crate::json::{Value, Writer};

const DIALECT: Dialect = Dialect { keeps: Keeps::All, formats: Keeps::All, closed: false };

/// Writes the outermost object, without a description; of a union of objects, all their members, of which those are required that
/// every alternative requires.
pub fn write_parameters(schema: Value<'_>, lost: &mut Lost, out: &mut Writer) {
    let mut shape = Shape::read(schema, lost);
    if shape.description.take().is_some() {
        lost.add("description");
    }
    if !shape.any_of.is_empty() {
        lost.add("anyOf");
        shape = gemini::union(shape);
    }
    plain::object(&shape, &DIALECT, out);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::write_parameters;
    use crate::json::{Document, Writer};
    use crate::schema::Lost;
    use serde_json::{Value, json};

    fn plain(schema: Value) -> (Value, Vec<&'static str>) {
        let text = schema.to_string();
        let (mut out, mut lost) = (Writer::new(), Lost::default());
        write_parameters(Document::parse_str(&text).unwrap().root(), &mut lost, &mut out);
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
