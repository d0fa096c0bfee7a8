//! How far agents have gone within one request of a client: the bounds of `agentLimits`, over all turns and all models that agents
//! call, however deep.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use ccr_messages::event::Usage;

use crate::config::AgentLimits;

/// What was spent so far.
#[derive(Debug)]
pub struct Spend {
    started: Instant,
    model_calls: AtomicU32,
    tokens: AtomicU64,
}

impl Default for Spend {
    fn default() -> Self {
        Self { started: Instant::now(), model_calls: AtomicU32::new(0), tokens: AtomicU64::new(0) }
    }
}

impl Spend {
    /// Counts the tokens of an answer.
    pub fn add(&self, usage: &Usage) {
        let parts =
            [usage.input_tokens, usage.output_tokens, usage.cache_read_input_tokens, usage.cache_creation_input_tokens];
        let tokens = parts.into_iter().flatten().fold(0, u64::saturating_add);
        // A counter that wraps would be a bound that is none; no sum of real answers comes near it.
        self.tokens.fetch_add(tokens.min(u64::from(u32::MAX)), Relaxed);
    }

    /// One more call of a model by an agent; `Err` names the bound that it would break.
    pub(super) fn call_model(&self, limits: &AgentLimits, depth: usize) -> Result<(), String> {
        if depth > limits.depth as usize {
            return Err(format!("models called within calls of models: agentLimits.depth is {}", limits.depth));
        }
        self.within(limits)?;
        if self.model_calls.fetch_add(1, Relaxed) >= limits.model_calls {
            return Err(format!("too many calls of models: agentLimits.model_calls is {}", limits.model_calls));
        }
        Ok(())
    }

    /// Whether there is time and money left; `Err` names the bound that is reached.
    pub(super) fn within(&self, limits: &AgentLimits) -> Result<(), String> {
        if self.tokens.load(Relaxed) >= limits.tokens {
            return Err(format!("too many tokens: agentLimits.tokens is {}", limits.tokens));
        }
        if self.time_left(limits).is_zero() {
            return Err(format!("too much time: agentLimits.time_ms is {}", limits.time.as_millis()));
        }
        Ok(())
    }

    /// Time until the bound.
    pub(super) fn time_left(&self, limits: &AgentLimits) -> Duration {
        limits.time.saturating_sub(self.started.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bound_is_named_when_it_is_reached() {
        let limits = AgentLimits { model_calls: 2, depth: 1, tokens: 10, ..AgentLimits::default() };
        let spend = Spend::default();
        assert!(spend.call_model(&limits, 1).is_ok());
        assert!(spend.call_model(&limits, 2).unwrap_err().contains("agentLimits.depth"));
        assert!(spend.call_model(&limits, 1).is_ok());
        assert!(spend.call_model(&limits, 1).unwrap_err().contains("agentLimits.model_calls"));
        spend.add(&Usage { input_tokens: Some(4), output_tokens: Some(6), ..Usage::default() });
        assert!(spend.within(&limits).unwrap_err().contains("agentLimits.tokens"));
        let hurried = AgentLimits { time: Duration::ZERO, ..AgentLimits::default() };
        assert!(spend.within(&hurried).unwrap_err().contains("agentLimits.time_ms"));
    }
}
