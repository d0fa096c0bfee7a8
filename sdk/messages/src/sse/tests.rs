//! The decoder on texts that are cut everywhere.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use proptest::prelude::*;

use super::{KEPT_BUFFER, SseDecoder, SseError, SseEvent, write_event};

/// What came out, owned.
type Seen = Vec<Result<(Option<String>, String), SseError>>;

/// Larger than any event of these tests but those that mean it.
const ROOMY: usize = 1000;

fn decode<'b>(pieces: impl IntoIterator<Item = &'b [u8]>, bound: usize) -> Seen {
    let mut seen = Vec::new();
    let mut sink = |event: Result<SseEvent<'_>, SseError>| {
        seen.push(event.map(|event| (event.event.map(str::to_owned), event.data.to_owned())));
    };
    let mut decoder = SseDecoder::new(bound);
    for piece in pieces {
        decoder.push(piece, &mut sink);
    }
    decoder.finish(&mut sink);
    seen
}

fn whole(text: &str) -> Seen {
    decode([text.as_bytes()], ROOMY)
}

fn data(text: &str) -> Vec<String> {
    whole(text).into_iter().map(|event| event.unwrap().1).collect()
}

#[test]
fn every_line_end_and_field_form() {
    for end in ["\n", "\r", "\r\n"] {
        let text =
            ": hello\nevent: ping\ndata: a\n\ndata:b\n\nid: 7\nretry: 9\nevent:x\nevent\ndata:  c\ndata\ndata:d:e\n\n";
        let expected = [(Some("ping"), "a"), (None, "b"), (None, " c\n\nd:e")];
        let expected: Seen = expected.map(|(event, data)| Ok((event.map(str::to_owned), data.to_owned()))).to_vec();
        assert_eq!(whole(&text.replace('\n', end)), expected, "{end:?}");
    }
}

#[test]
fn nothing_without_data() {
    assert_eq!(data(""), Vec::<String>::new());
    assert_eq!(
        data("\n\r\n\r\r: comment\n\nevent: ping\n\n: OPENROUTER PROCESSING\n\ndatax: 1\n\n"),
        Vec::<String>::new()
    );
    assert_eq!(data("data:\n\ndata\n\n"), ["", ""]);
    assert_eq!(whole("event: lost\n\ndata: a\n\n"), [Ok((None, "a".to_owned()))]);
}

#[test]
fn the_end_counts_as_a_blank_line() {
    assert_eq!(data("data: a\n\ndata: b"), ["a", "b"]);
    assert_eq!(data("data: a\ndata: b\r"), ["a\nb"]);
}

#[test]
fn a_byte_order_mark_only_at_the_start() {
    assert_eq!(data("\u{feff}data: a\n\n\u{feff}data: b\n\ndata: \u{feff}c\n\n"), ["a", "\u{feff}c"]);
    assert_eq!(data("\u{feff}\ndata: a\n\n"), ["a"]);
}

#[test]
fn an_event_without_utf8_is_an_error_and_the_next_one_is_not() {
    let seen = decode([b"data: \xFF\n\ndata: ok\n\nevent: \xC3\ndata: x\n\n".as_slice()], ROOMY);
    assert_eq!(seen, [Err(SseError::NotUtf8), Ok((None, "ok".to_owned())), Err(SseError::NotUtf8)]);
}

#[test]
fn the_bound_holds_and_the_stream_goes_on() {
    let text = b"data: 0123\n\ndata: 01234\n\r\ndata: 1\n\n";
    let expected = [Ok((None, "0123".to_owned())), Err(SseError::TooLarge(11)), Ok((None, "1".to_owned()))];
    assert_eq!(decode([text.as_slice()], 11), expected);
    assert_eq!(decode(text.chunks(1), 11), expected);
    assert_eq!(decode([b"data: 01234567".as_slice()], 11), [Err(SseError::TooLarge(11))]);
}

#[test]
fn an_empty_read_changes_nothing() {
    let text = b"data: too large\r\ndata: a\r\n\r\ndata: b\r\n\r\n";
    let expected = [Err(SseError::TooLarge(10)), Ok((None, "b".to_owned()))];
    let pieces = text.chunks(1).flat_map(|piece| [piece, &[]]);
    assert_eq!(decode(pieces, 10), expected);
}

#[test]
fn ten_megabytes_byte_by_byte() {
    let mut text = b"data: ".to_vec();
    text.resize(10_000_000, b'x');
    text.extend_from_slice(b"\n\n");
    let mut decoder = SseDecoder::new(text.len());
    let mut lengths = Vec::new();
    for piece in text.chunks(1) {
        decoder.push(piece, |event| lengths.push(event.unwrap().data.len()));
    }
    assert_eq!(lengths, [10_000_000 - 6]);
    assert!(decoder.open.capacity() <= KEPT_BUFFER);
}

#[test]
fn an_event_within_one_read_is_not_copied() {
    let text = b"event: e\ndata: borrowed\n\n";
    let range = text.as_ptr_range();
    SseDecoder::new(ROOMY).push(text, |event| {
        assert!(range.contains(&event.unwrap().data.as_ptr()));
    });
}

#[test]
fn finishing_makes_the_decoder_new() {
    let mut decoder = SseDecoder::new(ROOMY);
    decoder.push(b"data: a\r", |_| {});
    decoder.finish(|_| {});
    let mut seen = 0;
    decoder.push("\u{feff}data: b\n\n".as_bytes(), |event| seen += usize::from(event.unwrap().data == "b"));
    assert_eq!(seen, 1);
}

/// Pieces of which streams are made, so that line ends meet in every way.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let pieces = proptest::sample::select(vec![
        b"data: ".as_slice(),
        b"data:",
        b"data",
        b"event: x",
        b"id: 1",
        b": c",
        b"\n",
        b"\r",
        b"\r\n",
        b"\n\n",
        b"\r\n\r\n",
        b"{\"a\":1}",
        "\u{feff}".as_bytes(),
        "\u{e9}\u{1F600}".as_bytes(),
        b"\xF0",
        b"[DONE]",
    ]);
    proptest::collection::vec(pieces, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_split_gives_the_same_events(
        text in stream(),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..6),
        bound in prop_oneof![Just(ROOMY), 0_usize..40],
    ) {
        let expected = decode([text.as_slice()], bound);
        prop_assert_eq!(&decode(text.chunks(1), bound), &expected);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).chain([0, text.len()]).collect();
        cuts.sort_unstable();
        prop_assert_eq!(decode(cuts.windows(2).map(|cut| &text[cut[0]..cut[1]]), bound), expected);
    }

    #[test]
    fn what_is_written_reads_back(events in proptest::collection::vec((proptest::option::of("[a-z_]{1,9}"), any::<String>()), 0..5)) {
        let mut text = Vec::new();
        for (event, data) in &events {
            write_event(&mut text, event.as_deref(), data);
        }
        let expected: Seen = events
            .into_iter()
            .map(|(event, data)| Ok((event, data.replace("\r\n", "\n").replace('\r', "\n"))))
            .collect();
        prop_assert_eq!(decode([text.as_slice()], 1_000_000), expected);
    }
}

#[test]
fn line_breaks_are_written_as_lines() {
    let mut out = Vec::new();
    write_event(&mut out, Some("a\nb"), "1\r\n2\r3\n");
    assert_eq!(String::from_utf8(out).unwrap(), "event: ab\ndata: 1\ndata: 2\ndata: 3\ndata: \n\n");
}
