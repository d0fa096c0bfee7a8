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
pub(crate) mod endpoint;
pub(crate) mod errors;
pub(crate) mod functions;
pub(crate) mod model;
mod options;
pub(crate) mod thinking;
mod usage;

use crate::shared::upstream::upstream;
use ccr_plugin::prelude::*;

pub use decode::StreamDecoder;

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
        .settings_schema(options::Options::schema())
    }
}

upstream! {
    OpenAi,
    encode: |request, settings| encode::encode(request, &options::Options::read(settings)?),
    decode: |response, context| decode::whole(&response.body, context),
    errors: |response| errors::TABLE.of_response(response)
}
