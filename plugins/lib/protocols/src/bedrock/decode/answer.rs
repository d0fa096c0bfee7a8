//! The state of one answer: which block is open, and what of it must wait until its end.

use crate::bedrock::conclude;
use crate::bedrock::{reasoning, usage};
use crate::shared::context::Context;
use crate::shared::ending::{Ending, broken};
use ccr_plugin::messages::event::{Event, Failure, ToolDelta, Usage};
use ccr_plugin::messages::json::{Str, Value};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Text,
    Thinking,
}

/// What came so far. Every method adds to the events what it learnt.
#[derive(Debug)]
pub(super) struct Answer {
    context: Context,
    /// The last block of text or thinking, and its number.
    last: Option<(Content, u32)>,
    /// Reasoning came that is not signed yet.
    unsigned: bool,
    /// The signature of the open block, which may come in pieces.
    signature: String,
    /// Encrypted reasoning of the open block, which may come in pieces.
    redacted: String,
    /// A call of a tool that Bedrock runs itself: its input is no news to the client.
    hidden: Option<u32>,
    usage: Option<Usage>,
    failed: bool,
}

impl Answer {
    pub(super) fn new(context: Context) -> Self {
        Self {
            context,
            last: None,
            unsigned: false,
            signature: String::new(),
            redacted: String::new(),
            hidden: None,
            usage: None,
            failed: false,
        }
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failed
    }

    /// What follows belongs to this block.
    fn enter(&mut self, content: Content, index: u32, events: &mut Vec<Event>) {
        if self.last == Some((content, index)) {
            return;
        }
        self.finish_content(events);
        if self.last.is_some_and(|(last, _)| last == content) {
            events.push(Event::NewBlock);
        }
        self.last = Some((content, index));
    }

    pub(super) fn say(&mut self, index: u32, text: &str, events: &mut Vec<Event>) {
        if !text.is_empty() {
            self.enter(Content::Text, index, events);
            events.push(Event::Text(text.to_owned()));
        }
    }

    pub(super) fn think(&mut self, index: u32, text: &str, events: &mut Vec<Event>) {
        if !text.is_empty() {
            self.enter(Content::Thinking, index, events);
            self.unsigned = true;
            events.push(Event::Thinking(text.to_owned()));
        }
    }

    pub(super) fn sign(&mut self, index: u32, signature: &str, events: &mut Vec<Event>) {
        if !signature.is_empty() {
            self.enter(Content::Thinking, index, events);
            self.signature.push_str(signature);
        }
    }

    pub(super) fn redact(&mut self, index: u32, data: &str, events: &mut Vec<Event>) {
        if !data.is_empty() {
            self.enter(Content::Thinking, index, events);
            self.redacted.push_str(data);
        }
    }

    /// A call begins, or is there as a whole.
    pub(super) fn call(&mut self, index: u32, call: Value<'_>, arguments: &str, events: &mut Vec<Event>) {
        self.finish_content(events);
        if call.get("type").and_then(Value::as_str).is_some_and(|kind| kind == "server_tool_use") {
            self.hidden = Some(index);
            return self.leave_out("toolUse of Bedrock's own", events);
        }
        self.hidden = None;
        let text = |key: &str| call.get(key).and_then(Value::as_str).map(Str::decode);
        let name = text("name").map(|name| self.context.tool_name(name.into_owned()));
        let id = text("toolUseId").map(std::borrow::Cow::into_owned);
        events.push(Event::ToolDelta(ToolDelta { index: Some(index), id, name, arguments: arguments.to_owned() }));
    }

    /// A piece of a call's input.
    pub(super) fn input(&mut self, index: u32, piece: &str, events: &mut Vec<Event>) {
        if !piece.is_empty() && self.hidden != Some(index) {
            let delta = ToolDelta { index: Some(index), id: None, name: None, arguments: piece.to_owned() };
            events.push(Event::ToolDelta(delta));
        }
    }

    /// Something came that the client's format has no place for.
    pub(super) fn leave_out(&mut self, what: &str, events: &mut Vec<Event>) {
        events.push(Event::Dropped(what.to_owned()));
    }

    /// A block is over: what of it had to wait comes out. Clients replay only signed reasoning, so that of models which do not
    /// sign gets an envelope without a signature.
    pub(super) fn finish_content(&mut self, events: &mut Vec<Event>) {
        let unsigned = std::mem::take(&mut self.unsigned);
        let mark = &self.context.mark;
        if !self.signature.is_empty() || (unsigned && !mark.is_empty()) {
            let signature = std::mem::take(&mut self.signature);
            events.push(Event::Signature(reasoning::wrap(mark, signature)));
        }
        if !self.redacted.is_empty() {
            let data = std::mem::take(&mut self.redacted);
            events.push(Event::RedactedThinking(reasoning::wrap(mark, data)));
        }
    }

    /// Only news are passed on.
    pub(super) fn count(&mut self, counts: Value<'_>, events: &mut Vec<Event>) {
        if let Some(counts) = usage::read(counts)
            && self.usage != Some(counts)
        {
            self.usage = Some(counts);
            events.push(Event::Usage(counts));
        }
    }

    pub(super) fn conclude(&mut self, reason: &str, sequence: Option<String>, events: &mut Vec<Event>) {
        match conclude::ending(reason, sequence) {
            Ending::Finished(reason) => events.push(Event::Finish(reason)),
            Ending::Failed(kind) => self.fail(broken("Bedrock broke off the answer", kind, reason), events),
        }
    }

    pub(super) fn fail(&mut self, failure: Failure, events: &mut Vec<Event>) {
        self.failed = true;
        events.push(Event::Error(failure));
    }
}
