//! What a plugin of the gateway is written with.
//!
//! A plugin is a WebAssembly component with one or more roles of the WIT package `ccr:plugin`. Implement [`Plugin`] and the
//! trait of each role, and name them in [`register!`]. A transformer that caps `max_tokens` is this much:
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
//! impl Transformer for Cap {
//!     fn transform_request(request: &mut dyn Request, _: &Settings) -> Result<(), Fault> {
//!         request.set("/max_tokens", "1000")
//!     }
//! }
//!
//! register!(Cap: transformer);
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
mod request;
mod role;
mod settings;
pub mod testing;

pub use bindings::imports::ccr::plugin::types::{Fault, Header};
pub use ccr_messages as messages;
pub use describe::{Capability, Description, Plugin};
pub use request::{Request, Summary, Target, WireRequest};
pub use role::agent::{Agent, Preparation, ToolCall, ToolDefinition, ToolResult, error_result, text_result};
pub use role::client::{Answer, ClientProtocol, ClientRequest, DecodedRequest, Encoder, Format, Forwarded};
pub use role::observer::Observer;
pub use role::router::{Decision, Router};
pub use role::transformer::{AnswerStream, Hooks, Transformer, Unchanged};
pub use role::upstream::{Credential, Decoder, EncodedRequest, UpstreamProtocol, WireResponse, join_endpoint};
pub use settings::Settings;

#[doc(hidden)]
pub use role::{agent, client, observer, router, transformer, upstream};
#[doc(hidden)]
pub mod description {
    pub use crate::describe::Export;
}

/// What nearly every plugin needs; `use ccr_plugin::prelude::*;`.
pub mod prelude {
    pub use crate::messages::event::Event;
    pub use crate::{
        Agent, AnswerStream, ClientProtocol, Decision, Decoder, Description, Fault, Hooks, Observer, Plugin, Request,
        Router, Settings, Transformer, UpstreamProtocol, WireRequest, register,
    };
}

/// Makes a component of a type: `register!(MyPlugin: transformer, router);`, once per crate.
///
/// The type implements [`Plugin`] and the trait of every role that is named: `upstream` ([`UpstreamProtocol`]),
/// `client` ([`ClientProtocol`]), `transformer` ([`Transformer`]), `router` ([`Router`]), `agent` ([`Agent`]),
/// `observer` ([`Observer`]).
#[macro_export]
macro_rules! register {
    ($plugin:ty: $($role:ident),+ $(,)?) => {
        // Natively there is nobody to export to, and linkers for other targets refuse the names of a component's exports.
        #[cfg(target_family = "wasm")]
        const _: () = {
            type Description = $crate::description::Export<$plugin>;
            $crate::bindings::description::export!(Description with_types_in $crate::bindings::description);
        };
        $($crate::register_role!($role, $plugin);)+
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! register_role {
    ($role:ident, $plugin:ty) => {
        #[cfg(target_family = "wasm")]
        const _: () = {
            type Role = $crate::$role::Export<$plugin>;
    $crate::bindings::$role::export!(Role with_types_in $crate::bindings::$role);
        };
    };
}
