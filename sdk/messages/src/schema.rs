//! A compiler for tool schemas: JSON Schema, as MCP servers and clients write it → the subset that a provider takes.
//!
//! [`Shape`] is what a schema says once references are inlined, `allOf` is merged and unions are flattened; it is the same for
//! every target, and [`Shape::read`] always gives one, whatever the JSON. A target is a module that writes shapes in its own
//! dialect: [`gemini`], [`openai_strict`], [`groq`], [`nova`]. What neither can express is put into words in the description where a model can make use of them
//! (`Default: 10.`), else its keyword is added to the list of what was lost.

mod combine;
pub mod gemini;
pub mod groq;
pub mod nova;
pub mod openai_strict;
mod plain;
mod read;
mod types;

#[cfg(test)]
mod tests;

use crate::json::{Str, Value};
pub use types::{Type, Types};

/// What a schema says of a value. The default says nothing: anything fits.
///
/// Where [`any_of`](Self::any_of) has entries, they say everything but the description; `types` then holds at most
/// [`Type::Null`].
#[derive(Debug, Clone, Default)]
pub struct Shape<'d> {
    /// The types that fit; empty if all do.
    pub types: Types,
    /// What a model is told of it; of schemas that were merged, the outermost description.
    pub description: Option<Str<'d>>,
    /// The only values that fit (`enum`, `const`), of any kind; empty if it is not a list.
    pub values: Vec<Value<'d>>,
    /// The format of a string or number.
    pub format: Option<Str<'d>>,
    /// Named members, in their order.
    pub properties: Vec<(Str<'d>, Shape<'d>)>,
    /// Names of members that must be there; some may have no property.
    pub required: Vec<Str<'d>>,
    /// What the items of an array are.
    pub items: Option<Box<Shape<'d>>>,
    /// Bounds: the keyword and its number (or, for `pattern`, its string).
    pub limits: Vec<(&'static str, Value<'d>)>,
    /// Keywords that are only a hint to the reader: `default`, `examples`.
    pub hints: Vec<(&'static str, Value<'d>)>,
    /// Alternatives, of which one fits.
    pub any_of: Vec<Shape<'d>>,
}

/// The keywords of what a compiled schema no longer says, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lost(Vec<&'static str>);

impl Lost {
    /// Adds a keyword if it is not there yet.
    pub fn add(&mut self, keyword: &'static str) {
        if !self.0.contains(&keyword) {
            self.0.push(keyword);
        }
    }

    /// The keywords in the order in which they were met.
    pub fn keywords(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().copied()
    }
}

impl<'d> Shape<'d> {
    /// Reads a schema. References are looked up in the schema itself (`#/$defs/…`); recursive ones are followed twice and
    /// then cut. Very deep or large schemas are cut as well, so that time and output stay bounded.
    #[must_use]
    pub fn read(schema: Value<'d>, lost: &mut Lost) -> Self {
        read::Reader::new(schema, lost).read()
    }

    /// Whether it says nothing but, perhaps, a description.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.types.is_empty() && self.is_untyped()
    }

    /// Whether nothing but types and a description is said.
    fn is_untyped(&self) -> bool {
        self.values.is_empty()
            && self.properties.is_empty()
            && self.items.is_none()
            && self.any_of.is_empty()
            && self.limits.is_empty()
            && self.format.is_none()
    }

    /// Whether nothing but a list of values is said, so that two of them can be one list.
    fn is_list(&self) -> bool {
        !self.values.is_empty()
            && self.properties.is_empty()
            && self.items.is_none()
            && self.limits.is_empty()
            && self.format.is_none()
            && self.description.is_none()
    }

    /// How many schemas it consists of.
    fn size(&self) -> usize {
        let below = self.properties.iter().map(|(_, shape)| shape).chain(&self.any_of).chain(self.items.as_deref());
        1 + below.map(Self::size).sum::<usize>()
    }
}
