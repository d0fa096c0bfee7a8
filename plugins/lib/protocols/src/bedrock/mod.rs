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

use crate::shared::upstream::upstream;
use ccr_plugin::prelude::*;

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

upstream! {
    Bedrock,
    encode: |request, settings| encode::encode(request, &options::Options::read(settings)?),
    decode: decode::whole,
    errors: errors::of_response
}
