//! The capability `model` (`wit/0.2.0/host.wit`): who calls models for a plugin.

use std::pin::Pin;

use super::bindings::Fault;

/// A call under way.
pub type Completing<'a> = Pin<Box<dyn Future<Output = Result<String, Fault>> + Send + 'a>>;

/// Calls models in the name of one request's caller, within its bounds.
pub trait Models: Send + Sync {
    /// `request` is an Anthropic Messages request; the answer is the whole message as JSON.
    fn complete(&self, request: String) -> Completing<'_>;
}
