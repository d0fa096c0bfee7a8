//! Earlier searches, made by this agent or by a provider, as calls and results that any upstream understands.
//!
//! One message of the assistant holds what a search was asked, what it found, and what was said then. It becomes the call at the
//! end of one message, the result in the user's message that follows, and the rest in a message of its own. Results have the
//! numbers that they had, so that a history is the same text in every turn; marks come back in the place of citations. Where
//! the host still knows an answer's turns, it has put them back itself, and only their numbers are read.

mod parts;

#[cfg(test)]
mod tests;

use crate::envelope;
use crate::report;
use crate::source::{NUMBERS, Source, hundred_of};
use crate::text::{is, member, one_line, text_blocks};
use ccr_plugin::messages::json::{Document, Kind, Str, Value, Writer};
use ccr_plugin::{Fault, Request};
use memchr::memmem;
use parts::Parts;

/// Higher numbers are nobody's: an envelope that says so was tampered with.
const MOST: u64 = 900_000;

/// What the earlier turns leave to this one.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Past {
    /// The hundred after which new searches have their numbers.
    pub(crate) base: u64,
    pub(crate) sources: Vec<Source>,
}

/// Rewrites the messages if there are searches or citations in them. `name` is what the model knows the tool by.
pub(crate) fn rewrite(request: &mut dyn Request, name: &str) -> Result<Past, Fault> {
    let messages = request.get("/messages").unwrap_or_default();
    let has = |what: &[u8]| memmem::find(messages.as_bytes(), what).is_some();
    if !has(b"web_search_") && !has(b"server_tool_use") && !has(report::CITE.as_bytes()) {
        return Ok(Past::default());
    }
    let Ok(document) = Document::parse_str(&messages) else { return Ok(Past::default()) };
    let mut history = History::new(name, messages.len());
    document.root().items().for_each(|message| history.message(message));
    let (rewritten, past) = history.finish();
    if let Some(rewritten) = rewritten {
        request.set("/messages", &rewritten)?;
    }
    Ok(past)
}

struct History<'n> {
    name: &'n str,
    out: Writer,
    /// Results that the next message of the user begins with.
    waiting: Vec<String>,
    sources: Vec<Source>,
    highest: u64,
    changed: bool,
}

impl<'n> History<'n> {
    fn new(name: &'n str, length: usize) -> Self {
        let mut out = Writer::with_capacity(length);
        out.begin_array();
        Self { name, out, waiting: Vec::new(), sources: Vec::new(), highest: 0, changed: false }
    }

    fn finish(mut self) -> (Option<String>, Past) {
        self.give_waiting();
        self.out.end_array();
        let past = Past { base: hundred_of(self.highest), sources: self.sources };
        (self.changed.then(|| self.out.into_string()), past)
    }

    fn message(&mut self, message: Value<'_>) {
        let role = message.get("role").and_then(Value::as_str).map(Str::decode).unwrap_or_default();
        match (&*role, message.get("content")) {
            ("assistant", Some(content)) if content.items().any(is_ours) => {
                self.give_waiting();
                self.changed = true;
                self.assistant(message, content);
            }
            ("user", content) if !self.waiting.is_empty() => {
                self.answered(message, content);
                self.read_plain(content);
            }
            _ => {
                self.give_waiting();
                self.out.value(message);
                self.read_plain(message.get("content"));
            }
        }
    }

    /// Where the host remembers the turns of an earlier answer, they are in the history as they were: plain calls and results.
    fn read_plain(&mut self, content: Option<Value<'_>>) {
        for result in content.into_iter().flat_map(Value::items).filter(|block| is(*block, "tool_result")) {
            for text in result.get("content").into_iter().flat_map(Value::items).map(|part| member(part, "text")) {
                let found = report::from_model(&text).into_iter().filter(|source| source.number < MOST);
                self.sources.extend(found.inspect(|source| self.highest = self.highest.max(source.number)));
            }
        }
    }

    fn assistant(&mut self, message: Value<'_>, content: Value<'_>) {
        let mut parts = Parts::new(message);
        for block in content.items() {
            if is_call(block) {
                self.call(block, content, &mut parts);
            } else if is(block, "web_search_tool_result") {
                if with_id(content, "server_tool_use", "id", result_id(block)).is_some() {
                    parts.result_seen();
                } else {
                    parts.end_of_round(&mut self.out);
                    let (text, _) = self.found(block);
                    parts.text(["[Web search]\n", &*text].concat());
                }
            } else {
                parts.end_of_round(&mut self.out);
                parts.block(block, &self.sources);
            }
        }
        self.waiting = parts.finish(&mut self.out);
    }

    /// A search and, at the same time, what it found.
    fn call(&mut self, call: Value<'_>, content: Value<'_>, parts: &mut Parts<'_>) {
        let id = call.get("id").and_then(Value::as_str);
        let result = with_id(content, "web_search_tool_result", "tool_use_id", id);
        if parts.has_seen_a_result() {
            parts.end_of_round(&mut self.out);
        }
        let id = id.map(Str::raw).unwrap_or_default();
        let mut out = Writer::new();
        out.begin_object().key("type").string("tool_use").key("id").escaped(id).key("name").string(self.name);
        let input = call.get("input").filter(|input| input.kind() == Kind::Object);
        out.key("input").raw(input.map_or("{}", Value::raw));
        keep_mark(call, &mut out);
        out.end_object();
        // The answer may have been broken off; a call must have its result all the same.
        let (text, is_error) =
            result.map_or_else(|| ("The search was not made.".into(), true), |result| self.found(result));
        let mut answer = Writer::new();
        answer.begin_object().key("type").string("tool_result").key("tool_use_id").escaped(id);
        answer.key("content").raw(&text_blocks(&text));
        if is_error {
            answer.key("is_error").bool(true);
        }
        result.into_iter().for_each(|result| keep_mark(result, &mut answer));
        answer.end_object();
        parts.search(out.into_string(), answer.into_string());
    }

    /// What a search found as the model reads it, and whether it failed.
    fn found(&mut self, result: Value<'_>) -> (String, bool) {
        let content = result.get("content");
        let Some(list) = content.filter(|content| content.kind() == Kind::Array) else {
            let code = content.map(|content| member(content, "error_code")).unwrap_or_default();
            return (["The search failed: ", if code.is_empty() { "unavailable" } else { &*code }, "."].concat(), true);
        };
        let first = hundred_of(self.highest) + NUMBERS + 1;
        let from = self.sources.len();
        let results = list.items().filter(|item| is(*item, "web_search_result"));
        for (next, result) in (first..).zip(results) {
            let kept = envelope::open(&member(result, "encrypted_content")).filter(|kept| kept.number < MOST);
            let (number, text) = kept.map_or_else(|| (next, String::new()), |kept| (kept.number, kept.text));
            self.highest = self.highest.max(number);
            let line = |name: &str| one_line(&member(result, name));
            let (title, url, age, text) = (line("title"), line("url"), line("page_age"), one_line(&text));
            self.sources.push(Source { number, title, url, age, text });
        }
        (report::to_model(self.sources.get(from..).unwrap_or_default()), false)
    }

    /// A message of the user that begins with results.
    fn answered(&mut self, message: Value<'_>, content: Option<Value<'_>>) {
        self.out.begin_object();
        for (key, value) in message.members().filter(|(key, _)| *key != *"content") {
            self.out.key_str(key).value(value);
        }
        self.out.key("content").begin_array();
        self.waiting.drain(..).for_each(|result| _ = self.out.raw(&result));
        if let Some(text) = content.and_then(Value::as_str).filter(|text| !text.is_empty()) {
            self.out.begin_object().key("type").string("text").key("text").escaped(text.raw()).end_object();
        }
        content.into_iter().flat_map(Value::items).for_each(|block| _ = self.out.value(block));
        self.out.end_array().end_object();
    }

    /// Results that no message of the user follows.
    fn give_waiting(&mut self) {
        let results = std::mem::take(&mut self.waiting);
        parts::give_results(&results, &mut self.out);
    }
}

/// Whether a block is part of a search, or has citations of one.
fn is_ours(block: Value<'_>) -> bool {
    is_call(block) || is(block, "web_search_tool_result") || parts::has_citations(block)
}

fn is_call(block: Value<'_>) -> bool {
    is(block, "server_tool_use") && member(block, "name") == "web_search"
}

fn result_id(result: Value<'_>) -> Option<Str<'_>> {
    result.get("tool_use_id").and_then(Value::as_str)
}

/// The block of a kind that has this id.
fn with_id<'d>(content: Value<'d>, kind: &str, key: &str, id: Option<Str<'_>>) -> Option<Value<'d>> {
    let id = id?;
    content
        .items()
        .find(|block| is(*block, kind) && block.get(key).and_then(Value::as_str).is_some_and(|known| known == id))
}

/// Keeps the mark of prompt caching of the block that is rewritten.
fn keep_mark(block: Value<'_>, out: &mut Writer) {
    if let Some(mark) = block.get("cache_control").filter(|mark| !mark.is_null()) {
        out.key("cache_control").value(mark);
    }
}
