//! From a route to an answer that has begun: which target is tried next, with which key, when again, and when no more.
//!
//! All that can be tried is laid out first ([`plan`]: fallbacks, aliases by [`balance`], keys by [`keys`]) and then tried in that
//! order, without a pause, until one begins to answer ([`run`], [`single`]; two at a time with [`hedge`]). What a failure means is [`class`]'s to say; what it means for
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
mod pause;
mod place;
mod plan;
mod run;
mod share;
mod single;
mod summary;
mod windows;

use std::sync::Arc;
use std::time::Instant;

use self::balance::Loads;
use self::health::Health;
pub use self::health::Report;
pub use self::lease::Lease;
use self::pause::Budget;
use self::run::Run;
use self::windows::Windows;
use crate::agents::Caller;
use crate::answer::Answer;
use crate::client::Answering;
use crate::error::GatewayError;
use crate::gateway::Gateway;
use crate::record::OpenRecord;
use crate::request::InnerRequest;
use crate::routing::Route;
use crate::snapshot::Snapshot;

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

/// What attempts for one request need.
pub struct Attempts<'a> {
    /// What all requests share.
    pub gateway: &'a Gateway,
    /// In whose name agents act; none where there are no agents.
    pub caller: Option<&'a Arc<Caller>>,
    /// The tools of the agents whose answer goes on; none if it is to begin.
    pub continued: Option<Vec<String>>,
    /// What the request began with.
    pub snapshot: &'a Arc<Snapshot>,
    /// The request as it came.
    pub request: &'a InnerRequest,
    /// The client speaks the inner form.
    pub inner_client: bool,
    /// How a client of another format is answered.
    pub answering: Option<&'a Answering>,
    /// What of such a client's request has no place in the inner form.
    pub unread: &'a [String],
    /// The request's record.
    pub record: &'a mut OpenRecord,
}

/// The first answer that begins well.
pub async fn first_answer<'a>(attempts: Attempts<'a>, route: &'a Route) -> Result<Answer, GatewayError> {
    Run::new(attempts, route).go().await
}
