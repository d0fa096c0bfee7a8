//! A plugin's options, as the user wrote them in the config.

use crate::Fault;
use ccr_messages::json::{Document, Value};
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

    /// The option of this name, a whole number from 0 to 2^64 - 1; `None` if it is not given.
    ///
    /// This and its neighbours read with the gateway's own span reader. A plugin that uses them instead of
    /// [`Settings::parse`], and nothing else of `serde_json`, is less than half as large.
    ///
    /// # Errors
    /// A fault of the plugin's use, naming the option that is no such number.
    pub fn number(&self, name: &str) -> Result<Option<u64>, Fault> {
        self.option(name, "a whole number, 0 or more", |value| value.as_u64())
    }

    /// The option of this name, a string; `None` if it is not given.
    ///
    /// # Errors
    /// A fault of the plugin's use, naming the option that is no string.
    pub fn text(&self, name: &str) -> Result<Option<String>, Fault> {
        self.option(name, "a string", |value| value.as_str().map(|text| text.decode().into_owned()))
    }

    /// The option of this name, `true` or `false`; `None` if it is not given.
    ///
    /// # Errors
    /// A fault of the plugin's use, naming the option that is neither.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, Fault> {
        self.option(name, "true or false", |value| value.as_bool())
    }

    /// Reads a member of the options; `null` counts as not given. Without `format!`, which is as large as all of this.
    fn option<T>(
        &self,
        name: &str,
        expected: &str,
        read: impl FnOnce(Value<'_>) -> Option<T>,
    ) -> Result<Option<T>, Fault> {
        let document = Document::parse_str(self.json()).map_err(|_| Fault::own("options: this is not JSON"))?;
        let Some(value) = document.root().get(name).filter(|value| !value.is_null()) else {
            return Ok(None);
        };
        read(value).map(Some).ok_or_else(|| Fault::own(["options: `", name, "` must be ", expected].concat()))
    }

    /// The options as a type of the plugin's own.
    ///
    /// # Errors
    /// A fault of the plugin's use, naming the option that does not fit.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        serde_json::from_str(self.json()).map_err(|error| Fault::own(format!("options: {error}")))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::Settings;
    use crate::Fault;

    #[test]
    fn options_are_read_by_kind() {
        let settings = Settings::of(r#"{"most":8192,"name":"a\u0062","on":false,"none":null}"#);
        assert_eq!(settings.number("most").unwrap(), Some(8192));
        assert_eq!(settings.text("name").unwrap().as_deref(), Some("ab"));
        assert_eq!(settings.flag("on").unwrap(), Some(false));
        assert_eq!(settings.number("none").unwrap(), None);
        assert_eq!(settings.flag("missing").unwrap(), None);
    }

    #[test]
    fn an_option_of_another_kind_is_named() {
        let settings = Settings::of(r#"{"most":-1,"name":7,"on":"yes","half":0.5}"#);
        let told = |fault| matches!(fault, Fault::Other(message) if message.contains("must be"));
        assert!(told(settings.number("most").unwrap_err()));
        assert!(told(settings.number("half").unwrap_err()));
        assert!(told(settings.text("name").unwrap_err()));
        let Fault::Other(message) = settings.flag("on").unwrap_err() else {
            unreachable!("an option's fault is its own")
        };
        assert_eq!(message, "options: `on` must be true or false");
    }

    #[test]
    fn broken_options_are_a_fault() {
        assert!(Settings::of("{").number("most").is_err());
    }
}
