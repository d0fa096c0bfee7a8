//! Answer back: what an upstream says, on its way to the client.
//!
//! Events come from one upstream after the other where agents have a part in the answer ([`turns`]). They are written as a stream
//! ([`stream`]) or gathered into one message ([`whole`]), in the client's format ([`crate::client`]). An upstream's own bytes need
//! none of this.

mod stream;
mod turns;
mod whole;

use std::time::Duration;

use ccr_messages::event::{Failure, FinishReason, Start, Usage};

pub use self::stream::{EventStream, StreamNext};
pub use self::turns::TurnSource;
pub use self::whole::{Gathered, Gathering};
use crate::base::error::GatewayError;

/// How a streamed answer ended.
#[derive(Debug)]
pub enum StreamEnd {
    /// The client has all of it.
    Complete,
    /// It broke off, and the client was told.
    Broken(Failure, Blame),
    /// It broke off, and nobody can tell the client: the component that writes its format has failed.
    Cut(GatewayError),
}

/// Whose doing it is that an answer broke off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The upstream's.
    Upstream,
    /// A plugin's.
    Plugin,
}

impl Blame {
    /// Of an error in the middle of an answer.
    pub fn of(error: &GatewayError) -> Self {
        if matches!(error, GatewayError::Plugin(_)) { Self::Plugin } else { Self::Upstream }
    }
}

/// What is known of an answer so far, for the record and the session.
#[derive(Debug, Clone, Default)]
pub struct Totals {
    /// What the upstream calls it.
    pub start: Start,
    /// Token counts of all turns.
    pub usage: Usage,
    /// Those of the last turn alone, where there were several.
    pub last_usage: Option<Usage>,
    /// Why the model stopped.
    pub finish: Option<FinishReason>,
    /// What was left out of the answer.
    pub dropped: Vec<String>,
    /// Time spent in plugins that read, edit and write it.
    pub plugin_time: Duration,
    /// How many turns it took, where agents had a part in it.
    pub turns: Option<u32>,
}
