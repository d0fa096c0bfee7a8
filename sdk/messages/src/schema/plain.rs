//! Shapes in JSON Schema's own words, without references and with nothing that a reader would have to know beyond them.
//!
//! What a dialect has no keyword for is said in the description, as far as a model can make use of it.

use super::gemini::{LONGEST_HINT, inside, unique};
use super::{Shape, Type};
use crate::json::{Str, Value, Writer};
use std::borrow::Cow;

/// What a provider takes of JSON Schema, beyond types, members, items, lists of values and alternatives.
#[derive(Debug)]
pub(super) struct Dialect {
    /// Bounds and hints that are kept.
    pub(super) keeps: Keeps,
    /// Formats that are kept.
    pub(super) formats: Keeps,
    /// Every object is closed (`additionalProperties: false`).
    pub(super) closed: bool,
}

/// Which of several words a provider takes.
#[derive(Debug)]
pub(super) enum Keeps {
    All,
    These(&'static [&'static str]),
}

impl Keeps {
    fn has(&self, word: &str) -> bool {
        match self {
            Self::All => true,
            Self::These(words) => words.contains(&word),
        }
    }
}

/// Writes an object's schema: the outermost one of a tool's parameters.
pub(super) fn object(shape: &Shape<'_>, dialect: &Dialect, out: &mut Writer) {
    out.begin_object().key("type").string("object");
    describe(shape, dialect, out);
    members(shape, dialect, out);
    out.end_object();
}

/// Writes a schema that stands within another.
pub(super) fn write(shape: &Shape<'_>, dialect: &Dialect, out: &mut Writer) {
    out.begin_object();
    if !shape.any_of.is_empty() {
        describe(shape, dialect, out);
        out.key("anyOf").begin_array();
        for variant in &shape.any_of {
            write(variant, dialect, out);
        }
        if shape.types.contains(Type::Null) {
            out.begin_object().key("type").string("null").end_object();
        }
        out.end_array().end_object();
        return;
    }
    types(shape, out);
    describe(shape, dialect, out);
    if !shape.values.is_empty() {
        out.key("enum").begin_array();
        shape.values.iter().for_each(|value| _ = out.value(*value));
        out.end_array();
    }
    if let Some(format) = shape.format.filter(|format| dialect.formats.has(format.raw())) {
        out.key("format").escaped(format.raw());
    }
    for (word, value) in unique(&shape.limits).chain(unique(&shape.hints)).filter(|(word, _)| dialect.keeps.has(word)) {
        out.key(word).value(value);
    }
    if let Some(items) = &shape.items {
        write(items, dialect, out.key("items"));
    } else if shape.types.contains(Type::Array) {
        out.key("items").begin_object().end_object();
    }
    if shape.types.contains(Type::Object) {
        members(shape, dialect, out);
    }
    out.end_object();
}

fn types(shape: &Shape<'_>, out: &mut Writer) {
    match shape.types.iter().count() {
        0 => {}
        1 => shape.types.iter().for_each(|kind| _ = out.key("type").string(kind.name())),
        _ => {
            out.key("type").begin_array();
            shape.types.iter().for_each(|kind| _ = out.string(kind.name()));
            out.end_array();
        }
    }
}

fn members(shape: &Shape<'_>, dialect: &Dialect, out: &mut Writer) {
    out.key("properties").begin_object();
    for (name, property) in &shape.properties {
        write(property, dialect, out.key_str(*name));
    }
    out.end_object();
    let known = |name: &Str<'_>| shape.properties.iter().any(|(property, _)| property == name);
    let mut required = shape.required.iter().filter(|name| known(name)).peekable();
    if dialect.closed || required.peek().is_some() {
        out.key("required").begin_array();
        required.for_each(|name| _ = out.escaped(name.raw()));
        out.end_array();
    }
    if dialect.closed {
        out.key("additionalProperties").bool(false);
    }
}

/// The description, and behind it what the dialect has no keyword for.
fn describe(shape: &Shape<'_>, dialect: &Dialect, out: &mut Writer) {
    let mut parts: Vec<Cow<'_, str>> = shape.description.into_iter().map(|text| text.raw().into()).collect();
    if let Some(format) = shape.format.filter(|format| !dialect.formats.has(format.raw())) {
        parts.push(format!("Format: {}.", format.raw()).into());
    }
    for (limit, value) in unique(&shape.limits).filter(|(limit, _)| !dialect.keeps.has(limit)) {
        parts.push(format!("{limit}: {}.", inside(value)).into());
    }
    let is_short = |value: Value<'_>| !value.is_null() && value.raw().len() <= LONGEST_HINT;
    let hints = unique(&shape.hints).filter(|(hint, value)| !dialect.keeps.has(hint) && is_short(*value));
    for (hint, value) in hints {
        let words = if hint == "default" { "Default" } else { "Examples" };
        parts.push(format!("{words}: {}.", inside(value)).into());
    }
    if parts.is_empty() {
        return;
    }
    out.key("description").begin_string();
    for (part, number) in parts.iter().zip(0..) {
        out.escaped_part(if number == 0 { "" } else { "\\n" }).escaped_part(part);
    }
    out.end_string();
}
