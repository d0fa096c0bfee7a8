//! Sets of JSON Schema's seven types.

use crate::json::{Kind, Value};

/// A type of JSON Schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Type {
    /// `string`
    String = 1,
    /// `number`
    Number = 2,
    /// `integer`
    Integer = 4,
    /// `boolean`
    Boolean = 8,
    /// `array`
    Array = 16,
    /// `object`
    Object = 32,
    /// `null`
    Null = 64,
}

impl Type {
    /// All types, in the order in which alternatives are written.
    pub const ALL: [Self; 7] =
        [Self::String, Self::Number, Self::Integer, Self::Boolean, Self::Array, Self::Object, Self::Null];

    /// JSON Schema's name of the type, in any case: OpenAPI tools write them in capitals.
    fn named(name: &str) -> Option<Self> {
        let names = ["string", "number", "integer", "boolean", "array", "object", "null"];
        let at = names.iter().position(|known| known.eq_ignore_ascii_case(name))?;
        Self::ALL.get(at).copied()
    }

    /// JSON Schema's name of the type.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Number => "number",
            Self::Integer => "integer",
            Self::Boolean => "boolean",
            Self::Array => "array",
            Self::Object => "object",
            Self::Null => "null",
        }
    }

    /// The type of a value; numbers without a fraction are integers.
    #[must_use]
    pub fn of(value: Value<'_>) -> Self {
        match value.kind() {
            Kind::Null => Self::Null,
            Kind::Bool => Self::Boolean,
            Kind::Number if value.as_i64().is_some() || value.as_u64().is_some() => Self::Integer,
            Kind::Number => Self::Number,
            Kind::String => Self::String,
            Kind::Array => Self::Array,
            Kind::Object => Self::Object,
        }
    }
}

/// A set of types; empty stands for "not said".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Types(u8);

impl Types {
    /// The set with this type alone.
    #[must_use]
    pub fn only(kind: Type) -> Self {
        Self(kind as u8)
    }

    /// What `type` says: a name or a list of names. Unknown names are passed over.
    #[must_use]
    pub fn named(value: Value<'_>) -> Self {
        let mut types = Self::default();
        let single = value.as_str();
        for name in single.into_iter().chain(value.items().filter_map(Value::as_str)) {
            if let Some(kind) = Type::named(&name.decode()) {
                types.insert(kind);
            }
        }
        types
    }

    /// Whether no type is named.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether the type is in the set.
    #[must_use]
    pub fn contains(self, kind: Type) -> bool {
        self.0 & kind as u8 != 0
    }

    /// Adds a type to those that fit.
    pub fn insert(&mut self, kind: Type) {
        self.0 |= kind as u8;
    }

    /// The set without the type.
    #[must_use]
    pub fn without(self, kind: Type) -> Self {
        Self(self.0 & !(kind as u8))
    }

    /// The types in the order of [`Type::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Type> {
        Type::ALL.into_iter().filter(move |kind| self.contains(*kind))
    }

    /// What fits both. Sets that exclude each other are a mistake of the schema's, and the first counts.
    #[must_use]
    pub fn both(self, other: Self) -> Self {
        if self.is_empty() || other.is_empty() {
            return Self(self.0 | other.0);
        }
        // An integer is a number.
        let widened = |types: Self| {
            if types.contains(Type::Number) { Self(types.0 | Type::Integer as u8) } else { types }
        };
        let common = Self(widened(self).0 & widened(other).0);
        if common.is_empty() { self } else { common }
    }
}
