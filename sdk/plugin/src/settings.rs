//! A plugin's options, as the user wrote them in the config.

use crate::Fault;
use serde::de::DeserializeOwned;
use std::cell::OnceCell;

/// The options of this use of the plugin: the object beside its name in `transformer.use`, else `{}`.
///
/// Fetched from the host when first read, so that a plugin without options pays nothing for them.
#[derive(Debug, Default)]
pub struct Settings(OnceCell<String>);

impl Settings {
    /// Settings with this JSON text, for tests.
    #[must_use]
    pub fn of(json: impl Into<String>) -> Self {
        Self(OnceCell::from(json.into()))
    }

    /// The JSON text, an object.
    #[must_use]
    pub fn json(&self) -> &str {
        self.0.get_or_init(crate::bindings::imports::ccr::plugin::host::settings)
    }

    /// The options as a type of the plugin's own.
    ///
    /// # Errors
    /// A fault of the plugin's use, naming the option that does not fit.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        serde_json::from_str(self.json()).map_err(|error| Fault::own(format!("options: {error}")))
    }
}
