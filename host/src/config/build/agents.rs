//! `agentLimits`: how far agents may go within one request.

use crate::config::AgentLimits;
use crate::config::reader::Node;

pub(super) fn limits(node: &Node<'_>) -> AgentLimits {
    /// Beyond these a bound is none any more.
    const MOST: u64 = 1000;
    let mut limits = AgentLimits::default();
    let Some(table) = node.table() else { return limits };
    let read = |name: &'static str, limit: &mut u32, least: u64| {
        let given = table.get(&[name]).and_then(|node| node.number(least..=MOST));
        if let Some(given) = given.and_then(|number| u32::try_from(number).ok()) {
            *limit = given;
        }
    };
    read("turns", &mut limits.turns, 2);
    read("calls_per_turn", &mut limits.calls, 1);
    read("model_calls", &mut limits.model_calls, 0);
    read("depth", &mut limits.depth, 0);
    if let Some(tokens) = table.get(&["tokens"]).and_then(|node| node.number(1..=u64::MAX)) {
        limits.tokens = tokens;
    }
    if let Some(time) = table.get(&["time_ms"]).and_then(|node| node.milliseconds()) {
        limits.time = time;
    }
    table.finish();
    limits
}
