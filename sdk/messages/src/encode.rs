//! Writes an answer as Anthropic's server-sent events, byte for byte in the shapes of its Messages API (page "Streaming").
//!
//! What comes when is decided in [`crate::answer`]; framing what arrives from providers is [`crate::sse`]'s.

pub(crate) mod parts;

#[cfg(test)]
mod tests;

use crate::answer::{BlockStart, Delta, Head, Sink};
use crate::event::{Failure, FinishReason, Usage};
use crate::json::Writer;
use parts::{Digits, write_content_block, write_failure, write_message_usage, write_reason, write_usage};

/// The event that keeps an idle connection open. Legal at any place between two events after `message_start`.
pub const PING: &str = "event: ping\ndata: {\"type\":\"ping\"}\n\n";

/// The event that ends a stream which cannot go on; no `message_stop` follows it, so that it does not look finished.
#[must_use]
pub fn error_event(failure: &Failure) -> Vec<u8> {
    let mut encoder = StreamEncoder::new();
    encoder.error(failure);
    encoder.take()
}

/// Writes server-sent events into a buffer that [`take`](Self::take) hands over.
#[derive(Debug, Default)]
pub struct StreamEncoder {
    out: Writer,
}

impl StreamEncoder {
    /// An encoder that has written nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Hands over what has been written since the last time: whole events, without a copy. Gives the next buffer the same room,
    /// so that it seldom grows.
    #[must_use]
    pub fn take(&mut self) -> Vec<u8> {
        let next = Writer::with_capacity(self.out.as_str().len());
        std::mem::replace(&mut self.out, next).into_bytes()
    }

    /// Whether there is nothing to take.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.out.as_str().is_empty()
    }

    /// Writes a [`PING`], which keeps the connection busy and means nothing.
    pub fn ping(&mut self) {
        self.out.escaped_part(PING);
    }

    /// A delta event up to its kind's own member.
    #[inline]
    fn begin_delta(&mut self, index: u32, kind: &str) -> &mut Writer {
        self.out
            .escaped_part("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":")
            .escaped_part(Digits::new(u64::from(index)).as_str())
            .escaped_part(kind)
    }

    #[inline]
    fn string_delta(&mut self, index: u32, kind: &str, text: &str) {
        self.begin_delta(index, kind).string_part(text).escaped_part("\"}}\n\n");
    }
}

impl Sink for StreamEncoder {
    fn message_start(&mut self, head: &Head, usage: &Usage) {
        self.out
            .escaped_part("event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"")
            .string_part(&head.id)
            .escaped_part("\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"")
            .string_part(&head.model)
            .escaped_part("\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":");
        write_message_usage(&mut self.out, usage);
        self.out.escaped_part("}}\n\n");
    }

    fn block_start(&mut self, index: u32, block: &BlockStart<'_>) {
        self.out
            .escaped_part("event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":")
            .escaped_part(Digits::new(u64::from(index)).as_str())
            .escaped_part(",\"content_block\":");
        write_content_block(&mut self.out, block);
        self.out.escaped_part("}\n\n");
    }

    #[inline]
    fn delta(&mut self, index: u32, delta: Delta<'_>) {
        match delta {
            Delta::Text(text) => self.string_delta(index, ",\"delta\":{\"type\":\"text_delta\",\"text\":\"", text),
            Delta::Thinking(text) => {
                self.string_delta(index, ",\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"", text);
            }
            Delta::Signature(signature) => {
                self.string_delta(index, ",\"delta\":{\"type\":\"signature_delta\",\"signature\":\"", signature);
            }
            Delta::Input(json) => {
                self.string_delta(index, ",\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"", json);
            }
            Delta::Citation(json) => {
                let out = self.begin_delta(index, ",\"delta\":{\"type\":\"citations_delta\",\"citation\":");
                parts::write_on_one_line(out, json);
                out.escaped_part("}}\n\n");
            }
        }
    }

    fn block_stop(&mut self, index: u32, _complete: bool) {
        self.out
            .escaped_part("event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":")
            .escaped_part(Digits::new(u64::from(index)).as_str())
            .escaped_part("}\n\n");
    }

    fn message_end(&mut self, reason: &FinishReason, usage: &Usage) {
        self.out.escaped_part("event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{");
        write_reason(&mut self.out, reason);
        self.out.escaped_part("},\"usage\":");
        write_usage(&mut self.out, usage);
        self.out.escaped_part("}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
    }

    fn error(&mut self, failure: &Failure) {
        self.out.escaped_part("event: error\ndata: ");
        write_failure(&mut self.out, failure);
        self.out.escaped_part("\n\n");
    }
}
