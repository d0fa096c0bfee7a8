//! Puts the fragments of tool calls together, in whatever shape a provider streams them.
//!
//! In go the raw events of one answer, [`Event::ToolDelta`] among them; out come the same events with every call as
//! [`Event::ToolStart`], [`Event::ToolArguments`]… and [`Event::ToolEnd`], one call after the other. The first open call streams
//! on as its fragments arrive; what comes behind it (other calls, text) waits until it is complete. What the client then reads
//! is written by [`crate::answer`]; how arguments that are not valid JSON are repaired, where that is wanted, is [`crate::repair`]'s.
//!
//! A call that the answer's end cut off (`max_tokens` and the like) has a `ToolStart` and no `ToolEnd`, or, if nothing of it was
//! out yet, becomes an [`Event::Dropped`]. A call that is broken although the provider says all is well is an [`Event::Error`].

mod arguments;
pub(crate) mod faults;
mod ids;
mod matching;
pub(crate) mod scan;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use crate::event::{Event, FinishReason, ToolArguments, ToolDelta, ToolStart};
use arguments::{Progress, Taken};
use faults::{cuts, says_something, text_size};
use ids::Ids;
use matching::{Call, Owner, owner};

/// What one answer's calls and the events waiting behind them may hold, in bytes. The longest answers of today's models, 128,000
/// tokens, are about half a megabyte; thirty times that is no answer but a provider that has run wild.
pub const MAX_HELD_BYTES: usize = 16 << 20;

/// How many calls one answer may make. Clients send a few dozen tools and models make a few dozen calls at the most.
pub const MAX_CALLS: usize = 1024;

/// What a waiting event counts for beside its text, so that empty ones cannot pile up without end.
const EVENT_BYTES: usize = 64;

/// Assembles the tool calls of one answer. See the [module](self).
#[derive(Debug)]
pub struct Assembler {
    calls: Vec<Call>,
    /// What is not out yet, in order.
    queue: VecDeque<Item>,
    /// The calls in the queue, so that asking about them does not walk over waiting events.
    open: VecDeque<usize>,
    ids: Ids,
    /// The call that the last fragment went to.
    last: Option<usize>,
    next_slot: u32,
    finish: Option<FinishReason>,
    /// Bytes of waiting events.
    waiting: usize,
    /// Bytes of the calls' arguments.
    held: usize,
    /// Whether a call has been completed.
    called: bool,
    failed: bool,
    /// Arguments that are not valid JSON are repaired.
    repairs: bool,
    /// Tools whose calls go out whatever their arguments are.
    forgiven: Vec<String>,
}

#[derive(Debug)]
enum Item {
    Call(usize),
    Event(Event),
}

impl Assembler {
    /// An assembler for one answer. `seed` is a short text that no other answer of the conversation has (the answer's id, for
    /// example); it goes into the ids of calls that the provider gave no id, or one that it will use again.
    #[must_use]
    pub fn new(seed: &str) -> Self {
        Self {
            calls: Vec::new(),
            queue: VecDeque::new(),
            open: VecDeque::new(),
            ids: Ids::new(seed),
            last: None,
            next_slot: 0,
            finish: None,
            waiting: 0,
            held: 0,
            called: false,
            failed: false,
            repairs: false,
            forgiven: Vec::new(),
        }
    }

    /// The same, but a call of one of these tools does not end the answer if its arguments are not valid JSON: it is sent with what there
    /// is, all at once, as [`Event::ToolArguments`] that are not a JSON object then. For tools that the gateway's own agents
    /// answer, who can tell the model what is wrong.
    #[must_use]
    pub fn forgiving(mut self, tools: impl IntoIterator<Item = String>) -> Self {
        self.forgiven.extend(tools);
        self
    }

    /// An assembler that repairs arguments which are not valid JSON ([`crate::repair`]) instead of ending the answer with an error. Nothing
    /// of a call is out before all of it is there, as what has been sent cannot be repaired. Calls that the answer's end cut off
    /// are not repaired: they would look whole.
    #[must_use]
    pub fn repairing(seed: &str) -> Self {
        Self { repairs: true, ..Self::new(seed) }
    }

    /// Takes the next event and appends to `out` what is certain now. [`Event::Finish`] is held back until
    /// [`finish`](Self::finish), as content may follow it. After an [`Event::Error`] nothing more comes out.
    pub fn push(&mut self, event: Event, out: &mut Vec<Event>) {
        if self.failed {
            return;
        }
        match event {
            Event::ToolDelta(delta) => self.push_delta(delta, out),
            Event::Finish(reason) => self.finish = Some(reason),
            Event::Error(_) => self.fail(event, out),
            Event::Start(_) | Event::Usage(_) | Event::Dropped(_) => out.push(event),
            content => self.push_content(content, out),
        }
    }

    /// The provider has sent everything: appends what is still held back, and the reason why the model stopped, corrected where
    /// the calls contradict it. To be called once; not at all if the provider's stream broke.
    pub fn finish(&mut self, out: &mut Vec<Event>) {
        let cut = self.finish.as_ref().is_some_and(cuts);
        self.seal(cut);
        while !self.failed {
            match self.queue.pop_front() {
                Some(Item::Event(event)) => out.push(event),
                Some(Item::Call(at)) => self.end_call(at, cut, out),
                None => break,
            }
        }
        out.extend(self.calls.iter().filter(|call| call.arguments.has_rubbish()).map(faults::rubbish));
        if !self.failed
            && let Some(reason) = self.finish.take()
        {
            let reason = match reason {
                FinishReason::EndTurn if self.called => FinishReason::ToolUse,
                other => other,
            };
            out.push(Event::Finish(reason));
        }
        self.failed = true;
    }

    fn push_delta(&mut self, delta: ToolDelta, out: &mut Vec<Event>) {
        let at = match owner(&self.calls, self.last, &delta) {
            Owner::Known(at) => at,
            Owner::Nobody => return,
            Owner::New if self.calls.len() == MAX_CALLS => {
                return self.fail(faults::too_many_calls(), out);
            }
            Owner::New => self.add_call(),
        };
        self.last = Some(at);
        let first = self.front() == Some(at);
        let Some(call) = self.calls.get_mut(at) else {
            return;
        };
        call.learn(&delta);
        if call.slot.is_none() && self.forgiven.contains(&call.name) {
            call.forgive();
        }
        let size = call.arguments.size();
        let up_to_date = first && call.slot.is_some() && call.sent == call.arguments.text().len();
        let taken = match call.arguments.push(&delta.arguments) {
            Ok(taken) => taken,
            Err(fault) => {
                let error = faults::bad_arguments(fault, &call.name);
                return self.fail(error, out);
            }
        };
        self.held = (self.held + call.arguments.size()).saturating_sub(size);
        if up_to_date
            && taken == Taken::Whole
            && let Some(slot) = call.slot
        {
            call.sent = call.arguments.text().len();
            out.push(Event::ToolArguments(ToolArguments { slot, json: delta.arguments }));
        }
        self.settle_placeholders(at);
        self.check_size(out);
        self.pump(out);
    }

    fn add_call(&mut self) -> usize {
        self.calls.push(Call::new(self.repairs));
        let at = self.calls.len() - 1;
        self.queue.push_back(Item::Call(at));
        self.open.push_back(at);
        at
    }

    /// The call that may stream.
    fn front(&self) -> Option<usize> {
        match self.queue.front() {
            Some(Item::Call(at)) => Some(*at),
            _ => None,
        }
    }

    fn push_content(&mut self, event: Event, out: &mut Vec<Event>) {
        match &event {
            Event::ToolStart(start) => self.next_slot = self.next_slot.max(start.slot.saturating_add(1)),
            Event::ToolEnd(_) => self.called = true,
            _ => {}
        }
        if self.queue.is_empty() {
            return out.push(event);
        }
        let size = text_size(&event);
        if size > 0 && !self.has_partial_call() && says_something(&event) {
            self.seal(false);
        }
        self.waiting += size + EVENT_BYTES;
        self.queue.push_back(Item::Event(event));
        self.check_size(out);
        self.pump(out);
    }

    /// Whether a call has begun arguments that are not complete.
    fn has_partial_call(&self) -> bool {
        let progress = |at: &usize| self.calls.get(*at).map(|call| call.arguments.progress());
        self.open.iter().any(|at| matches!(progress(at), Some(Progress::Object | Progress::Other | Progress::Broken)))
    }

    /// No more fragments are expected for calls that look finished. `cut`: the answer was cut off, so that the last call may be
    /// one whose arguments have not come.
    fn seal(&mut self, cut: bool) {
        for at in &self.open {
            let Some(call) = self.calls.get_mut(*at) else {
                continue;
            };
            let doubtful = cut && self.last == Some(*at) && call.arguments.progress() == Progress::Blank;
            if !call.name.is_empty() && !doubtful {
                call.name_final = true;
                call.arguments.seal();
            }
        }
    }

    /// Real arguments for one call mean that the `{}` of those before it are meant.
    fn settle_placeholders(&mut self, at: usize) {
        let unreal = |call: &Call| matches!(call.arguments.progress(), Progress::Blank | Progress::Placeholder);
        if self.open.front() == Some(&at) || self.calls.get(at).is_none_or(unreal) {
            return;
        }
        for before in self.open.iter().take_while(|&&open| open != at) {
            if let Some(call) = self.calls.get_mut(*before)
                && call.arguments.progress() == Progress::Placeholder
            {
                call.arguments.seal();
            }
        }
    }

    /// Sends out all that may go.
    fn pump(&mut self, out: &mut Vec<Event>) {
        while !self.failed {
            match self.queue.pop_front() {
                Some(Item::Event(event)) => {
                    self.waiting = self.waiting.saturating_sub(text_size(&event) + EVENT_BYTES);
                    out.push(event);
                }
                Some(Item::Call(at)) => {
                    if !self.stream_call(at, out) {
                        return self.queue.push_front(Item::Call(at));
                    }
                    self.open.pop_front();
                }
                None => return,
            }
        }
    }

    /// Sends out what is known of a call and not out yet. Returns whether the call is complete.
    fn stream_call(&mut self, at: usize, out: &mut Vec<Event>) -> bool {
        let Some(call) = self.calls.get_mut(at) else {
            return true;
        };
        let progress = call.arguments.progress();
        let whole = progress == Progress::Complete;
        let streams = progress == Progress::Object && !self.repairs && !call.forgiven;
        if !call.name_final || !(whole || streams) {
            return false;
        }
        let slot = match call.slot {
            Some(slot) => slot,
            None => {
                let slot = self.next_slot;
                self.next_slot += 1;
                call.slot = Some(slot);
                let id = self.ids.give(call.ids.first().map(String::as_str), slot);
                out.push(Event::ToolStart(ToolStart { slot, id, name: call.name.clone() }));
                slot
            }
        };
        if let Some(json) = call.arguments.text().get(call.sent..).filter(|json| !json.is_empty()) {
            out.push(Event::ToolArguments(ToolArguments { slot, json: json.to_owned() }));
            call.sent = call.arguments.text().len();
        }
        if whole {
            self.called = true;
            out.push(Event::ToolEnd(slot));
        }
        whole
    }

    /// The answer is over: sends a call out as far as it may go.
    fn end_call(&mut self, at: usize, cut: bool, out: &mut Vec<Event>) {
        let Some(call) = self.calls.get_mut(at) else {
            return;
        };
        if !cut {
            call.arguments.repair();
        }
        let progress = call.arguments.progress();
        let complete = progress == Progress::Complete && !call.name.is_empty();
        if complete {
            self.stream_call(at, out);
        } else if cut || (call.name.is_empty() && progress == Progress::Blank) {
            if call.slot.is_none() {
                out.push(faults::cut_off(call));
            }
        } else if call.forgiven {
            let slot = self.next_slot;
            self.next_slot += 1;
            let id = self.ids.give(call.ids.first().map(String::as_str), slot);
            let (name, json) = (call.name.clone(), call.arguments.text().to_owned());
            out.push(Event::ToolStart(ToolStart { slot, id, name }));
            out.push(Event::ToolArguments(ToolArguments { slot, json }));
            out.push(Event::ToolEnd(slot));
            self.called = true;
        } else {
            let error = faults::unfinished(call);
            self.fail(error, out);
        }
    }

    fn check_size(&mut self, out: &mut Vec<Event>) {
        if self.held + self.waiting > MAX_HELD_BYTES {
            self.fail(faults::too_large(), out);
        }
    }

    fn fail(&mut self, error: Event, out: &mut Vec<Event>) {
        self.failed = true;
        self.calls.clear();
        self.queue.clear();
        self.open.clear();
        out.push(error);
    }
}
