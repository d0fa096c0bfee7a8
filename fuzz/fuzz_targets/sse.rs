//! Any bytes, cut anywhere, are the same events as the bytes in one piece.
#![no_main]

use ccr_messages::sse::SseDecoder;
use libfuzzer_sys::fuzz_target;

/// Above every input that the fuzzer makes.
const BOUND: usize = 1 << 20;

type Event = Result<(Option<String>, String), String>;

fn events(pieces: &[&[u8]]) -> Vec<Event> {
    let mut decoder = SseDecoder::new(BOUND);
    let mut events = Vec::new();
    let mut add = |event: Result<ccr_messages::sse::SseEvent<'_>, ccr_messages::sse::SseError>| {
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

fuzz_target!(|input: (&[u8], u16)| {
    let (bytes, cut) = input;
    let whole = events(&[bytes]);
    let (head, tail) = bytes.split_at(usize::from(cut) % (bytes.len() + 1));
    assert_eq!(events(&[head, tail]), whole);
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(events(&single), whole);
});
