//! The upstream protocol `vertex-gemini`: the same API as [`super::Gemini`] on Google Cloud, with other paths, Google's access
//! tokens instead of a key (but in express mode), and fields of its own.

use super::{StreamDecoder, decode, encode, errors, options};
use crate::shared::upstream::upstream;
use ccr_plugin::Capability;
use ccr_plugin::prelude::*;

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

upstream! {
    VertexGemini,
    encode: |request, settings| encode::encode(request, &options::Options::read_vertex(settings)?),
    decode: |response, context| decode::whole(&response.body, context),
    errors: |response| errors::TABLE.of_response(response)
}
