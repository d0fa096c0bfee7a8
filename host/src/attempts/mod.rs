//! From a route to an answer that has begun: which target is tried next, with which key, when again, and when no more.
//!
//! All that can be tried is laid out first ([`plan`]: fallbacks, aliases by [`balance`], keys by [`keys`]) and then tried in that
//! order, without a pause, until one begins to answer ([`run`]; two at a time with [`hedge`]). What one attempt does is [`turn`]'s. What a failure means is [`class`]'s to say; what it means for
//! later requests, [`health`]'s. Only if all have failed for a moment's reason, and the config wants retries, there is a [`pause`]
//! and another round. Dropping the future, as the client's hanging up does, ends all of it.
//!
//! Whoever rests or has used up its [`windows`] is passed over. If only resting ones are left they are asked all the same: a
//! gateway with a single target must not be worse than none.

mod balance;
mod class;
mod cost;
mod health;
mod hedge;
mod keys;
mod lease;
mod log;
mod pause;
mod place;
mod plan;
mod run;
mod share;
mod summary;
mod turn;
mod windows;

use std::sync::Arc;
use std::time::Instant;

use self::balance::Loads;
use self::health::Health;
pub use self::health::Report;
pub use self::lease::Lease;
pub use self::log::AttemptLog;
use self::pause::Budget;
pub use self::plan::Candidate;
use self::run::Run;
pub use self::turn::{Begun, First, Later, Turn};
use self::windows::Windows;
use crate::base::error::GatewayError;
use crate::plugins::PluginEngine;
use crate::routing::Route;
use crate::snapshot::Snapshot;
use crate::upstream::Upstreams;

/// What is remembered from request to request, also over reloads of the config.
pub struct Shared {
    health: Arc<Health>,
    loads: Loads,
    windows: Windows,
    budget: Budget,
}

impl Shared {
    /// Nothing yet.
    pub fn new() -> Arc<Self> {
        let (health, loads) = (Health::new(), Loads::new());
        Arc::new(Self { health, loads, windows: Windows::default(), budget: Budget::new() })
    }

    /// Targets and keys with trouble.
    pub fn report(&self) -> Vec<Report> {
        self.health.report(Instant::now())
    }
}

/// What every attempt of a request works with.
#[derive(Clone, Copy)]
pub struct Tools<'a> {
    /// Runs plugins.
    pub engine: &'a PluginEngine,
    /// Sends requests.
    pub upstreams: &'a Upstreams,
    /// What the request began with.
    pub snapshot: &'a Arc<Snapshot>,
    /// What is remembered of earlier requests.
    pub shared: &'a Arc<Shared>,
}

/// An answer that has begun well.
pub struct Served<T> {
    /// What was opened.
    pub opened: T,
    /// Held until the answer has ended.
    pub lease: Lease,
}

/// The first answer that begins well.
pub async fn first_good<T: Turn>(
    tools: Tools<'_>,
    turn: &T,
    route: &Route,
    log: &mut AttemptLog,
) -> Result<Served<T::Opened>, GatewayError> {
    Run::new(tools, turn, route, log).go().await
}
