//! The upstream protocol `vertex-gemini`: the same API as [`super::Gemini`] on Google Cloud, with other paths, Google's access
//! tokens instead of a key (but in express mode), and fields of its own.

use super::{StreamDecoder, decode, encode, errors, options};
use ccr_plugin::messages::event::{Event, Failure};
use ccr_plugin::prelude::*;
use ccr_plugin::{Capability, EncodedRequest, WireResponse};

/// The plugin.
#[derive(Debug)]
pub struct VertexGemini;

impl Plugin for VertexGemini {
    fn describe() -> Description {
        Description::new("vertex-gemini", env!("CARGO_PKG_VERSION"), "Speaks Gemini's generateContent on Vertex AI.")
            .settings_schema(options::Options::vertex_schema())
            .asks_for(Capability::Kv)
    }
}

impl UpstreamProtocol for VertexGemini {
    type Decoder = StreamDecoder;

    fn encode(request: &dyn Request, settings: &Settings) -> Result<EncodedRequest, Fault> {
        encode::encode(request, &options::Options::read_vertex(settings)?)
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
