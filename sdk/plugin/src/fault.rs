//! Short ways to say whose fault something is.

use crate::Fault;
use crate::bindings::imports::ccr::plugin::types as wit;
use ccr_messages::event::{ErrorKind, Failure};

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

impl From<Failure> for wit::Failure {
    fn from(failure: Failure) -> Self {
        Self {
            kind: failure.kind.into(),
            message: failure.message,
            status: failure.status,
            retry_after_ms: failure.retry_after_ms,
        }
    }
}

impl From<wit::Failure> for Failure {
    fn from(failure: wit::Failure) -> Self {
        Self {
            kind: failure.kind.into(),
            message: failure.message,
            status: failure.status,
            retry_after_ms: failure.retry_after_ms,
        }
    }
}

/// Two enums with the same variants, turned into each other.
macro_rules! same_variants {
    ($a:ty, $b:ty: $($variant:ident),+) => {
        impl From<$a> for $b {
            fn from(value: $a) -> Self {
                match value { $(<$a>::$variant => Self::$variant,)+ }
            }
        }
        impl From<$b> for $a {
            fn from(value: $b) -> Self {
                match value { $(<$b>::$variant => Self::$variant,)+ }
            }
        }
    };
}

same_variants!(wit::ErrorKind, ErrorKind:
    InvalidRequest, Authentication, Billing, Permission, NotFound, TooLarge, RateLimit, Api, Timeout, Overloaded);
