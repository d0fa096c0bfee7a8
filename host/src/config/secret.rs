//! Values that must not be printed: keys, addresses with credentials in them, options that may hold either.
//!
//! Each type's `Debug` shows what helps in a log and nothing else. Comparing a secret in constant time is left to the authentication.

use std::{fmt, ops::Deref, sync::Arc};

use serde_json::Value;
use url::Url;

/// A key or password. There is no `PartialEq`: whoever compares secrets should have to think about timing.
#[derive(Clone)]
pub struct Secret(Arc<str>);

impl Secret {
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

/// A part of the configuration that is kept as it was written, for a plugin or a later step to read.
/// `Debug` shows its keys only, since options hold tokens too.
#[derive(Clone, Default, PartialEq)]
pub struct Options(Value);

impl Options {
    pub fn new(value: Value) -> Self {
        Self(value)
    }

    /// Nothing was written.
    pub fn is_absent(&self) -> bool {
        self.0.is_null()
    }
}

impl Deref for Options {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.0
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Value::Null => f.write_str("none"),
            Value::Object(map) => f.debug_set().entries(map.keys()).finish(),
            Value::Array(items) => write!(f, "[{} items]", items.len()),
            _ => f.write_str("[value]"),
        }
    }
}
