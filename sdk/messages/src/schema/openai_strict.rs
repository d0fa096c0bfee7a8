//! Shapes in the subset of OpenAI's strict mode (its guide "Structured outputs", section "Supported schemas"): every object is
//! closed and requires all of its members, the outermost value is an object and no union.
//!
//! OpenAI advises to make optional members required and nullable. Then models send `null` where a tool expects nothing at all,
//! and tools refuse it, so a schema with optional members is not written.

use super::plain::{self, Dialect, Keeps};
use super::{Lost, Shape, Type};
use crate::json::{Kind, Str, Value, Writer};

/// Bounds and formats that strict mode takes; the others it refuses.
const DIALECT: Dialect = Dialect {
    keeps: Keeps::These(&[
        "pattern",
        "multipleOf",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "minItems",
        "maxItems",
    ]),
    formats: Keeps::These(&["date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"]),
    closed: true,
};

/// Keywords that strict mode refuses wherever they stand.
const REFUSED: &[&str] = &[
    "allOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "dependentRequired",
    "dependentSchemas",
    "patternProperties",
    "propertyNames",
    "prefixItems",
];

/// Writes the parameters of a function, so that calls of it can be held to them (`strict: true`). False, with nothing written, if
/// the schema says what strict mode cannot, or has optional members. A tool without a schema takes an empty object.
pub fn write_parameters(schema: Option<Value<'_>>, lost: &mut Lost, out: &mut Writer) -> bool {
    let mut missed = Lost::default();
    let shape = schema.map(|schema| Shape::read(schema, &mut missed)).unwrap_or_default();
    // A closed object must not stand for one that takes members of any name.
    let open = missed.keywords().any(|keyword| keyword == "additionalProperties" || keyword == "patternProperties");
    let strict = !open && shape.any_of.is_empty() && closed(&shape) && shape.properties.iter().all(|(_, of)| fits(of));
    if strict {
        plain::object(&shape, &DIALECT, out);
        missed.keywords().for_each(|keyword| lost.add(keyword));
    }
    strict
}

/// Whether strict mode can say it: no value of any kind, and no object with members of any name.
fn fits(shape: &Shape<'_>) -> bool {
    if !shape.any_of.is_empty() {
        return shape.any_of.iter().all(fits);
    }
    if shape.types.is_empty() {
        return false;
    }
    let object = !shape.types.contains(Type::Object) || (!shape.properties.is_empty() && closed(shape));
    let array = !shape.types.contains(Type::Array) || shape.items.as_deref().is_some_and(fits);
    object && array && shape.properties.iter().all(|(_, property)| fits(property))
}

/// Whether all members are required.
fn closed(shape: &Shape<'_>) -> bool {
    shape.properties.iter().all(|(name, _)| shape.required.contains(name))
}

/// Whether a schema, as it stands, is one that strict mode takes.
#[must_use]
pub fn is_strict(schema: Value<'_>) -> bool {
    is_kind(schema, "object") && schema.get("anyOf").is_none() && takes(schema)
}

fn takes(schema: Value<'_>) -> bool {
    if schema.kind() != Kind::Object || schema.members().any(|(key, _)| REFUSED.iter().any(|refused| key == *refused)) {
        return false;
    }
    let named = schema.get("properties").into_iter().flat_map(Value::members).map(|(_, property)| property);
    let defined = ["$defs", "definitions"].into_iter().filter_map(|name| schema.get(name)).flat_map(Value::members);
    let variants = schema.get("anyOf").into_iter().flat_map(Value::items);
    let mut below = named.chain(defined.map(|(_, definition)| definition)).chain(variants).chain(schema.get("items"));
    (!is_kind(schema, "object") || closes(schema)) && below.all(takes)
}

/// Whether an object has no members but those that it names, and requires these.
fn closes(schema: Value<'_>) -> bool {
    let required = |name: Str<'_>| {
        let names = schema.get("required").into_iter().flat_map(Value::items).filter_map(Value::as_str);
        names.into_iter().any(|known| known == name)
    };
    schema.get("additionalProperties").and_then(Value::as_bool) == Some(false)
        && schema.get("properties").into_iter().flat_map(Value::members).all(|(name, _)| required(name))
}

/// `type` is a name or a list of names.
fn is_kind(schema: Value<'_>, kind: &str) -> bool {
    let Some(named) = schema.get("type") else { return false };
    named.as_str().into_iter().chain(named.items().filter_map(Value::as_str)).any(|name| name == *kind)
}
