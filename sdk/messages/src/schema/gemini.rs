//! Shapes in Gemini's words: the `Schema` of its API reference, a subset of OpenAPI 3.0.
//!
//! One wrong keyword in one tool fails the whole request, so only what is sure to be taken is written: `anyOf` stands alone,
//! as Vertex demands; `enum` has strings that are not empty; `required` names only members that are there; an array has
//! `items`. What has no keyword (`pattern`, a default, numbers to choose from) is said in the description.

use super::{Lost, Shape, Type, Types};
use crate::json::{Kind, Str, Value, Writer};
use std::borrow::Cow;

/// What "anything" becomes where a type must be named.
const ANYTHING: [Type; 4] = [Type::String, Type::Number, Type::Boolean, Type::Object];

/// Formats that are taken, and the type that they belong to.
const FORMATS: &[(Type, &str)] = &[
    (Type::String, "date-time"),
    (Type::Number, "float"),
    (Type::Number, "double"),
    (Type::Integer, "int32"),
    (Type::Integer, "int64"),
];

/// Bounds that are taken, and the type that they belong to.
const LIMITS: &[(Type, &str)] = &[
    (Type::String, "minLength"),
    (Type::String, "maxLength"),
    (Type::Number, "minimum"),
    (Type::Number, "maximum"),
    (Type::Array, "minItems"),
    (Type::Array, "maxItems"),
    (Type::Object, "minProperties"),
    (Type::Object, "maxProperties"),
];

/// Bounds that are said in words.
const WORDS: &[(Type, &str, &str)] = &[
    (Type::String, "pattern", "Matches "),
    (Type::Number, "exclusiveMinimum", "Greater than "),
    (Type::Number, "exclusiveMaximum", "Less than "),
    (Type::Number, "multipleOf", "A multiple of "),
];

/// A longer hint is left out: descriptions are read with every request.
pub(super) const LONGEST_HINT: usize = 200;

/// Writes the parameters of a function, which are always an object; of a union of objects, all their members, of which
/// those are required that every alternative requires. A tool without a schema takes an empty object.
pub fn write_parameters(schema: Option<Value<'_>>, lost: &mut Lost, out: &mut Writer) {
    let mut shape = schema.map(|schema| Shape::read(schema, lost)).unwrap_or_default();
    if !shape.any_of.is_empty() {
        lost.add("anyOf");
        shape = union(shape);
    }
    out.begin_object().key("type").string("OBJECT");
    if let Some(description) = shape.description {
        out.key("description").escaped(description.raw());
    }
    if shape.properties.is_empty() {
        // Said even so: without it, forced calls of the function are refused.
        out.key("properties").begin_object().end_object();
    } else {
        members(&shape, out);
    }
    out.end_object();
}

/// Writes the schema of an answer or of anything else that may be of any type. An object of which no member is named counts as
/// a loss of `properties`: parameters of functions may have such, but for answers Gemini refuses them.
pub fn write_schema(schema: Value<'_>, lost: &mut Lost, out: &mut Writer) {
    let shape = Shape::read(schema, lost);
    if has_bare_object(&shape) {
        lost.add("properties");
    }
    write(&shape, None, out);
}

fn has_bare_object(shape: &Shape<'_>) -> bool {
    let mut below =
        shape.properties.iter().map(|(_, property)| property).chain(&shape.any_of).chain(shape.items.as_deref());
    let is_bare = shape.any_of.is_empty() && shape.properties.is_empty() && kinds(shape).contains(Type::Object);
    // Items that are not said may be anything, also an object.
    let has_any_items = kinds(shape).contains(Type::Array) && shape.items.is_none();
    is_bare || has_any_items || below.any(has_bare_object)
}

/// All members of the alternatives.
pub(super) fn union<'d>(shape: Shape<'d>) -> Shape<'d> {
    let mut whole = Shape { description: shape.description, ..Shape::default() };
    for (variant, number) in shape.any_of.into_iter().zip(0..) {
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

/// `about` is the description of what the shape is an alternative of.
fn write(shape: &Shape<'_>, about: Option<Str<'_>>, out: &mut Writer) {
    let nullable = shape.types.contains(Type::Null);
    if !shape.any_of.is_empty() {
        out.begin_object().key("anyOf").begin_array();
        for (variant, number) in shape.any_of.iter().zip(0..) {
            let about = if number == 0 { shape.description.or(about) } else { None };
            let nullable = nullable || variant.types.contains(Type::Null);
            alternatives(variant, about, nullable, out);
        }
        out.end_array().end_object();
        return;
    }
    let kinds = kinds(shape);
    let alone = kinds.iter().count() <= 1;
    if !alone {
        out.begin_object().key("anyOf").begin_array();
    }
    alternatives(shape, about, nullable, out);
    if !alone {
        out.end_array().end_object();
    }
}

/// One schema for each type that the shape allows.
fn alternatives(shape: &Shape<'_>, about: Option<Str<'_>>, nullable: bool, out: &mut Writer) {
    for (kind, number) in kinds(shape).iter().zip(0..) {
        let described = if number == 0 { [about, shape.description] } else { [None, None] };
        single(kind, shape, described, nullable, out);
    }
}

/// The types to write; never none.
fn kinds(shape: &Shape<'_>) -> Types {
    let mut kinds = shape.types.without(Type::Null);
    if kinds.contains(Type::Number) {
        kinds = kinds.without(Type::Integer);
    }
    if !kinds.is_empty() {
        return kinds;
    }
    if shape.types.contains(Type::Null) {
        // Nothing but null, for which not every version of the API has a type.
        return Types::only(Type::String);
    }
    ANYTHING.into_iter().for_each(|kind| kinds.insert(kind));
    kinds
}

fn single(kind: Type, shape: &Shape<'_>, described: [Option<Str<'_>>; 2], nullable: bool, out: &mut Writer) {
    out.begin_object().key("type").string(name(kind));
    describe(kind, shape, described, out);
    if nullable {
        out.key("nullable").bool(true);
    }
    let known = |(of, format): &&(Type, &str)| *of == kind && shape.format.is_some_and(|said| said == *format);
    if let Some((_, format)) = FORMATS.iter().find(known) {
        out.key("format").string(format);
    }
    for (limit, value) in unique(&shape.limits) {
        let belongs = |(of, keyword): &(Type, &str)| *of == class(kind) && *keyword == limit;
        if LIMITS.iter().any(belongs) && fits(limit, value) {
            out.key(limit).value(value);
        }
    }
    match kind {
        Type::String => choices(shape, out),
        Type::Array => {
            out.key("items");
            let anything = Shape::default();
            write(shape.items.as_deref().unwrap_or(&anything), None, out);
        }
        Type::Object if !shape.properties.is_empty() => members(shape, out),
        _ => {}
    }
    out.end_object();
}

fn members(shape: &Shape<'_>, out: &mut Writer) {
    out.key("properties").begin_object();
    for (name, property) in &shape.properties {
        write(property, None, out.key_str(*name));
    }
    out.end_object();
    // Each name once, as JSON Schema demands and not every server of tools keeps to.
    let first = |at: usize, name: &Str<'_>| !shape.required.iter().take(at).any(|before| before == name);
    let known = |name: &Str<'_>| shape.properties.iter().any(|(property, _)| property == name);
    let required = shape.required.iter().enumerate();
    let mut required = required.filter(|(at, name)| known(name) && first(*at, name)).peekable();
    if required.peek().is_some() {
        out.key("required").begin_array();
        for (_, name) in required {
            out.escaped(name.raw());
        }
        out.end_array();
    }
}

/// The strings to choose from.
fn choices(shape: &Shape<'_>, out: &mut Writer) {
    let mut choices = shape.values.iter().filter_map(|value| value.as_str()).filter(|text| !text.is_empty()).peekable();
    if choices.peek().is_none() {
        return;
    }
    out.key("enum").begin_array();
    for choice in choices {
        out.escaped(choice.raw());
    }
    out.end_array();
}

/// The description, and behind it what Gemini has no keyword for.
fn describe(kind: Type, shape: &Shape<'_>, described: [Option<Str<'_>>; 2], out: &mut Writer) {
    let mut parts: Vec<Cow<'_, str>> = described.into_iter().flatten().map(|text| text.raw().into()).collect();
    if let Some(format) = shape.format.filter(|said| {
        matches!(kind, Type::String | Type::Number | Type::Integer)
            && !FORMATS.iter().any(|(_, known)| *said == **known)
    }) {
        parts.push(format!("Format: {}.", format.raw()).into());
    }
    let numbers: Vec<_> =
        shape.values.iter().filter(|value| is_choice(kind, **value)).map(|value| value.raw()).collect();
    if !numbers.is_empty() {
        parts.push(format!("One of: {}.", numbers.join(", ")).into());
    }
    for (limit, value) in unique(&shape.limits) {
        if let Some((_, _, words)) = WORDS.iter().find(|(of, keyword, _)| *of == class(kind) && *keyword == limit) {
            parts.push(format!("{words}{}.", inside(value)).into());
        }
    }
    for (hint, value) in unique(&shape.hints).filter(|(_, value)| !value.is_null() && value.raw().len() <= LONGEST_HINT)
    {
        let words = if hint == "default" { "Default" } else { "Examples" };
        parts.push(format!("{words}: {}.", inside(value)).into());
    }
    if !parts.is_empty() {
        out.key("description").begin_string();
        for (part, number) in parts.iter().zip(0..) {
            out.escaped_part(if number == 0 { "" } else { "\\n" }).escaped_part(part);
        }
        out.end_string();
    }
}

/// Numbers and truth values cannot stand in `enum`.
fn is_choice(kind: Type, value: Value<'_>) -> bool {
    match value.kind() {
        Kind::Number => matches!(kind, Type::Number | Type::Integer),
        Kind::Bool => kind == Type::Boolean,
        _ => false,
    }
}

/// The value as it stands, fit for the inside of a string.
pub(super) fn inside(value: Value<'_>) -> String {
    let mut out = Writer::new();
    match value.as_str() {
        Some(text) => out.escaped_part(text.raw()),
        None => out.string_part(value.raw()),
    };
    out.into_string()
}

/// Bounds of integers are those of numbers.
fn class(kind: Type) -> Type {
    if kind == Type::Integer { Type::Number } else { kind }
}

/// Lengths and counts must be whole.
fn fits(limit: &str, value: Value<'_>) -> bool {
    matches!(limit, "minimum" | "maximum") && value.as_f64().is_some() || value.as_u64().is_some()
}

/// The first of every keyword; merged schemas may have several.
pub(super) fn unique<'s, 'd>(
    pairs: &'s [(&'static str, Value<'d>)],
) -> impl Iterator<Item = (&'static str, Value<'d>)> + use<'s, 'd> {
    pairs.iter().enumerate().filter_map(|(at, (keyword, value))| {
        let before = pairs.get(..at).unwrap_or_default();
        (!before.iter().any(|(known, _)| known == keyword)).then_some((*keyword, *value))
    })
}

fn name(kind: Type) -> &'static str {
    match kind {
        Type::String | Type::Null => "STRING",
        Type::Number => "NUMBER",
        Type::Integer => "INTEGER",
        Type::Boolean => "BOOLEAN",
        Type::Array => "ARRAY",
        Type::Object => "OBJECT",
    }
}
