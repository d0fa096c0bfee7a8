//! The state of one answer: what was said so far, and what that means for how it ends. The wire is read in [`super::chunk`].

use super::grounding::Searches;
use crate::gemini::conclude;
use crate::gemini::tool_names::called;
use crate::gemini::{signature, usage};
use crate::shared::context::Context;
use crate::shared::ending::{Ending, broken};
use ccr_plugin::messages::event::{Event, Failure, FinishReason, Start, ToolDelta, Usage};
use ccr_plugin::messages::json::{Str, Value};

/// What came so far. Every method adds to the events what it learnt.
#[derive(Debug)]
pub(super) struct Answer {
    context: Context,
    started: bool,
    /// Something came that only an answer has.
    was_one: bool,
    /// Reasoning came that is not signed yet.
    unsigned: bool,
    has_content: bool,
    calls: u32,
    searches: Searches,
    finish: Option<FinishReason>,
    usage: Option<Usage>,
    failed: bool,
}

impl Answer {
    pub(super) fn new(context: Context) -> Self {
        Self {
            context,
            started: false,
            was_one: false,
            unsigned: false,
            has_content: false,
            calls: 0,
            searches: Searches::default(),
            finish: None,
            usage: None,
            failed: false,
        }
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failed
    }

    /// Whether it was an answer at all, or an error.
    pub(super) fn was_one(&self) -> bool {
        self.was_one || self.failed
    }

    pub(super) fn start(&mut self, id: Option<Str<'_>>, model: Option<Str<'_>>, events: &mut Vec<Event>) {
        if self.started {
            return;
        }
        let known = |name: Option<Str<'_>>| name.filter(|name| !name.is_empty()).map(|name| name.decode().into_owned());
        let start = Start { id: known(id), model: known(model) };
        if start != Start::default() {
            self.started = true;
            self.searches.answer_is(start.id.as_deref());
            events.push(Event::Start(start));
        }
    }

    /// The prompt was refused before the model saw it.
    pub(super) fn blocked(&mut self, reason: Str<'_>, events: &mut Vec<Event>) {
        self.was_one = true;
        events.push(Event::Dropped(format!("promptFeedback.blockReason {}", reason.decode())));
        self.finish_with(FinishReason::Refusal, events);
    }

    /// It has a candidate.
    pub(super) fn is_one(&mut self) {
        self.was_one = true;
    }

    /// Sources that Google's search found.
    pub(super) fn ground(&mut self, metadata: Value<'_>) {
        self.searches.add(metadata);
    }

    pub(super) fn conclude(&mut self, reason: &str, message: Option<Str<'_>>, events: &mut Vec<Event>) {
        match conclude::ending(reason, self.has_content) {
            None => {}
            Some(Ending::Failed(kind)) => {
                let told =
                    message.filter(|message| !message.is_empty()).map(|message| format!(": {}", message.decode()));
                let reason = [reason, told.as_deref().unwrap_or_default()].concat();
                self.fail(broken("Gemini broke off its answer", kind, &reason), events);
            }
            Some(Ending::Finished(reason)) => {
                self.sign("", events);
                self.finish_with(reason, events);
            }
        }
    }

    /// Says how the answer ends: Gemini says `STOP` after function calls, and Claude Code would stop with it.
    fn finish_with(&mut self, reason: FinishReason, events: &mut Vec<Event>) {
        let reason = match reason {
            FinishReason::EndTurn if self.calls > 0 => FinishReason::ToolUse,
            reason => reason,
        };
        if self.finish.as_ref() != Some(&reason) {
            self.finish = Some(reason.clone());
            events.push(Event::Finish(reason));
        }
    }

    /// Counts are cumulative and come with every chunk; only news are passed on.
    pub(super) fn count(&mut self, counts: Value<'_>, events: &mut Vec<Event>) {
        if let Some(counts) = usage::read(counts)
            && self.usage != Some(counts)
        {
            self.usage = Some(counts);
            events.push(Event::Usage(counts));
        }
    }

    pub(super) fn think(&mut self, text: &str, signature: &str, events: &mut Vec<Event>) {
        if !text.is_empty() {
            self.has_content = true;
            self.unsigned = true;
            events.push(Event::Thinking(text.to_owned()));
        }
        if !signature.is_empty() {
            self.carry(signature, events);
        }
    }

    /// The signature of a text is kept only where the thoughts before it are still open: a block behind the answer's last
    /// words would hide these from clients that look at the last block. Gemini does not insist on such signatures.
    pub(super) fn say(&mut self, text: &str, signature: &str, events: &mut Vec<Event>) {
        if text.is_empty() {
            if !signature.is_empty() && self.unsigned {
                self.sign(signature, events);
            }
            return;
        }
        self.has_content = true;
        self.sign(signature, events);
        events.push(Event::Text(text.to_owned()));
    }

    pub(super) fn call(
        &mut self,
        id: Option<String>,
        name: &str,
        arguments: &str,
        signature: &str,
        events: &mut Vec<Event>,
    ) {
        self.has_content = true;
        let id = if signature.is_empty() {
            self.sign("", events);
            id
        } else {
            self.carry(signature, events);
            Some(signature::remember(id, signature))
        };
        let name = Some(self.context.tool_name(called(name).to_owned()));
        events.push(Event::ToolDelta(ToolDelta { index: Some(self.calls), id, name, arguments: arguments.to_owned() }));
        self.calls += 1;
    }

    /// Something came that the client's format has no place for.
    pub(super) fn leave_out(&mut self, what: String, events: &mut Vec<Event>) {
        events.push(Event::Dropped(what));
    }

    /// A signature that must reach the client: of the open thoughts, else of a block of its own without any.
    fn carry(&mut self, signature: &str, events: &mut Vec<Event>) {
        if !self.unsigned {
            events.push(Event::NewBlock);
            self.unsigned = true;
        }
        self.sign(signature, events);
    }

    /// Reasoning is over: its signature belongs right behind it. Clients replay only signed reasoning.
    fn sign(&mut self, signature: &str, events: &mut Vec<Event>) {
        if std::mem::take(&mut self.unsigned) {
            events.push(Event::Signature(signature::wrap(signature)));
        }
    }

    pub(super) fn fail(&mut self, failure: Failure, events: &mut Vec<Event>) {
        self.failed = true;
        events.push(Event::Error(failure));
    }

    /// Nothing more comes. Without a reason the stream broke, which is the host's to say.
    pub(super) fn end(&mut self, events: &mut Vec<Event>) {
        if self.failed {
            return;
        }
        self.sign("", events);
        self.searches.tell(events);
        // A call may come behind the reason.
        if let Some(reason) = self.finish.clone() {
            self.finish_with(reason, events);
        }
    }
}
