//! The top level of the body: which members stay, go, or get another value.

use ccr_plugin::messages::json::{Splice, Value, Writer};
use std::borrow::Cow;

/// Edits of the outermost object, made together at the end.
#[derive(Debug)]
pub(super) struct Members<'d> {
    root: Value<'d>,
    removed: Vec<Cow<'d, str>>,
    set: Vec<(Cow<'d, str>, String)>,
}

impl<'d> Members<'d> {
    pub(super) fn of(root: Value<'d>) -> Self {
        Self { root, removed: Vec::new(), set: Vec::new() }
    }

    /// A member of the request as it came; `null` is read as absent.
    pub(super) fn get(&self, key: &str) -> Option<Value<'d>> {
        self.root.get(key).filter(|value| !value.is_null())
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (Cow<'d, str>, Value<'d>)> + use<'d> {
        self.root.members().map(|(key, value)| (key.decode(), value))
    }

    pub(super) fn remove(&mut self, key: impl Into<Cow<'d, str>>) {
        self.removed.push(key.into());
    }

    /// Gives a member another value; the last one counts.
    pub(super) fn set(&mut self, key: impl Into<Cow<'d, str>>, json: impl Into<String>) {
        let key = key.into();
        self.set.retain(|(known, _)| *known != key);
        self.set.push((key, json.into()));
    }

    /// The value that was set, else the one that came.
    pub(super) fn number(&self, key: &str) -> Option<u64> {
        match self.set.iter().find(|(known, _)| known == key) {
            Some((_, json)) => json.parse().ok(),
            None => self.get(key)?.as_u64(),
        }
    }

    pub(super) fn is_set(&self, key: &str) -> bool {
        self.set.iter().any(|(known, _)| known == key)
    }

    /// Whether the body will have it.
    pub(super) fn has(&self, key: &str) -> bool {
        self.is_set(key) || (self.get(key).is_some() && !self.removed.iter().any(|name| name == key))
    }

    pub(super) fn apply(self, splice: &mut Splice<'d>) {
        let Self { root, removed, set } = self;
        let goes = |key: &str| removed.iter().any(|name| name == key) && !set.iter().any(|(name, _)| name == key);
        // Of a repeated key the last one counts, and only it has been edited.
        let is_last = |key: &str, value: Value<'_>| root.get(key).is_none_or(|last| last.span() == value.span());
        let mut stays = false;
        splice.remove_members(root, |key, value| {
            let key = key.decode();
            let goes = goes(&key) || !is_last(&key, value);
            stays |= !goes;
            goes
        });
        let mut added = Writer::new();
        added.begin_object();
        for (key, json) in set {
            match root.get(&key) {
                Some(old) => _ = splice.replace(old.span(), json),
                None => _ = added.key(&key).raw(&json),
            }
        }
        let added = added.as_str().get(1..).unwrap_or_default();
        if !added.is_empty() {
            // Before the closing brace.
            let end = root.span().end.saturating_sub(1);
            splice.replace(end..end, [if stays { "," } else { "" }, added].concat());
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use ccr_plugin::messages::json::Document;

    fn edited(text: &str, removed: &[&'static str], set: &[(&'static str, &str)]) -> String {
        let document = Document::parse_str(text).unwrap();
        let mut members = Members::of(document.root());
        removed.iter().for_each(|key| members.remove(*key));
        set.iter().for_each(|(key, json)| members.set(*key, *json));
        let mut splice = Splice::new();
        members.apply(&mut splice);
        String::from_utf8(splice.apply(text.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn what_stays_keeps_its_bytes() {
        assert_eq!(edited(r#"{ "a" : 1 , "b":2 }"#, &["b"], &[("c", "3")]), r#"{ "a" : 1 ,"c":3}"#);
        assert_eq!(edited(r#"{"a":1}"#, &["a"], &[("b", "2"), ("c", "3"), ("b", "4")]), r#"{"c":3,"b":4}"#);
        assert_eq!(edited(r#"{"a":1,"b":2}"#, &["a"], &[("a", "3")]), r#"{"a":3,"b":2}"#);
        assert_eq!(edited(r#"{"a":1,"b":2,"a":3}"#, &[], &[]), r#"{"b":2,"a":3}"#);
    }
}
