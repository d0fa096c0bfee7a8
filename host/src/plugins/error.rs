//! Why a call into a plugin did not work.

use std::time::Duration;

use super::bindings::Fault;
use crate::base::error::{GatewayError, PluginFailure, PluginFault};

/// A plugin, the step it was in, and what went wrong there.
#[derive(Debug, thiserror::Error)]
#[error("plugin `{plugin}`, {step}: {cause}")]
pub struct PluginError {
    /// Name and version.
    pub plugin: String,
    /// The function that was called.
    pub step: &'static str,
    /// What went wrong.
    pub cause: Cause,
}

/// What can go wrong with a plugin.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// The plugin worked and said no.
    #[error("{}", fault_text(.0))]
    Refused(Fault),
    /// It took longer than it may.
    #[error("it took longer than {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// It asked for more memory than it may have.
    #[error("it needs more than its {} MiB of memory", .0 / (1024 * 1024))]
    OutOfMemory(usize),
    /// It trapped (a panic, most often).
    #[error("it trapped: {0}")]
    Trapped(String),
    /// It answered something that it must not.
    #[error("{0}")]
    BadOutput(String),
    /// All instances that may live at once are in use.
    #[error("all instances are in use")]
    Busy,
    /// It failed too often and is left alone for a while.
    #[error("it failed too often and is left alone for {} s", .0.as_secs())]
    Resting(Duration),
    /// It could not be loaded.
    #[error("{0}")]
    NotLoaded(String),
}

impl Cause {
    /// Whether it counts against the plugin in its breaker: not what it refused by intention, nor the host's own bounds.
    pub(super) fn is_failure(&self) -> bool {
        matches!(self, Self::TimedOut(_) | Self::OutOfMemory(_) | Self::Trapped(_) | Self::BadOutput(_))
    }
}

/// What a plugin said.
pub fn fault_text(fault: &Fault) -> &str {
    match fault {
        Fault::InvalidRequest(text)
        | Fault::Unsupported(text)
        | Fault::Denied(text)
        | Fault::Unavailable(text)
        | Fault::BadAnswer(text)
        | Fault::Other(text) => text,
        Fault::Upstream(failure) => &failure.message,
    }
}

impl From<PluginError> for GatewayError {
    fn from(error: PluginError) -> Self {
        let message = error.to_string();
        let fault = match error.cause {
            Cause::Refused(fault) => match fault {
                Fault::InvalidRequest(_) => PluginFault::InvalidRequest,
                Fault::Unsupported(_) => PluginFault::Unsupported,
                Fault::Denied(_) => PluginFault::Denied,
                Fault::Unavailable(_) => PluginFault::Unavailable,
                Fault::BadAnswer(_) => PluginFault::BadAnswer,
                Fault::Upstream(failure) => PluginFault::Upstream(failure.into()),
                Fault::Other(_) => PluginFault::Other,
            },
            Cause::Busy => PluginFault::Busy,
            Cause::Resting(_) | Cause::NotLoaded(_) => PluginFault::NotReady,
            Cause::TimedOut(_) | Cause::OutOfMemory(_) | Cause::Trapped(_) | Cause::BadOutput(_) => PluginFault::Broken,
        };
        Self::Plugin(PluginFailure { message, fault })
    }
}

/// A plugin's refusal is the upstream's error where the plugin only reports it.
pub fn from_protocol(error: PluginError, provider: &str) -> GatewayError {
    match error.cause {
        Cause::Refused(Fault::BadAnswer(reason)) => GatewayError::BadAnswer { provider: provider.to_owned(), reason },
        Cause::Refused(Fault::Upstream(failure)) => GatewayError::Upstream(failure.into()),
        cause => PluginError { cause, ..error }.into(),
    }
}
