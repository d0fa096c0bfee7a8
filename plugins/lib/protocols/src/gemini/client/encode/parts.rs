//! The parts of an answer, as they come out of its events.
//!
//! Calls are written whole, as Gemini's own are. A signature goes onto the part behind the thoughts, where Gemini itself puts it:
//! many programs keep no thoughts in their history, but the calls as they came. What others than Gemini signed is in an envelope
//! (see [`crate::gemini::client::thoughts`]).

use super::sources::Sources;
use crate::gemini::client::thoughts;
use crate::gemini::signature;
use ccr_plugin::messages::event::{Event, FinishReason, ToolStart, Usage};
use ccr_plugin::messages::json::{Document, Kind, Writer};

/// Where parts are written to.
pub(super) struct Parts<'w> {
    out: &'w mut Writer,
    /// Whether pieces of one text are one part.
    joins: bool,
    open: Open,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Nothing,
    Text,
    Thought,
}

impl<'w> Parts<'w> {
    /// For a whole answer.
    pub(super) fn joined(out: &'w mut Writer) -> Self {
        Self { out, joins: true, open: Open::Nothing }
    }

    /// For a stream, in which every piece is a part.
    pub(super) fn pieces(out: &'w mut Writer) -> Self {
        Self { out, joins: false, open: Open::Nothing }
    }

    fn text(&mut self, text: &str, signature: &str) {
        if self.open != Open::Text || !signature.is_empty() {
            self.close();
            self.out.begin_object();
            sign(signature, self.out);
            self.out.key("text").begin_string();
            self.open = Open::Text;
        }
        self.piece(text);
    }

    fn thought(&mut self, text: &str) {
        if self.open != Open::Thought {
            self.close();
            self.out.begin_object().key("thought").bool(true).key("text").begin_string();
            self.open = Open::Thought;
        }
        self.piece(text);
    }

    fn piece(&mut self, text: &str) {
        self.out.string_part(text);
        if !self.joins {
            self.close();
        }
    }

    /// A thought that only carries a signature. It has no text: a text that is empty counts as no part in some libraries.
    fn sealed(&mut self, signature: &str) {
        self.close();
        self.out.begin_object().key("thought").bool(true).key("thoughtSignature").string(signature).end_object();
    }

    fn call(&mut self, call: &Call, signature: &str) {
        self.close();
        self.out.begin_object();
        sign(signature, self.out);
        self.out.key("functionCall").begin_object().key("id").string(&call.start.id);
        self.out.key("name").string(&call.start.name).key("args").raw(call.arguments()).end_object().end_object();
    }

    pub(super) fn close(&mut self) {
        if self.open != Open::Nothing {
            self.out.end_string().end_object();
            self.open = Open::Nothing;
        }
    }
}

fn sign(signature: &str, out: &mut Writer) {
    if !signature.is_empty() {
        out.key("thoughtSignature").string(signature);
    }
}

/// A signature on its way to the part behind the thoughts.
#[derive(Debug, Default)]
struct Carried {
    signature: String,
    /// In an envelope of the gateway's.
    sealed: bool,
}

impl Carried {
    fn take(&mut self) -> String {
        std::mem::take(&mut self.signature)
    }

    /// Other thoughts follow, or nothing: an envelope is a thought of its own. Gemini's own waits on, as its thoughts are one.
    fn let_go(&mut self, parts: &mut Parts<'_>) {
        if self.sealed && !self.signature.is_empty() {
            parts.sealed(&self.take());
        }
    }
}

/// A call whose arguments are still coming.
#[derive(Debug)]
struct Call {
    start: ToolStart,
    arguments: String,
}

impl Call {
    fn arguments(&self) -> &str {
        let is_object = Document::parse_str(&self.arguments).is_ok_and(|read| read.root().kind() == Kind::Object);
        if is_object { self.arguments.trim() } else { "{}" }
    }
}

/// What came so far of one answer.
#[derive(Debug)]
pub(super) struct State {
    /// The client asked to see thoughts.
    shown: bool,
    /// Thoughts that it did not ask for, until their signature comes.
    hidden: String,
    /// The signature for the next part.
    carried: Carried,
    call: Option<Call>,
    sources: Sources,
    usage: Usage,
    reason: Option<FinishReason>,
}

impl State {
    pub(super) fn new(shown: bool) -> Self {
        Self {
            shown,
            hidden: String::new(),
            carried: Carried::default(),
            call: None,
            sources: Sources::default(),
            usage: Usage::default(),
            reason: None,
        }
    }

    /// Writes what is complete with this event.
    pub(super) fn event(&mut self, event: Event, parts: &mut Parts<'_>) {
        match event {
            Event::Text(text) => self.say(&text, parts),
            Event::Thinking(text) if self.shown => {
                self.between();
                self.carried.let_go(parts);
                parts.thought(&text);
            }
            Event::Thinking(text) => self.hidden.push_str(&text),
            Event::Signature(signature) => self.sign(&signature, parts),
            Event::RedactedThinking(data) => {
                self.between();
                self.carried.let_go(parts);
                parts.sealed(&thoughts::of_redacted(&data));
            }
            Event::ToolStart(start) => {
                self.between();
                self.call = Some(Call { start, arguments: String::new() });
            }
            Event::ToolArguments(piece) => {
                if let Some(call) = &mut self.call {
                    call.arguments.push_str(&piece.json);
                }
            }
            Event::ToolEnd(_) => {
                if let Some(call) = self.call.take() {
                    parts.call(&call, &self.carried.take());
                }
            }
            Event::NewBlock => self.between(),
            Event::Block(block) => {
                self.between();
                self.sources.block(&block);
            }
            Event::Citation(citation) => self.sources.cite(&citation),
            Event::Usage(usage) => self.usage.update(&usage),
            Event::Finish(reason) => self.reason = Some(reason),
            // Raw fragments and failures do not come here; the rest is for the record.
            Event::Start(_) | Event::ToolDelta(_) | Event::Error(_) | Event::Dropped(_) => {}
        }
    }

    fn say(&mut self, text: &str, parts: &mut Parts<'_>) {
        if text.is_empty() {
            return;
        }
        self.call = None;
        self.hidden.clear();
        parts.text(text, &self.carried.take());
        self.sources.say(text);
    }

    fn sign(&mut self, signature: &str, parts: &mut Parts<'_>) {
        self.call = None;
        let text = std::mem::take(&mut self.hidden);
        parts.close();
        if signature.is_empty() {
            return;
        }
        self.carried.let_go(parts);
        self.carried = match signature::unwrap(signature) {
            Some(own) => Carried { signature: own.to_owned(), sealed: false },
            None if self.shown => Carried { signature: thoughts::of_signature(signature), sealed: true },
            None => Carried { signature: thoughts::of_block(&text, signature), sealed: true },
        };
    }

    /// A block ends, another may begin. Neighbours of one kind are one part all the same: a stream could not tell them apart.
    ///
    /// A call that has not ended was cut off: the client must not run it, and what `finishReason` says is all that it gets.
    fn between(&mut self) {
        self.call = None;
        // Thoughts that nobody signed are of no use to the next turn.
        self.hidden.clear();
        self.sources.end_text();
    }

    /// The answer ends: what was held back is written.
    pub(super) fn end(&mut self, parts: &mut Parts<'_>) {
        self.between();
        self.carried.let_go(parts);
        if !self.carried.signature.is_empty() {
            // Gemini itself puts a last signature on a text without words.
            parts.text("", &self.carried.take());
        }
        parts.close();
    }

    pub(super) fn reason(&self) -> Option<&FinishReason> {
        self.reason.as_ref()
    }

    pub(super) fn usage(&self) -> &Usage {
        &self.usage
    }

    pub(super) fn sources(&self) -> &Sources {
        &self.sources
    }
}
