//! Short ways to say whose fault something is.

use crate::Fault;
use crate::bindings::imports::ccr::plugin::types as wit;
use ccr_messages::event::Failure;

impl Fault {
    /// The client's request is wrong: it gets a 400 with this text.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::InvalidRequest(message.into())
    }

    /// This target cannot do what the request asks, and leaving it out would change its meaning: a 400.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::Unsupported(message.into())
    }

    /// The upstream answered something that cannot be read: a 502, and the next target may be tried.
    pub fn unreadable(message: impl Into<String>) -> Self {
        Self::Upstream(wit::Failure {
            kind: wit::ErrorKind::Api,
            message: message.into(),
            status: None,
            retry_after_ms: None,
        })
    }

    /// The plugin itself is at fault.
    pub fn own(message: impl Into<String>) -> Self {
        Self::Other(message.into())
    }
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        Self::Upstream(failure.into())
    }
}
