//! What a user may choose for one provider: each option is named once, and its JSON Schema and its reading follow from the type of
//! the field.
//!
//! Read with the span reader that the plugins have anyway: serde's readers would make a component half as large again, and
//! the host has checked the options against the schema before they come here.

use ccr_plugin::messages::effort::Effort;
use ccr_plugin::messages::json::{Document, Value, Writer};
use ccr_plugin::{Fault, Settings};

/// Names, and what they mean.
pub(crate) type Names<T> = &'static [(&'static str, T)];

/// What the value of an option is read into.
pub(crate) trait Setting: Sized {
    /// Writes members of its JSON Schema into the open object.
    fn schema(out: &mut Writer);

    /// Reads it; the error is what it must be.
    fn read(value: Value<'_>) -> Result<Self, String>;
}

/// A choice between names.
pub(crate) trait Choice: Copy + PartialEq + 'static {
    const NAMES: Names<Self>;

    /// As it is written in the config.
    fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, meaning)| *meaning == self).map_or("", |(name, _)| name)
    }
}

/// Defines a choice: `Variant = "name"`.
macro_rules! choices {
    ($(#[$attribute:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $written:literal),+ $(,)? }) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub(crate) enum $name { $($(#[$doc])* $variant),+ }

        impl $crate::shared::options::Choice for $name {
            const NAMES: $crate::shared::options::Names<Self> = &[$(($written, Self::$variant)),+];
        }
    };
}
pub(crate) use choices;

/// Defines `set`, which reads one option, and `properties`, which writes their JSON Schema: `field: "description"`.
macro_rules! options {
    ($options:ty { $($field:ident: $description:literal),+ $(,)? }) => {
        impl $options {
            /// Whether there is such an option; then it is set.
            fn set(&mut self, name: &str, value: Value<'_>) -> Result<bool, Fault> {
                $(if name == stringify!($field) {
                    self.$field = $crate::shared::options::read(name, value)?;
                    return Ok(true);
                })+
                Ok(false)
            }

            pub(crate) fn properties(out: &mut Writer) {
                $($crate::shared::options::property(stringify!($field), $description, |it: &Self| &it.$field, out);)+
            }
        }
    };
}
pub(crate) use options;

/// One property of a JSON Schema, of the type of a field.
pub(crate) fn property<O, T: Setting>(name: &str, description: &str, _: fn(&O) -> &T, out: &mut Writer) {
    out.key(name).begin_object();
    T::schema(out);
    out.key("description").string(description).end_object();
}

/// The JSON Schema of all options, which the host checks the config with.
pub(crate) fn schema(properties: impl FnOnce(&mut Writer)) -> String {
    let mut out = Writer::new();
    out.begin_object().key("type").string("object").key("properties").begin_object();
    properties(&mut out);
    out.end_object().key("additionalProperties").bool(false).end_object();
    out.into_string()
}

/// Gives every option to `set`, in order; what it does not know is refused.
pub(crate) fn each(
    settings: &Settings,
    mut set: impl FnMut(&str, Value<'_>) -> Result<bool, Fault>,
) -> Result<(), Fault> {
    let document = Document::parse_str(settings.json()).map_err(|error| Fault::own(format!("options: {error}")))?;
    document.root().members().try_for_each(|(name, value)| {
        let name = name.decode();
        if set(&name, value)? { Ok(()) } else { Err(unknown(&name)) }
    })
}

pub(crate) fn read<T: Setting>(name: &str, value: Value<'_>) -> Result<T, Fault> {
    T::read(value).map_err(|expected| Fault::own(format!("options: `{name}` must be {expected}")))
}

pub(crate) fn unknown(name: &str) -> Fault {
    Fault::own(format!("options: `{name}` is not an option; see the plugin's README"))
}

/// The meaning of a word; the error lists the names.
pub(crate) fn one_of<T: Copy>(value: Value<'_>, names: Names<T>) -> Result<T, String> {
    let written = value.as_str();
    let found = names.iter().find(|(name, _)| written.is_some_and(|written| written == **name));
    let listed = || names.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" or ");
    found.map(|(_, meaning)| *meaning).ok_or_else(listed)
}

pub(crate) fn write_enum<T>(names: Names<T>, out: &mut Writer) {
    out.key("enum").begin_array();
    names.iter().for_each(|(name, _)| _ = out.string(name));
    out.end_array();
}

choices! {
    /// Whether something is done, where the model's name says it unless the user does.
    Rule { #[default] Auto = "auto", Always = "always", Never = "never" }
}

impl Rule {
    /// What it comes to, if `auto` is this.
    pub(crate) fn or(self, auto: bool) -> bool {
        match self {
            Self::Auto => auto,
            Self::Always => true,
            Self::Never => false,
        }
    }
}

impl Choice for Effort {
    /// The highest that providers have is not everywhere Anthropic's highest.
    const NAMES: Names<Self> =
        &[("low", Self::Low), ("medium", Self::Medium), ("high", Self::High), ("xhigh", Self::Xhigh)];
}

impl<T: Choice> Setting for T {
    fn schema(out: &mut Writer) {
        write_enum(T::NAMES, out);
    }

    fn read(value: Value<'_>) -> Result<Self, String> {
        one_of(value, T::NAMES)
    }
}

/// A choice that nothing is said of unless it is given.
impl<T: Choice> Setting for Option<T> {
    fn schema(out: &mut Writer) {
        T::schema(out);
    }

    fn read(value: Value<'_>) -> Result<Self, String> {
        T::read(value).map(Some)
    }
}

impl Setting for bool {
    fn schema(out: &mut Writer) {
        out.key("type").string("boolean");
    }

    fn read(value: Value<'_>) -> Result<Self, String> {
        value.as_bool().ok_or_else(|| "true or false".into())
    }
}

impl Setting for Option<bool> {
    fn schema(out: &mut Writer) {
        bool::schema(out);
    }

    fn read(value: Value<'_>) -> Result<Self, String> {
        bool::read(value).map(Some)
    }
}

/// A number of things, of which there is at least one.
impl Setting for Option<u64> {
    fn schema(out: &mut Writer) {
        out.key("type").string("integer").key("minimum").number(1);
    }

    fn read(value: Value<'_>) -> Result<Self, String> {
        value.as_u64().filter(|number| *number > 0).map(Some).ok_or_else(|| "a whole number of at least 1".into())
    }
}

/// A text that is not empty.
impl Setting for Option<String> {
    fn schema(out: &mut Writer) {
        out.key("type").string("string").key("minLength").number(1);
    }

    fn read(value: Value<'_>) -> Result<Self, String> {
        let text = value.as_str().filter(|text| !text.is_empty()).map(|text| text.decode().into_owned());
        text.map(Some).ok_or_else(|| "a text that is not empty".into())
    }
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
