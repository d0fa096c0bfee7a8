//! Options as they were written, for plugins to read: the host passes them on and does not print them.

use std::{fmt, ops::Deref};

use serde_json::Value;

/// A part of the configuration that is kept as it was written, for a plugin or a later step to read.
/// `Debug` shows its keys only, since options hold tokens too.
#[derive(Clone, Default, PartialEq)]
pub struct Options(Value);

impl Options {
    /// Keeps a value as it is.
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
