//! The upstream protocol `gemini`: Google's `generateContent` and `streamGenerateContent`.
//!
//! [`encode`] turns the inner request (Anthropic Messages JSON) into Gemini's; [`decode`] turns answers, whole or streamed,
//! into typed events; [`errors`] reads failures. Tool schemas are compiled in `ccr_messages::schema`, so that other plugins
//! for Gemini's models can share it; framing the stream, finishing tool calls and writing the client's format are the host's.
//! What every field becomes is told in the README of this folder.

mod client;
mod conclude;
mod decode;
mod encode;
mod errors;
mod model;
mod options;
mod signature;
mod tool_names;
mod usage;
mod vertex;

use crate::shared::upstream::upstream;
use ccr_plugin::Capability;
use ccr_plugin::prelude::*;

pub use client::StreamEncoder;
pub use decode::StreamDecoder;
pub use vertex::VertexGemini;

/// The plugin.
#[derive(Debug)]
pub struct Gemini;

impl Plugin for Gemini {
    fn describe() -> Description {
        Description::new("gemini", env!("CARGO_PKG_VERSION"), "Speaks Google Gemini's generateContent.")
            .settings_schema(options::Options::schema())
            .asks_for(Capability::Kv)
    }
}

upstream! {
    Gemini,
    encode: |request, settings| encode::encode(request, &options::Options::read(settings)?),
    decode: |response, context| decode::whole(&response.body, context),
    errors: |response| errors::TABLE.of_response(response)
}
