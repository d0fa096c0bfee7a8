//! The state of one answer: what was said so far, and what that means for how it ends. The wire is read in [`super::chunk`].

use super::entry::Entry;
use super::names::Names;
use super::spot::{Role, Spot};
use crate::openai::{conclude, usage};
use crate::shared::context::Context;
use crate::shared::ending::{Ending, broken};
use ccr_plugin::messages::event::{Event, Failure, FinishReason, Start, ToolDelta, Usage};
use ccr_plugin::messages::fingerprint::Fingerprint;
use ccr_plugin::messages::json::{Str, Value};
use std::ops::Range;

/// How it is told that the provider did not end its answer.
const BROKEN: &str = "The provider broke off its answer";

/// What came so far. Every method adds to the events what it learnt.
#[derive(Debug)]
pub(super) struct Answer {
    context: Context,
    started: bool,
    /// The reasoning that is not signed yet.
    thinking: Option<Fingerprint>,
    /// The entry of `reasoning_details` that it came from.
    entry: Option<Entry>,
    /// Sealed reasoning that came behind the first tool call: it goes behind the last one, as calls are not interrupted.
    late: Vec<Event>,
    names: Names,
    has_content: bool,
    has_calls: bool,
    refused: bool,
    finish: Option<FinishReason>,
    usage: Option<Usage>,
    failed: bool,
    /// How many things the chunk at hand did, and the string that one of them came from.
    steps: u32,
    spot: Option<Spot>,
}

impl Answer {
    pub(super) fn new(context: Context) -> Self {
        Self {
            context,
            started: false,
            thinking: None,
            entry: None,
            late: Vec::new(),
            names: Names::default(),
            has_content: false,
            has_calls: false,
            refused: false,
            finish: None,
            usage: None,
            failed: false,
            steps: 0,
            spot: None,
        }
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failed
    }

    /// Forgets what the last chunk did.
    pub(super) fn begin_chunk(&mut self) {
        (self.steps, self.spot) = (0, None);
    }

    /// Notes where the padding of the chunk stands, which has no effect.
    pub(super) fn pad(&mut self, padding: Option<Range<usize>>) {
        if let Some(spot) = &mut self.spot {
            spot.padding = padding;
        }
    }

    /// Where the last chunk had the string that was all that had an effect: the same chunk with another string there,
    /// not an empty one, does the same with that string. `None` if it did nothing or more.
    pub(super) fn take_spot(&mut self) -> Option<Spot> {
        self.spot.take().filter(|_| self.steps == 1)
    }

    /// Notes where the string of the next step stands.
    pub(super) fn mark(&mut self, role: Role, string: Value<'_>) {
        self.spot = Some(Spot { role, span: string.span(), padding: None });
    }

    /// Azure sends a chunk before the answer whose id and model are empty.
    pub(super) fn start(&mut self, id: Option<Str<'_>>, model: Option<Str<'_>>, events: &mut Vec<Event>) {
        if self.started {
            return;
        }
        let known = |name: Option<Str<'_>>| name.filter(|name| !name.is_empty()).map(|name| name.decode().into_owned());
        let start = Start { id: known(id), model: known(model) };
        if start != Start::default() {
            self.started = true;
            events.push(Event::Start(start));
        }
    }

    /// Content comes: a name of the answer or the model that comes behind it comes too late.
    pub(super) fn begin_content(&mut self) {
        self.started = true;
    }

    /// Whether a whole message brings news: some proxies end a stream with one.
    pub(super) fn takes_message(&mut self) -> bool {
        // Counts once: the next of its kind finds content there already.
        self.steps += u32::from(!self.has_content);
        !self.has_content
    }

    pub(super) fn conclude(
        &mut self,
        reason: &str,
        native: Option<Str<'_>>,
        stop: Option<Str<'_>>,
        events: &mut Vec<Event>,
    ) {
        let ending = conclude::ending(reason);
        self.steps += u32::from(ending.is_some());
        let reason = match ending {
            None => return,
            Some(Ending::Failed(kind)) => return self.fail(broken(BROKEN, kind, reason), events),
            Some(Ending::Finished(reason)) => reason,
        };
        // OpenRouter calls a provider's network error an ordinary stop.
        if let Some(native) = native.filter(|_| !self.has_content)
            && let Some(kind) = conclude::failure(&native.decode())
        {
            return self.fail(broken(BROKEN, kind, &native.decode()), events);
        }
        let hit = stop.map(Str::decode).filter(|sequence| self.context.has_stop(sequence));
        let reason = match (reason, hit) {
            (FinishReason::EndTurn, Some(sequence)) if !self.has_calls => {
                FinishReason::StopSequence(Some(sequence.into_owned()))
            }
            (reason, _) => reason,
        };
        self.wrap_up(events);
        self.finish_with(reason, events);
    }

    /// Says how the answer ends, by what the provider said and by what it sent: many say `stop` after tool calls, and
    /// Claude Code would stop with them.
    fn finish_with(&mut self, reason: FinishReason, events: &mut Vec<Event>) {
        let reason = match reason {
            FinishReason::EndTurn | FinishReason::ToolUse | FinishReason::StopSequence(_) if self.refused => {
                FinishReason::Refusal
            }
            FinishReason::EndTurn if self.has_calls => FinishReason::ToolUse,
            FinishReason::ToolUse if !self.has_calls => FinishReason::EndTurn,
            reason => reason,
        };
        if self.finish.as_ref() != Some(&reason) {
            self.finish = Some(reason.clone());
            events.push(Event::Finish(reason));
        }
    }

    /// Counts are cumulative where they come with every chunk; only news are passed on.
    pub(super) fn count(&mut self, counts: Value<'_>, events: &mut Vec<Event>) {
        let Some(counts) = usage::read(counts) else {
            return;
        };
        self.steps += 1;
        if self.usage != Some(counts) {
            self.usage = Some(counts);
            events.push(Event::Usage(counts));
        }
    }

    pub(super) fn think(&mut self, text: String, events: &mut Vec<Event>) {
        self.steps += 1;
        self.has_content = true;
        self.thinking.get_or_insert_default().add(&text);
        events.push(Event::Thinking(text));
    }

    pub(super) fn say(&mut self, text: String, events: &mut Vec<Event>) {
        self.steps += 1;
        self.has_content = true;
        self.sign(events);
        events.push(Event::Text(text));
    }

    pub(super) fn refuse(&mut self, text: String, events: &mut Vec<Event>) {
        self.refused = true;
        self.say(text, events);
    }

    pub(super) fn call(&mut self, mut delta: ToolDelta, events: &mut Vec<Event>) {
        self.steps += 1;
        self.has_content = true;
        self.has_calls = true;
        self.sign(events);
        self.names.put_together(&mut delta, &self.context);
        events.push(Event::ToolDelta(delta));
    }

    pub(super) fn drop_part(&mut self, what: String, events: &mut Vec<Event>) {
        self.steps += 1;
        events.push(Event::Dropped(what));
    }

    /// The open entry of `reasoning_details`.
    pub(super) fn entry(&self) -> Option<&Entry> {
        self.entry.as_ref()
    }

    pub(super) fn entry_mut(&mut self) -> &mut Entry {
        self.entry.get_or_insert_default()
    }

    /// Reasoning that is a block by itself, without text.
    pub(super) fn sealed(&mut self, block: impl IntoIterator<Item = Event>, events: &mut Vec<Event>) {
        self.steps += 1;
        self.sign(events);
        self.has_content = true;
        if self.has_calls { self.late.extend(block) } else { events.extend(block) }
    }

    /// Reasoning is over: its signature belongs right behind it.
    pub(super) fn sign(&mut self, events: &mut Vec<Event>) {
        let entry = self.entry.take();
        if let Some(thoughts) = self.thinking.take() {
            events.push(Event::Signature(entry.unwrap_or_default().signature(thoughts)));
        } else if let Some(signature) = entry.and_then(Entry::sealed) {
            self.sealed([Event::NewBlock, Event::Signature(signature)], events);
        }
    }

    /// The content is over.
    fn wrap_up(&mut self, events: &mut Vec<Event>) {
        self.sign(events);
        events.extend(self.names.rest().map(Event::ToolDelta));
        events.append(&mut self.late);
    }

    pub(super) fn fail(&mut self, failure: Failure, events: &mut Vec<Event>) {
        self.steps += 1;
        self.failed = true;
        events.push(Event::Error(failure));
    }

    /// The provider says that this was all. If it forgot to say why, what it sent tells.
    pub(super) fn done(&mut self, events: &mut Vec<Event>) {
        self.wrap_up(events);
        if self.finish.is_none() && self.has_content {
            self.finish_with(FinishReason::EndTurn, events);
        }
    }

    /// Nothing more comes. A reason that was given before a call came is put right; without any, the stream broke.
    pub(super) fn end(&mut self, events: &mut Vec<Event>) {
        if self.failed {
            return;
        }
        self.wrap_up(events);
        match self.finish.clone() {
            // A tool call that came to nothing is for the host to see; the reason alone is corrected here.
            Some(FinishReason::ToolUse) | None => {}
            Some(reason) => self.finish_with(reason, events),
        }
    }
}
