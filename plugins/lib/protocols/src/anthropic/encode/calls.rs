//! Calls of tools and their results: ids that are legal and used once, a result for every call, and every result behind its call.
//!
//! The API refuses anything else ("`tool_use` ids must be unique", "ids were found without `tool_result` blocks immediately
//! after"). Compacted histories, interrupted tools and providers that count from 0 in every answer leave such things behind.

use super::source;
use crate::anthropic::names::id_alias;
use ccr_plugin::messages::anthropic::clean::is_blank_text;
use ccr_plugin::messages::json::{Splice, Str, Value, Writer};
use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

/// The result of a call that nobody answered.
const NO_RESULT: &str = r#","content":"(no result: the call was interrupted)","is_error":true}"#;

/// What ids that are no texts, or are not there, are called.
const WITHOUT_ID: &str = "toolu_without_id";

#[derive(Debug, Default)]
pub(super) struct Calls<'d> {
    /// All ids on the wire so far.
    taken: HashSet<Cow<'d, str>>,
    /// The calls of the assistant's last turn.
    open: Vec<Call<'d>>,
    /// Where results that are missing can be put.
    place: Option<InsertAt>,
}

#[derive(Debug)]
struct Call<'d> {
    /// The id as the client has it.
    id: &'d str,
    wire: Cow<'d, str>,
    answered: bool,
}

/// Where results of calls are inserted: at the beginning of the message behind them.
#[derive(Debug, Clone)]
pub(super) enum InsertAt {
    /// A list of blocks: where the first one begins.
    Blocks(usize),
    /// The content is one string, which becomes a list.
    Text(Range<usize>),
}

/// What a result answers.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answers {
    /// A call, which has this other id on the wire if it has another one.
    Call(Option<String>),
    /// No call that is still there.
    Nothing,
}

impl<'d> Calls<'d> {
    /// The assistant speaks: what happened before its last turn is over.
    pub(super) fn assistant_begins(&mut self, splice: &mut Splice<'d>) {
        if self.place.is_some() {
            self.close(splice);
        }
    }

    /// The id of a call on the wire, if it is another than the client's.
    pub(super) fn call(&mut self, id: Option<Value<'d>>) -> Option<String> {
        let id = id.and_then(Value::as_str);
        let first = match id {
            Some(id) => id_alias(id).map_or(Cow::Borrowed(id.raw()), Cow::Owned),
            None => Cow::Borrowed(WITHOUT_ID),
        };
        let mut wire = first.clone();
        let mut copy = 2_u32;
        while !self.taken.insert(wire.clone()) {
            wire = Cow::Owned(format!("{first}_{copy}"));
            copy += 1;
        }
        let id = id.map(Str::raw).unwrap_or_default();
        let changed = (wire != id).then(|| wire.clone().into_owned());
        self.open.push(Call { id, wire, answered: false });
        changed
    }

    /// Which call a result answers.
    pub(super) fn answer(&mut self, id: Option<Value<'_>>) -> Answers {
        let id = id.and_then(Value::as_str).map(Str::raw).unwrap_or_default();
        let call = self.open.iter_mut().find(|call| !call.answered && call.id == id);
        call.map_or(Answers::Nothing, |call| {
            call.answered = true;
            Answers::Call((call.wire != id).then(|| call.wire.clone().into_owned()))
        })
    }

    /// A message that is not the assistant's begins: results of open calls belong before it.
    pub(super) fn others_begin(&mut self, place: InsertAt) {
        self.place.get_or_insert(place);
    }

    /// Answers the calls that nobody answered.
    fn close(&mut self, splice: &mut Splice<'d>) {
        let place = self.place.take();
        let results = missing(self.open.drain(..));
        if results.is_empty() {
            return;
        }
        match place {
            Some(InsertAt::Blocks(at)) => _ = splice.replace(at..at, results + ","),
            Some(InsertAt::Text(span)) => {
                splice.replace(span.start..span.start, ["[", &results, ",{\"type\":\"text\",\"text\":"].concat());
                splice.replace(span.end..span.end, "}]");
            }
            None => {}
        }
    }

    /// The messages end with the one that ends at `end`.
    pub(super) fn finish(mut self, end: usize, splice: &mut Splice<'d>) {
        if self.place.is_some() {
            return self.close(splice);
        }
        let results = missing(self.open.drain(..));
        if !results.is_empty() {
            splice.replace(end..end, [",{\"role\":\"user\",\"content\":[", &results, "]}"].concat());
        }
    }
}

fn missing<'d>(open: impl Iterator<Item = Call<'d>>) -> String {
    let mut results = String::new();
    for call in open.filter(|call| !call.answered) {
        for piece in [if results.is_empty() { "" } else { "," }, RESULT, &call.wire, "\"", NO_RESULT] {
            results.push_str(piece);
        }
    }
    results
}

const RESULT: &str = r#"{"type":"tool_result","tool_use_id":""#;

/// Blocks that tell a result whose call is no longer there.
pub(super) fn orphan(block: Value<'_>) -> String {
    let mut out = Writer::new();
    let id = block.get("tool_use_id").and_then(Value::as_str).map(Str::raw).unwrap_or_default();
    out.begin_object().key("type").string("text").key("text").begin_string();
    out.escaped_part("[Result of the tool call ").escaped_part(id);
    out.escaped_part(", which is no longer in the conversation]");
    let content = block.get("content");
    let texts = content.into_iter().flat_map(Value::items).filter(|part| !is_blank_text(*part));
    let texts = texts.filter_map(|part| part.get("text")?.as_str()).chain(content.and_then(Value::as_str));
    for text in texts {
        out.escaped_part("\\n").escaped_part(text.raw());
    }
    out.end_string().end_object();
    let mut told = out.into_string();
    for part in content.into_iter().flat_map(Value::items).filter(|part| part.get("source").is_some()) {
        told.push(',');
        told.push_str(&source::cleaned(part));
    }
    told
}
