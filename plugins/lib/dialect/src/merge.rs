//! Objects laid over one another.

use crate::Top;
use ccr_plugin::messages::json::{Document, Kind, Value, Writer};
use ccr_plugin::{Fault, WireRequest};

/// Which of two values that are not both objects stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wins {
    /// What was there before.
    Old,
    /// What is laid over it.
    New,
}

/// `new` laid over `old`: objects member by member and to any depth, everything else as `wins` says.
#[must_use]
pub fn merged(old: Value<'_>, new: Value<'_>, wins: Wins) -> String {
    let mut out = Writer::with_capacity(old.raw().len() + new.raw().len());
    write(old, new, wins, &mut out);
    out.into_string()
}

fn write(old: Value<'_>, new: Value<'_>, wins: Wins, out: &mut Writer) {
    if old.kind() != Kind::Object || new.kind() != Kind::Object {
        out.value(if wins == Wins::Old { old } else { new });
        return;
    }
    out.begin_object();
    for (key, value) in old.members() {
        out.key_str(key);
        match new.get(&key.decode()) {
            Some(over) => write(value, over, wins, out),
            None => _ = out.value(value),
        }
    }
    for (key, value) in new.members().filter(|(key, _)| old.get(&key.decode()).is_none()) {
        out.key_str(key).value(value);
    }
    out.end_object();
}

/// Lays the members of an object over the top of a wire body.
///
/// # Errors
/// The body is not a JSON object, so that nothing can be laid over it.
pub fn into_wire(request: &mut dyn WireRequest, members: Value<'_>, wins: Wins) -> Result<(), Fault> {
    if members.is_empty() {
        return Ok(());
    }
    let body = String::from_utf8(request.body()).map_err(|_| no_object())?;
    let top = Top::scan(&body).ok_or_else(no_object)?;
    let mut set = Vec::new();
    for (key, value) in members.members() {
        let key = key.decode();
        let Some(old) = top.get(&key) else {
            set.push((key, value.raw().to_owned()));
            continue;
        };
        if old.starts_with('{') && value.kind() == Kind::Object {
            let old = Document::parse_str(old).map_err(|_| no_object())?;
            set.push((key, merged(old.root(), value, wins)));
        } else if wins == Wins::New {
            set.push((key, value.raw().to_owned()));
        }
    }
    if set.is_empty() {
        return Ok(());
    }
    request.set_body(top.with(&set).as_bytes())
}

fn no_object() -> Fault {
    Fault::own("the body is not a JSON object")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::{Wins, into_wire, merged};
    use ccr_plugin::messages::json::Document;
    use ccr_plugin::testing::FakeWireRequest;
    use serde_json::{Value, json};

    fn of(old: Value, new: Value, wins: Wins) -> Value {
        let (old, new) = (old.to_string(), new.to_string());
        let (old, new) = (Document::parse(old.as_bytes()).unwrap(), Document::parse(new.as_bytes()).unwrap());
        serde_json::from_str(&merged(old.root(), new.root(), wins)).unwrap()
    }

    #[test]
    fn objects_are_merged_to_any_depth() {
        let (old, new) = (json!({"a": {"b": 1, "c": [1]}, "d": 1}), json!({"a": {"b": 2, "e": {}}, "f": null}));
        assert_eq!(
            of(old.clone(), new.clone(), Wins::Old),
            json!({"a": {"b": 1, "c": [1], "e": {}}, "d": 1, "f": null})
        );
        assert_eq!(of(old, new, Wins::New), json!({"a": {"b": 2, "c": [1], "e": {}}, "d": 1, "f": null}));
        assert_eq!(of(json!({"a": 1}), json!(2), Wins::Old), json!({"a": 1}));
        assert_eq!(of(json!({"a": 1}), json!(2), Wins::New), json!(2));
    }

    #[test]
    fn a_wire_body_takes_new_members() {
        let laid = |wins| {
            let mut request = FakeWireRequest::new(json!({"model": "m", "x": {"a": 1}, "t": 1}));
            let members = Document::parse(br#"{"x":{"a":2,"b":3},"t":0,"new":[1]}"#).unwrap();
            into_wire(&mut request, members.root(), wins).unwrap();
            request.body
        };
        assert_eq!(laid(Wins::Old), json!({"model": "m", "x": {"a": 1, "b": 3}, "t": 1, "new": [1]}));
        assert_eq!(laid(Wins::New), json!({"model": "m", "x": {"a": 2, "b": 3}, "t": 0, "new": [1]}));
    }
}
