//! Values that must not be printed: keys, and addresses with credentials in them.
//!
//! Each type's `Debug` shows what helps in a log and nothing else. Comparing a secret in constant time is left to the authentication.

use std::{fmt, ops::Deref, sync::Arc};

use url::Url;

/// A key or password. There is no `PartialEq`: whoever compares secrets should have to think about timing.
#[derive(Clone)]
pub struct Secret(Arc<str>);

impl Secret {
    /// Hides a text from now on.
    pub fn new(value: &str) -> Self {
        Self(value.into())
    }

    /// The value itself, for the place that sends or checks it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// A URL that prints without user, password, query and fragment: all of them are places where people put keys.
#[derive(Clone, PartialEq, Eq)]
pub struct SafeUrl(Url);

impl SafeUrl {
    /// Hides what is secret in an address from now on.
    pub fn new(url: Url) -> Self {
        Self(url)
    }

    /// The whole URL, credentials included.
    pub fn expose(&self) -> &Url {
        &self.0
    }
}

impl Deref for SafeUrl {
    type Target = Url;

    fn deref(&self) -> &Url {
        &self.0
    }
}

impl fmt::Display for SafeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.0.scheme(), self.0.host_str().unwrap_or_default())?;
        if let Some(port) = self.0.port() {
            write!(f, ":{port}")?;
        }
        f.write_str(self.0.path())
    }
}

impl fmt::Debug for SafeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
