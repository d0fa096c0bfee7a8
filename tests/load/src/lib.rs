//! Load tooling for the gateway: what the two binaries and `cargo bench` share.
//!
//! - [`body()`] makes requests as a coding agent sends them, of any size, the same bytes every time.
//! - [`answer`] renders what a mock provider answers, in both wire formats.
//! - [`http1`] is just enough HTTP/1.1 over a raw socket to cost almost nothing beside the gateway.
//! - [`client`] is the closed loop that drives a gateway; [`procfs`] reads what that cost it; [`report`] says so.
//!
//! Starting the processes, pinning them to cores and comparing rows is left to `cargo xtask bench`.

pub mod answer;
pub mod args;
pub mod body;
pub mod client;
pub mod http1;
pub mod procfs;
pub mod report;
mod text;

pub use body::{body, body_for};
