//! Whether a condition holds for a request, and what it saw. Texts of the conversation are told by their length only.

use ccr_messages::json::{Kind, Value as Json};
use serde_json::Value;

use crate::config::{Condition, Left, Operator, Scenario};
use crate::routing::order;
use crate::routing::question::Question;
use crate::routing::trace::{Trace, brief};

/// Parts of the body that hold the conversation, of which nothing is shown.
const PRIVATE: [&str; 4] = ["/messages", "/system", "/tools", "/metadata"];

/// What a condition found.
enum Found<'a> {
    Nothing,
    Text(std::borrow::Cow<'a, str>),
    Number(f64),
    Json(Json<'a>),
    Names(Vec<std::borrow::Cow<'a, str>>),
}

/// Whether it holds, and what it saw.
pub(super) fn holds(condition: &Condition, question: &Question<'_, '_>) -> (bool, String) {
    if condition.left == Left::Tokens {
        return tokens(condition, question);
    }
    let found = look(&condition.left, question);
    (compare(&found, condition.operator, &condition.right), shown(&condition.left, &found))
}

/// Asks no more of the count than the comparison needs.
fn tokens(condition: &Condition, question: &Question<'_, '_>) -> (bool, String) {
    let Some(limit) = number(&condition.right) else { return (false, "not compared".into()) };
    // Whole numbers beyond 2^53 are no limits that anybody sets.
    let whole = limit.floor().max(0.0) as u64;
    let more_than = |threshold: u64| {
        let (more, count) = question.tokens.exceeds(threshold);
        let seen = match (count, more) {
            (Some(count), _) => count.to_string(),
            (None, true) => format!("more than {threshold}"),
            (None, false) => format!("at most {threshold}"),
        };
        (more, seen)
    };
    match condition.operator {
        Operator::Greater if limit >= 0.0 => more_than(whole),
        Operator::LessOrEqual if limit >= 0.0 => {
            let (more, seen) = more_than(whole);
            (!more, seen)
        }
        operator => {
            let count = question.tokens.count();
            (compare(&Found::Number(count as f64), operator, &condition.right), count.to_string())
        }
    }
}

fn look<'a>(left: &Left, question: &Question<'_, 'a>) -> Found<'a> {
    let request = question.request;
    match left {
        Left::Header(name) => match request.about().headers.get(name) {
            Some(value) => Found::Text(String::from_utf8_lossy(value.as_bytes())),
            None => Found::Nothing,
        },
        Left::Body(pointer) => match request.document().root().pointer(pointer) {
            Some(value) => match value.as_str() {
                Some(text) => Found::Text(text.decode()),
                None => Found::Json(value),
            },
            None => Found::Nothing,
        },
        Left::Key => question.client_key.map_or(Found::Nothing, |name| Found::Text(name.into())),
        Left::Scenario => {
            let kind = order::usual(question, &mut Trace::default()).map_or(Scenario::Default, |found| found.scenario);
            Found::Text(kind.as_str().into())
        }
        Left::Tokens => Found::Number(question.tokens.count() as f64),
        Left::Tools => {
            let tools = request.document().root().get("tools").into_iter().flat_map(Json::items);
            let names = |tool: Json<'a>| [tool.get("name"), tool.get("type")];
            let texts = tools.flat_map(names).flatten().filter_map(Json::as_str);
            Found::Names(texts.map(|text| text.decode()).collect())
        }
    }
}

fn shown(left: &Left, found: &Found<'_>) -> String {
    let private = matches!(left, Left::Body(pointer) if pointer.is_empty() || PRIVATE.iter().any(|part| pointer.starts_with(part)));
    match found {
        Found::Nothing => "not there".into(),
        Found::Text(text) if private => format!("a text of {} bytes", text.len()),
        Found::Text(text) => format!("`{}`", brief(text)),
        Found::Number(number) => number.to_string(),
        Found::Json(value) => match value.kind() {
            Kind::Object => format!("an object of {} members", value.len()),
            Kind::Array => format!("a list of {}", value.len()),
            _ => brief(value.raw()).into_owned(),
        },
        Found::Names(names) => format!("{} tools", names.len()),
    }
}

fn compare(found: &Found<'_>, operator: Operator, right: &Value) -> bool {
    match operator {
        Operator::Equal => equal(found, right),
        Operator::NotEqual => !equal(found, right),
        Operator::Contains => contains(found, right),
        Operator::NotContains => !contains(found, right),
        Operator::ContainsDeep => match found {
            Found::Json(value) => contains_deep(*value, right),
            other => contains(other, right),
        },
        Operator::StartsWith => starts_with(found, &text_of(right)),
        order => {
            let left = match found {
                Found::Number(number) => Some(*number),
                Found::Text(text) => text.trim().parse().ok(),
                Found::Json(value) => value.as_f64(),
                Found::Nothing | Found::Names(_) => None,
            };
            let Some((left, right)) = left.zip(number(right)) else { return false };
            match order {
                Operator::Greater => left > right,
                Operator::GreaterOrEqual => left >= right,
                Operator::Less => left < right,
                _ => left <= right,
            }
        }
    }
}

fn equal(found: &Found<'_>, right: &Value) -> bool {
    match found {
        Found::Nothing => right.is_null(),
        // The name of a model, a header or a scenario is the same in any case.
        Found::Text(text) => text.eq_ignore_ascii_case(&text_of(right)),
        Found::Number(left) => number(right) == Some(*left),
        Found::Json(value) => same(*value, right),
        Found::Names(names) => right
            .as_array()
            .is_some_and(|wanted| wanted.len() == names.len() && wanted.iter().all(|item| contains(found, item))),
    }
}

fn starts_with(found: &Found<'_>, start: &str) -> bool {
    let begins = |text: &str| text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start));
    match found {
        Found::Text(text) => begins(text),
        Found::Names(names) => names.iter().any(|name| begins(name)),
        Found::Json(value) => begins(value.raw()),
        Found::Nothing | Found::Number(_) => false,
    }
}

fn contains(found: &Found<'_>, right: &Value) -> bool {
    match found {
        Found::Text(text) => text.contains(&text_of(right)),
        Found::Json(value) => contains_here(*value, right),
        Found::Names(names) => names.iter().any(|name| name.eq_ignore_ascii_case(&text_of(right))),
        Found::Nothing | Found::Number(_) => false,
    }
}

fn contains_here(value: Json<'_>, right: &Value) -> bool {
    match value.kind() {
        Kind::String => value.as_str().is_some_and(|text| text.decode().contains(&text_of(right))),
        Kind::Array => value.items().any(|item| same(item, right)),
        Kind::Object => match right {
            Value::Object(wanted) => {
                wanted.iter().all(|(key, wanted)| value.get(key).is_some_and(|value| same(value, wanted)))
            }
            other => other.as_str().is_some_and(|key| value.get(key).is_some()),
        },
        _ => false,
    }
}

fn contains_deep(value: Json<'_>, right: &Value) -> bool {
    match value.kind() {
        Kind::Array => value.items().any(|item| same(item, right) || contains_deep(item, right)),
        Kind::Object => {
            (right.is_object() && contains_here(value, right))
                || value.members().any(|(_, member)| same(member, right) || contains_deep(member, right))
        }
        _ => contains_here(value, right),
    }
}

/// Whether two values are equal; numbers by their value, objects whatever the order of their members.
pub(super) fn same(value: Json<'_>, other: &Value) -> bool {
    match other {
        Value::Null => value.is_null(),
        Value::Bool(wanted) => value.as_bool() == Some(*wanted),
        Value::Number(wanted) => value.as_f64().is_some() && value.as_f64() == wanted.as_f64(),
        Value::String(wanted) => value.as_str().is_some_and(|text| text == wanted.as_str()),
        Value::Array(wanted) => {
            value.kind() == Kind::Array
                && value.len() == wanted.len()
                && value.items().zip(wanted).all(|(item, wanted)| same(item, wanted))
        }
        Value::Object(wanted) => {
            value.kind() == Kind::Object
                && value.len() == wanted.len()
                && wanted.iter().all(|(key, wanted)| value.get(key).is_some_and(|value| same(value, wanted)))
        }
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())
}
