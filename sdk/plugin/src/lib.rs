//! What a plugin of the gateway is written with.
//!
//! A plugin is a WebAssembly component with one or more roles of the WIT package `ccr:plugin`. Implement [`Plugin`] and the
//! trait of each role, and name them in [`register!`]: one that is implemented and not named does not compile. A transformer that caps `max_tokens` is this much:
//!
//! ```
//! use ccr_plugin::prelude::*;
//!
//! struct Cap;
//!
//! impl Plugin for Cap {
//!     fn describe() -> Description {
//!         Description::new("cap", "0.1.0", "Caps max_tokens at 1000.")
//!     }
//! }
//!
//! impl RequestTransformer for Cap {
//!     fn transform_request(request: &mut dyn Request, _: &Settings) -> Result<(), Fault> {
//!         request.set("/max_tokens", "1000")
//!     }
//! }
//!
//! register!(Cap: request_transformer);
//! # fn main() {}
//! ```
//!
//! The logic is ordinary Rust: [`testing`] has a request to try it on with plain `cargo test`, without any WebAssembly.
#![deny(missing_docs)]

#[doc(hidden)]
pub mod bindings;

mod convert;
mod describe;
mod fault;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod heap;
pub mod host;
pub mod memory;
mod register;
mod request;
mod role;
mod settings;
pub mod testing;

pub use bindings::imports::ccr::plugin::types::{Fault, Header};
pub use ccr_messages as messages;
pub use describe::{Capability, Description, Plugin};
#[doc(hidden)]
pub use register::registration;
pub use request::{Request, Summary, Target, WireRequest};
pub use role::agent::{
    Agent, AgentAnswer, Preparation, ToolCall, ToolDefinition, ToolResult, error_result, text_result,
};
pub use role::answer::{AnswerStream, Unchanged};
pub use role::client::{Answer, ClientProtocol, ClientRequest, DecodedRequest, Encoder, Format};
pub use role::observer::Observer;
pub use role::router::{Decision, Router};
pub use role::transformer::{AnswerTransformer, RequestTransformer, WireTransformer};
pub use role::upstream::{
    Credential, Decoder, EncodedRequest, ListRequest, ListedModel, ModelPage, Models, TokenCount, UpstreamProtocol,
    WireResponse, join_endpoint,
};
pub use settings::Settings;

/// What plugins of every role need; `use ccr_plugin::prelude::*;`.
pub mod prelude {
    pub use crate::messages::event::{Event, Failure};
    pub use crate::messages::sse::SseEvent;
    pub use crate::{
        Agent, AgentAnswer, Answer, AnswerStream, AnswerTransformer, Capability, ClientProtocol, ClientRequest,
        Credential, Decision, DecodedRequest, Decoder, Description, EncodedRequest, Encoder, Fault, Format, Header,
        ListRequest, ListedModel, ModelPage, Models, Observer, Plugin, Preparation, Request, RequestTransformer,
        Router, Settings, Target, TokenCount, ToolCall, ToolDefinition, ToolResult, Unchanged, UpstreamProtocol,
        WireRequest, WireResponse, WireTransformer, error_result, register, text_result,
    };
}
