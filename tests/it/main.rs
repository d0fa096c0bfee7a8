//! The gateway as its users meet it: the real binary between real sockets. One module per subject.
#![allow(
    clippy::unwrap_used,
    reason = "a failed unwrap is a failed test; the lint's own exception does not cover helpers"
)]

mod agents;
mod auth;
mod burst;
mod cli;
mod client_plugin;
mod clients;
mod count_tokens;
mod credentials;
mod demo;
mod drain;
mod edge_cases;
mod errors;
mod eventstream;
mod failover;
mod forwarded;
mod hangup;
mod headers;
mod http;
mod http2;
mod image_agent;
mod limits;
mod maxtoken;
mod memory_agent;
mod messages;
mod models;
mod namesakes;
mod passthrough;
mod ping;
mod plugin_http;
mod plugins_hostile;
mod presets;
mod reload;
mod router_plugin;
mod routing;
mod support;
mod tokenizers;
mod transformers;
mod websearch_agent;
