//! What happens when a target fails, and how requests are spread over keys and over several targets behind one name.
//!
//! The values only; `attempts` acts on them.

use std::time::Duration;

use super::ModelRef;

/// `Router.fallback`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failover {
    /// How often a request is tried again after all of its targets have failed for a moment's reason.
    pub retries: u32,
    /// Tried after what the route says, in this order.
    pub models: Vec<ModelRef>,
    /// The longest pause before the first retry; each further one may be twice as long.
    pub backoff: Duration,
    /// The longest pause at all.
    pub longest_backoff: Duration,
    /// The longest `Retry-After` that is waited for; a longer one is the client's to wait.
    pub longest_wait: Duration,
    /// How long a stream's target may be silent before another is asked at the same time; `None`: for ever.
    pub hedge: Option<Duration>,
    /// Most requests upstream for one request.
    pub attempts: u32,
    /// Retries for each 1000 requests, over all.
    pub retry_share: u32,
    /// Statuses that another target may not share, although they say that the request is wrong.
    pub statuses: Vec<u16>,
    /// How long a key rests that was refused, if the provider names no time.
    pub cooldown: Duration,
    /// After how many failures in a row a target rests; 0 for never.
    pub breaker_failures: u32,
    /// How long it rests the first time; twice as long each time after.
    pub breaker_rest: Duration,
    /// In thousandths: how full a key's windows may be before others go first.
    pub spill_over: u32,
}

impl Default for Failover {
    fn default() -> Self {
        Self {
            // Clients retry by themselves: Claude Code ten times, the SDKs twice. Who wants more says so.
            retries: 0,
            models: Vec::new(),
            // These three are claude-code-router 3's.
            backoff: Duration::from_secs(1),
            longest_backoff: Duration::from_secs(30),
            longest_wait: Duration::from_secs(60),
            // It costs money: who wants it says so.
            hedge: None,
            // More than any sensible chain is long; a large pool of keys that are all refused ends here.
            attempts: 16,
            // One in five: an outage makes a fifth more load of the retries, not a multiple.
            retry_share: 200,
            statuses: Vec::new(),
            // claude-code-router 3's, and the window in which most providers count requests.
            cooldown: Duration::from_secs(60),
            // As often as a coincidence is not.
            breaker_failures: 5,
            // As long as a provider needs to restart what has crashed.
            breaker_rest: Duration::from_secs(15),
            // claude-code-router 3's.
            spill_over: 800,
        }
    }
}

/// Several targets behind one name.
#[derive(Debug, Clone, PartialEq)]
pub struct Alias {
    /// Which of them goes first.
    pub strategy: Strategy,
    /// At least one.
    pub members: Vec<Member>,
}

/// A target of an alias.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// Never an alias itself.
    pub target: ModelRef,
    /// Share among members of one priority.
    pub weight: u32,
    /// Lower goes first.
    pub priority: u32,
    /// For comparison with the other members', in whatever unit; unknown is the dearest.
    pub price: Option<f64>,
}

/// Who goes first among the members of one priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strategy {
    /// Sessions are shared out by weight.
    #[default]
    Weighted,
    /// The one with the fewest requests at work, measured by its weight.
    LeastBusy,
    /// The one that has begun its answers the soonest.
    LowestLatency,
    /// The one with the lowest `price`.
    LowestPrice,
}

impl Strategy {
    /// All, for messages.
    pub const ALL: [Self; 4] = [Self::Weighted, Self::LeastBusy, Self::LowestLatency, Self::LowestPrice];

    /// As the configuration spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Weighted => "weighted",
            Self::LeastBusy => "least_busy",
            Self::LowestLatency => "lowest_latency",
            Self::LowestPrice => "lowest_price",
        }
    }
}

/// How much of something a key may be used for within a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyLimit {
    /// What is counted.
    pub counts: Counted,
    /// How much may be used.
    pub most: u64,
    /// From one start of counting to the next.
    pub window: Duration,
}

/// What a window counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Counted {
    /// Requests sent upstream.
    Requests,
    /// Input and output together.
    Tokens,
    /// Pictures in the request.
    Images,
}
