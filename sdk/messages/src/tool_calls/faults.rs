//! What the assembler says when calls cannot be put together, and the small questions about events that decide it.

use super::arguments::Fault;
use super::matching::Call;
use super::{MAX_CALLS, MAX_HELD_BYTES};
use crate::event::{ErrorKind, Event, Failure, FinishReason};

/// An error of the provider.
pub(super) fn failure(message: String) -> Event {
    Event::Error(Failure { kind: ErrorKind::Api, message, status: None, retry_after_ms: None })
}

pub(super) fn bad_arguments(fault: Fault, name: &str) -> Event {
    failure(match fault {
        Fault::NotAnObject => format!(
            "the provider sent arguments for a call of the tool `{name}` that are not a JSON object; \
             try again, or use another model"
        ),
        Fault::SecondObject => format!(
            "the provider sent two different sets of arguments for one call of the tool `{name}`; \
             try again, or use another model"
        ),
    })
}

/// A call that is not complete although the answer ended well.
pub(super) fn unfinished(call: &Call) -> Event {
    failure(if call.name.is_empty() {
        "the provider sent a tool call without the tool's name; try again, or use another model".to_owned()
    } else {
        format!(
            "the provider ended the answer in the middle of a tool call's arguments (tool `{}`); \
             try again, or use another model",
            call.name
        )
    })
}

pub(super) fn too_many_calls() -> Event {
    failure(format!(
        "the provider made more than {MAX_CALLS} tool calls in one answer; try again, or use another model"
    ))
}

pub(super) fn too_large() -> Event {
    failure(format!(
        "the provider's tool calls in one answer are larger than {} MiB; try again, or use another model",
        MAX_HELD_BYTES >> 20
    ))
}

pub(super) fn cut_off(call: &Call) -> Event {
    Event::Dropped(format!("a call of the tool `{}` that the end of the answer cut off", call.name))
}

pub(super) fn rubbish(call: &Call) -> Event {
    Event::Dropped(format!("text after the arguments of a call of the tool `{}`", call.name))
}

/// Whether an answer may end for this reason in the middle of anything.
pub(crate) fn cuts(reason: &FinishReason) -> bool {
    match reason {
        FinishReason::MaxTokens
        | FinishReason::ContextWindowExceeded
        | FinishReason::StopSequence(_)
        | FinishReason::Refusal => true,
        FinishReason::EndTurn | FinishReason::ToolUse | FinishReason::PauseTurn => false,
    }
}

/// The size of an event's text.
pub(super) fn text_size(event: &Event) -> usize {
    content(event).map_or(0, str::len)
}

/// Whether an event is content that a provider would not send in the middle of a call: not just white space between two chunks.
pub(super) fn says_something(event: &Event) -> bool {
    content(event).is_some_and(|text| !text.trim().is_empty())
}

fn content(event: &Event) -> Option<&str> {
    match event {
        Event::Text(text)
        | Event::Thinking(text)
        | Event::Signature(text)
        | Event::RedactedThinking(text)
        | Event::Block(text)
        | Event::Citation(text) => Some(text),
        Event::ToolArguments(arguments) => Some(&arguments.json),
        Event::ToolStart(start) => Some(&start.name),
        _ => None,
    }
}
