//! Two shapes that must both fit, and alternatives of which one must.

use super::{Lost, Shape, Type, Types};
use crate::json::{Str, Value};

/// What fits both. Where they contradict each other, the first counts.
pub(super) fn both<'d>(first: Shape<'d>, second: Shape<'d>, lost: &mut Lost) -> Shape<'d> {
    if first.is_any() && first.hints.is_empty() && first.required.is_empty() {
        return Shape { description: first.description.or(second.description), ..second };
    }
    if second.is_any() && second.required.is_empty() {
        return described(first, &second);
    }
    if first.any_of.is_empty() && second.any_of.is_empty() {
        return merged(first, second, lost);
    }
    // Each alternative would have to be joined with each: what stands outermost is kept.
    lost.add("allOf");
    described(first, &second)
}

fn described<'d>(mut first: Shape<'d>, second: &Shape<'d>) -> Shape<'d> {
    first.description = first.description.or(second.description);
    first
}

fn merged<'d>(mut first: Shape<'d>, second: Shape<'d>, lost: &mut Lost) -> Shape<'d> {
    first.types = first.types.both(second.types);
    first.description = first.description.or(second.description);
    first.format = first.format.or(second.format);
    if first.values.is_empty() {
        first.values = second.values;
    } else if !second.values.is_empty() {
        let common: Vec<_> = first.values.iter().copied().filter(|value| has(&second.values, *value)).collect();
        if !common.is_empty() {
            first.values = common;
        }
    }
    for (name, shape) in second.properties {
        match first.properties.iter().position(|(known, _)| *known == name) {
            Some(at) => {
                if let Some((_, known)) = first.properties.get_mut(at) {
                    *known = both(std::mem::take(known), shape, lost);
                }
            }
            None => first.properties.push((name, shape)),
        }
    }
    add_names(&mut first.required, second.required);
    first.items = match (first.items, second.items) {
        (Some(first), Some(second)) => Some(Box::new(both(*first, *second, lost))),
        (first, second) => first.or(second),
    };
    first.limits.extend(second.limits);
    first.hints.extend(second.hints);
    first
}

fn has(values: &[Value<'_>], value: Value<'_>) -> bool {
    values.iter().any(|known| known.raw() == value.raw())
}

fn add_names<'d>(names: &mut Vec<Str<'d>>, more: Vec<Str<'d>>) {
    for name in more {
        if !names.contains(&name) {
            names.push(name);
        }
    }
}

/// Adds to a shape that one of the variants must fit. Returns by how many schemas the shape has grown; it grows by no more
/// than `room`.
pub(super) fn one_of<'d>(shape: &mut Shape<'d>, variants: Vec<Shape<'d>>, room: usize, lost: &mut Lost) -> usize {
    let mut nullable = false;
    let mut kept = Vec::with_capacity(variants.len());
    for variant in variants {
        flatten(variant, &mut nullable, &mut kept);
    }
    if kept.is_empty() {
        if nullable {
            shape.types.insert(Type::Null);
        }
        return 0;
    }
    // Such as `anyOf: [{required: [a]}, {required: [b]}]`, which says something of members only.
    if kept.iter().any(Shape::is_any) {
        if kept.iter().any(|variant| !variant.is_any() || !variant.required.is_empty()) {
            lost.add("anyOf");
        }
        return 0;
    }
    if !shape.any_of.is_empty() {
        lost.add("anyOf");
        return 0;
    }
    if kept.len() == 1 {
        let description = shape.description;
        let variant = kept.pop().unwrap_or_default();
        *shape = both(std::mem::take(shape), variant, lost);
        shape.description = description.or(shape.description);
    } else {
        let description = shape.description.take();
        let base = std::mem::take(shape);
        shape.description = description;
        let grown = distribute(shape, base, kept, room, lost);
        if nullable {
            shape.types.insert(Type::Null);
        }
        return grown;
    }
    if nullable && !shape.types.is_empty() {
        shape.types.insert(Type::Null);
    }
    0
}

/// Takes a union apart: alternatives of alternatives are alternatives, "or null" is a property of the whole, and lists of
/// values become one list.
fn flatten<'d>(mut variant: Shape<'d>, nullable: &mut bool, kept: &mut Vec<Shape<'d>>) {
    if variant.types == Types::only(Type::Null) && variant.any_of.is_empty() {
        *nullable = true;
        return;
    }
    if !variant.any_of.is_empty() {
        *nullable |= variant.types.contains(Type::Null);
        kept.append(&mut variant.any_of);
        return;
    }
    match kept.last_mut() {
        Some(last) if last.is_list() && variant.is_list() && last.types == variant.types => {
            last.values.append(&mut variant.values);
        }
        _ => kept.push(variant),
    }
}

/// Gives what is said beside the alternatives to each of them.
fn distribute<'d>(
    shape: &mut Shape<'d>,
    base: Shape<'d>,
    variants: Vec<Shape<'d>>,
    room: usize,
    lost: &mut Lost,
) -> usize {
    if base.is_any() && base.required.is_empty() {
        shape.hints = base.hints;
        shape.any_of = variants;
        return 0;
    }
    let grown = base.size().saturating_mul(variants.len());
    if grown > room {
        lost.add("anyOf");
        *shape = described(base, shape);
        return 0;
    }
    shape.any_of = variants.into_iter().map(|variant| both(variant, base.clone(), lost)).collect();
    grown
}
