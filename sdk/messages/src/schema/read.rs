//! JSON Schema → [`Shape`]: one walk over the keywords, following references as it goes.

use super::combine;
use super::{Lost, Shape, Type, Types};
use crate::json::{Kind, Str, Value};

/// How deep shapes nest. Real tools stay below ten; every level costs stack, which a sandbox has little of.
const DEEPEST: u32 = 32;

/// How many schemas one tool may consist of, references counted as often as they are used. The largest of known MCP servers
/// has a few hundred; what goes beyond is more than a model would read.
const MOST_SCHEMAS: usize = 2_000;

/// How often a recursive reference is followed within itself: a tree's node, and its children.
const MOST_TURNS: usize = 2;

/// Keywords with a bound that targets may know; all are numbers but `pattern`.
const LIMITS: &[&str] = &[
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
];

/// Keywords whose loss changes what fits, without a form that any target knows.
const LOST: &[&str] = &[
    "not",
    "if",
    "then",
    "else",
    "patternProperties",
    "propertyNames",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "contains",
    "minContains",
    "maxContains",
    "uniqueItems",
];

/// Reads one schema and what it refers to.
pub(super) struct Reader<'d, 'l> {
    root: Value<'d>,
    lost: &'l mut Lost,
    /// References that are being followed.
    open: Vec<&'d str>,
    schemas: usize,
}

/// Keywords that are put together with the rest at the end.
#[derive(Default)]
struct Parts<'d> {
    title: Option<Str<'d>>,
    reference: Option<Str<'d>>,
    all_of: Option<Value<'d>>,
    unions: Vec<Value<'d>>,
    tuple: Option<Value<'d>>,
    nullable: bool,
}

impl<'d, 'l> Reader<'d, 'l> {
    pub(super) fn new(root: Value<'d>, lost: &'l mut Lost) -> Self {
        Self { root, lost, open: Vec::new(), schemas: 0 }
    }

    pub(super) fn read(mut self) -> Shape<'d> {
        let root = self.root;
        self.schema(root, 0)
    }

    fn schema(&mut self, value: Value<'d>, depth: u32) -> Shape<'d> {
        self.schemas += 1;
        if value.kind() != Kind::Object {
            // `true` says that anything fits, which is what an empty shape says.
            if value.as_bool() == Some(false) {
                self.lost.add("false");
            }
            return Shape::default();
        }
        if depth > DEEPEST || self.is_full() {
            self.lost.add("nesting");
            return surface(value);
        }
        let mut shape = Shape::default();
        let mut parts = Parts::default();
        for (key, member) in value.members() {
            self.keyword(key, member, &mut shape, &mut parts, depth);
        }
        shape.description = shape.description.or(parts.title);
        infer(&mut shape);
        self.join(shape, &parts, depth)
    }

    /// Whether nothing more is read. References may make a small text large without end.
    fn is_full(&self) -> bool {
        self.schemas > MOST_SCHEMAS
    }

    /// The schemas of a list, as far as there is room.
    fn list(&mut self, list: Value<'d>, depth: u32) -> Vec<Shape<'d>> {
        let mut shapes = Vec::new();
        for schema in list.items() {
            if self.is_full() {
                break;
            }
            shapes.push(self.schema(schema, depth + 1));
        }
        shapes
    }

    fn keyword(&mut self, key: Str<'d>, member: Value<'d>, shape: &mut Shape<'d>, parts: &mut Parts<'d>, depth: u32) {
        let filled = |text: Option<Str<'d>>| text.filter(|text| !text.is_empty());
        match key.raw() {
            "type" => shape.types = Types::named(member),
            "nullable" => parts.nullable = member.as_bool() == Some(true),
            "description" => shape.description = filled(member.as_str()),
            "title" => parts.title = filled(member.as_str()),
            "enum" => shape.values = member.items().collect(),
            "const" => shape.values = vec![member],
            "format" => shape.format = filled(member.as_str()),
            "properties" => self.properties(member, shape, depth),
            "required" => shape.required = member.items().filter_map(Value::as_str).collect(),
            // Before 2020, a list of items was a tuple.
            "items" if member.kind() == Kind::Array => parts.tuple = Some(member),
            "items" => shape.items = Some(Box::new(self.schema(member, depth + 1))),
            "prefixItems" => parts.tuple = Some(member),
            "anyOf" | "oneOf" => parts.unions.push(member),
            "allOf" => parts.all_of = Some(member),
            "$ref" | "$dynamicRef" => parts.reference = member.as_str(),
            "default" => shape.hints.push(("default", member)),
            "examples" if !member.is_empty() => shape.hints.push(("examples", member)),
            "pattern" if member.kind() == Kind::String => shape.limits.push(("pattern", member)),
            "additionalProperties" | "unevaluatedProperties" | "additionalItems" | "unevaluatedItems"
                if member.kind() == Kind::Object && !member.is_empty() =>
            {
                self.lost.add("additionalProperties");
            }
            other => self.other(other, member, shape),
        }
    }

    fn other(&mut self, key: &str, member: Value<'d>, shape: &mut Shape<'d>) {
        if let Some(limit) = LIMITS.iter().find(|limit| **limit == key) {
            // In the oldest drafts, exclusive bounds were `true` or `false`.
            if member.kind() == Kind::Number {
                shape.limits.push((limit, member));
            }
        } else if let Some(lost) = LOST.iter().find(|lost| **lost == key)
            && member.as_bool() != Some(false)
        {
            self.lost.add(lost);
        }
        // Everything else is an annotation (`$schema`, `$id`, `$comment`, `readOnly`, …): it forbids nothing.
    }

    fn properties(&mut self, members: Value<'d>, shape: &mut Shape<'d>, depth: u32) {
        for (name, schema) in members.members() {
            if self.is_full() {
                self.lost.add("nesting");
                break;
            }
            let property = self.schema(schema, depth + 1);
            match shape.properties.iter_mut().find(|(known, _)| *known == name) {
                // Of a repeated key the last one counts.
                Some((_, known)) => *known = property,
                None => shape.properties.push((name, property)),
            }
        }
    }

    /// Everything that is said beside the keywords themselves.
    fn join(&mut self, mut shape: Shape<'d>, parts: &Parts<'d>, depth: u32) -> Shape<'d> {
        if let Some(tuple) = parts.tuple {
            self.tuple(&mut shape, tuple, depth);
        }
        if let Some(reference) = parts.reference {
            let target = self.reference(reference, depth);
            shape = combine::both(shape, target, self.lost);
        }
        for part in parts.all_of.map(|list| self.list(list, depth)).unwrap_or_default() {
            shape = combine::both(shape, part, self.lost);
        }
        for union in &parts.unions {
            let variants = self.list(*union, depth);
            // Each alternative takes over what stands beside the union, so the shape may grow.
            let room = MOST_SCHEMAS.saturating_sub(self.schemas);
            self.schemas += combine::one_of(&mut shape, variants, room, self.lost);
        }
        if parts.nullable && (!shape.types.is_empty() || !shape.any_of.is_empty()) {
            shape.types.insert(Type::Null);
        }
        shape
    }

    /// No target knows a schema for each place: every item may be what any place takes.
    fn tuple(&mut self, shape: &mut Shape<'d>, tuple: Value<'d>, depth: u32) {
        self.lost.add("prefixItems");
        let variants = self.list(tuple, depth);
        let mut items = Shape::default();
        let room = MOST_SCHEMAS.saturating_sub(self.schemas);
        self.schemas += combine::one_of(&mut items, variants, room, self.lost);
        shape.items = Some(Box::new(items));
        shape.types = shape.types.both(Types::only(Type::Array));
    }

    fn reference(&mut self, reference: Str<'d>, depth: u32) -> Shape<'d> {
        let decoded = reference.decode();
        let target = decoded.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
        let Some(target) = target else {
            // Another document, or nothing at all.
            self.lost.add("$ref");
            return Shape::default();
        };
        if self.open.iter().filter(|open| **open == reference.raw()).count() >= MOST_TURNS {
            self.lost.add("recursion");
            return surface(target);
        }
        self.open.push(reference.raw());
        let shape = self.schema(target, depth + 1);
        self.open.pop();
        shape
    }
}

/// What can be said of a schema without going into it.
fn surface<'d>(value: Value<'d>) -> Shape<'d> {
    let description = value.get("description").and_then(Value::as_str).filter(|text| !text.is_empty());
    Shape { types: value.get("type").map(Types::named).unwrap_or_default(), description, ..Shape::default() }
}

/// The types that keywords imply where `type` is missing.
fn infer(shape: &mut Shape<'_>) {
    if !shape.types.is_empty() {
        return;
    }
    for value in &shape.values {
        shape.types.insert(Type::of(*value));
    }
    if !shape.types.is_empty() {
        return;
    }
    if !shape.properties.is_empty() {
        shape.types.insert(Type::Object);
    }
    if shape.items.is_some() {
        shape.types.insert(Type::Array);
    }
}
