//! The members of one object, found without looking into them.
//!
//! A body over the wire is large and only its outermost members matter here: passing over the rest costs a third of parsing it.
//! The text is a protocol's and known to be JSON; where it is not, nothing is found or the next reader refuses it.

use ccr_plugin::messages::json::Writer;
use std::borrow::Cow;
use std::ops::Range;

/// The members of an object within its text.
#[derive(Debug)]
pub struct Top<'t> {
    text: &'t str,
    members: Vec<Member<'t>>,
}

#[derive(Debug)]
struct Member<'t> {
    /// The inside of the key's string.
    key: &'t str,
    value: Range<usize>,
}

impl<'t> Top<'t> {
    /// Finds the members of the object that `text` is; `None` if it is none.
    #[must_use]
    pub fn scan(text: &'t str) -> Option<Self> {
        let bytes = text.as_bytes();
        let mut at = space_end(bytes, 0);
        if bytes.get(at)? != &b'{' {
            return None;
        }
        at = space_end(bytes, at + 1);
        let mut members = Vec::new();
        while bytes.get(at)? != &b'}' {
            let start = at;
            let end = string_end(bytes, start)?;
            let colon = space_end(bytes, end);
            if bytes.get(colon)? != &b':' {
                return None;
            }
            let from = space_end(bytes, colon + 1);
            let value = from..value_end(bytes, from)?;
            at = space_end(bytes, value.end);
            members.push(Member { key: text.get(start + 1..end - 1)?, value });
            if bytes.get(at)? == &b',' {
                at = space_end(bytes, at + 1);
            }
        }
        Some(Self { text, members })
    }

    /// The JSON text of a member; of a repeated key the last one. Keys with escapes are never found: no name here needs any.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&'t str> {
        self.member(key).and_then(|member| self.text.get(member.value.clone()))
    }

    /// The number of a member, if it is a whole one from 0 to 2^64 - 1.
    #[must_use]
    pub fn number(&self, key: &str) -> Option<u64> {
        self.get(key)?.parse().ok()
    }

    fn member(&self, key: &str) -> Option<&Member<'t>> {
        self.members.iter().rev().find(|member| member.key == key)
    }

    /// The text with members replaced, or added as the last ones. Each value must be one JSON value.
    #[must_use]
    pub fn with(&self, set: &[(Cow<'_, str>, String)]) -> String {
        let room: usize = set.iter().map(|(key, json)| key.len() + json.len() + 8).sum();
        let mut out = String::with_capacity(self.text.len() + room);
        let mut copied = 0;
        let mut edits: Vec<_> =
            set.iter().filter_map(|(key, json)| Some((self.member(key)?.value.clone(), json))).collect();
        edits.sort_by_key(|(span, _)| span.start);
        for (span, json) in edits {
            out.push_str(self.text.get(copied..span.start).unwrap_or_default());
            out.push_str(json);
            copied = span.end;
        }
        let end = self.members.last().map_or_else(|| self.text.find('{').map_or(0, |at| at + 1), |last| last.value.end);
        out.push_str(self.text.get(copied..end).unwrap_or_default());
        let mut comma = !self.members.is_empty();
        for (key, json) in set.iter().filter(|(key, _)| self.member(key).is_none()) {
            let mut name = Writer::with_capacity(key.len() + 2);
            name.string(key);
            for piece in [if comma { "," } else { "" }, name.as_str(), ":", json] {
                out.push_str(piece);
            }
            comma = true;
        }
        out.push_str(self.text.get(end..).unwrap_or_default());
        out
    }
}

fn space_end(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
        at += 1;
    }
    at
}

/// Behind the closing quote of the string that begins at `at`.
fn string_end(bytes: &[u8], at: usize) -> Option<usize> {
    if bytes.get(at)? != &b'"' {
        return None;
    }
    let mut at = at + 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            _ => at += 2,
        }
    }
}

/// Behind the value that begins at `at`.
fn value_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    loop {
        at = match bytes.get(at)? {
            b'"' => string_end(bytes, at)?,
            b'{' | b'[' => {
                depth += 1;
                at + 1
            }
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                at + 1
            }
            b',' | b':' | b' ' | b'\n' | b'\r' | b'\t' => {
                at += 1;
                continue;
            }
            _ => scalar_end(bytes, at),
        };
        if depth == 0 {
            return Some(at);
        }
    }
}

fn scalar_end(bytes: &[u8], mut at: usize) -> usize {
    while !matches!(bytes.get(at), None | Some(b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t')) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn with(text: &str, set: &[(&'static str, &str)]) -> String {
        let set: Vec<_> = set.iter().map(|(key, json)| ((*key).into(), (*json).to_owned())).collect();
        Top::scan(text).unwrap().with(&set)
    }

    #[test]
    fn members_are_replaced_and_added_and_the_rest_stays() {
        assert_eq!(with(r#"{ "a" : 1 , "b":[2] }"#, &[("c", "3"), ("a", "{}")]), r#"{ "a" : {} , "b":[2],"c":3 }"#);
        assert_eq!(with(" {}\n", &[("a\"", "1"), ("b", "2")]), " {\"a\\\"\":1,\"b\":2}\n");
        assert_eq!(with(r#"{"a":"x\\\"}","b":-1.5e3,"c":null}"#, &[("b", "0")]), r#"{"a":"x\\\"}","b":0,"c":null}"#);
        assert_eq!(with(r#"{"a":1,"a":2}"#, &[("a", "3")]), r#"{"a":1,"a":3}"#);
    }

    #[test]
    fn what_is_no_object_has_no_members() {
        for text in ["", "1", "[]", "{", r#"{"a"#, r#"{"a":"#, r#"{"a":1"#, r#"{"a" 1}"#, r#"{"a":"b}"#] {
            assert!(Top::scan(text).is_none(), "{text}");
        }
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(json!(null)),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from)
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-e{\\[\"\\\\]{0,3}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn it_finds_what_a_parser_finds(members in prop::collection::btree_map("[a-f]{1,2}", any_json(), 0..5), pretty: bool) {
            let value = Value::Object(members.into_iter().collect());
            let text = if pretty { serde_json::to_string_pretty(&value).unwrap() } else { value.to_string() };
            let top = Top::scan(&text).unwrap();
            for (key, member) in value.as_object().unwrap() {
                prop_assert_eq!(&serde_json::from_str::<Value>(top.get(key).unwrap()).unwrap(), member);
            }
            let edited: Value = serde_json::from_str(&top.with(&[("aa".into(), "7".into()), ("zz".into(), "8".into())])).unwrap();
            let mut expected = value.clone();
            expected["aa"] = json!(7);
            expected["zz"] = json!(8);
            prop_assert_eq!(edited, expected);
        }

        #[test]
        fn any_text_is_passed_over(text in r#"[\[\]{}:,"\\a1 ]{0,40}"#) {
            if let Some(top) = Top::scan(&text) {
                prop_assert!(top.with(&[("a".into(), "1".into())]).contains('1'));
            }
        }
    }
}
