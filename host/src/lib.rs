//! The gateway's host: an HTTP server that sends each request through sandboxed plugins to a provider, and the answer back.
//!
//! A request's way reads from top to bottom in [`pipeline`]: accept ([`server`]), authenticate ([`auth`]), read
//! ([`request`]), route ([`routing`]), agents prepare ([`agents`]), transform ([`transform`](mod@transform)), forward ([`upstream`]),
//! read the answer ([`reading`]), answer back ([`answer`]), record ([`ledger`], [`record`]).
//!
//! What it works with: [`config`] and [`plugins`], put together in a [`snapshot`]; the shared state is [`gateway`]'s.
//! [`counting`] answers how many tokens a request has; [`tokens`] counts them.

pub mod agents;
pub mod answer;
pub mod answer_editor;
pub mod attempts;
pub mod auth;
pub mod body;
pub mod cli;
pub mod client;
pub mod config;
pub mod counting;
pub mod daemon;
pub mod demo;
pub mod endpoints;
pub mod error;
pub mod gateway;
pub mod headers;
pub mod ids;
pub mod inventory;
pub mod ledger;
pub mod pipeline;
pub mod plugins;
pub mod reading;
pub mod record;
pub mod request;
pub mod routing;
pub mod run;
pub mod server;
pub mod snapshot;
pub mod tokens;
pub mod transform;
pub mod upstream;
pub mod wire;
