//! Ids of tool calls: legal ones, each used once, the same in a call and in its result and in every turn.

use crate::anthropic::names::id_alias;
use ccr_plugin::messages::json::{Str, Value};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

#[derive(Debug, Default)]
pub(super) struct Ids<'d> {
    /// All ids on the wire so far.
    taken: HashSet<Cow<'d, str>>,
    /// What the last call with a client's id is called on the wire.
    latest: HashMap<&'d str, Cow<'d, str>>,
}

impl<'d> Ids<'d> {
    /// The id of a call on the wire, if it is another than the client's.
    pub(super) fn of_call(&mut self, id: Option<Value<'d>>) -> Option<String> {
        let id = id.and_then(Value::as_str);
        let first = legal(id);
        let mut wire = first.clone();
        let mut copy = 2_u32;
        while !self.taken.insert(wire.clone()) {
            wire = Cow::Owned(format!("{first}_{copy}"));
            copy += 1;
        }
        let changed = matches!(wire, Cow::Owned(_)).then(|| wire.clone().into_owned());
        self.latest.insert(raw(id), wire);
        changed
    }

    /// The id that a result names on the wire, if it is another than the client's.
    pub(super) fn of_result(&self, id: Option<Value<'d>>) -> Option<String> {
        let id = id.and_then(Value::as_str);
        let wire = self.latest.get(raw(id)).cloned().unwrap_or_else(|| legal(id));
        matches!(wire, Cow::Owned(_)).then(|| wire.into_owned())
    }
}

fn raw(id: Option<Str<'_>>) -> &str {
    id.map(Str::raw).unwrap_or_default()
}

/// Some clients leave ids out or write numbers: these are all the empty id.
fn legal(id: Option<Str<'_>>) -> Cow<'_, str> {
    match id {
        Some(id) => id_alias(id).map_or(Cow::Borrowed(id.raw()), Cow::Owned),
        None => Cow::Owned("toolu_without_id".to_owned()),
    }
}
