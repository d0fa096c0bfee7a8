//! `generationConfig`: limits, sampling and the form of the answer. What only Gemini or only OpenAI has a name for is
//! written by [`super::extra`].

use super::fields::{members, whole};
use super::{schema, thinking};
use crate::shared::body::DEFAULT_MAX_TOKENS;
use crate::shared::notes::Notes;
use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Kind, Str, Value, Writer};
use std::borrow::Cow;

const JSON: &str = "application/json";

#[derive(Debug, Default)]
pub(super) struct Generation<'d> {
    pub(super) max_tokens: Option<i64>,
    temperature: Option<Value<'d>>,
    top_p: Option<Value<'d>>,
    top_k: Option<Value<'d>>,
    stop_sequences: Option<Value<'d>>,
    thinking: Option<Value<'d>>,
    mime_type: Option<Str<'d>>,
    schema: Option<Value<'d>>,
    json_schema: Option<Value<'d>>,
    pub(super) others: Vec<(Cow<'d, str>, Value<'d>)>,
}

impl<'d> Generation<'d> {
    pub(super) fn read(config: Option<Value<'d>>) -> Result<Self, Fault> {
        let mut generation = Self::default();
        for (name, value) in config.into_iter().flat_map(members) {
            match &*name {
                "maxOutputTokens" => generation.max_tokens = Some(limit(value)?),
                "temperature" => generation.temperature = Some(number(&name, value)?),
                "topP" => generation.top_p = Some(number(&name, value)?),
                "topK" => generation.top_k = Some(number(&name, value)?),
                "stopSequences" => generation.stop_sequences = Some(value),
                "thinkingConfig" => generation.thinking = Some(value),
                "responseMimeType" => generation.mime_type = value.as_str(),
                "responseSchema" => generation.schema = Some(value),
                "responseJsonSchema" => generation.json_schema = Some(value),
                _ => generation.others.push((name, value)),
            }
        }
        Ok(generation)
    }

    pub(super) fn write(&self, notes: &mut Notes, out: &mut Writer) {
        out.key("max_tokens").number(self.max_tokens.map_or(DEFAULT_MAX_TOKENS, i64::unsigned_abs));
        for (name, value) in [("temperature", self.temperature), ("top_p", self.top_p)] {
            if let Some(value) = value {
                out.key(name).value(value);
            }
        }
        // Gemini writes it as a fraction, Anthropic as a whole number.
        if let Some(top_k) = self.top_k {
            match whole(top_k).and_then(|top_k| u64::try_from(top_k).ok()) {
                Some(top_k) => _ = out.key("top_k").number(top_k),
                None => notes.dropped("generationConfig.topK"),
            }
        }
        self.stop(out);
        let wish = thinking::Wish::read(self.thinking, notes);
        wish.write(out);
        self.output(wish.effort, out);
    }

    fn stop(&self, out: &mut Writer) {
        let sequences = self.stop_sequences.into_iter().flat_map(Value::items);
        let mut sequences = sequences.filter_map(Value::as_str).filter(|text| !text.is_empty()).peekable();
        if sequences.peek().is_some() {
            out.key("stop_sequences").begin_array();
            sequences.for_each(|text| _ = out.escaped(text.raw()));
            out.end_array();
        }
    }

    fn output(&self, effort: Option<&str>, out: &mut Writer) {
        let schemas = [self.json_schema, self.schema];
        let has_schema = schemas.iter().flatten().any(|schema| schema.kind() == Kind::Object);
        if effort.is_none() && !has_schema {
            return;
        }
        out.key("output_config").begin_object();
        if let Some(effort) = effort {
            out.key("effort").string(effort);
        }
        if has_schema {
            out.key("format").begin_object().key("type").string("json_schema").key("schema");
            match self.json_schema {
                Some(json_schema) => _ = out.value(json_schema),
                None => self.schema.into_iter().for_each(|schema| schema::write(schema, out)),
            }
            out.end_object();
        }
        out.end_object();
    }

    /// A form of the answer that only Gemini has, such as `text/x.enum`.
    pub(super) fn own_mime_type(&self) -> Option<Str<'d>> {
        self.mime_type.filter(|kind| !kind.is_empty() && *kind != JSON && *kind != "text/plain")
    }

    /// Any JSON will do: the inner form can only ask for a schema.
    pub(super) fn wants_any_json(&self) -> bool {
        self.mime_type.is_some_and(|kind| kind == JSON) && self.schema.is_none() && self.json_schema.is_none()
    }

    pub(super) fn shows_thoughts(&self) -> bool {
        thinking::is_shown(self.thinking)
    }
}

fn limit(value: Value<'_>) -> Result<i64, Fault> {
    let limit = whole(value).filter(|limit| *limit > 0);
    limit.ok_or_else(|| Fault::invalid("generationConfig.maxOutputTokens must be a whole number above 0."))
}

fn number<'d>(name: &str, value: Value<'d>) -> Result<Value<'d>, Fault> {
    if value.kind() == Kind::Number {
        return Ok(value);
    }
    Err(Fault::invalid(format!("generationConfig.{name} must be a number.")))
}
