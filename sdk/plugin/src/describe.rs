//! What a plugin says of itself when it is loaded.

use crate::bindings::description::exports::ccr::plugin::plugin as wit;
use std::marker::PhantomData;

pub use wit::Capability;

/// The part that every plugin has.
pub trait Plugin: 'static {
    /// Called once, when the plugin is loaded; nothing is granted then.
    fn describe() -> Description;
}

/// A plugin's name, version and wishes. Made with [`Description::new`] and the methods that follow it.
#[derive(Debug)]
pub struct Description(wit::Description);

impl Description {
    /// `name` in lower-case letters, digits and `-`, as the config names it; `version` as in semantic versioning; `summary`
    /// one sentence.
    pub fn new(name: impl Into<String>, version: impl Into<String>, summary: impl Into<String>) -> Self {
        Self(wit::Description {
            name: name.into(),
            version: version.into(),
            summary: summary.into(),
            settings_schema: None,
            capabilities: Vec::new(),
        })
    }

    /// JSON Schema of the options; the host checks them when the config is loaded, and names a mistyped one.
    #[must_use]
    pub fn settings_schema(mut self, schema: impl Into<String>) -> Self {
        self.0.settings_schema = Some(schema.into());
        self
    }

    /// Asks for a capability. It is there only if the operator grants it too.
    #[must_use]
    pub fn asks_for(mut self, capability: Capability) -> Self {
        self.0.capabilities.push(capability);
        self
    }
}

/// The component's side of [`Plugin`].
#[doc(hidden)]
#[derive(Debug)]
pub struct Export<T>(PhantomData<T>);

impl<T: Plugin> wit::Guest for Export<T> {
    fn describe() -> wit::Description {
        T::describe().0
    }
}
