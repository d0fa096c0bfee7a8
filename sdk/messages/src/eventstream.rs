//! AWS's event streams (`application/vnd.amazon.eventstream`) on bytes, as smithy's "Amazon Event Stream Specification" frames
//! them: what Bedrock streams answers in.
//!
//! A message is a prelude (its length, the length of its headers, a checksum of the two), headers, a payload and a checksum of
//! all of it. It is handed out as the server-sent event that it would be elsewhere, so that whoever reads answers knows one
//! form of events. A message that lies within one read is handed out without a copy. What an event means is left to its reader.

mod message;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::sse::SseEvent;

pub use message::{write_frame, write_message};

/// A buffer that grew beyond this is given back after its message: a stream may live for minutes after one large message.
const KEPT_BUFFER: usize = 64 * 1024;

/// Two lengths and their checksum, four bytes each.
const PRELUDE: usize = 12;

/// The checksum that ends a message.
const CHECKSUM: usize = 4;

/// Why a message could not be handed out. After all of them but [`NotUtf8`](Self::NotUtf8) it is not known where the next one
/// begins, and the decoder reads nothing more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventStreamError {
    /// The message has more bytes than the decoder's bound, which is given.
    TooLarge(usize),
    /// The lengths at the start of a message cannot be, or their checksum is wrong.
    Prelude,
    /// The checksum of a message is wrong.
    Checksum,
    /// The headers of a message cannot be read.
    Headers,
    /// The payload of a message, or a header that names its kind, is not UTF-8.
    NotUtf8,
    /// The stream ended in the middle of a message.
    Cut,
}

impl fmt::Display for EventStreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge(bound) => {
                write!(f, "the stream has a message of more than {bound} bytes; raise the bound if that is meant")
            }
            Self::Prelude => f.write_str("the stream has bytes that begin no message of an AWS event stream"),
            Self::Checksum => {
                f.write_str("the stream has a message that was damaged on its way: its checksum is wrong")
            }
            Self::Headers => f.write_str("the stream has a message whose headers cannot be read"),
            Self::NotUtf8 => f.write_str("the stream has a message that is not UTF-8; the sender must send UTF-8"),
            Self::Cut => f.write_str("the stream ended in the middle of a message"),
        }
    }
}

impl std::error::Error for EventStreamError {}

/// Finds the messages in a stream of bytes.
///
/// A message becomes an event whose name is the header `:event-type`, for an exception `:exception-type`, for an error
/// `:error-code`, and whose data is the payload. An error without a payload has `{"message": …}` made of `:error-message`.
#[derive(Debug, Clone)]
pub struct EventStreamDecoder {
    max_message_bytes: usize,
    /// The bytes of the open message from earlier reads.
    open: Vec<u8>,
    /// Something was wrong: nothing more can be read.
    failed: bool,
}

impl EventStreamDecoder {
    /// A decoder that refuses messages of more than `max_message_bytes` bytes, lengths and checksums included.
    #[must_use]
    pub fn new(max_message_bytes: usize) -> Self {
        Self { max_message_bytes, open: Vec::new(), failed: false }
    }

    /// Reads the next bytes of the stream and hands every message that ends in them to `sink`, in order.
    pub fn push(&mut self, bytes: &[u8], mut sink: impl FnMut(Result<SseEvent<'_>, EventStreamError>)) {
        let mut rest = bytes;
        while !rest.is_empty() && !self.failed {
            let read = if self.open.is_empty() { self.next(rest, &mut sink) } else { self.resume(rest, &mut sink) };
            match read {
                Ok(read) => rest = rest.get(read..).unwrap_or_default(),
                Err(error) => {
                    self.failed = true;
                    self.open = Vec::new();
                    sink(Err(error));
                }
            }
        }
    }

    /// Ends the stream; a message that has begun and not ended is an error.
    pub fn finish(&mut self, mut sink: impl FnMut(Result<SseEvent<'_>, EventStreamError>)) {
        if !self.open.is_empty() {
            sink(Err(EventStreamError::Cut));
        }
        *self = Self::new(self.max_message_bytes);
    }

    /// Hands out the message that `bytes` begin with, or keeps them; returns how many were read.
    fn next(
        &mut self,
        bytes: &[u8],
        sink: &mut impl FnMut(Result<SseEvent<'_>, EventStreamError>),
    ) -> Result<usize, EventStreamError> {
        let whole = message::length(bytes, self.max_message_bytes)?.and_then(|length| bytes.get(..length));
        let Some(whole) = whole else {
            self.open.extend_from_slice(bytes);
            return Ok(bytes.len());
        };
        message::hand_out(whole, sink)?;
        Ok(whole.len())
    }

    /// Adds to the open message what it lacks, and hands it out once it is whole; returns how many bytes were read.
    fn resume(
        &mut self,
        bytes: &[u8],
        sink: &mut impl FnMut(Result<SseEvent<'_>, EventStreamError>),
    ) -> Result<usize, EventStreamError> {
        let known = message::length(&self.open, self.max_message_bytes)?;
        let lacking = known.unwrap_or(PRELUDE).saturating_sub(self.open.len());
        let more = bytes.get(..lacking).unwrap_or(bytes);
        self.open.extend_from_slice(more);
        let known = match known {
            Some(length) => Some(length),
            None => message::length(&self.open, self.max_message_bytes)?,
        };
        if known == Some(self.open.len()) {
            message::hand_out(&self.open, sink)?;
            self.open.clear();
            self.open.shrink_to(KEPT_BUFFER);
        }
        Ok(more.len())
    }
}
