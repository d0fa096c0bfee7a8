//! The inner request's member `ccr`: what Anthropic's form has no place for.
//!
//! `ccr.params` has what OpenAI's other API knows as well, under its name there, and every field that is not known here;
//! `ccr.responses` what only this API has. Its being there tells that the client speaks this API.

use super::fields::Fields;
use super::settings::format;
use crate::shared::notes::Notes;
use ccr_plugin::messages::json::{Str, Value, Writer};

/// Fields that are read elsewhere, or that say nothing beyond the gateway: what is streamed is never padded, and nothing is
/// put off.
const ELSEWHERE: &[&str] = &[
    "model",
    "input",
    "instructions",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "text",
    "max_output_tokens",
    "temperature",
    "top_p",
    "stream",
    "stream_options",
    "background",
    "ccr",
];

/// Fields that only this API has.
const ITS_OWN: &[&str] = &["reasoning", "include", "truncation", "max_tool_calls"];

pub(super) fn write(fields: &Fields<'_>, notes: &mut Notes, out: &mut Writer) {
    out.key("ccr").begin_object();
    if fields.max_output_tokens.is_none() {
        out.key("default_max_tokens").bool(true);
    }
    params(fields, notes, out);
    out.key("responses").begin_object();
    for (key, value) in fields.members().filter(|(key, _)| is_one_of(ITS_OWN, *key)) {
        out.key_str(key).value(value);
    }
    out.end_object().end_object();
}

fn params(fields: &Fields<'_>, notes: &mut Notes, out: &mut Writer) {
    out.key("params").begin_object();
    for (key, value) in fields.members() {
        match key.raw() {
            // The other API has two fields for it.
            "top_logprobs" if value.as_u64() == Some(0) => {}
            "top_logprobs" => _ = out.key("logprobs").bool(true).key("top_logprobs").value(value),
            _ if is_one_of(ELSEWHERE, key) || is_one_of(ITS_OWN, key) => {}
            _ => _ = out.key_str(key).value(value),
        }
    }
    for (key, value) in fields.text.into_iter().flat_map(Value::members).filter(|(_, value)| !value.is_null()) {
        match &*key.decode() {
            "verbosity" => _ = out.key("verbosity").value(value),
            "format" => {}
            other => notes.dropped(format!("text.{other}")),
        }
    }
    if let Some(format) = format(fields).filter(|format| is_json_object(*format)) {
        out.key("response_format").value(format);
    }
    out.end_object();
}

/// Any object, which the inner form cannot ask for.
fn is_json_object(format: Value<'_>) -> bool {
    format.get("type").and_then(Value::as_str).is_some_and(|kind| kind == "json_object")
}

fn is_one_of(names: &[&str], key: Str<'_>) -> bool {
    names.iter().any(|name| key == **name)
}
