//! Plugins: how a component is loaded, kept within bounds, and called in each of its roles.
//!
//! [`engine`] is made once; [`registry`] is what one snapshot has loaded; [`upstream`], [`client`], [`transformer`],
//! [`router`] and [`agent`] are the calls. An instance lives for one call or one streamed answer ([`session`]).

pub mod agent;
pub mod bindings;
pub mod breaker;
pub mod cache;
pub mod capabilities;
pub mod client;
pub mod component;
mod convert;
pub mod engine;
pub mod error;
pub mod guest;
pub mod http;
mod imports;
pub mod kv;
pub mod lent;
pub mod meter;
pub mod model;
pub mod registry;
pub mod router;
mod session;
pub mod transformer;
pub mod upstream;

pub use component::{Limits, Origin, Plugin};
pub use engine::PluginEngine;
pub use error::{Cause, PluginError};
pub use guest::Surroundings;
