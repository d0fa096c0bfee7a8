//! Any bytes, cut anywhere, are the same messages as the bytes in one piece; and so are frames with right checksums around them,
//! without which the fuzzer would never get to the headers.
#![no_main]

use ccr_messages::eventstream::{EventStreamDecoder, write_frame};
use ccr_messages::sse::SseEvent;
use libfuzzer_sys::fuzz_target;

/// Above every input that the fuzzer makes.
const BOUND: usize = 1 << 20;

type Event = Result<(Option<String>, String), String>;

fn events(pieces: &[&[u8]]) -> Vec<Event> {
    let mut events = Vec::new();
    let mut decoder = EventStreamDecoder::new(BOUND);
    let mut add = |event: Result<SseEvent<'_>, ccr_messages::eventstream::EventStreamError>| {
        events.push(
            event.map(|event| (event.event.map(str::to_owned), event.data.to_owned())).map_err(|error| error.to_string()),
        );
    };
    for piece in pieces {
        decoder.push(piece, &mut add);
    }
    decoder.finish(&mut add);
    events
}

fn check(bytes: &[u8], cut: u16) {
    let whole = events(&[bytes]);
    let (head, tail) = bytes.split_at(usize::from(cut) % (bytes.len() + 1));
    assert_eq!(events(&[head, tail]), whole);
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(events(&single), whole);
}

fuzz_target!(|input: (u16, &[u8], &[u8], &[u8])| {
    let (cut, headers, payload, stray) = input;
    check(stray, cut);
    let mut framed = Vec::new();
    write_frame(headers, payload, &mut framed);
    write_frame(headers, payload, &mut framed);
    framed.extend_from_slice(stray);
    check(&framed, cut);
});
