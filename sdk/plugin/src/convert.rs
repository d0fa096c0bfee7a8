//! Typed events between their two shapes: the plain ones of `ccr-messages`, which logic works with, and the generated ones,
//! which cross the boundary. Only moves, no copies.

use crate::bindings::imports::ccr::plugin::types as wit;
use ccr_messages::event::{Event, FinishReason, Start, ToolArguments, ToolDelta, ToolStart, Usage};

impl From<Event> for wit::Event {
    fn from(event: Event) -> Self {
        match event {
            Event::Start(start) => Self::Start(wit::AnswerStart { id: start.id, model: start.model }),
            Event::Text(text) => Self::Text(text),
            Event::Thinking(text) => Self::Thinking(text),
            Event::Signature(signature) => Self::Signature(signature),
            Event::RedactedThinking(data) => Self::RedactedThinking(data),
            Event::ToolDelta(delta) => Self::ToolDelta(wit::ToolDelta {
                index: delta.index,
                id: delta.id,
                name: delta.name,
                arguments: delta.arguments,
            }),
            Event::ToolStart(start) => {
                Self::ToolStart(wit::ToolStart { slot: start.slot, id: start.id, name: start.name })
            }
            Event::ToolArguments(piece) => {
                Self::ToolArguments(wit::ToolArguments { slot: piece.slot, json: piece.json })
            }
            Event::ToolEnd(slot) => Self::ToolEnd(slot),
            Event::Block(json) => Self::Block(json),
            Event::Citation(json) => Self::Citation(json),
            Event::NewBlock => Self::NewBlock,
            Event::Usage(usage) => Self::Usage(usage.into()),
            Event::Finish(reason) => Self::Finish(reason.into()),
            Event::Error(failure) => Self::Error(failure.into()),
            Event::Dropped(what) => Self::Dropped(what),
        }
    }
}

impl From<wit::Event> for Event {
    fn from(event: wit::Event) -> Self {
        match event {
            wit::Event::Start(start) => Self::Start(Start { id: start.id, model: start.model }),
            wit::Event::Text(text) => Self::Text(text),
            wit::Event::Thinking(text) => Self::Thinking(text),
            wit::Event::Signature(signature) => Self::Signature(signature),
            wit::Event::RedactedThinking(data) => Self::RedactedThinking(data),
            wit::Event::ToolDelta(delta) => Self::ToolDelta(ToolDelta {
                index: delta.index,
                id: delta.id,
                name: delta.name,
                arguments: delta.arguments,
            }),
            wit::Event::ToolStart(start) => {
                Self::ToolStart(ToolStart { slot: start.slot, id: start.id, name: start.name })
            }
            wit::Event::ToolArguments(piece) => {
                Self::ToolArguments(ToolArguments { slot: piece.slot, json: piece.json })
            }
            wit::Event::ToolEnd(slot) => Self::ToolEnd(slot),
            wit::Event::Block(json) => Self::Block(json),
            wit::Event::Citation(json) => Self::Citation(json),
            wit::Event::NewBlock => Self::NewBlock,
            wit::Event::Usage(usage) => Self::Usage(usage.into()),
            wit::Event::Finish(reason) => Self::Finish(reason.into()),
            wit::Event::Error(failure) => Self::Error(failure.into()),
            wit::Event::Dropped(what) => Self::Dropped(what),
        }
    }
}

macro_rules! usage {
    ($from:ty, $to:ty) => {
        impl From<$from> for $to {
            fn from(usage: $from) -> Self {
                Self {
                    input_tokens: usage.input_tokens,
                    output_tokens: usage.output_tokens,
                    cache_read_input_tokens: usage.cache_read_input_tokens,
                    cache_creation_input_tokens: usage.cache_creation_input_tokens,
                    reasoning_tokens: usage.reasoning_tokens,
                    web_search_requests: usage.web_search_requests,
                }
            }
        }
    };
}

usage!(Usage, wit::Usage);
usage!(wit::Usage, Usage);

macro_rules! finish_reason {
    ($from:ty, $to:ty) => {
        impl From<$from> for $to {
            fn from(reason: $from) -> Self {
                type From = $from;
                match reason {
                    From::EndTurn => Self::EndTurn,
                    From::MaxTokens => Self::MaxTokens,
                    From::StopSequence(sequence) => Self::StopSequence(sequence),
                    From::ToolUse => Self::ToolUse,
                    From::Refusal => Self::Refusal,
                    From::PauseTurn => Self::PauseTurn,
                    From::ContextWindowExceeded => Self::ContextWindowExceeded,
                }
            }
        }
    };
}

finish_reason!(FinishReason, wit::FinishReason);
finish_reason!(wit::FinishReason, FinishReason);

/// Every event of a list turned into its other shape, in place where the sizes allow it.
pub(crate) fn all<A, B: From<A>>(events: Vec<A>) -> Vec<B> {
    events.into_iter().map(B::from).collect()
}
