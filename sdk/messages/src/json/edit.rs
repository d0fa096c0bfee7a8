//! One edit of a document, named by a JSON pointer. For several edits in one copy use [`Splice`].

use super::Document;
use super::pointer::{index, tokens};
use super::splice::{EditError, Splice};
use super::value::{Kind, Value};
use super::writer::Writer;

/// The text of `document` with the value at `pointer` replaced by `json`.
///
/// What is missing is made: a member is added after the last one of its object, objects on the way to it are created
/// (`/output_config/effort`), `-` or the number after the last one appends to an array. Of a repeated key the last
/// occurrence is replaced, which is the one that readers see. Every byte outside stays as it was.
///
/// # Errors
/// When the pointer is none, leads into a string, number, boolean or null, or beyond the end of an array, or when
/// `json` is not JSON.
pub fn set(document: &Document<'_>, pointer: &str, json: &str) -> Result<Vec<u8>, EditError> {
    let new = Document::parse(json.as_bytes()).map_err(EditError::NotJson)?;
    // Without what may stand around it: a byte order mark would not be JSON inside of the text.
    let new = new.root().raw();
    let mut path = tokens(pointer).ok_or_else(|| EditError::BadPointer(pointer.to_owned()))?;
    let mut parent = document.root();
    let mut depth = 0;
    let mut splice = Splice::new();
    loop {
        let Some(token) = path.next() else {
            splice.replace(parent.span(), new);
            break;
        };
        if let Some(child) = parent.child(&token) {
            parent = child;
            depth += 1;
            continue;
        }
        let wrapped = path.rev().fold(new.to_owned(), |inner, key| wrap(&key, &inner));
        insert(&mut splice, parent, &token, &wrapped, || prefix(pointer, depth))?;
        break;
    }
    splice.apply(document.text().as_bytes())
}

/// The text of `document` without the member or item at `pointer`, repeated keys included; commas are put right, every
/// other byte stays. `None` when there is no such value, or when it is the whole document.
#[must_use]
pub fn remove(document: &Document<'_>, pointer: &str) -> Option<Vec<u8>> {
    let token = tokens(pointer)?.next_back()?;
    let parent = document.root().pointer(pointer.get(..pointer.rfind('/')?)?)?;
    parent.child(&token)?;
    let mut splice = Splice::new();
    if parent.kind() == Kind::Object {
        splice.remove_members(parent, |key, _| key == *token);
    } else {
        let place = index(&token)?;
        let mut number = 0;
        splice.remove_items(parent, |_| {
            number += 1;
            number - 1 == place
        });
    }
    splice.apply(document.text().as_bytes()).ok()
}

/// Adds a child that is not there yet.
fn insert(
    splice: &mut Splice<'_>,
    parent: Value<'_>,
    token: &str,
    json: &str,
    pointer: impl Fn() -> String,
) -> Result<(), EditError> {
    let item = match parent.kind() {
        Kind::Object => member(token, json),
        Kind::Array if token == "-" || index(token) == Some(parent.len()) => json.to_owned(),
        Kind::Array => return Err(EditError::NoSuchItem(pointer())),
        _ => return Err(EditError::NotAContainer(pointer())),
    };
    let (at, comma) = match parent.children().last() {
        Some(last) => (last.span.end, ","),
        None => (parent.span().start + 1, ""),
    };
    splice.replace(at..at, format!("{comma}{item}"));
    Ok(())
}

fn member(key: &str, json: &str) -> String {
    let mut writer = Writer::with_capacity(key.len() + json.len() + 3);
    writer.string(key);
    format!("{}:{json}", writer.as_str())
}

fn wrap(key: &str, json: &str) -> String {
    let mut writer = Writer::with_capacity(key.len() + json.len() + 5);
    writer.begin_object().key(key).raw(json).end_object();
    writer.into_string()
}

/// The pointer of the first `depth` tokens.
fn prefix(pointer: &str, depth: usize) -> String {
    let end = pointer.match_indices('/').nth(depth).map_or(pointer.len(), |(at, _)| at);
    pointer.get(..end).unwrap_or(pointer).to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::{EditError, remove, set};
    use crate::json::Document;

    fn set_in(text: &str, pointer: &str, json: &str) -> Result<String, EditError> {
        let document = Document::parse(text.as_bytes()).unwrap();
        set(&document, pointer, json).map(|text| String::from_utf8(text).unwrap())
    }

    fn remove_in(text: &str, pointer: &str) -> Option<String> {
        let document = Document::parse(text.as_bytes()).unwrap();
        remove(&document, pointer).map(|text| String::from_utf8(text).unwrap())
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
}
