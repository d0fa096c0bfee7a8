//! Server-sent events on bytes, as the HTML standard frames them (section 9.2, "Server-sent events").
//!
//! Network reads cut anywhere: inside a line end, inside a character. So events are found in bytes, and text is made only
//! of whole events. An event that lies within one read is handed out without a copy, which is nearly every event.
//! What an event means is left to its reader; `id` and `retry` are for reconnecting, which a gateway does not do, and are
//! passed over like unknown fields.

mod event;
#[cfg(test)]
mod tests;

use std::fmt;

pub use event::{SseEvent, write_event};

/// A buffer that grew beyond this is given back after its event: a stream may live for minutes after one large event.
const KEPT_BUFFER: usize = 64 * 1024;

/// Why an event could not be handed out. The decoder goes on with the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SseError {
    /// The event has more bytes than the decoder's bound, which is given.
    TooLarge(usize),
    /// The event is not UTF-8.
    NotUtf8,
}

impl fmt::Display for SseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge(bound) => {
                write!(f, "the stream has an event of more than {bound} bytes; raise the bound if that is meant")
            }
            Self::NotUtf8 => f.write_str("the stream has an event that is not UTF-8; the sender must send UTF-8"),
        }
    }
}

impl std::error::Error for SseError {}

/// Finds the events in a stream of bytes.
#[derive(Debug, Clone)]
pub struct SseDecoder {
    max_event_bytes: usize,
    /// The bytes of the open event from earlier reads.
    open: Vec<u8>,
    /// Where data of several lines is joined.
    joined: Vec<u8>,
    /// Nothing of the current line has been read yet.
    line_is_empty: bool,
    /// The last byte read was a carriage return: a line feed next belongs to it.
    after_return: bool,
    /// The open event is too large: said already, its bytes are dropped up to its end.
    dropping: bool,
    /// No event has ended yet: a byte order mark may stand before the first.
    at_start: bool,
}

impl SseDecoder {
    /// A decoder that refuses events with more than `max_event_bytes` bytes, field names and line ends included.
    #[must_use]
    pub fn new(max_event_bytes: usize) -> Self {
        Self {
            max_event_bytes,
            open: Vec::new(),
            joined: Vec::new(),
            line_is_empty: true,
            after_return: false,
            dropping: false,
            at_start: true,
        }
    }

    /// Reads the next bytes of the stream and hands every event that ends in them to `sink`, in order.
    pub fn push(&mut self, bytes: &[u8], mut sink: impl FnMut(Result<SseEvent<'_>, SseError>)) {
        let mut rest = bytes;
        // Nothing new says nothing about the second half of a line end, so the test for it stands inside.
        while !rest.is_empty() {
            if self.open.is_empty() && self.line_is_empty && std::mem::take(&mut self.after_return) {
                // The second half of the line end that ended the last event, not part of the next.
                rest = rest.strip_prefix(b"\n").unwrap_or(rest);
                continue;
            }
            let Some(end) = self.blank_line(rest) else {
                self.keep(rest, &mut sink);
                return;
            };
            let (head, tail) = rest.split_at_checked(end).unwrap_or((rest, &[]));
            self.complete(head, &mut sink);
            self.line_is_empty = true;
            self.after_return = tail.first() == Some(&b'\r');
            rest = tail.get(1..).unwrap_or_default();
        }
    }

    /// Ends the stream: hands out what stands after the last blank line, as some servers end without one.
    pub fn finish(&mut self, mut sink: impl FnMut(Result<SseEvent<'_>, SseError>)) {
        self.complete(&[], &mut sink);
        *self = Self::new(self.max_event_bytes);
    }

    /// Offset of the line end that makes a blank line, which ends an event.
    fn blank_line(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        if std::mem::take(&mut self.after_return) && bytes.first() == Some(&b'\n') {
            at = 1;
        }
        loop {
            let rest = bytes.get(at..).unwrap_or_default();
            let Some(length) = memchr::memchr2(b'\r', b'\n', rest) else {
                self.line_is_empty &= rest.is_empty();
                return None;
            };
            if length == 0 && self.line_is_empty {
                return Some(at);
            }
            self.line_is_empty = true;
            at += length + 1;
            if rest.get(length) == Some(&b'\r') {
                match bytes.get(at) {
                    Some(b'\n') => at += 1,
                    Some(_) => {}
                    None => self.after_return = true,
                }
            }
        }
    }

    /// Hands out the event that ends with `last`.
    fn complete(&mut self, last: &[u8], sink: &mut impl FnMut(Result<SseEvent<'_>, SseError>)) {
        let dropping = std::mem::take(&mut self.dropping);
        let at_start = std::mem::take(&mut self.at_start);
        if dropping {
            return;
        }
        if self.open.len() + last.len() > self.max_event_bytes {
            sink(Err(SseError::TooLarge(self.max_event_bytes)));
        } else {
            let lines = if self.open.is_empty() {
                last
            } else {
                self.open.extend_from_slice(last);
                &self.open
            };
            if let Some(event) = event::read(lines, at_start, &mut self.joined) {
                sink(event);
            }
        }
        for buffer in [&mut self.open, &mut self.joined] {
            buffer.clear();
            buffer.shrink_to(KEPT_BUFFER);
        }
    }

    /// Keeps the beginning of an event for the next read.
    fn keep(&mut self, bytes: &[u8], sink: &mut impl FnMut(Result<SseEvent<'_>, SseError>)) {
        if self.dropping {
            return;
        }
        if self.open.len() + bytes.len() > self.max_event_bytes {
            sink(Err(SseError::TooLarge(self.max_event_bytes)));
            self.open = Vec::new();
            self.dropping = true;
        } else {
            self.open.extend_from_slice(bytes);
        }
    }
}
