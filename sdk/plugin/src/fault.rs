//! Short ways to say whose fault something is.

use crate::Fault;
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

    /// The upstream answered something that cannot be read: a 502, and the next target is tried.
    pub fn bad_answer(message: impl Into<String>) -> Self {
        Self::BadAnswer(message.into())
    }

    /// What it says, whoever is at fault.
    #[must_use]
    pub fn message(&self) -> &str {
        match self {
            Self::InvalidRequest(text)
            | Self::Unsupported(text)
            | Self::Denied(text)
            | Self::Unavailable(text)
            | Self::BadAnswer(text)
            | Self::Other(text) => text,
            Self::Upstream(failure) => &failure.message,
        }
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
