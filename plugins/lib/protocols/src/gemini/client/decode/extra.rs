//! The inner request's member `ccr`: what Anthropic's form has no place for. Fields that OpenAI's Chat Completions have as
//! well go under their name there, the others under Gemini's.

use super::fields::{Fields, whole};
use super::generation::Generation;
use super::tools::Google;
use ccr_plugin::messages::json::{Str, Value, Writer};

pub(super) fn write(fields: &Fields<'_>, generation: &Generation<'_>, google: &[Google<'_>], out: &mut Writer) {
    let mime_type = generation.own_mime_type();
    let is_plain = generation.others.is_empty()
        && fields.others.is_empty()
        && google.is_empty()
        && mime_type.is_none()
        && !generation.wants_any_json();
    if is_plain && generation.max_tokens.is_some() {
        return;
    }
    out.key("ccr").begin_object();
    if generation.max_tokens.is_none() {
        out.key("default_max_tokens").bool(true);
    }
    if !is_plain {
        out.key("params").begin_object();
        if generation.wants_any_json() {
            out.key("response_format").raw(r#"{"type":"json_object"}"#);
        }
        if let Some(mime_type) = mime_type {
            out.key("responseMimeType").escaped(mime_type.raw());
        }
        if !google.is_empty() {
            out.key("googleTools").begin_array();
            for (name, settings) in google {
                out.begin_object().key(name).value(*settings).end_object();
            }
            out.end_array();
        }
        for (name, value) in generation.others.iter().chain(&fields.others) {
            param(name, *value, out);
        }
        out.end_object();
    }
    out.end_object();
}

fn param(name: &str, value: Value<'_>, out: &mut Writer) {
    match name {
        "candidateCount" => number("n", value, out),
        "seed" => number("seed", value, out),
        "logprobs" => number("top_logprobs", value, out),
        "frequencyPenalty" => _ = out.key("frequency_penalty").value(value),
        "presencePenalty" => _ = out.key("presence_penalty").value(value),
        "responseLogprobs" => _ = out.key("logprobs").value(value),
        "serviceTier" => _ = out.key("service_tier").value(value),
        "responseModalities" => modalities(value, out),
        own => _ = out.key(own).value(value),
    }
}

fn number(name: &str, value: Value<'_>, out: &mut Writer) {
    out.key(name);
    match whole(value) {
        Some(number) => _ = out.raw(&number.to_string()),
        None => _ = out.value(value),
    }
}

/// `["TEXT"]` is `["text"]` there.
fn modalities(value: Value<'_>, out: &mut Writer) {
    out.key("modalities").begin_array();
    for modality in value.items().filter_map(Value::as_str).map(Str::decode) {
        out.string(&modality.to_ascii_lowercase());
    }
    out.end_array();
}
