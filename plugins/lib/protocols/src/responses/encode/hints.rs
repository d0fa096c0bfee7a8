//! The inner request's member `ccr`: what clients of other formats asked for that Anthropic's form has no place for.
//!
//! `params` is named as in OpenAI's Chat Completions, `responses` is what only this API has; its being there tells that the
//! client speaks this API itself. Options for other protocols are passed over.

use crate::shared::notes::Notes;
use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Kind, Str, Value, Writer};

/// Parameters that have the same name and meaning here.
const SAME: &[&str] =
    &["metadata", "user", "safety_identifier", "service_tier", "prompt_cache_retention", "prompt_cache_options"];

/// Parameters that are written with other fields.
const ELSEWHERE: &[&str] = &["store", "prompt_cache_key", "verbosity"];

/// Parameters that only the other API has.
const FOREIGN: &[&str] = &[
    "seed",
    "frequency_penalty",
    "presence_penalty",
    "logit_bias",
    "n",
    "logprobs",
    "top_logprobs",
    "prediction",
    "modalities",
    "audio",
    "min_p",
    "repetition_penalty",
    "web_search_options",
    "response_format",
];

/// Members of `responses` that are copied.
const COPIED: &[&str] = &["truncation"];

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Hints<'d> {
    /// The limit is not the client's.
    pub(super) default_max_tokens: bool,
    params: Option<Value<'d>>,
    responses: Option<Value<'d>>,
    extra: Option<Value<'d>>,
}

impl<'d> Hints<'d> {
    pub(super) fn read(ccr: Value<'d>) -> Self {
        Self {
            default_max_tokens: ccr.get("default_max_tokens").and_then(Value::as_bool) == Some(true),
            params: ccr.get("params"),
            responses: ccr.get("responses"),
            extra: ccr.get("extra"),
        }
    }

    /// The client speaks this API.
    pub(super) fn of_this_api(&self) -> bool {
        self.responses.is_some()
    }

    /// The client speaks one of OpenAI's APIs: what it says of a tool is meant as OpenAI means it.
    pub(super) fn of_openai(&self) -> bool {
        self.responses.is_some() || self.params.is_some()
    }

    pub(super) fn param(&self, name: &str) -> Option<Value<'d>> {
        self.params?.get(name).filter(|value| !value.is_null())
    }

    /// What only this API has.
    pub(super) fn own(&self, name: &str) -> Option<Value<'d>> {
        self.responses?.get(name).filter(|value| !value.is_null())
    }

    /// Writes what is written nowhere else, and notes what cannot be.
    pub(super) fn write(&self, notes: &mut Notes, out: &mut Writer) -> Result<(), Fault> {
        for (key, value) in given(self.params) {
            let name = key.decode();
            if is_one_of(SAME, &name)
                || (self.of_this_api() && !is_one_of(FOREIGN, &name) && !is_one_of(ELSEWHERE, &name))
            {
                out.key_str(key).value(value);
            } else if !is_one_of(ELSEWHERE, &name) {
                self.left_out(&name, value, notes)?;
            }
        }
        for (key, value) in given(self.responses).filter(|(key, _)| is_one_of(COPIED, &key.decode())) {
            out.key_str(key).value(value);
        }
        for (key, value) in given(self.extra) {
            let name = key.decode();
            if is_one_of(SAME, &name) && self.param(&name).is_none() {
                out.key_str(key).value(value);
            } else {
                notes.dropped(format!("extra.{name}"));
            }
        }
        Ok(())
    }

    fn left_out(&self, name: &str, value: Value<'_>, notes: &mut Notes) -> Result<(), Fault> {
        let is_default = match name {
            "n" => value.as_u64() == Some(1),
            "logprobs" => value.as_bool() == Some(false),
            // Says nothing alone.
            "top_logprobs" => true,
            "frequency_penalty" | "presence_penalty" => value.as_f64() == Some(0.0),
            "repetition_penalty" => value.as_f64() == Some(1.0),
            "min_p" => value.as_f64() == Some(0.0),
            "modalities" => {
                !value.items().any(|modality| modality.as_str().is_some_and(|modality| modality == "audio"))
            }
            "logit_bias" => value.is_empty() && value.kind() == Kind::Object,
            // See `params::text`.
            "response_format" => is_json_object(value),
            _ => false,
        };
        if is_default {
            return Ok(());
        }
        if matches!(name, "n" | "logprobs" | "modalities" | "audio") {
            return Err(Fault::unsupported(format!(
                "{name}: an answer of OpenAI's Responses API cannot be given as this asks for. Leave it out, or choose a \
                 provider of Chat Completions."
            )));
        }
        notes.dropped(format!("params.{name}"));
        Ok(())
    }

    /// Any JSON object is asked for.
    pub(super) fn wants_json_object(&self) -> bool {
        self.param("response_format").is_some_and(is_json_object)
    }
}

fn is_json_object(format: Value<'_>) -> bool {
    format.get("type").and_then(Value::as_str).is_some_and(|kind| kind == "json_object")
}

fn given<'d>(object: Option<Value<'d>>) -> impl Iterator<Item = (Str<'d>, Value<'d>)> {
    object.into_iter().flat_map(Value::members).filter(|(_, value)| !value.is_null())
}

fn is_one_of(names: &[&str], name: &str) -> bool {
    names.contains(&name)
}
