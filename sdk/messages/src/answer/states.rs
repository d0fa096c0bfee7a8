//! The legal order of an answer's steps, as types: a step that is not allowed in a state is not a method of it.
//!
//! A state is used up by the step that leaves it and can be made only by the step that leads to it. Each step writes itself to
//! the sink. `Unstarted → Between ⇄ Open<Text | Thinking | Tool>`, and from `Between` (or `Unstarted`, for errors) to `Done`.

use super::sink::{BlockStart, Delta, Head, Sink};
use crate::event::{Failure, FinishReason, ToolStart, Usage};
use crate::tool_calls::scan::{Fed, Scan, is_blank};

/// Nothing has been written.
#[derive(Debug)]
pub(super) struct Unstarted(());

/// The message has begun, and no block is open.
#[derive(Debug)]
pub(super) struct Between {
    /// The index of the next block.
    next: u32,
}

/// A block is open.
#[derive(Debug)]
pub(super) struct Open<Kind> {
    index: u32,
    kind: Kind,
}

/// The open block is text.
#[derive(Debug)]
pub(super) struct Text(());

/// The open block is reasoning.
#[derive(Debug)]
pub(super) struct Thinking(());

/// The open block is a tool call.
#[derive(Debug)]
pub(super) struct Tool {
    slot: u32,
    scan: Scan,
    input: Input,
}

/// How far the input of a tool call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Input {
    /// Nothing but white space.
    Blank,
    Begun,
    Complete,
}

/// The input of a tool call cannot become a JSON object any more.
#[derive(Debug)]
pub(super) struct NotAnObject;

/// The answer is over.
#[derive(Debug)]
pub(super) struct Done(());

impl Unstarted {
    pub(super) fn new() -> Self {
        Self(())
    }

    pub(super) fn begin(self, head: &Head, usage: &Usage, sink: &mut impl Sink) -> Between {
        sink.message_start(head, usage);
        Between { next: 0 }
    }

    pub(super) fn fail(self, failure: &Failure, sink: &mut impl Sink) -> Done {
        sink.error(failure);
        Done(())
    }
}

impl Between {
    pub(super) fn open_text(self, sink: &mut impl Sink) -> Open<Text> {
        self.open(&BlockStart::Text, Text(()), sink)
    }

    pub(super) fn open_thinking(self, sink: &mut impl Sink) -> Open<Thinking> {
        self.open(&BlockStart::Thinking, Thinking(()), sink)
    }

    pub(super) fn open_tool(self, start: &ToolStart, sink: &mut impl Sink) -> Open<Tool> {
        let tool = Tool { slot: start.slot, scan: Scan::new(), input: Input::Blank };
        self.open(&BlockStart::ToolUse { id: &start.id, name: &start.name }, tool, sink)
    }

    /// A block that comes whole.
    pub(super) fn whole(self, block: &BlockStart<'_>, sink: &mut impl Sink) -> Self {
        self.open(block, (), sink).stop(true, sink)
    }

    pub(super) fn end(self, reason: &FinishReason, usage: &Usage, sink: &mut impl Sink) -> Done {
        sink.message_end(reason, usage);
        Done(())
    }

    pub(super) fn fail(self, failure: &Failure, sink: &mut impl Sink) -> Done {
        sink.error(failure);
        Done(())
    }

    fn open<Kind>(self, block: &BlockStart<'_>, kind: Kind, sink: &mut impl Sink) -> Open<Kind> {
        sink.block_start(self.next, block);
        Open { index: self.next, kind }
    }
}

impl<Kind> Open<Kind> {
    /// The block stays open: clients take one that was closed for whole, and a call in it would be made.
    pub(super) fn fail(self, failure: &Failure, sink: &mut impl Sink) -> Done {
        sink.error(failure);
        Done(())
    }

    fn stop(self, complete: bool, sink: &mut impl Sink) -> Between {
        sink.block_stop(self.index, complete);
        Between { next: self.index + 1 }
    }
}

impl Open<Text> {
    #[inline]
    pub(super) fn text(&mut self, text: &str, sink: &mut impl Sink) {
        if !text.is_empty() {
            sink.delta(self.index, Delta::Text(text));
        }
    }

    pub(super) fn citation(&mut self, json: &str, sink: &mut impl Sink) {
        sink.delta(self.index, Delta::Citation(json));
    }

    pub(super) fn close(self, sink: &mut impl Sink) -> Between {
        self.stop(true, sink)
    }
}

impl Open<Thinking> {
    #[inline]
    pub(super) fn thinking(&mut self, text: &str, sink: &mut impl Sink) {
        if !text.is_empty() {
            sink.delta(self.index, Delta::Thinking(text));
        }
    }

    /// The signature is a block's last piece, as it stands for all of the reasoning before it.
    pub(super) fn sign(self, signature: &str, sink: &mut impl Sink) -> Between {
        sink.delta(self.index, Delta::Signature(signature));
        self.stop(true, sink)
    }

    pub(super) fn close(self, sink: &mut impl Sink) -> Between {
        self.stop(true, sink)
    }
}

impl Open<Tool> {
    pub(super) fn slot(&self) -> u32 {
        self.kind.slot
    }

    /// More of the input. What follows the complete object, white space apart, is an error as well.
    pub(super) fn input(&mut self, json: &str, sink: &mut impl Sink) -> Result<(), NotAnObject> {
        let tool = &mut self.kind;
        if json.is_empty() || (is_blank(json) && tool.input != Input::Begun) {
            return Ok(());
        }
        let begins = tool.input == Input::Blank;
        if tool.input == Input::Complete || (begins && !json.trim_ascii_start().starts_with('{')) {
            return Err(NotAnObject);
        }
        tool.input = match tool.scan.feed(json.as_bytes()) {
            Fed::Open => Input::Begun,
            Fed::Complete(end) if json.get(end..).is_some_and(is_blank) => Input::Complete,
            Fed::Complete(_) | Fed::Broken => return Err(NotAnObject),
        };
        sink.delta(self.index, Delta::Input(json));
        Ok(())
    }

    /// The call ends; no input at all is `{}`. Returns also whether the input is complete.
    pub(super) fn end(mut self, sink: &mut impl Sink) -> (Between, bool) {
        if self.kind.input == Input::Blank {
            sink.delta(self.index, Delta::Input("{}"));
            self.kind.input = Input::Complete;
        }
        self.abandon(sink)
    }

    /// Something else follows without the call's end. Returns also whether the input is complete nevertheless.
    pub(super) fn abandon(self, sink: &mut impl Sink) -> (Between, bool) {
        let complete = self.kind.input == Input::Complete;
        (self.stop(complete, sink), complete)
    }
}
