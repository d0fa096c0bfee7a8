//! Watches an Anthropic answer that goes to the client byte for byte, and keeps what the record needs of it.

use super::{failure, finish, start, string, unreadable, usage};
use crate::event::{Failure, FinishReason, Start, Usage};
use crate::json::{Document, Value};

/// How the events begin that carry nothing for the record. Nearly all of a stream are these, so they are told apart by their first
/// bytes; one that is spelled otherwise (with spaces, say) is parsed and then left alone just the same.
const CONTENT: &[u8] = b"{\"type\":\"content_block_";

/// Keeps token counts, stop reason, names and errors of one answer. Reads only; nothing it meets is an error of its own.
#[derive(Debug, Clone, Default)]
pub struct UsageTap {
    usage: Usage,
    start: Start,
    finish: Option<FinishReason>,
    failure: Option<Failure>,
    content: bool,
    stopped: bool,
}

impl UsageTap {
    /// A tap that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Looks at the `data` of one server-sent event.
    #[inline]
    pub fn event(&mut self, data: &[u8]) {
        if data.starts_with(CONTENT) {
            self.content = true;
        } else {
            self.other_event(data);
        }
    }

    /// Looks at the body of an answer that is not streamed: a message or an error.
    pub fn body(&mut self, json: &[u8]) {
        let Ok(document) = Document::parse(json) else {
            self.failure = Some(unreadable());
            return;
        };
        let message = document.root();
        if message.get("error").is_some_and(|error| !error.is_null()) {
            self.failure = Some(failure(message));
            return;
        }
        self.content = message.get("content").is_some_and(|content| !content.is_empty());
        self.message(message);
        self.finish = finish(message);
        self.stopped = true;
    }

    fn other_event(&mut self, data: &[u8]) {
        let Ok(document) = Document::parse(data) else {
            return;
        };
        let root = document.root();
        match string(root, "type").as_deref() {
            Some("message_start") => {
                if let Some(message) = root.get("message") {
                    self.message(message);
                }
            }
            Some("message_delta") => {
                self.counts(root);
                self.finish = root.get("delta").and_then(finish).or(self.finish.take());
            }
            Some("message_stop") => self.stopped = true,
            Some("error") => self.failure = Some(failure(root)),
            Some(kind) => self.content |= kind.starts_with("content_block"),
            None => {}
        }
    }

    fn message(&mut self, message: Value<'_>) {
        self.start = start(message);
        self.counts(message);
    }

    fn counts(&mut self, object: Value<'_>) {
        if let Some(counts) = object.get("usage") {
            self.usage.update(&usage(counts));
        }
    }

    /// The token counts so far.
    #[must_use]
    pub fn usage(&self) -> &Usage {
        &self.usage
    }

    /// The message's own id and model.
    #[must_use]
    pub fn start(&self) -> &Start {
        &self.start
    }

    /// Why the model stopped, once that is known.
    #[must_use]
    pub fn finish_reason(&self) -> Option<&FinishReason> {
        self.finish.as_ref()
    }

    /// The error that the provider sent instead of an answer or within it.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// Whether any content has been seen.
    #[must_use]
    pub fn has_content(&self) -> bool {
        self.content
    }

    /// Whether the answer came to its regular end (`message_stop`, or a whole message).
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.stopped
    }
}
