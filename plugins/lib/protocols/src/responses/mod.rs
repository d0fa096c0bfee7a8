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

use crate::openai;
use crate::shared::upstream::upstream;
use ccr_plugin::prelude::*;

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

upstream! {
    OpenAiResponses,
    encode: |request, settings| encode::encode(request, &options::Options::read(settings)?),
    decode: |response, context| decode::whole(&response.body, context),
    errors: |response| openai::errors::TABLE.of_response(response)
}
