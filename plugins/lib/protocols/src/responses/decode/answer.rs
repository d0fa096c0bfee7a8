//! The state of one answer: what was said so far, and what that means for how it ends.

use super::channel::{Channel, written};
use super::items::{Items, Source};
use super::wire::{Position, Wire};
use crate::openai::errors::TABLE;
use crate::responses::thinking::{Envelope, Kept};
use crate::responses::{errors, usage};
use crate::shared::context::Context;
use crate::shared::ending::broken;
use crate::shared::errors::says_something;
use ccr_plugin::Fault;
use ccr_plugin::messages::event::{ErrorKind, Event, Failure, FinishReason, Start, ToolDelta};
use ccr_plugin::messages::json::{Kind as JsonKind, Str, Value};
use std::borrow::Cow;

/// What came so far. Every method adds to the events what it learnt.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) context: Context,
    pub(super) items: Items,
    started: bool,
    /// The block that the last content stands in.
    last: Last,
    /// The item whose reasoning is not signed yet.
    unsigned: Option<usize>,
    pub(super) searches: u64,
    has_calls: bool,
    refused: bool,
    ended: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    Nothing,
    Text,
    Thinking,
    Other,
}

impl Answer {
    pub(super) fn new(context: Context) -> Self {
        Self {
            context,
            items: Items::default(),
            started: false,
            last: Last::Nothing,
            unsigned: None,
            searches: 0,
            has_calls: false,
            refused: false,
            ended: false,
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// An answer in one piece.
    pub(super) fn whole(&mut self, root: Value<'_>, events: &mut Vec<Event>) -> Result<(), Fault> {
        if let Some(error) = root.get("error").filter(|error| says_something(*error)) {
            self.start(root, events);
            self.fail(TABLE.in_answer(error), events);
            return Ok(());
        }
        let status = text_of(root.get("status"));
        if matches!(&*status, "queued" | "in_progress") {
            return Err(errors::not_ready(&status));
        }
        let has_output = root.get("output").is_some_and(|output| output.kind() == JsonKind::Array);
        // A response that failed or was cancelled may have none.
        if !has_output && status.is_empty() {
            return Err(errors::no_output(root));
        }
        self.start(root, events);
        self.end(root, "", events);
        Ok(())
    }

    /// Reads one streamed event.
    pub(super) fn event(&mut self, wire: &Wire<'_>, events: &mut Vec<Event>) {
        use Channel::{Arguments, Refusal, Text, Thought};
        match wire.kind {
            // The second name is OpenRouter's.
            "response.output_text.delta" | "response.content_part.delta" => self.piece(Text, wire, events),
            "response.function_call_arguments.delta" => self.piece(Arguments, wire, events),
            // The shorter names are those of the API's first versions.
            "response.reasoning_summary_text.delta" | "response.reasoning_summary.delta" => {
                self.piece(Thought(Source::Summary), wire, events);
            }
            "response.reasoning_text.delta" | "response.reasoning.delta" => {
                self.piece(Thought(Source::Text), wire, events);
            }
            "response.refusal.delta" => self.piece(Refusal, wire, events),
            "response.output_text.done" => self.once(Text, wire.position, wire.said, events),
            "response.function_call_arguments.done" => self.once(Arguments, wire.position, wire.said, events),
            "response.reasoning_summary_text.done" | "response.reasoning_summary.done" => {
                self.once(Thought(Source::Summary), wire.position, wire.said, events);
            }
            "response.reasoning_text.done" | "response.reasoning.done" => {
                self.once(Thought(Source::Text), wire.position, wire.said, events);
            }
            "response.refusal.done" => self.once(Refusal, wire.position, wire.said, events),
            // The last name is vLLM's.
            "response.content_part.done" | "response.reasoning_summary_part.done" | "response.reasoning_part.done" => {
                self.part(wire, events);
            }
            "response.output_item.added" => self.item_begins(wire, events),
            "response.output_item.done" => self.item_is_done(wire, events),
            "response.output_text.annotation.added" => self.annotation(wire, events),
            "response.created" | "response.in_progress" | "response.queued" => {
                self.start(wire.response.unwrap_or(wire.root), events);
            }
            "response.completed"
            | "response.done"
            | "response.incomplete"
            | "response.failed"
            | "response.cancelled" => {
                let response = wire.response.unwrap_or(wire.root);
                self.start(response, events);
                self.end(response, wire.kind, events);
            }
            "error" => self
                .fail(TABLE.in_answer(wire.error.filter(|error| says_something(*error)).unwrap_or(wire.root)), events),
            // Some proxies send an error of their own, without a type.
            _ => {
                if let Some(error) = wire.error.filter(|error| says_something(*error)) {
                    self.fail(TABLE.in_answer(error), events);
                }
            }
        }
    }

    fn start(&mut self, response: Value<'_>, events: &mut Vec<Event>) {
        let known = |key: &str| Some(text_of(response.get(key)).into_owned()).filter(|text| !text.is_empty());
        let start = Start { id: known("id"), model: known("model") };
        if !self.started && start != Start::default() {
            self.started = true;
            events.push(Event::Start(start));
        }
    }

    fn piece(&mut self, channel: Channel, wire: &Wire<'_>, events: &mut Vec<Event>) {
        let slot = self.items.piece(wire.position, channel.kind());
        if let Some(text) = wire.said.and_then(|said| written(channel, said)) {
            self.say(channel, slot, wire.position.part, text, events);
        }
    }

    /// Something that is said as a whole, unless it was said in pieces.
    pub(super) fn once(
        &mut self,
        channel: Channel,
        position: Position<'_>,
        said: Option<Value<'_>>,
        events: &mut Vec<Event>,
    ) {
        let slot = self.items.statement(position, channel.kind());
        self.once_in(channel, slot, position.part, said, events);
    }

    pub(super) fn once_in(
        &mut self,
        channel: Channel,
        slot: usize,
        part: u64,
        said: Option<Value<'_>>,
        events: &mut Vec<Event>,
    ) {
        if self.items.get(slot).is_some_and(|item| item.done || item.has_said(part)) {
            return;
        }
        if let Some(text) = said.and_then(|said| written(channel, said)) {
            self.say(channel, slot, part, text, events);
        }
    }

    fn say(&mut self, channel: Channel, slot: usize, part: u64, text: Cow<'_, str>, events: &mut Vec<Event>) {
        if text.is_empty() {
            return;
        }
        match channel {
            Channel::Text => self.tell(slot, part, text, events),
            Channel::Refusal => {
                self.refused = true;
                self.tell(slot, part, text, events);
            }
            Channel::Thought(source) => self.think(slot, part, source, text, events),
            Channel::Arguments => self.arguments(slot, text, events),
        }
    }

    fn tell(&mut self, slot: usize, part: u64, text: Cow<'_, str>, events: &mut Vec<Event>) {
        self.sign_what_is_open(events);
        let first = self.items.get(slot).is_some_and(|item| item.says(part));
        if first && self.last == Last::Text {
            events.push(Event::NewBlock);
        }
        self.last = Last::Text;
        events.push(Event::Text(text.into_owned()));
    }

    /// The parts of one item's reasoning are one block, with an empty line between them.
    fn think(&mut self, slot: usize, part: u64, source: Source, text: Cow<'_, str>, events: &mut Vec<Event>) {
        if self.unsigned.is_some_and(|open| open != slot) {
            self.sign_what_is_open(events);
        }
        let Some(item) = self.items.get(slot) else { return };
        if item.done || *item.source.get_or_insert(source) != source {
            return;
        }
        let goes_on = item.has_said_anything();
        let first = item.says(part);
        if !goes_on && self.last == Last::Thinking {
            events.push(Event::NewBlock);
        }
        let text = if first && goes_on { format!("\n\n{text}") } else { text.into_owned() };
        self.last = Last::Thinking;
        self.unsigned = Some(slot);
        events.push(Event::Thinking(text));
    }

    /// The host takes arguments for those of a call that it knows.
    fn arguments(&mut self, slot: usize, text: Cow<'_, str>, events: &mut Vec<Event>) {
        let Some(item) = self.items.get(slot) else { return };
        item.says(0);
        if item.named {
            self.call(slot, ToolDelta { arguments: text.into_owned(), ..ToolDelta::default() }, events);
        } else {
            item.held.push_str(&text);
        }
    }

    pub(super) fn call(&mut self, slot: usize, delta: ToolDelta, events: &mut Vec<Event>) {
        self.other(events);
        self.has_calls = true;
        events.push(Event::ToolDelta(ToolDelta { index: u32::try_from(slot).ok(), ..delta }));
    }

    /// Makes ready for content that is neither text nor reasoning.
    pub(super) fn other(&mut self, events: &mut Vec<Event>) {
        self.sign_what_is_open(events);
        self.last = Last::Other;
    }

    pub(super) fn stands_in_text(&self) -> bool {
        self.last == Last::Text
    }

    /// The reasoning of an item is over. `encrypted` is what OpenAI wants back of it; it may be there without a single word
    /// that the client could be shown.
    pub(super) fn sign(&mut self, slot: usize, encrypted: Option<&str>, events: &mut Vec<Event>) {
        let Some(item) = self.items.get(slot) else { return };
        let shown = self.unsigned == Some(slot);
        let kept = match (encrypted, item.source) {
            (Some(content), _) => Kept::Encrypted(content),
            (None, Some(Source::Text)) => Kept::Text,
            (None, _) => Kept::Nothing,
        };
        let signature = Envelope::new(&self.context.mark, &item.id, kept).seal();
        if shown {
            self.unsigned = None;
        } else if encrypted.is_none() || item.source.is_some() {
            // Nothing to sign, or signed when the next item began.
            return;
        } else {
            self.sign_what_is_open(events);
            if self.last == Last::Thinking {
                events.push(Event::NewBlock);
            }
        }
        self.last = Last::Thinking;
        events.push(Event::Signature(signature));
    }

    /// Signs reasoning whose end nobody told: its signature belongs right behind it.
    pub(super) fn sign_what_is_open(&mut self, events: &mut Vec<Event>) {
        if let Some(slot) = self.unsigned {
            self.sign(slot, None, events);
        }
    }

    /// `named` is the type of the event that ends the answer; empty for an answer in one piece.
    fn end(&mut self, response: Value<'_>, named: &str, events: &mut Vec<Event>) {
        self.items_in_the_end(response.get("output"), events);
        self.sign_what_is_open(events);
        // The host knows what to say of a call without a name.
        while let Some((slot, item)) = self.items.nameless() {
            let arguments = std::mem::take(&mut item.held);
            self.call(slot, ToolDelta { arguments, ..ToolDelta::default() }, events);
        }
        events.extend(usage::read(response.get("usage"), self.searches).map(Event::Usage));
        let status = text_of(response.get("status"));
        let is = |what: &str| *status == *what || named.strip_prefix("response.") == Some(what);
        if let Some(error) = response.get("error").filter(|error| says_something(*error)) {
            return self.fail(TABLE.in_answer(error), events);
        }
        if is("failed") || is("cancelled") {
            let what = if is("failed") { "failed" } else { "cancelled" };
            return self.fail(broken("The provider broke off its answer", ErrorKind::Api, what), events);
        }
        let details = response.get("incomplete_details");
        let reason = text_of(details.and_then(|details| details.get("reason")));
        self.ended = true;
        events.push(Event::Finish(match &*reason {
            "content_filter" => FinishReason::Refusal,
            "max_output_tokens" => FinishReason::MaxTokens,
            // Whatever else cut it off, it is not whole.
            _ if is("incomplete") => FinishReason::MaxTokens,
            _ if self.refused => FinishReason::Refusal,
            _ if self.has_calls => FinishReason::ToolUse,
            _ => FinishReason::EndTurn,
        }));
    }

    fn fail(&mut self, failure: Failure, events: &mut Vec<Event>) {
        self.ended = true;
        events.push(Event::Error(failure));
    }
}

/// The text of a value that may be missing; empty if it is none.
pub(super) fn text_of(value: Option<Value<'_>>) -> Cow<'_, str> {
    value.and_then(Value::as_str).map(Str::decode).unwrap_or_default()
}
