//! A value of a document: a cheap handle that answers questions about its span.

use std::fmt;
use std::ops::Range;

use super::parser::Node;
use super::text::Str;

/// The six kinds of JSON values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

/// A value within a [`Document`](super::Document). Copying it is cheap; nothing is decoded until asked for.
#[derive(Clone, Copy)]
pub struct Value<'d> {
    text: &'d str,
    node: Node,
    /// The nodes of what it contains.
    inner: &'d [Node],
}

impl<'d> Value<'d> {
    /// The value whose nodes `nodes` begins with, and the nodes after it.
    pub(super) fn first(text: &'d str, nodes: &'d [Node]) -> Option<(Self, &'d [Node])> {
        let (node, after) = nodes.split_first()?;
        let (inner, rest) = after.split_at_checked(node.size().saturating_sub(1))?;
        Some((Self { text, node: *node, inner }, rest))
    }

    /// What stands for "no value" where there must be one.
    pub(super) fn null() -> Self {
        Self { text: "", node: Node::default(), inner: &[] }
    }

    /// What kind of value it is.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self.text.as_bytes().get(self.node.start as usize) {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b'"') => Kind::String,
            Some(b't' | b'f') => Kind::Bool,
            Some(b'n') | None => Kind::Null,
            Some(_) => Kind::Number,
        }
    }

    /// The value exactly as it stands in the text.
    #[must_use]
    pub fn raw(self) -> &'d str {
        self.text.get(self.span()).unwrap_or_default()
    }

    /// Byte offsets of the value in the text that was parsed (a byte order mark counts).
    #[must_use]
    pub fn span(self) -> Range<usize> {
        self.node.start as usize..self.node.end as usize
    }

    /// How many nodes it takes, its own included.
    pub(super) fn size(self) -> usize {
        self.inner.len() + 1
    }

    /// The member of an object; of a repeated key the last one, as in JavaScript. `None` for other kinds.
    #[must_use]
    pub fn get(self, key: &str) -> Option<Value<'d>> {
        let members = MemberNodes { text: self.text, rest: self.members().rest };
        let mut found = None;
        for (name, value) in members {
            // Most keys are ruled out by their length, quotes included, without looking at their text.
            let may_be = name.is_escaped() || (name.end - name.start) as usize == key.len() + 2;
            if may_be && string_of(self.text, name) == *key {
                found = Some(value);
            }
        }
        found
    }

    /// Goes over the members of an object in the order of the text, repeated keys included; over nothing for other kinds.
    #[must_use]
    pub fn members(self) -> Members<'d> {
        let rest = if self.kind() == Kind::Object { self.inner } else { &[] };
        Members { text: self.text, rest }
    }

    /// Goes over the items of an array; over nothing for other kinds.
    #[must_use]
    pub fn items(self) -> Items<'d> {
        let rest = if self.kind() == Kind::Array { self.inner } else { &[] };
        Items { text: self.text, rest }
    }

    /// How many items an array or members an object has (repeated keys count); 0 for other kinds. Walks over them.
    #[must_use]
    pub fn len(self) -> usize {
        if self.kind() == Kind::Object { self.members().count() } else { self.items().count() }
    }

    /// Whether it is an array or object with nothing in it, or no container at all.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.inner.is_empty()
    }

    /// The string, if it is one.
    #[must_use]
    pub fn as_str(self) -> Option<Str<'d>> {
        (self.kind() == Kind::String).then(|| string_of(self.text, self.node))
    }

    /// The truth value, if it is one.
    #[must_use]
    pub fn as_bool(self) -> Option<bool> {
        (self.kind() == Kind::Bool).then(|| self.raw() == "true")
    }

    /// The number, if it is written as an integer from 0 to 2^64 - 1.
    #[must_use]
    pub fn as_u64(self) -> Option<u64> {
        self.raw().parse().ok()
    }

    /// The number, if it is written as an integer from -2^63 to 2^63 - 1.
    #[must_use]
    pub fn as_i64(self) -> Option<i64> {
        self.raw().parse().ok()
    }

    /// The number, rounded to the nearest `f64`; `None` if that is infinite.
    #[must_use]
    pub fn as_f64(self) -> Option<f64> {
        if self.kind() != Kind::Number {
            return None;
        }
        self.raw().parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// Whether it is `null`.
    #[must_use]
    pub fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }

    /// What can be taken out of it: members (key to value) of an object, items of an array.
    pub(super) fn children(self) -> impl Iterator<Item = Child<'d>> {
        let mut end = 0;
        let mut nodes_of = move |nodes: usize| {
            let start = end;
            end += nodes;
            start..end
        };
        let members = MemberNodes { text: self.text, rest: self.members().rest };
        let members = members.map(|(key, value)| (Some(key), value));
        members.chain(self.items().map(|value| (None, value))).map(move |(key, value)| Child {
            span: key.map_or(value.span().start, |key| key.start as usize)..value.span().end,
            nodes: nodes_of(usize::from(key.is_some()) + value.size()),
            key: key.map(|key| string_of(self.text, key)),
            value,
        })
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.raw())
    }
}

fn string_of(text: &str, node: Node) -> Str<'_> {
    let inside = node.start as usize + 1..(node.end as usize).saturating_sub(1);
    Str::new(text.get(inside).unwrap_or_default(), node.is_escaped())
}

/// A member or an item, with the span it takes between commas.
pub(super) struct Child<'d> {
    pub(super) span: Range<usize>,
    /// Its nodes, that of its key included, counted from the first one within its parent.
    pub(super) nodes: Range<usize>,
    pub(super) key: Option<Str<'d>>,
    pub(super) value: Value<'d>,
}

struct MemberNodes<'d> {
    text: &'d str,
    rest: &'d [Node],
}

impl<'d> Iterator for MemberNodes<'d> {
    type Item = (Node, Value<'d>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let (key, rest) = self.rest.split_first()?;
        let (value, rest) = Value::first(self.text, rest)?;
        self.rest = rest;
        Some((*key, value))
    }
}

/// The members of an object: key and value.
#[derive(Debug, Clone)]
pub struct Members<'d> {
    text: &'d str,
    rest: &'d [Node],
}

impl<'d> Iterator for Members<'d> {
    type Item = (Str<'d>, Value<'d>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let mut nodes = MemberNodes { text: self.text, rest: self.rest };
        let (key, value) = nodes.next()?;
        self.rest = nodes.rest;
        Some((string_of(self.text, key), value))
    }
}

/// The items of an array.
#[derive(Debug, Clone)]
pub struct Items<'d> {
    text: &'d str,
    rest: &'d [Node],
}

impl<'d> Iterator for Items<'d> {
    type Item = Value<'d>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let (value, rest) = Value::first(self.text, self.rest)?;
        self.rest = rest;
        Some(value)
    }
}
