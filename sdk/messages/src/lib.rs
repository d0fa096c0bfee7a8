//! The gateway's inner form, used by the host and by plugins alike so that the two sides cannot drift.
//!
//! A request is Anthropic Messages JSON, kept as the bytes the client sent: [`json`] finds the spans, [`request`] gives the
//! typed view over them. An answer is a sequence of typed [`event`]s: [`sse`] and [`eventstream`] frame the wire, [`tool_calls`] puts the
//! fragments of tool calls together, [`verdict`] judges how it stands, [`encode`] writes Anthropic's stream and [`fold`] the whole message.
//! Nothing here does I/O, and everything builds for `wasm32` as well as natively.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

pub mod answer;
pub mod anthropic;
pub mod effort;
pub mod encode;
pub mod endpoint;
pub mod event;
pub mod eventstream;
pub mod fingerprint;
pub mod fold;
pub mod json;
pub mod repair;
pub mod request;
pub mod schema;
pub mod sse;
pub mod tool_calls;
pub mod verdict;
pub mod wit;
