//! Makes citations of the marks in the model's text: the mark goes, and Anthropic's `web_search_result_location` comes to the text
//! before it. The blocks of the searches, which the client gets too, tell what each number stands for.
//!
//! A citation ends what it belongs to: the next text opens a block of its own, as in Anthropic's answers. White space goes on in
//! the old block, so that none consists of it alone.

use crate::envelope::{self, ID};
use crate::marker::{self, Reading};
use crate::source::Source;
use crate::text::{is, member};
use ccr_plugin::messages::event::{Event, Usage};
use ccr_plugin::messages::json::{Document, Kind, Value, Writer};
use ccr_plugin::{AnswerStream, Fault};

#[cfg(test)]
mod tests;

/// The open text block, as far as it was written here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Block {
    /// There is none, or only white space is in it.
    Blank,
    Text,
    Cited,
}

#[derive(Debug)]
pub(crate) struct Citing {
    sources: Vec<Source>,
    /// What may be the beginning of a mark: a space and some bytes.
    held: String,
    /// Citations that came before any text they could belong to.
    early: Vec<String>,
    block: Block,
    /// Searches of this agent that found an answer.
    searches: u64,
    /// Searches that the provider says it made itself.
    theirs: u64,
}

impl Citing {
    pub(crate) fn new(sources: Vec<Source>) -> Self {
        Self { sources, held: String::new(), early: Vec::new(), block: Block::Blank, searches: 0, theirs: 0 }
    }

    fn text(&mut self, text: String, events: &mut Vec<Event>) {
        let has_none =
            |text: &str| memchr::memchr2(FIRST[0], FIRST[1], text.as_bytes()).is_none() && !text.ends_with(' ');
        if self.held.is_empty() && self.block == Block::Text && has_none(&text) {
            events.push(Event::Text(text));
            return;
        }
        let mut all = std::mem::take(&mut self.held);
        all.push_str(&text);
        let (mut said, mut at) = (0, 0);
        while let Some(found) = next_bracket(&all, at) {
            let here = all.get(found..).unwrap_or_default();
            // A space before a mark goes with it.
            let begins = if found > said && all.as_bytes().get(found - 1) == Some(&b' ') { found - 1 } else { found };
            match marker::read(here) {
                Reading::Open => {
                    self.say(all.get(said..begins).unwrap_or_default(), events);
                    self.held = all.split_off(begins);
                    return;
                }
                Reading::Marker(length, numbers) => {
                    at = found + length;
                    if let Some(citations) = self.citations(&numbers) {
                        self.say(all.get(said..begins).unwrap_or_default(), events);
                        self.cite(citations, events);
                        said = at;
                    }
                }
                Reading::Not => at = found + 1,
            }
        }
        let end = if all.len() > said && all.ends_with(' ') { all.len() - 1 } else { all.len() };
        self.say(all.get(said..end).unwrap_or_default(), events);
        self.held = all.split_off(end);
    }

    /// The citations of these numbers; `None` if one of them is unknown, as then it is no mark.
    fn citations(&self, numbers: &[u64]) -> Option<Vec<String>> {
        let citation = |number: &u64| self.sources.iter().rfind(|source| source.number == *number).map(citation);
        numbers.iter().map(citation).collect()
    }

    /// Writes text that is no mark.
    fn say(&mut self, text: &str, events: &mut Vec<Event>) {
        let mut text = text;
        if self.block == Block::Cited {
            let rest = text.trim_start();
            let space = text.get(..text.len() - rest.len()).unwrap_or_default();
            push(space, events);
            if rest.is_empty() {
                return;
            }
            events.push(Event::NewBlock);
            (self.block, text) = (Block::Blank, rest);
        }
        push(text, events);
        if !text.trim_start().is_empty() {
            self.block = Block::Text;
        }
    }

    fn cite(&mut self, citations: Vec<String>, events: &mut Vec<Event>) {
        self.early.extend(citations);
        // A block without text cannot go back to Anthropic.
        if self.block != Block::Blank {
            self.block = Block::Cited;
            events.extend(self.early.drain(..).map(Event::Citation));
        }
    }

    /// The text ends here, or is interrupted: what was held is text, and what waits for text has it or not.
    fn end_of_text(&mut self, events: &mut Vec<Event>) {
        let held = std::mem::take(&mut self.held);
        self.say(&held, events);
        self.cite(Vec::new(), events);
        self.block = Block::Blank;
    }

    fn other(&mut self, event: Event, events: &mut Vec<Event>) {
        self.end_of_text(events);
        let found = if let Event::Block(json) = &event { self.learn(json) } else { false };
        events.push(event);
        if found {
            self.searches += 1;
            events.push(self.usage(Usage::default()));
        }
    }

    /// Takes in what a search found; says whether it is one of this agent's that found an answer.
    fn learn(&mut self, json: &str) -> bool {
        let Ok(document) = Document::parse_str(json) else { return false };
        let block = document.root();
        let content = block.get("content").filter(|content| content.kind() == Kind::Array);
        let Some(content) = content.filter(|_| is(block, "web_search_tool_result")) else { return false };
        self.sources.extend(content.items().filter_map(source));
        member(block, "tool_use_id").starts_with(ID)
    }

    fn usage(&self, usage: Usage) -> Event {
        Event::Usage(Usage { web_search_requests: Some(self.searches.saturating_add(self.theirs)), ..usage })
    }
}

const FIRST: [u8; 2] = marker::FIRST_BYTES;

fn next_bracket(text: &str, from: usize) -> Option<usize> {
    let rest = text.as_bytes().get(from..)?;
    memchr::memchr2(FIRST[0], FIRST[1], rest).map(|at| from + at)
}

fn push(text: &str, events: &mut Vec<Event>) {
    if !text.is_empty() {
        events.push(Event::Text(text.to_owned()));
    }
}

/// A result of this agent's; those of others have no numbers.
fn source(result: Value<'_>) -> Option<Source> {
    let kept = envelope::open(&result.get("encrypted_content")?.as_str()?.decode())?;
    Some(Source {
        number: kept.number,
        title: member(result, "title"),
        url: member(result, "url"),
        age: String::new(),
        text: kept.text,
    })
}

fn citation(source: &Source) -> String {
    let mut out = Writer::new();
    out.begin_object().key("type").string("web_search_result_location").key("url").string(&source.url);
    out.key("title").string(&source.title);
    out.key("encrypted_index").string(&envelope::of_citation(source.number));
    out.key("cited_text").string(source.cited()).end_object();
    out.into_string()
}

impl AnswerStream for Citing {
    fn push(&mut self, event: Event, events: &mut Vec<Event>) -> Result<(), Fault> {
        match event {
            Event::Text(text) => self.text(text, events),
            Event::Usage(usage) => {
                self.theirs = usage.web_search_requests.unwrap_or(self.theirs);
                let is_known = usage.web_search_requests.is_some();
                events.push(if is_known { self.usage(usage) } else { Event::Usage(usage) });
            }
            Event::Start(_) | Event::Dropped(_) => events.push(event),
            event => self.other(event, events),
        }
        Ok(())
    }

    fn finish(&mut self, events: &mut Vec<Event>) -> Result<(), Fault> {
        self.end_of_text(events);
        if !self.early.is_empty() {
            events.push(Event::Dropped("citations without a text".into()));
        }
        Ok(())
    }
}
