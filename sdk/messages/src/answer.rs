//! Puts the events of an answer into the one order that Anthropic's stream allows, and decides how the answer ends.
//!
//! The order itself is guarded by types (`states`); here is what the events mean for it: which opens a block, which
//! belongs into the open one, which is left out, and what reason the end gives. How the steps are written is the [`Sink`]'s:
//! [`crate::encode::StreamEncoder`] writes server-sent events, [`crate::fold::Folder`] one message.

mod failures;
mod sink;
mod states;

#[cfg(test)]
pub(crate) mod tests;

use crate::event::{Event, Failure, FinishReason, Usage};
use crate::tool_calls::faults::cuts;
use crate::tool_calls::scan::is_object;
use crate::verdict::explains_silence;
use failures::{broken_input, empty_answer, unfinished_call};
pub use sink::{BlockStart, Delta, Head, Sink};
use states::{Between, Done, Open, Text, Thinking, Tool, Unstarted};

/// How many notes of left-out content an answer keeps. They are read by people in a log line; a hundred tell no more than these.
const MAX_NOTES: usize = 32;

/// One answer on its way to the client. Takes assembled events ([`crate::tool_calls`]) and drives a [`Sink`].
///
/// Nothing reaches the sink before the first content, so that a failure up to then can still be answered by another provider.
#[derive(Debug)]
pub struct Answer<S> {
    sink: S,
    state: State,
    head: Head,
    usage: Usage,
    /// What the input may come to, for the beginning of a message whose provider counts at the end.
    expected_input: Option<u64>,
    finish: Option<FinishReason>,
    /// The message's beginning is written.
    begun: bool,
    /// Some content is written.
    content: bool,
    failure: Option<Failure>,
    notes: Vec<String>,
    /// The next text or thinking opens a block of its own.
    new_block: bool,
    /// A thinking block was closed without a signature.
    unsigned: bool,
    /// The last block was a signed thinking block.
    just_signed: bool,
    /// A tool call was completed.
    called: bool,
    /// A tool call was closed before its input was complete.
    cut_call: bool,
}

#[derive(Debug)]
enum State {
    Unstarted(Unstarted),
    Between(Between),
    Text(Open<Text>),
    Thinking(Open<Thinking>),
    Tool(Open<Tool>),
    Done(Done),
    /// Stands in only while a step runs.
    Moving,
}

impl<S: Sink> Answer<S> {
    /// An answer that has not begun.
    #[must_use]
    pub fn new(sink: S, head: Head) -> Self {
        Self {
            sink,
            state: State::Unstarted(Unstarted::new()),
            head,
            usage: Usage::default(),
            expected_input: None,
            finish: None,
            begun: false,
            content: false,
            failure: None,
            notes: Vec::new(),
            new_block: false,
            unsigned: false,
            just_signed: false,
            called: false,
            cut_call: false,
        }
    }

    /// Lets the message begin with this many input tokens where the provider has told none by then: clients work out from the
    /// beginning how full the context is. Nothing else changes: the end has what the provider says, or nothing.
    pub fn expect_input(&mut self, tokens: u64) {
        self.expected_input = Some(tokens);
    }

    /// The counts at the message's beginning.
    fn first_usage(&self) -> Usage {
        let mut usage = self.usage;
        let told = [usage.input_tokens, usage.cache_read_input_tokens, usage.cache_creation_input_tokens];
        if told.iter().all(|count| count.unwrap_or(0) == 0) {
            usage.input_tokens = self.expected_input.or(usage.input_tokens);
        }
        usage
    }

    /// Takes the next event. After an error or the end, events are ignored.
    pub fn push(&mut self, event: &Event) {
        match (&mut self.state, event) {
            (State::Done(_), _) => {}
            // The hot path: one more piece of what is being written anyway.
            (State::Text(open), Event::Text(text)) if !self.new_block => open.text(text, &mut self.sink),
            (State::Thinking(open), Event::Thinking(text)) if !self.new_block => open.thinking(text, &mut self.sink),
            _ => self.push_other(event),
        }
    }

    /// The provider has sent everything: ends the answer, normally if what came can stand as an answer, else with an error.
    pub fn finish(&mut self) {
        if self.is_done() {
            return;
        }
        if self.is_empty() {
            return self.fail(empty_answer());
        }
        self.step(|between, _| State::Between(between));
        let cut = self.finish.as_ref().is_some_and(cuts);
        if self.cut_call && !cut {
            return self.fail(unfinished_call());
        }
        if self.cut_call {
            self.note("a tool call that the end of the answer cut off");
        }
        let reason = match self.finish.take() {
            None | Some(FinishReason::EndTurn | FinishReason::ToolUse) if self.called => FinishReason::ToolUse,
            None | Some(FinishReason::ToolUse) => FinishReason::EndTurn,
            Some(other) => other,
        };
        let usage = self.usage;
        self.step(|between, sink| State::Done(between.end(&reason, &usage, sink)));
        self.finish = Some(reason);
    }

    /// The upstream broke: ends the answer with the error. A block that is open stays open, so that nobody takes it for whole.
    /// Does nothing after the end.
    pub fn abort(&mut self, failure: Failure) {
        if !self.is_done() {
            self.fail(failure);
        }
    }

    /// Begins the message before its first content, so that pings can be sent while the provider is silent.
    pub fn begin(&mut self) {
        if let State::Unstarted(_) = self.state {
            self.step(|between, _| State::Between(between));
        }
    }

    /// Whether the beginning of the message has been written.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.begun
    }

    /// Whether any content has come.
    #[must_use]
    pub fn has_content(&self) -> bool {
        self.content
    }

    /// Whether the answer, if it ended now, would be a failure for saying nothing: no content, and no reason that explains it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.content && !self.finish.as_ref().is_some_and(explains_silence)
    }

    /// Whether the answer has ended, well or not.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(self.state, State::Done(_))
    }

    /// The failure that ended the answer, if one did.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// Why the model stopped, as far as known; after [`finish`](Self::finish), what the client was told.
    #[must_use]
    pub fn finish_reason(&self) -> Option<&FinishReason> {
        self.finish.as_ref()
    }

    /// The token counts so far.
    #[must_use]
    pub fn usage(&self) -> &Usage {
        &self.usage
    }

    /// What was left out of the answer, for the record. At most 32 notes.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The sink, to take what it has written.
    pub fn sink_mut(&mut self) -> &mut S {
        &mut self.sink
    }

    /// Gives the sink back.
    #[must_use]
    pub fn into_sink(self) -> S {
        self.sink
    }

    fn push_other(&mut self, event: &Event) {
        match event {
            Event::Text(text) if !text.is_empty() => self.in_text(|open, sink| open.text(text, sink)),
            Event::Thinking(text) if !text.is_empty() => self.open(|between, sink| {
                let mut open = between.open_thinking(sink);
                open.thinking(text, sink);
                State::Thinking(open)
            }),
            Event::Signature(signature) => self.sign(signature),
            Event::RedactedThinking(data) => self.whole(&BlockStart::RedactedThinking(data)),
            Event::ToolStart(start) => self.open(|between, sink| State::Tool(between.open_tool(start, sink))),
            Event::ToolArguments(piece) => self.input(piece.slot, &piece.json),
            Event::ToolEnd(slot) => self.end_call(*slot),
            Event::Block(json) if is_object(json) => self.whole(&BlockStart::Whole(json)),
            Event::Citation(json) if is_object(json) => self.in_text(|open, sink| open.citation(json, sink)),
            Event::Block(_) | Event::Citation(_) => self.note("a block or citation that is not a JSON object"),
            Event::ToolDelta(_) => self.note("a tool call's fragment that was not assembled"),
            Event::NewBlock => self.new_block = true,
            Event::Usage(usage) => self.usage.update(usage),
            Event::Finish(reason) => self.finish = Some(reason.clone()),
            Event::Error(failure) => self.fail(failure.clone()),
            Event::Dropped(what) => self.note(what),
            Event::Start(_) | Event::Text(_) | Event::Thinking(_) => {}
        }
    }

    /// Does something in a text block: the open one, or a new one.
    fn in_text(&mut self, write: impl FnOnce(&mut Open<Text>, &mut S)) {
        match &mut self.state {
            State::Text(open) if !self.new_block => write(open, &mut self.sink),
            _ => self.open(|between, sink| {
                let mut open = between.open_text(sink);
                write(&mut open, sink);
                State::Text(open)
            }),
        }
    }

    fn whole(&mut self, block: &BlockStart<'_>) {
        self.open(|between, sink| State::Between(between.whole(block, sink)));
    }

    /// A signature belongs to the open reasoning. With none before it, it stands for reasoning that the provider does not show,
    /// and gets an empty block; what comes after its reasoning was closed has nothing left to sign.
    fn sign(&mut self, signature: &str) {
        if signature.is_empty() {
            return;
        }
        match std::mem::replace(&mut self.state, State::Moving) {
            State::Thinking(open) if !self.new_block => {
                self.state = State::Between(open.sign(signature, &mut self.sink));
                self.just_signed = true;
            }
            state => {
                self.state = state;
                if !self.new_block && (self.just_signed || self.unsigned) {
                    return self.note("a signature with no reasoning to sign");
                }
                self.open(|between, sink| State::Between(between.open_thinking(sink).sign(signature, sink)));
                self.just_signed = true;
            }
        }
    }

    fn input(&mut self, slot: u32, json: &str) {
        match &mut self.state {
            State::Tool(open) if open.slot() == slot => {
                if open.input(json, &mut self.sink).is_err() {
                    self.fail(broken_input());
                }
            }
            _ => self.note("arguments of a tool call that is not open"),
        }
    }

    fn end_call(&mut self, slot: u32) {
        match std::mem::replace(&mut self.state, State::Moving) {
            State::Tool(open) if open.slot() == slot => {
                let (between, complete) = open.end(&mut self.sink);
                self.state = State::Between(between);
                self.called |= complete;
                self.cut_call |= !complete;
            }
            state => {
                self.state = state;
                self.note("the end of a tool call that is not open");
            }
        }
    }

    /// Begins a block; whatever was open ends.
    fn open(&mut self, next: impl FnOnce(Between, &mut S) -> State) {
        self.content = true;
        self.new_block = false;
        self.just_signed = false;
        self.step(next);
    }

    /// Begins the message or closes the open block, as needed, and goes on from there. Does nothing after the end.
    fn step(&mut self, next: impl FnOnce(Between, &mut S) -> State) {
        let first_usage = self.first_usage();
        let sink = &mut self.sink;
        let between = match std::mem::replace(&mut self.state, State::Moving) {
            State::Unstarted(unstarted) => {
                self.begun = true;
                unstarted.begin(&self.head, &first_usage, sink)
            }
            State::Between(between) => between,
            State::Text(open) => open.close(sink),
            State::Thinking(open) => {
                self.unsigned = true;
                open.close(sink)
            }
            State::Tool(open) => {
                let (between, complete) = open.abandon(sink);
                self.called |= complete;
                self.cut_call |= !complete;
                between
            }
            over @ (State::Done(_) | State::Moving) => {
                self.state = over;
                return;
            }
        };
        self.state = next(between, sink);
    }

    /// Ends with the error, and leaves open what is open.
    fn fail(&mut self, failure: Failure) {
        let sink = &mut self.sink;
        self.state = State::Done(match std::mem::replace(&mut self.state, State::Moving) {
            State::Unstarted(unstarted) => unstarted.fail(&failure, sink),
            State::Between(between) => between.fail(&failure, sink),
            State::Text(open) => open.fail(&failure, sink),
            State::Thinking(open) => open.fail(&failure, sink),
            State::Tool(open) => open.fail(&failure, sink),
            over @ (State::Done(_) | State::Moving) => {
                self.state = over;
                return;
            }
        });
        self.failure = Some(failure);
    }

    fn note(&mut self, what: &str) {
        if self.notes.len() < MAX_NOTES {
            self.notes.push(what.to_owned());
        }
    }
}
