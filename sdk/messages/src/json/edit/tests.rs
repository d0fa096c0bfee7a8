//! Edits against fixed examples, and against a model that splices bytes and reads the whole text again.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use proptest::prelude::*;

use super::{EditError, object, remove, set};
use crate::json::tests::{pointers, tree};
use crate::json::{Document, Kind, MAX_DEPTH, Splice};

fn set_in(text: &str, pointer: &str, json: &str) -> Result<String, EditError> {
    let document = Document::parse(text.as_bytes()).unwrap();
    set(&document, pointer, json).map(|edited| edited.into_text().into_owned())
}

fn remove_in(text: &str, pointer: &str) -> Option<String> {
    let document = Document::parse(text.as_bytes()).unwrap();
    remove(&document, pointer).map(|edited| edited.into_text().into_owned())
}

#[test]
fn replaces_and_leaves_the_rest() {
    let text = "\u{feff}{ \"max_tokens\" :9, \"a\": [ 1, {\"b\":2 } ] }\n";
    assert_eq!(set_in(text, "/max_tokens", " 10 ").unwrap(), text.replace('9', "10"));
    assert_eq!(set_in(text, "/a/1/b", "\u{feff}[]").unwrap(), text.replace('2', "[]"));
    assert_eq!(set_in(text, "", "null").unwrap(), "\u{feff}null\n");
    assert_eq!(set_in(r#"{"a":1,"a":2}"#, "/a", "3").unwrap(), r#"{"a":1,"a":3}"#);
}

#[test]
fn a_key_repeated_often_goes_in_one_step() {
    let repeated = r#""ccr":[1], "#.repeat(40_000);
    let text = format!(r#"{{ "x" : 1, {repeated}"y":2, "ccr":3 }}"#);
    assert_eq!(remove_in(&text, "/ccr").unwrap(), r#"{ "x" : 1,"y":2 }"#.replace(",\"", ", \""));
    assert_eq!(remove_in(r#"{"a":{"b":1,"b":2},"a":{"b":3,"b":4}}"#, "/a/b").unwrap(), r#"{"a":{"b":1,"b":2},"a":{}}"#);
}

#[test]
fn makes_what_is_missing() {
    assert_eq!(set_in("{ }", "/a", "1").unwrap(), r#"{"a":1 }"#);
    assert_eq!(set_in(r#"{"a":1 }"#, "/b\"~1", "2").unwrap(), r#"{"a":1,"b\"/":2 }"#);
    assert_eq!(set_in(r#"{"a":1}"#, "/b/c/0", "2").unwrap(), r#"{"a":1,"b":{"c":{"0":2}}}"#);
    assert_eq!(set_in("[]", "/-", "2").unwrap(), "[2]");
    assert_eq!(set_in("[1]", "/1", "2").unwrap(), "[1,2]");
    assert_eq!(set_in("[1]", "/-/x", "2").unwrap(), r#"[1,{"x":2}]"#);
}

#[test]
fn refuses_with_the_place() {
    let text = r#"{"a":{"b":"c"},"l":[1]}"#;
    assert_eq!(set_in(text, "a", "1"), Err(EditError::BadPointer("a".to_owned())));
    assert_eq!(set_in(text, "/a/b/c/d", "1"), Err(EditError::NotAContainer("/a/b".to_owned())));
    assert_eq!(set_in(text, "/l/2", "1"), Err(EditError::NoSuchItem("/l".to_owned())));
    assert_eq!(set_in(text, "/l/x", "1"), Err(EditError::NoSuchItem("/l".to_owned())));
    assert!(matches!(set_in(text, "/a", "1,2"), Err(EditError::NotJson(_))));
    assert!(matches!(set_in(text, "/a", ""), Err(EditError::NotJson(_))));
}

#[test]
fn removes_all_of_a_key() {
    assert_eq!(remove_in(r#"{"a":1,"b":2,"\u0061":3}"#, "/a").unwrap(), r#"{"b":2}"#);
    assert_eq!(remove_in(r#"[1,{"a":[2]}]"#, "/1/a/0").unwrap(), r#"[1,{"a":[]}]"#);
    assert_eq!(remove_in("[1,2]", "/0").unwrap(), "[2]");
    for pointer in ["", "a", "/b", "/a/0", "/a/b/c"] {
        assert_eq!(remove_in(r#"{"a":{}}"#, pointer), None, "{pointer}");
    }
    assert_eq!(remove_in("[1]", "/-"), None);
}

#[test]
fn depth_is_bounded_wherever_the_value_stands() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    let (outer, inner) = (100, MAX_DEPTH as usize - 100);
    let text = nested(outer);
    let document = Document::parse_str(&text).unwrap();
    let innermost = "/0".repeat(outer - 1);
    for pointer in [format!("{innermost}/0"), format!("{innermost}/-")] {
        assert!(matches!(set(&document, &pointer, &nested(inner + 1)), Err(EditError::NotJson(_))));
        let edited = set(&document, &pointer, &nested(inner)).unwrap();
        assert_eq!(edited.text(), nested(MAX_DEPTH as usize));
        assert!(matches!(set(&edited, &pointer, &nested(inner + 1)), Err(EditError::NotJson(_))));
    }
    let objects = "/a".repeat(inner);
    assert!(set(&document, &format!("{innermost}/0{objects}"), "1").is_ok());
    assert!(set(&document, &format!("{innermost}/0{objects}/a"), "1").is_err());
}

/// What an edit makes of the text, by splices.
fn model(document: &Document<'_>, pointer: &str, new: Option<&str>) -> Option<Vec<u8>> {
    let unescaped = |token: &str| token.replace("~1", "/").replace("~0", "~");
    let mut splice = Splice::new();
    let Some((parent_at, token)) = pointer.rsplit_once('/') else {
        splice.replace(document.root().span(), new?.trim());
        return splice.apply(document.text().as_bytes()).ok();
    };
    let token = unescaped(token);
    let Some(parent) = document.root().pointer(parent_at) else {
        return model(document, parent_at, Some(&object(&token, new?.trim())));
    };
    let found = document.root().pointer(pointer);
    match (parent.kind(), new) {
        (_, Some(new)) if found.is_some() => drop(splice.replace(found?.span(), new.trim().to_owned())),
        (Kind::Object, None) if found.is_some() => splice.remove_members(parent, |key, _| key == *token),
        (Kind::Array, None) if found.is_some() => {
            splice.remove_items(parent, |item| item.span() == found.unwrap().span());
        }
        (Kind::Array, Some(_)) if token != "-" && token != parent.len().to_string() => return None,
        (Kind::Object | Kind::Array, Some(new)) => {
            let is_object = parent.kind() == Kind::Object;
            let inside = if is_object { object(&token, new.trim()) } else { format!("[{}]", new.trim()) };
            let last = parent.members().map(|(_, value)| value).chain(parent.items()).last();
            let at = last.map_or(parent.span().start + 1, |last| last.span().end);
            let comma = if last.is_some() { "," } else { "" };
            splice.replace(at..at, format!("{comma}{}", &inside[1..inside.len() - 1]));
        }
        _ => return None,
    }
    splice.apply(document.text().as_bytes()).ok()
}

/// A text of this tree: with white space or without, with a byte order mark, with keys that repeat.
fn spelled(tree: &serde_json::Value, how: u8) -> String {
    let text = if how & 1 == 0 { tree.to_string() } else { serde_json::to_string_pretty(tree).unwrap() };
    let text =
        if how & 2 == 0 { text } else { format!("{{ \"a\" : 0 ,\"b\":{text}, \"\\u0061\": {text} ,\"a\":{text}}}") };
    if how & 4 == 0 { text } else { format!("\u{feff} {text}\n") }
}

/// A pointer to something in the tree, to what could be beside or below it, or to anything.
fn near(all: &[String], at: prop::sample::Index, how: u8) -> String {
    let known = at.get(all);
    match how % 6 {
        0 | 1 => known.clone(),
        2 => format!("{known}/new\"~1"),
        3 => format!("{known}/-"),
        4 => format!("{known}/0"),
        _ => format!("{known}/x/y~0/-"),
    }
}

proptest! {
    #[test]
    fn any_edits_give_what_reading_again_gives(
        tree in tree(),
        spelling: u8,
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), prop::option::of((tree(), any::<u8>()))), 1..8),
    ) {
        let mut document = Document::from_vec(spelled(&tree, spelling).into_bytes()).unwrap();
        for (at, how, new) in edits {
            let known = pointers(&serde_json::from_str(document.text().trim_start_matches('\u{feff}')).unwrap());
            let pointer = near(&known, at, how);
            let new = new.map(|(new, how)| spelled(&new, how & 3) + if how & 8 == 0 { "" } else { " " });
            let expected = model(&document, &pointer, new.as_deref());
            let edited = match new {
                Some(new) => set(&document, &pointer, &new).ok(),
                None => remove(&document, &pointer),
            };
            prop_assert_eq!(edited.as_ref().map(|edited| edited.text().as_bytes()), expected.as_deref(), "{}", pointer);
            if let Some(edited) = edited {
                let again = Document::from_vec(edited.text().as_bytes().to_vec()).unwrap();
                prop_assert_eq!(&edited.nodes, &again.nodes);
                document = edited;
            }
        }
    }

    #[test]
    fn any_pointer_and_any_text_do_no_harm(
        tree in tree(),
        pointer in "[/a-c0-1~-]{0,8}",
        new in prop_oneof![r#"[\[\]{},:"a 1]{0,6}"#, Just("[1]".to_owned())],
    ) {
        let text = tree.to_string();
        let document = Document::parse_str(&text).unwrap();
        for edited in [set(&document, &pointer, &new).ok(), remove(&document, &pointer)].into_iter().flatten() {
            prop_assert_eq!(&edited.nodes, &Document::parse_str(edited.text()).unwrap().nodes);
        }
    }
}
