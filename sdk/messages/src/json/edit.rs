//! One edit of a document, named by a JSON pointer; the result is the edited document. For several edits in one copy of the
//! text use [`Splice`](super::Splice).
//!
//! What is known of the values stays known: only the new one is parsed, and the places of the others are moved. So an edit of
//! a large request costs a copy of it, a fraction of what reading it again would.

use std::ops::Range;

use super::Document;
use super::error::JsonError;
use super::parser::{Node, TOO_LONG};
use super::pointer::{index, tokens};
use super::splice::EditError;
use super::value::{Child, Kind, Value};
use super::writer::Writer;

/// The document with the value at `pointer` replaced by `json`.
///
/// What is missing is made: a member is added after the last one of its object, objects on the way to it are created
/// (`/output_config/effort`), `-` or the number after the last one appends to an array. Of a repeated key the last
/// occurrence is replaced, which is the one that readers see. Every byte outside stays as it was.
///
/// # Errors
/// When the pointer is none, leads into a string, number, boolean or null, or beyond the end of an array, when `json` is
/// not JSON, or when the result would nest deeper than [`MAX_DEPTH`](super::MAX_DEPTH) or have 4 GiB or more.
pub fn set(document: &Document<'_>, pointer: &str, json: &str) -> Result<Document<'static>, EditError> {
    let mut path = tokens(pointer).ok_or_else(|| EditError::BadPointer(pointer.to_owned()))?;
    let mut place = Place::root(document);
    while let Some(token) = path.next() {
        if let Some(child) = find(place.value, &token) {
            place.enter(&child);
            continue;
        }
        // Checked and trimmed by itself, as it could end what it is put into and begin something else.
        let new = parsed(json, 0)?;
        let new = path.rev().fold(new.root().raw().to_owned(), |inner, key| object(&key, &inner));
        let container = match place.value.kind() {
            Kind::Object => object(&token, &new),
            Kind::Array if token == "-" || index(&token) == Some(place.value.len()) => format!("[{new}]"),
            Kind::Array => return Err(EditError::NoSuchItem(prefix(pointer, place.around.len()))),
            _ => return Err(EditError::NotAContainer(prefix(pointer, place.around.len()))),
        };
        return place.append(document, &container);
    }
    let new = parsed(json, place.around.len())?;
    let root = new.root();
    let nodes = place.index..place.index + new_size(place.value);
    let new = New { comma: "", text: root.raw(), nodes: &new.nodes, origin: root.span().start };
    exchange(document, &place.around, place.value.span(), nodes, &new)
}

/// The document without the member or item at `pointer`, repeated keys included; commas are put right, every other byte
/// stays. `None` when there is no such value, or when it is the whole document.
#[must_use]
pub fn remove(document: &Document<'_>, pointer: &str) -> Option<Document<'static>> {
    let (mut edited, parent) = remove_last(document, pointer)?;
    while parent == Kind::Object && let Some((again, _)) = remove_last(&edited, pointer) {
        edited = again;
    }
    Some(edited)
}

/// Of a repeated key, only its last occurrence goes. Gives also the kind of what it was in.
fn remove_last(document: &Document<'_>, pointer: &str) -> Option<(Document<'static>, Kind)> {
    let mut path = tokens(pointer)?;
    let last = path.next_back()?;
    let mut place = Place::root(document);
    for token in path {
        place.enter(&find(place.value, &token)?);
    }
    let child = find(place.value, &last)?;
    let (parent, span) = (place.value, with_comma(place.value, &child));
    let inner = place.index + 1;
    place.around.push(place.index);
    let nodes = inner + child.nodes.start..inner + child.nodes.end;
    let new = New { comma: "", text: "", nodes: &[], origin: 0 };
    Some((exchange(document, &place.around, span, nodes, &new).ok()?, parent.kind()))
}

/// A value, the index of its node, and those of the containers around it, from the outermost.
struct Place<'d> {
    value: Value<'d>,
    index: usize,
    around: Vec<usize>,
}

impl<'d> Place<'d> {
    fn root(document: &'d Document<'_>) -> Self {
        Self { value: document.root(), index: 0, around: Vec::new() }
    }

    fn enter(&mut self, child: &Child<'d>) {
        self.around.push(self.index);
        // A container's nodes begin behind its own; a member's with that of its key.
        self.index += 1 + child.nodes.end - child.value.size();
        self.value = child.value;
    }

    /// Puts what is in `container` behind the last child of this value, which is a container of the same kind.
    fn append(mut self, document: &Document<'_>, container: &str) -> Result<Document<'static>, EditError> {
        let new = parsed(container, self.around.len())?;
        let (at, comma) = match self.value.children().last() {
            Some(last) => (last.span.end, ","),
            None => (self.value.span().start + 1, ""),
        };
        let end = self.index + self.value.size();
        self.around.push(self.index);
        let text = container.get(1..container.len() - 1).unwrap_or_default();
        let new = New { comma, text, nodes: new.nodes.get(1..).unwrap_or_default(), origin: 1 };
        exchange(document, &self.around, at..at, end..end, &new)
    }
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
