//! The harness of the end-to-end tests: the real binary, with everything around it in the test's hands.
//!
//! - [`upstream::FakeUpstream`] is a provider that plays a script, byte by byte, and records what it is asked.
//! - [`gateway::TestGateway`] starts the binary with a config and a home folder of its own.
//! - [`client::Client`] asks it, and can stop listening in mid-answer.
//! - [`sse`] and [`transcript`] read a streamed answer as a client would, and say whether it was a legal one.
//!
//! None of it shares code with the gateway: what both sides get wrong in the same way, no test would see.
//! There are no sleeps. What has to wait for a moment in the middle of an answer waits for a [`upstream::Gate`].

pub mod artifacts;
pub mod client;
pub mod gateway;
pub mod sse;
pub mod time;
pub mod transcript;
pub mod upstream;
mod wire;

pub use client::{Answer, Client, Connection, Request};
pub use gateway::{Setup, Stopped, TestGateway};
pub use sse::Event;
pub use time::{LIMIT, eventually, within};
pub use transcript::Transcript;
pub use upstream::{Asked, FakeUpstream, Format, Gate, Script, SeenRequest, Story};
pub use wire::Headers;
