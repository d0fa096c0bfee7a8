//! Shapes for Groq, which checks every call against the tool's schema itself and fails the request where one does not fit or
//! where the schema has words that it does not know (`$schema`, references into other places than `$defs`).

use super::plain::{self, Dialect, Keeps};
use super::{Lost, Shape};
use crate::json::{Value, Writer};

/// Only bounds that change no type are kept as words of the schema; formats become part of the description, as a call that
/// misses one would fail the whole request.
const DIALECT: Dialect = Dialect {
    keeps: Keeps::These(&["minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"]),
    formats: Keeps::These(&[]),
    closed: false,
};

/// Writes the parameters of a function, which are always an object; of a union of objects, all their members. A tool without a
/// schema takes an empty object. Never strict: that is for two models only, and for answers, not for calls.
pub fn write_parameters(schema: Option<Value<'_>>, lost: &mut Lost, out: &mut Writer) {
    let mut shape = schema.map(|schema| Shape::read(schema, lost)).unwrap_or_default();
    if !shape.any_of.is_empty() {
        lost.add("anyOf");
        shape = super::gemini::union(shape);
    }
    plain::object(&shape, &DIALECT, out);
}
