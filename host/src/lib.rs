//! The gateway's host: an HTTP server that sends each request through sandboxed plugins to a provider, and the answer back.
//!
//! A request's way reads from top to bottom in [`pipeline`]: accept ([`server`]), authenticate ([`auth`]), read
//! ([`base::request`]), route ([`routing`]), agents prepare ([`agents`]), transform ([`transform`](mod@transform)), forward
//! ([`upstream`]), read the answer ([`reading`]), answer back ([`answer`]), record ([`ledger`], [`record`]).
//!
//! What it works with: [`config`] and [`plugins`], put together in a [`snapshot`]; the shared state is [`gateway`]'s.
//! [`tokens`] counts how many tokens a request has. Which module may use which is a list in ARCHITECTURE.md, kept by a test.

pub mod agents;
pub mod answer;
pub mod answer_editor;
pub mod attempts;
pub mod auth;
pub mod base;
pub mod cli;
pub mod client;
pub mod config;
pub mod gateway;
pub mod headers;
pub mod ledger;
pub mod pipeline;
pub mod plugins;
pub mod reading;
pub mod record;
pub mod routing;
pub mod server;
pub mod snapshot;
pub mod tokens;
pub mod transform;
pub mod upstream;
