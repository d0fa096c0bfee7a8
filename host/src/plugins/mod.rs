//! Plugins: how a component is loaded, kept within bounds, and called in each of its roles.
//!
//! [`engine`] is made once; [`registry`] is what one snapshot has loaded; [`upstream`], [`client`], [`transformer`],
//! [`router`], [`agent`] and [`answer_stream`] are the calls; [`exports`] says which of them a component takes. An instance lives for one call or one streamed answer ([`instance`]).

pub mod agent;
pub mod answer_stream;
pub mod bindings;
pub mod breaker;
pub mod cache;
pub mod capabilities;
pub mod client;
pub mod component;
mod convert;
pub mod engine;
pub mod error;
mod exports;
pub mod guest;
pub mod http;
mod imports;
mod instance;
pub mod kv;
pub mod meter;
pub mod model;
pub mod registry;
mod requests;
pub mod router;
pub mod transformer;
pub mod upstream;

pub use component::{Limits, Origin, Plugin};
pub use engine::PluginEngine;
pub use error::{Cause, PluginError, from_protocol};
pub use guest::Surroundings;
pub use requests::Destination;
