//! `openai-responses`: OpenAI's Responses API, the one that keeps its models' reasoning between turns, for upstreams and clients.
//!
//! [`encode`] turns the inner request (Anthropic Messages JSON) into a request for a response; [`decode`] turns answers, whole or
//! streamed, into typed events; [`errors`] reads failures; [`thinking`] is the envelope in which reasoning travels to the client
//! and back. [`client`] is the same format seen from the other side. Framing streams, putting tool calls together and keeping
//! events in a legal order are the host's. What every field becomes is told in the README of this folder.

mod client;
mod decode;
mod encode;
mod errors;
mod options;
mod thinking;
mod usage;

use ccr_plugin::messages::event::{Event, Failure};
use ccr_plugin::prelude::*;
use ccr_plugin::{EncodedRequest, WireResponse};

pub use client::StreamEncoder;
pub use decode::StreamDecoder;

/// The plugin.
#[derive(Debug)]
pub struct OpenAiResponses;

impl Plugin for OpenAiResponses {
    fn describe() -> Description {
        Description::new("openai-responses", env!("CARGO_PKG_VERSION"), "Speaks OpenAI Responses.")
            .settings_schema(options::Options::schema())
    }
}

impl UpstreamProtocol for OpenAiResponses {
    type Decoder = StreamDecoder;

    fn encode(request: &dyn Request, settings: &Settings) -> Result<EncodedRequest, Fault> {
        encode::encode(request, &options::Options::read(settings)?)
    }

    fn decode(response: &WireResponse, context: &[u8], _: &Settings) -> Result<Vec<Event>, Fault> {
        decode::whole(&response.body, context)
    }

    fn decode_error(response: &WireResponse) -> Failure {
        errors::TABLE.of_response(response)
    }

    fn decoder(context: &[u8], _: &Settings) -> StreamDecoder {
        StreamDecoder::new(context)
    }
}
