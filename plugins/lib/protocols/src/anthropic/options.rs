//! The options of the plugin `anthropic`, and what is common to it and `vertex-claude`.

use super::model::Model;
use ccr_plugin::{Fault, Settings};

pub(crate) const SCHEMA: &str = r#"{
    "type": "object",
    "properties": {
        "UseBearer": {
            "type": "boolean",
            "default": false,
            "description": "The key goes out as `authorization: Bearer …`, not as `x-api-key`."
        },
        "thinking": {
            "enum": ["auto", "signed", "any", "required"],
            "default": "auto",
            "description": "Which reasoning of earlier turns goes back. signed: what Anthropic signed, as Anthropic's own API demands. any: all of it, for providers that imitate the format. required: all of it, and every message that calls tools gets a block. auto: by the model's name."
        }
    },
    "additionalProperties": false
}"#;

/// Which reasoning of earlier turns goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Replay {
    /// What Anthropic signed: its API refuses a request with anything else.
    Signed,
    /// All of it: providers that imitate the format ignore signatures or know their own.
    Any,
    /// As `Any`, and a message that calls tools has a block at any rate: DeepSeek refuses one without ("The `content[].thinking`
    /// in the thinking mode must be passed back to the API"), and takes an empty one.
    Required,
}

/// The options as they were given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) use_bearer: bool,
    replay: Option<Replay>,
}

impl Options {
    pub(crate) fn read(settings: &Settings) -> Result<Self, Fault> {
        let replay = match settings.text("thinking")?.as_deref() {
            None | Some("auto") => None,
            Some("signed") => Some(Replay::Signed),
            Some("any") => Some(Replay::Any),
            Some("required") => Some(Replay::Required),
            Some(_) => return Err(Fault::own("options: `thinking` must be one of auto, signed, any, required")),
        };
        Ok(Self { use_bearer: settings.flag("UseBearer")?.unwrap_or(false), replay })
    }

    /// What the model wants back, by its name where the options do not say it.
    pub(crate) fn replay(self, model: &Model, name: &str) -> Replay {
        self.replay.unwrap_or_else(|| {
            if model.is_claude {
                Replay::Signed
            } else if name.to_ascii_lowercase().contains("deepseek") {
                Replay::Required
            } else {
                Replay::Any
            }
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    #[test]
    fn options_are_read_or_refused_by_name() {
        let read = |json: &str| Options::read(&Settings::of(json));
        assert_eq!(read("{}").unwrap(), Options { use_bearer: false, replay: None });
        let given = read(r#"{"UseBearer":true,"thinking":"any"}"#).unwrap();
        assert_eq!(given, Options { use_bearer: true, replay: Some(Replay::Any) });
        for wrong in [r#"{"UseBearer":"yes"}"#, r#"{"thinking":"all"}"#, r#"{"thinking":true}"#] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_model_says_what_goes_back_unless_the_options_do() {
        let auto = Options::read(&Settings::of("{}")).unwrap();
        let replay = |options: Options, name: &str| options.replay(&Model::of(name), name);
        assert_eq!(replay(auto, "claude-sonnet-4-5"), Replay::Signed);
        assert_eq!(replay(auto, "anthropic/claude-opus-5"), Replay::Signed);
        assert_eq!(replay(auto, "DeepSeek-V4-pro"), Replay::Required);
        assert_eq!(replay(auto, "glm-4.7"), Replay::Any);
        let any = Options::read(&Settings::of(r#"{"thinking":"any"}"#)).unwrap();
        assert_eq!(replay(any, "claude-sonnet-4-5"), Replay::Any);
    }
}
