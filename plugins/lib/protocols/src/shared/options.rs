//! Reading what a user may choose for one provider.
//!
//! Read with the span reader that the plugins have anyway: serde's readers would make a component half as large again, and
//! the host has checked the options against the schema before they come here.

use ccr_plugin::messages::json::{Document, Value};
use ccr_plugin::{Fault, Settings};

/// The ways to write a choice.
pub(crate) type Choices<T> = &'static [(&'static str, T)];

/// Gives every option to `set`, in order.
pub(crate) fn each(
    settings: &Settings,
    mut set: impl FnMut(&str, Value<'_>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let document = Document::parse_str(settings.json()).map_err(|error| Fault::own(format!("options: {error}")))?;
    document.root().members().try_for_each(|(name, value)| set(&name.decode(), value))
}

pub(crate) fn one_of<T: Copy>(name: &str, value: Value<'_>, choices: Choices<T>) -> Result<T, Fault> {
    let written = value.as_str();
    let choice = choices.iter().find(|(choice, _)| written.is_some_and(|written| written == **choice));
    let known: Vec<_> = choices.iter().map(|(choice, _)| *choice).collect();
    fits(name, choice.map(|(_, meaning)| *meaning), &known.join(" or "))
}

pub(crate) fn flag(name: &str, value: Value<'_>) -> Result<bool, Fault> {
    fits(name, value.as_bool(), "true or false")
}

pub(crate) fn fits<T>(name: &str, value: Option<T>, expected: &str) -> Result<T, Fault> {
    value.ok_or_else(|| Fault::own(format!("options: `{name}` must be {expected}")))
}

pub(crate) fn unknown(name: &str) -> Fault {
    Fault::own(format!("options: `{name}` is not an option; see the plugin's README"))
}

#[cfg(test)]
pub(crate) mod testing {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use ccr_plugin::{Fault, Settings};
    use serde_json::{Value, json};

    /// Every value that the schema allows is understood, every option is in the schema, and wrong ones are named. `count` is
    /// one for each option that the reader knows; `others` are good values of options that are no choices and no switches.
    pub(crate) fn agree<T: std::fmt::Debug>(
        schema: &str,
        read: impl Fn(&Settings) -> Result<T, Fault>,
        count: usize,
        others: impl Fn(&str, &Value) -> Vec<Value>,
    ) {
        let schema: Value = serde_json::from_str(schema).unwrap();
        let properties = schema["properties"].as_object().unwrap();
        let named = |json: Value, name: &str| {
            let fault = read(&Settings::of(json.to_string())).unwrap_err();
            assert!(matches!(fault, Fault::Other(message) if message.contains(name)), "{json}");
        };
        for (name, property) in properties {
            let values = property["enum"].as_array().cloned().unwrap_or_else(|| match property["type"].as_str() {
                Some("boolean") => vec![json!(true), json!(false)],
                _ => others(name, property),
            });
            assert!(!values.is_empty(), "{name}");
            for value in values {
                let settings = Settings::of(json!({ name: value }).to_string());
                assert!(read(&settings).is_ok(), "{name}: {value}");
            }
            // No option takes a negative number.
            named(json!({ name: -7 }), name);
        }
        assert_eq!(properties.len(), count);
        named(json!({"no_such_option": 1}), "no_such_option");
    }
}
