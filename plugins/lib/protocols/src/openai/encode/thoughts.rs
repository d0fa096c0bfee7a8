//! Reasoning of earlier turns, in the form that the provider takes it back in.
//!
//! Text goes to whoever takes text. What is signed or encrypted goes back only to where it came from: Claude's own to Claude, an
//! entry of `reasoning_details` to a provider of this format (see [`crate::openai::thinking`]). A signature is never sent to
//! anybody else.

use super::marked::{Marked, Run};
use super::notes::Notes;
use crate::openai::model::is_claude;
use crate::openai::options::Replay;
use crate::openai::thinking::{self, ANTHROPIC, Origin};
use crate::shared::block::{Block, Thinking};
use crate::shared::results::Joined;
use ccr_plugin::messages::json::{Str, Writer};

#[derive(Debug, Clone, Copy)]
pub(super) struct Thoughts {
    replay: Replay,
    /// Claude takes back only what it signed.
    claude: bool,
}

/// What becomes of a block in `reasoning_details`.
enum Entry<'d> {
    Signed(Thinking<'d>),
    Wrapped(String, &'d str),
    Encrypted(Str<'d>),
    Text(&'d str),
    /// It cannot be sent here.
    Lost,
    /// It has neither text nor a signature that counts here.
    Empty,
}

impl Thoughts {
    pub(super) fn new(replay: Replay, model: &str) -> Self {
        Self { replay, claude: replay == Replay::Details && is_claude(model) }
    }

    pub(super) fn note_what_is_lost(self, run: &Run<'_>, notes: &mut Notes) {
        for marked in run.list() {
            match marked.block {
                Block::Thinking(thought) if self.loses(thought) => notes.dropped("messages.thinking"),
                Block::Redacted(data) if !matches!(self.redacted(data), Entry::Encrypted(_)) => {
                    notes.dropped("redacted_thinking");
                }
                _ => {}
            }
        }
    }

    /// DeepSeek and Kimi refuse a call without the reasoning that led to it, so the field is there even if it is empty.
    pub(super) fn write(self, run: &Run<'_>, calls: bool, out: &mut Writer) {
        if self.replay == Replay::Details && self.details(run, out) {
            return;
        }
        let thoughts = || {
            run.list()
                .iter()
                .filter_map(|it| if let Block::Thinking(thought) = it.block { Some(thought.text) } else { None })
        };
        let is_empty = thoughts().all(str::is_empty);
        let field = match self.replay {
            Replay::ReasoningContent if calls || !is_empty => "reasoning_content",
            Replay::Reasoning if !is_empty => "reasoning",
            Replay::Details if !is_empty && !self.claude => "reasoning",
            Replay::Off | Replay::ReasoningContent | Replay::Reasoning | Replay::Details => return,
        };
        out.key(field).begin_string();
        let mut joined = Joined::default();
        for thought in thoughts().filter(|thought| !thought.is_empty()) {
            joined.part(out).escaped_part(thought);
        }
        out.end_string();
    }

    fn loses(self, thought: Thinking<'_>) -> bool {
        match self.replay {
            Replay::Off => !thought.text.is_empty(),
            _ => matches!(self.entry(thought), Entry::Lost),
        }
    }

    fn entry<'d>(self, thought: Thinking<'d>) -> Entry<'d> {
        let signature = thought.signature.decode();
        let text = || if thought.text.is_empty() { Entry::Empty } else { Entry::Text(thought.text) };
        if self.replay != Replay::Details {
            return text();
        }
        match Origin::of(&signature) {
            Origin::Claude if self.claude => Entry::Signed(thought),
            Origin::Entry(entry) if !self.claude => Entry::Wrapped(entry.to_owned(), thought.text),
            _ if self.claude => Entry::Lost,
            _ => text(),
        }
    }

    fn redacted(self, data: Str<'_>) -> Entry<'_> {
        if self.claude && !data.raw().starts_with(thinking::ENVELOPE) { Entry::Encrypted(data) } else { Entry::Lost }
    }

    /// The list, if anything is to be said that text alone does not say.
    fn details<'d>(self, run: &Run<'d>, out: &mut Writer) -> bool {
        let entry = |marked: &Marked<'d>| match marked.block {
            Block::Thinking(thought) => Some(self.entry(thought)),
            Block::Redacted(data) => Some(self.redacted(data)),
            _ => None,
        };
        let entries: Vec<_> = run.list().iter().filter_map(entry).collect();
        let more = |entry: &Entry<'_>| matches!(entry, Entry::Signed(_) | Entry::Wrapped(..) | Entry::Encrypted(_));
        if !entries.iter().any(more) {
            return false;
        }
        out.key("reasoning_details").begin_array();
        for (index, entry) in (0..).zip(&entries) {
            entry.write(index, out);
        }
        out.end_array();
        true
    }
}

impl Entry<'_> {
    fn write(&self, index: u64, out: &mut Writer) {
        match self {
            Self::Signed(Thinking { text, signature }) => {
                out.begin_object().key("type").string("reasoning.text").key("text").escaped(text);
                out.key("signature").escaped(signature.raw());
                out.key("format").string(ANTHROPIC).key("index").number(index).end_object();
            }
            Self::Encrypted(data) => {
                out.begin_object().key("type").string("reasoning.encrypted").key("data").escaped(data.raw());
                out.key("format").string(ANTHROPIC).key("index").number(index).end_object();
            }
            Self::Text(text) => plain(text, out),
            Self::Wrapped(entry, text) => {
                // A damaged envelope leaves the text.
                if !thinking::write_entry(entry, text, out) && !text.is_empty() {
                    plain(text, out);
                }
            }
            Self::Lost | Self::Empty => {}
        }
    }
}

fn plain(text: &str, out: &mut Writer) {
    out.begin_object().key("type").string("reasoning.text").key("text").escaped(text).end_object();
}
