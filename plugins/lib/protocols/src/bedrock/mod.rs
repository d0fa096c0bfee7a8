//! The upstream protocol `bedrock`: AWS Bedrock's Converse and ConverseStream, one API for the models of many makers.
//!
//! [`encode`] turns the inner request (Anthropic Messages JSON) into a Converse request; [`decode`] turns answers, whole or
//! streamed, into typed events; [`errors`] reads failures; [`family`] knows what the makers' models want each for itself;
//! [`reasoning`] keeps their reasoning apart on its way to the client and back. Signing requests and taking the binary event
//! stream apart are the host's. What every field becomes is told in the README of this folder.

mod conclude;
mod decode;
mod encode;
mod errors;
mod family;
mod options;
mod reasoning;
mod usage;

use ccr_plugin::messages::event::{Event, Failure};
use ccr_plugin::prelude::*;
use ccr_plugin::{EncodedRequest, WireResponse};

pub use decode::StreamDecoder;

/// The plugin.
#[derive(Debug)]
pub struct Bedrock;

impl Plugin for Bedrock {
    fn describe() -> Description {
        Description::new("bedrock", env!("CARGO_PKG_VERSION"), "Speaks AWS Bedrock Converse.")
            .settings_schema(options::Options::schema())
    }
}

impl UpstreamProtocol for Bedrock {
    type Decoder = StreamDecoder;

    fn encode(request: &dyn Request, settings: &Settings) -> Result<EncodedRequest, Fault> {
        encode::encode(request, &options::Options::read(settings)?)
    }

    fn decode(response: &WireResponse, context: &[u8], _: &Settings) -> Result<Vec<Event>, Fault> {
        decode::whole(response, context)
    }

    fn decode_error(response: &WireResponse) -> Failure {
        errors::of_response(response)
    }

    fn decoder(context: &[u8], _: &Settings) -> StreamDecoder {
        StreamDecoder::new(context)
    }
}
