//! The decoder on messages that are cut everywhere, damaged anywhere, and on any bytes at all.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use proptest::prelude::*;

use super::{EventStreamDecoder, EventStreamError, KEPT_BUFFER, write_frame, write_message};
use crate::sse::SseEvent;

/// What came out, owned.
type Seen = Vec<Result<(Option<String>, String), EventStreamError>>;

/// Larger than any message of these tests but those that mean it.
const ROOMY: usize = 100_000;

fn decode<'b>(pieces: impl IntoIterator<Item = &'b [u8]>, bound: usize) -> Seen {
    let mut seen = Vec::new();
    let mut sink = |event: Result<SseEvent<'_>, EventStreamError>| {
        seen.push(event.map(|event| (event.event.map(str::to_owned), event.data.to_owned())));
    };
    let mut decoder = EventStreamDecoder::new(bound);
    for piece in pieces {
        decoder.push(piece, &mut sink);
    }
    decoder.finish(&mut sink);
    seen
}

fn whole(bytes: &[u8]) -> Seen {
    decode([bytes], ROOMY)
}

fn event(name: &str, data: &str) -> Result<(Option<String>, String), EventStreamError> {
    Ok((Some(name.to_owned()), data.to_owned()))
}

fn message(headers: &[(&str, &str)], payload: &str) -> Vec<u8> {
    let mut out = Vec::new();
    write_message(headers, payload.as_bytes(), &mut out);
    out
}

fn delta(payload: &str) -> Vec<u8> {
    let content = (":content-type", "application/json");
    message(&[(":event-type", "contentBlockDelta"), content, (":message-type", "event")], payload)
}

/// The two plain messages that AWS's own implementations are tested with.
#[test]
fn published_messages() {
    let empty = b"\0\0\0\x10\0\0\0\0\x05\xc2\x48\xeb\x7d\x98\xc8\xff";
    assert_eq!(whole(empty), [Ok((None, String::new()))]);
    let mut json = b"\0\0\0\x3d\0\0\0\x20\x07\xfd\x83\x96\x0ccontent-type\x07\0\x10application/json".to_vec();
    json.extend_from_slice(b"{'foo':'bar'}\x8d\x9c\x08\xb1");
    assert_eq!(whole(&json), [Ok((None, "{'foo':'bar'}".to_owned()))]);
    assert_eq!(message(&[("content-type", "application/json")], "{'foo':'bar'}"), json);
}

#[test]
fn events_exceptions_and_errors_have_their_names() {
    let mut bytes = delta("{\"p\":\"ä\"}");
    let exception = [(":message-type", "exception"), (":exception-type", "throttlingException")];
    bytes.extend(message(&exception, "{\"message\":\"slow\"}"));
    let error = [(":message-type", "error"), (":error-code", "Internal"), (":error-message", "a \"b\"")];
    bytes.extend(message(&error, ""));
    bytes.extend(message(&error, "{}"));
    bytes.extend(message(&[(":event-type", "chunk")], ""));
    let expected = [
        event("contentBlockDelta", "{\"p\":\"ä\"}"),
        event("throttlingException", "{\"message\":\"slow\"}"),
        event("Internal", "{\"message\":\"a \\\"b\\\"\"}"),
        event("Internal", "{}"),
        event("chunk", ""),
    ];
    assert_eq!(whole(&bytes), expected);
}

#[test]
fn headers_of_every_kind_are_passed_over() {
    let mut headers = Vec::new();
    for (kind, value) in [
        (0, b"".as_slice()),
        (1, b""),
        (2, b"1"),
        (3, b"12"),
        (4, b"1234"),
        (5, b"12345678"),
        (6, b"\0\x03abc"),
        (8, b"12345678"),
        (9, b"1234567890123456"),
        (7, b"\0\x01x"),
    ] {
        headers.extend_from_slice(&[1, b'h', kind]);
        headers.extend_from_slice(value);
    }
    headers.extend_from_slice(b"\x0b:event-type\x07\0\x04last");
    let mut bytes = Vec::new();
    write_frame(&headers, b"{}", &mut bytes);
    assert_eq!(whole(&bytes), [event("last", "{}")]);
    for bad in [b"\x05h".as_slice(), b"\x01h", b"\x01h\x0a", b"\x01h\x05123", b"\x01h\x07\0\x05x"] {
        let mut bytes = Vec::new();
        write_frame(bad, b"{}", &mut bytes);
        assert_eq!(whole(&bytes), [Err(EventStreamError::Headers)], "{bad:?}");
    }
}

#[test]
fn every_damaged_byte_is_noticed() {
    let good = [delta("{\"a\":1}"), delta("{}")].concat();
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0x10;
        let seen = whole(&bad);
        let first_is_whole = at >= delta("{\"a\":1}").len();
        assert_eq!(seen.len(), 1 + usize::from(first_is_whole), "{at}: {seen:?}");
        assert!(
            matches!(seen.last(), Some(Err(EventStreamError::Prelude | EventStreamError::Checksum))),
            "{at}: {seen:?}"
        );
    }
}

#[test]
fn a_stream_that_is_cut_says_so() {
    let bytes = delta("{}");
    assert_eq!(whole(&bytes[..0]), []);
    for end in 1..bytes.len() {
        assert_eq!(whole(&bytes[..end]), [Err(EventStreamError::Cut)], "{end}");
    }
}

#[test]
fn a_message_has_a_bound() {
    let bytes = delta("{}");
    assert_eq!(decode([bytes.as_slice()], bytes.len()), [event("contentBlockDelta", "{}")]);
    let bound = bytes.len() - 1;
    assert_eq!(decode([bytes.as_slice()], bound), [Err(EventStreamError::TooLarge(bound))]);
    // Before the message is there: nothing is kept for it.
    assert_eq!(decode([&bytes[..12]], bound), [Err(EventStreamError::TooLarge(bound))]);
}

#[test]
fn a_message_that_is_no_text_does_not_end_the_stream() {
    let mut bytes = Vec::new();
    write_message(&[(":event-type", "a")], b"\xff", &mut bytes);
    bytes.extend(delta("{}"));
    assert_eq!(whole(&bytes), [Err(EventStreamError::NotUtf8), event("contentBlockDelta", "{}")]);
}

#[test]
fn a_large_buffer_is_given_back() {
    let bytes = delta(&"x".repeat(KEPT_BUFFER * 2));
    let mut decoder = EventStreamDecoder::new(bytes.len());
    decoder.push(&bytes[..100], |_| {});
    decoder.push(&bytes[100..], |_| {});
    assert!(decoder.open.capacity() <= KEPT_BUFFER);
}

/// Messages, some of them damaged, and stray bytes.
fn streams() -> impl Strategy<Value = Vec<u8>> {
    let good = ("[a-z]{0,8}", ".{0,40}").prop_map(|(name, data)| message(&[(":event-type", &name)], &data));
    let odd = (prop::collection::vec(any::<u8>(), 0..20), prop::collection::vec(any::<u8>(), 0..20));
    let odd = odd.prop_map(|(headers, payload)| {
        let mut out = Vec::new();
        write_frame(&headers, &payload, &mut out);
        out
    });
    let stray = prop::collection::vec(any::<u8>(), 0..20);
    let part = prop_oneof![8 => good, 1 => odd, 1 => stray];
    prop::collection::vec(part, 0..6).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn any_split_is_the_same(bytes in streams(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6)) {
        let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        at.extend([0, bytes.len()]);
        at.sort_unstable();
        let pieces = at.windows(2).map(|ends| &bytes[ends[0]..ends[1]]);
        let expected = whole(&bytes);
        prop_assert_eq!(decode(pieces, ROOMY), expected.clone());
        prop_assert_eq!(decode(bytes.chunks(1), ROOMY), expected);
    }
}
