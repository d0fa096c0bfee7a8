//! Any upstream bytes give a legal Anthropic stream or an error event, never a panic and never half an answer that looks whole.
#![no_main]

use ccr_messages::answer::{Answer, Head};
use ccr_messages::encode::StreamEncoder;
use ccr_messages::json::Document;
use ccr_messages::sse::SseDecoder;
use ccr_messages::tool_calls::Assembler;
use ccr_plugin::{Decoder as _, Settings, UpstreamProtocol as _};
use ccr_protocols::openai::OpenAi;
use libfuzzer_sys::fuzz_target;

/// Above every input that the fuzzer makes.
const BOUND: usize = 1 << 20;

fuzz_target!(|bytes: &[u8]| {
    let mut frames = SseDecoder::new(BOUND);
    let mut decoder = OpenAi::decoder(&[], &Settings::of("{}"));
    let (mut raw, mut events) = (Vec::new(), Vec::new());
    let mut readable = true;
    let mut read = |event: Result<ccr_messages::sse::SseEvent<'_>, ccr_messages::sse::SseError>| {
        readable &= event.is_ok_and(|event| readable && decoder.push(event, &mut raw).is_ok());
    };
    frames.push(bytes, &mut read);
    frames.finish(&mut read);
    let _ = decoder.finish(&mut raw);
    let mut assembler = Assembler::new("msg_fuzz");
    raw.into_iter().for_each(|event| assembler.push(event, &mut events));
    assembler.finish(&mut events);
    let head = Head { id: "msg_fuzz".into(), model: "m".into() };
    let mut answer = Answer::new(StreamEncoder::new(), head);
    events.iter().for_each(|event| answer.push(event));
    answer.finish();
    let failed = answer.failure().is_some();
    check(&answer.into_sink().take(), failed);
});

/// The order that Anthropic's documentation gives ("Streaming").
fn check(stream: &[u8], failed: bool) {
    let mut kinds = Vec::new();
    SseDecoder::new(usize::MAX).push(stream, |event| {
        let event = event.expect("the encoder writes UTF-8");
        let data = Document::parse(event.data.as_bytes()).expect("the encoder writes JSON");
        let kind = data.root().get("type").and_then(|kind| kind.as_str()).map(|kind| kind.decode().into_owned());
        assert_eq!(kind.as_deref(), event.event);
        kinds.extend(kind);
    });
    let last = kinds.last().map(String::as_str);
    assert_eq!(last, Some(if failed { "error" } else { "message_stop" }));
    let open = kinds.iter().fold(0_i32, |open, kind| match kind.as_str() {
        "content_block_start" => open + 1,
        "content_block_stop" => open - 1,
        _ => {
            assert!((0..=1).contains(&open), "blocks overlap");
            open
        }
    });
    assert_eq!(open, 0, "a block is left open");
    assert!(kinds.iter().filter(|kind| *kind == "message_start").count() <= 1);
}
