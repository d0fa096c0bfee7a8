//! What a routing decision depends on, and what it says.

use super::count::TokenCount;
use crate::base::request::InnerRequest;
use crate::config::{Config, ModelRef, RouterConfig, Rule, Scenario};

/// Everything that a decision depends on.
pub struct Question<'r, 'a> {
    /// The config that targets point into.
    pub config: &'a Config,
    /// Its `Router`, with the project's over it.
    pub router: &'r RouterConfig,
    /// The request, as it came.
    pub request: &'a InnerRequest,
    /// The model that a subagent's tag names.
    pub tag: Option<&'a str>,
    /// The name of the client's key.
    pub client_key: Option<&'a str>,
    /// Input tokens of the session's last request.
    pub last_input: Option<u64>,
    /// Counts the request's.
    pub tokens: &'a dyn TokenCount,
}

/// Where a request goes.
pub struct Decision<'a> {
    /// The first target.
    pub target: ModelRef,
    /// What kind of request it is.
    pub scenario: Scenario,
    /// Why.
    pub reason: String,
    /// The rule that matched, with its rewrites and its fallback; it may have left the target to others.
    pub rule: Option<&'a Rule>,
}
