//! The options of a use, read by spans. The host has checked them against the plugin's schema before they come here.

use ccr_plugin::messages::json::{Document, Value};
use ccr_plugin::{Fault, Settings};

/// The options as a document whose root is an object.
///
/// # Errors
/// They are not JSON, which is the host's fault or a test's.
pub fn options(settings: &Settings) -> Result<Document<'_>, Fault> {
    Document::parse(settings.json().as_bytes()).map_err(|error| Fault::own(format!("options: {error}")))
}

/// An option that is true or false.
///
/// # Errors
/// It is something else.
pub fn flag(options: Value<'_>, name: &str, otherwise: bool) -> Result<bool, Fault> {
    match options.get(name).filter(|value| !value.is_null()) {
        None => Ok(otherwise),
        Some(value) => value.as_bool().ok_or_else(|| Fault::own(format!("options: `{name}` must be true or false"))),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::{flag, options};
    use ccr_plugin::Settings;

    #[test]
    fn flags_are_read_or_refused_by_name() {
        let settings = Settings::of(r#"{"a":true,"b":null,"c":"yes"}"#);
        let document = options(&settings).unwrap();
        assert!(flag(document.root(), "a", false).unwrap());
        assert!(flag(document.root(), "b", true).unwrap());
        assert!(!flag(document.root(), "d", false).unwrap());
        assert!(format!("{:?}", flag(document.root(), "c", false).unwrap_err()).contains("`c`"));
        assert!(options(&Settings::of("{")).is_err());
    }
}
