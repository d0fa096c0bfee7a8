//! Where one event of a streamed answer ends and the next begins: server-sent events, or AWS's binary event streams.
//! The content type says which; either way a protocol gets the same events.

use bytes::Bytes;
use ccr_messages::eventstream::{EventStreamDecoder, EventStreamError};
use ccr_messages::sse::{self, SseDecoder};
use http::{HeaderMap, header};

use crate::plugins::bindings::SseEvent;

/// How a stream is framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// `text/event-stream`
    ServerSent,
    /// `application/vnd.amazon.eventstream`
    Aws,
}

impl Framing {
    /// That of an answer with these headers; none if it does not call itself a stream.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?.trim_start();
        let is = |kind: &str| value.get(..kind.len()).is_some_and(|start| start.eq_ignore_ascii_case(kind));
        match () {
            () if is("text/event-stream") => Some(Self::ServerSent),
            () if is("application/vnd.amazon.eventstream") => Some(Self::Aws),
            () => None,
        }
    }
}

/// Frames one stream.
pub(super) enum Frames {
    ServerSent(SseDecoder),
    Aws(EventStreamDecoder),
}

impl Frames {
    /// `bound` is the most bytes that one event may have.
    pub(super) fn new(framing: Framing, bound: usize) -> Self {
        match framing {
            Framing::ServerSent => Self::ServerSent(SseDecoder::new(bound)),
            Framing::Aws => Self::Aws(EventStreamDecoder::new(bound)),
        }
    }

    /// The events that end in these pieces.
    pub(super) fn push(&mut self, pieces: &[Bytes]) -> Framed {
        let mut framed = Framed::default();
        for piece in pieces {
            match self {
                Self::ServerSent(frames) => frames.push(piece, |event| framed.add(event)),
                Self::Aws(frames) => frames.push(piece, |event| framed.add(event)),
            }
        }
        framed
    }

    /// What stands behind the last event's end, when nothing follows. `Err` says how the stream broke off.
    pub(super) fn finish(&mut self, framed: &mut Framed) -> Result<(), String> {
        let mut broken = Ok(());
        match self {
            Self::ServerSent(frames) => frames.finish(|event| framed.add(event)),
            Self::Aws(frames) => frames.finish(|event| match event {
                Err(error @ EventStreamError::Cut) => broken = Err(error.to_string()),
                event => framed.add(event),
            }),
        }
        broken
    }
}

/// The events that one batch held.
#[derive(Default)]
pub(super) struct Framed {
    /// In order.
    pub(super) events: Vec<SseEvent>,
    /// Something between them was no event: what.
    pub(super) unreadable: Option<String>,
}

impl Framed {
    fn add<E: std::fmt::Display>(&mut self, event: Result<sse::SseEvent<'_>, E>) {
        match event {
            Ok(event) => {
                self.events.push(SseEvent { event: event.event.map(str::to_owned), data: event.data.to_owned() });
            }
            Err(error) => self.unreadable = Some(unreadable_event(&error)),
        }
    }
}

/// What to say of an upstream that sent what is no event.
pub(super) fn unreadable_event(error: &impl std::fmt::Display) -> String {
    format!("sent something that cannot be read: {error}")
}

/// Whether a body without a usable content type begins like an event stream.
pub(super) fn looks_like_events(start: &[u8]) -> bool {
    let start = start.trim_ascii_start();
    [b"data:".as_slice(), b"event:", b":", b"id:", b"retry:"].iter().any(|field| start.starts_with(field))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ccr_messages::eventstream::write_message;

    #[test]
    fn the_content_type_says_which() {
        for (value, expected) in [
            ("text/event-stream", Some(Framing::ServerSent)),
            (" Text/Event-Stream; charset=utf-8", Some(Framing::ServerSent)),
            ("application/vnd.amazon.eventstream", Some(Framing::Aws)),
            ("application/json", None),
            ("", None),
        ] {
            let headers = [(header::CONTENT_TYPE, value.parse().unwrap())].into_iter().collect();
            assert_eq!(Framing::of(&headers), expected, "{value}");
        }
        assert_eq!(Framing::of(&HeaderMap::new()), None);
    }

    #[test]
    fn events_are_told_from_json() {
        assert!(looks_like_events(b"data: {}"));
        assert!(looks_like_events(b"\n: OPENROUTER PROCESSING"));
        assert!(!looks_like_events(b"{\"data\":1}"));
    }

    #[test]
    fn aws_messages_are_events_and_a_cut_one_is_told() {
        let mut bytes = Vec::new();
        write_message(&[(":event-type", "messageStop")], b"{}", &mut bytes);
        write_message(&[(":event-type", "metadata")], b"{}", &mut bytes);
        let whole = Bytes::from(bytes);
        let mut frames = Frames::new(Framing::Aws, 1000);
        let cut = whole.len() - 3;
        let mut framed = frames.push(&[whole.slice(..5), whole.slice(5..cut)]);
        assert_eq!(framed.events.len(), 1);
        assert_eq!(framed.events[0].event.as_deref(), Some("messageStop"));
        assert_eq!(framed.events[0].data, "{}");
        assert!(frames.finish(&mut framed).is_err_and(|reason| reason.contains("middle of a message")));
        assert_eq!((framed.events.len(), framed.unreadable), (1, None));
        let framed = Frames::new(Framing::Aws, 1000).push(&[Bytes::from_static(b"data: {}\n\n\n\n")]);
        assert!(framed.unreadable.is_some_and(|reason| reason.contains("AWS event stream")));
    }
}
