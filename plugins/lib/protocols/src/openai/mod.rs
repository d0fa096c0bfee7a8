//! The format `openai`: OpenAI Chat Completions, which most providers and local servers speak, and many clients.
//!
//! [`client`] is the side of clients, [`azure`] what Azure does differently. Of the side of providers, [`encode`] turns the inner request (Anthropic Messages JSON) into a chat completion request; [`decode`] turns answers,
//! whole or streamed, into typed events; [`errors`] reads failures. Putting fragments of tool calls together, framing the
//! stream and writing the client's format are the host's. What every field becomes is told in the README of this folder.

pub mod azure;
pub mod client;
mod conclude;
mod decode;
mod encode;
pub(crate) mod errors;
pub(crate) mod functions;
pub(crate) mod model;
mod options;
pub(crate) mod thinking;
mod usage;

use ccr_plugin::messages::event::{Event, Failure};
use ccr_plugin::prelude::*;
use ccr_plugin::{EncodedRequest, WireResponse, join_endpoint};

pub use decode::StreamDecoder;

/// Where the API is under a base.
const CHAT_COMPLETIONS: &str = "/chat/completions";

/// The path of an endpoint. A base without a path is a provider's bare host: OpenAI's own version is meant.
pub(crate) fn endpoint(base: &str, endpoint: &str) -> String {
    let bare = base.is_empty() || base.starts_with('?') || base == "/" || base.starts_with("/?");
    if bare {
        join_endpoint(&format!("/v1{}", base.trim_start_matches('/')), endpoint)
    } else {
        join_endpoint(base, endpoint)
    }
}

/// The plugin.
#[derive(Debug)]
pub struct OpenAi;

impl Plugin for OpenAi {
    fn describe() -> Description {
        Description::new(
            "openai",
            env!("CARGO_PKG_VERSION"),
            "Speaks OpenAI Chat Completions, with providers and with clients.",
        )
        .settings_schema(options::SCHEMA)
    }
}

impl UpstreamProtocol for OpenAi {
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
