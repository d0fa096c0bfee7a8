//! Any body is read without a panic; one that is a request is encoded as JSON, or refused.
#![no_main]

use ccr_messages::json::Document;
use ccr_messages::request::MessagesRequest;
use ccr_plugin::testing::FakeRequest;
use ccr_plugin::{Settings, UpstreamProtocol as _};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let Ok(document) = Document::parse(body) else { return };
    if MessagesRequest::parse(&document).is_err() {
        return;
    }
    let request = FakeRequest::from_bytes(body.to_vec());
    if let Ok(encoded) = openai::OpenAi::encode(&request, &Settings::of("{}")) {
        assert!(Document::parse(&encoded.body).is_ok(), "the encoded request is no JSON");
    }
});
