//! The client protocol `openai`: OpenAI Chat Completions as a client speaks it.
//!
//! [`decode`] turns a chat completion request into the inner form (Anthropic Messages JSON), [`encode`] turns the events of an
//! answer into a completion or its chunks, [`forward`] hands a request on as it is where the provider speaks the same format,
//! and [`errors`] writes failures. What every field becomes is told in the README of the folder above.

mod context;
mod decode;
mod encode;
mod errors;
mod forward;

use super::OpenAi;
use super::options::Options;
use ccr_plugin::messages::event::{Event, Failure};
use ccr_plugin::prelude::*;
use ccr_plugin::{Answer, ClientRequest, DecodedRequest, EncodedRequest, Format, Target};
use context::Context;

pub use encode::StreamEncoder;

/// Where clients look for the endpoint: with their base URL's `/v1`, or without it where the base URL has none.
const PATHS: [&str; 2] = ["/v1/chat/completions", "/chat/completions"];

impl ClientProtocol for OpenAi {
    type Encoder = StreamEncoder;

    fn format() -> Format {
        Format {
            paths: PATHS.map(String::from).into(),
            keep_alive: Some(": keep-alive\n\n".into()),
            key_parameter: None,
            model_pointers: vec!["/model".into()],
        }
    }

    fn decode(request: &ClientRequest) -> Result<DecodedRequest, Fault> {
        decode::decode(&request.body)
    }

    fn forward(
        request: &ClientRequest,
        target: &Target,
        base_path: &str,
        settings: &Settings,
    ) -> Result<Option<EncodedRequest>, Fault> {
        forward::forward(request, target, base_path, &Options::read(settings)?)
    }

    fn encode(events: Vec<Event>, id: &str, model: &str, context: &[u8]) -> Result<Answer, Fault> {
        let body = encode::whole(events, id, model, created(), &Context::read(context));
        Ok(Answer { status: 200, content_type: "application/json".into(), body })
    }

    fn encode_error(failure: &Failure, _request_id: &str, _path: &str) -> Answer {
        errors::answer(failure)
    }

    fn encoder(id: &str, model: &str, context: &[u8]) -> StreamEncoder {
        StreamEncoder::new(id, model, created(), Context::read(context))
    }
}

/// Seconds since 1970, for `created`. Outside of a component there is no clock to ask, and tests want the same answer each time.
fn created() -> u64 {
    // The host counts in milliseconds, OpenAI in seconds.
    if cfg!(target_family = "wasm") { ccr_plugin::host::now_ms() / 1000 } else { 0 }
}
