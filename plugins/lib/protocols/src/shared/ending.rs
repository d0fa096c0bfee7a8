//! What it means that a model stopped.

use ccr_plugin::messages::event::{ErrorKind, Failure, FinishReason};

/// What a provider's reason for the end of an answer means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ending {
    Finished(FinishReason),
    /// The answer broke although the status said that all is well; trying again may help.
    Failed(ErrorKind),
}

/// What the client reads of an answer that ended in a failure: `what` happened, for this reason.
pub(crate) fn broken(what: &str, kind: ErrorKind, reason: &str) -> Failure {
    let message = format!("{what} ({reason}). Try again.");
    Failure { kind, message, status: None, retry_after_ms: None }
}
