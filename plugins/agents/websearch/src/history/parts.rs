//! The parts that one message of the assistant falls into.

use crate::envelope;
use crate::source::Source;
use crate::text::{is, member};
use ccr_plugin::messages::json::{Kind, Str, Value, Writer};

/// A block of the part at hand.
enum Piece<'d> {
    As(Value<'d>),
    /// The client's own call. Its result comes in the client's next message, so it must stand in the last part.
    Call(Value<'d>),
    Made(String),
    /// A text whose citations became marks. If it is `open`, the next text was cut off from it by a citation.
    Text {
        text: String,
        others: Vec<(Str<'d>, String)>,
        open: bool,
    },
}

pub(super) struct Parts<'d> {
    message: Value<'d>,
    pieces: Vec<Piece<'d>>,
    results: Vec<String>,
    seen_a_result: bool,
}

impl<'d> Parts<'d> {
    pub(super) fn new(message: Value<'d>) -> Self {
        Self { message, pieces: Vec::new(), results: Vec::new(), seen_a_result: false }
    }

    /// A search: the call, and the result for the user's message that follows the part.
    pub(super) fn search(&mut self, call: String, result: String) {
        self.pieces.push(Piece::Made(call));
        self.results.push(result);
    }

    /// The result of a search stands here: what comes next was said in the knowledge of it.
    pub(super) fn result_seen(&mut self) {
        self.seen_a_result = true;
    }

    pub(super) fn has_seen_a_result(&self) -> bool {
        self.seen_a_result
    }

    pub(super) fn text(&mut self, text: String) {
        self.pieces.push(Piece::Text { text, others: Vec::new(), open: false });
    }

    /// A block that is no part of a search.
    pub(super) fn block(&mut self, block: Value<'d>, sources: &[Source]) {
        let goes_on = matches!(self.pieces.last(), Some(Piece::Text { open: true, .. }));
        if is(block, "tool_use") {
            self.pieces.push(Piece::Call(block));
        } else if is(block, "text") && (goes_on || has_citations(block)) {
            self.cited(block, goes_on, sources);
        } else {
            self.pieces.push(Piece::As(block));
        }
    }

    /// A text with citations, or one that goes on after them.
    fn cited(&mut self, block: Value<'d>, goes_on: bool, sources: &[Source]) {
        let citations = block.get("citations").into_iter().flat_map(Value::items);
        let (ours, theirs): (Vec<_>, Vec<_>) = citations.partition(|citation| is(*citation, LOCATION));
        let added = with_marks(&member(block, "text"), &ours, sources);
        let mut others: Vec<(Str<'d>, String)> = Vec::new();
        for (key, value) in block.members() {
            match &*key.decode() {
                "type" | "text" => {}
                "citations" if theirs.is_empty() => {}
                "citations" => {
                    let mut list = Writer::new();
                    list.begin_array();
                    theirs.iter().for_each(|citation| _ = list.value(*citation));
                    list.end_array();
                    others.push((key, list.into_string()));
                }
                _ => others.push((key, value.raw().to_owned())),
            }
        }
        let is_open = others.is_empty() && !ours.is_empty();
        match self.pieces.last_mut() {
            Some(Piece::Text { text, others: last, open }) if goes_on => {
                text.push_str(&added);
                (*last, *open) = (others, is_open);
            }
            _ => self.pieces.push(Piece::Text { text: added, others, open: is_open }),
        }
    }

    /// If searches wait for their results, the part ends, and the results follow it.
    pub(super) fn end_of_round(&mut self, out: &mut Writer) {
        self.seen_a_result = false;
        if self.results.is_empty() {
            return;
        }
        let pieces = std::mem::take(&mut self.pieces);
        let (calls, rest): (Vec<_>, Vec<_>) = pieces.into_iter().partition(|piece| matches!(piece, Piece::Call(_)));
        self.write(&rest, out);
        self.pieces = calls;
        give_results(&std::mem::take(&mut self.results), out);
    }

    /// Writes the last part; gives the results that the message after it begins with.
    pub(super) fn finish(self, out: &mut Writer) -> Vec<String> {
        self.write(&self.pieces, out);
        self.results
    }

    fn write(&self, pieces: &[Piece<'_>], out: &mut Writer) {
        if pieces.is_empty() {
            return;
        }
        out.begin_object();
        for (key, value) in self.message.members().filter(|(key, _)| *key != *"content") {
            out.key_str(key).value(value);
        }
        out.key("content").begin_array();
        for piece in pieces {
            match piece {
                Piece::As(block) | Piece::Call(block) => _ = out.value(*block),
                Piece::Made(json) => _ = out.raw(json),
                Piece::Text { text, others, .. } => {
                    out.begin_object().key("type").string("text").key("text").string(text);
                    others.iter().for_each(|(key, json)| _ = out.key_str(*key).raw(json));
                    out.end_object();
                }
            }
        }
        out.end_array().end_object();
    }
}

/// The type of citations of search results.
const LOCATION: &str = "web_search_result_location";

/// Whether a text has citations of search results.
pub(super) fn has_citations(block: Value<'_>) -> bool {
    let citations = block.get("citations").filter(|citations| citations.kind() == Kind::Array);
    citations.is_some_and(|citations| citations.items().any(|citation| is(citation, LOCATION)))
}

/// A message of the user that holds nothing but results.
pub(super) fn give_results(results: &[String], out: &mut Writer) {
    if results.is_empty() {
        return;
    }
    out.begin_object().key("role").string("user").key("content").begin_array();
    results.iter().for_each(|result| _ = out.raw(result));
    out.end_array().end_object();
}

/// The text with the marks of its citations, where the model had put them: before white space at its end.
fn with_marks(text: &str, citations: &[Value<'_>], sources: &[Source]) -> String {
    let mut numbers: Vec<u64> = citations.iter().filter_map(|citation| number(*citation, sources)).collect();
    numbers.dedup();
    let end = text.trim_end().len();
    let (said, space) = text.split_at_checked(end).unwrap_or((text, ""));
    let mut marked = String::from(said);
    for (index, number) in numbers.iter().enumerate() {
        marked.push_str(if index == 0 { " [[" } else { "[[" });
        marked.push_str(&number.to_string());
        marked.push_str("]]");
    }
    marked.push_str(space);
    marked
}

/// The number of what a citation cites: its own, or that of the newest source with its address.
fn number(citation: Value<'_>, sources: &[Source]) -> Option<u64> {
    if let Some(kept) = envelope::open(&member(citation, "encrypted_index")) {
        return Some(kept.number);
    }
    let url = member(citation, "url");
    sources.iter().rfind(|source| source.url == url).map(|source| source.number)
}
