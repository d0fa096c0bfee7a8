//! One edit of a document, named by a JSON pointer; the result is the edited document. For several edits in one copy of the
//! text use [`Splice`].
//!
//! What is known of the values stays known: only the new one is parsed, and the places of the others are moved. So an edit of
//! a large request costs a copy of it, a fraction of what reading it again would.

use std::ops::Range;

use super::Document;
use super::error::JsonError;
use super::parser::{Node, TOO_LONG};
use super::pointer::{index, tokens};
use super::splice::{EditError, Splice};
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
    let mut cursor = Cursor::root(document);
    while let Some(token) = path.next() {
        if let Some(child) = find(cursor.value, &token) {
            cursor.enter(&child);
            continue;
        }
        // Checked and trimmed by itself, as it could end what it is put into and begin something else.
        let new = parsed(json, 0)?;
        let new = path.rev().fold(new.root().raw().to_owned(), |inner, key| object(&key, &inner));
        let container = match cursor.value.kind() {
            Kind::Object => object(&token, &new),
            Kind::Array if token == "-" || index(&token) == Some(cursor.value.len()) => format!("[{new}]"),
            Kind::Array => return Err(EditError::NoSuchItem(prefix(pointer, cursor.around.len()))),
            _ => return Err(EditError::NotAContainer(prefix(pointer, cursor.around.len()))),
        };
        return cursor.append(document, &container);
    }
    let new = parsed(json, cursor.around.len())?;
    let root = new.root();
    let nodes = cursor.index..cursor.index + cursor.value.size();
    let new = New { comma: "", text: root.raw(), nodes: &new.nodes, origin: root.span().start };
    exchange(document, &cursor.around, cursor.value.span(), nodes, &new)
}

/// The document without the member or item at `pointer`, repeated keys included; commas are put right, every other byte
/// stays. `None` when there is no such value, or when it is the whole document.
#[must_use]
pub fn remove(document: &Document<'_>, pointer: &str) -> Option<Document<'static>> {
    let mut path = tokens(pointer)?;
    let last = path.next_back()?;
    let mut cursor = Cursor::root(document);
    for token in path {
        cursor.enter(&find(cursor.value, &token)?);
    }
    let child = find(cursor.value, &last)?;
    let parent = cursor.value;
    if parent.kind() == Kind::Object && named(parent, &last).nth(1).is_some() {
        // Nobody means to repeat a key. All go in one copy of the text, however many there are.
        let mut splice = Splice::new();
        splice.remove_members(parent, |key, _| key == *last);
        return Document::from_vec(splice.apply(document.text().as_bytes()).ok()?).ok();
    }
    let span = with_comma(parent, &child);
    let inner = cursor.index + 1;
    cursor.around.push(cursor.index);
    let nodes = inner + child.nodes.start..inner + child.nodes.end;
    let new = New { comma: "", text: "", nodes: &[], origin: 0 };
    exchange(document, &cursor.around, span, nodes, &new).ok()
}

/// A value, the index of its node, and those of the containers around it, from the outermost.
struct Cursor<'d> {
    value: Value<'d>,
    index: usize,
    around: Vec<usize>,
}

impl<'d> Cursor<'d> {
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

/// What takes the place of a part of the text.
struct New<'t> {
    /// Stands before the text, and is in no node.
    comma: &'static str,
    text: &'t str,
    nodes: &'t [Node],
    /// Where the text begins in what the nodes count from.
    origin: usize,
}

/// The document with the text of `span` and the `nodes` of the values in it replaced; `around` are the indices of the
/// containers that they are in.
fn exchange(
    document: &Document<'_>,
    around: &[usize],
    span: Range<usize>,
    nodes: Range<usize>,
    new: &New<'_>,
) -> Result<Document<'static>, EditError> {
    let (old_text, old_nodes) = (document.text(), &*document.nodes);
    let before = old_text.get(..span.start).unwrap_or_default();
    let after = old_text.get(span.end..).unwrap_or_default();
    let text = [before, new.comma, new.text, after].concat();
    if u32::try_from(text.len()).is_err() {
        return Err(EditError::NotJson(JsonError::new(text.as_bytes(), TOO_LONG)));
    }
    // Differences are added in 32 bits with a wrap, so that one may be negative.
    let grown = (text.len().wrapping_sub(old_text.len())) as u32;
    let moved = (span.start + new.comma.len()).wrapping_sub(new.origin) as u32;
    let more = new.nodes.len().wrapping_sub(nodes.len()) as u32;
    let mut tape = Vec::with_capacity(old_nodes.len() + new.nodes.len());
    tape.extend_from_slice(old_nodes.get(..nodes.start).unwrap_or_default());
    tape.extend(new.nodes.iter().map(|node| node.moved(moved)));
    tape.extend(old_nodes.get(nodes.end..).unwrap_or_default().iter().map(|node| node.moved(grown)));
    for container in around {
        if let Some(node) = tape.get_mut(*container) {
            node.grow(grown, more);
        }
    }
    Ok(Document { text: text.into(), nodes: tape })
}

/// A new value that will stand in so many containers.
fn parsed(json: &str, depth: usize) -> Result<Document<'_>, EditError> {
    Document::within(json, depth).map_err(EditError::NotJson)
}

/// The child that a token of a pointer names; of a repeated key the last one.
fn find<'d>(parent: Value<'d>, token: &str) -> Option<Child<'d>> {
    if parent.kind() == Kind::Array {
        return parent.children().nth(index(token)?);
    }
    named(parent, token).last()
}

/// The members with this key.
fn named<'d>(parent: Value<'d>, key: &str) -> impl Iterator<Item = Child<'d>> {
    parent.children().filter(move |child| child.key.is_some_and(|own| own == *key))
}

/// The span of a child with the comma before it, so that what stays keeps its own white space; the first one takes the
/// comma after it.
fn with_comma(parent: Value<'_>, child: &Child<'_>) -> Range<usize> {
    let Range { start, end } = child.span.clone();
    let before = parent.children().take_while(|other| other.span.end <= start).last();
    let after = parent.children().find(|other| other.span.start >= end);
    match (before, after) {
        (Some(before), _) => before.span.end..end,
        (None, Some(after)) => start..after.span.start,
        (None, None) => start..end,
    }
}

fn object(key: &str, json: &str) -> String {
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
mod tests;
