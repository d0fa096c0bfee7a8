//! Everything of the request that is neither input nor a tool and has a field of its own in the inner form: model, limits,
//! sampling, reasoning, output format, session.

use super::fields::Fields;
use crate::shared::body::DEFAULT_MAX_TOKENS;
use ccr_plugin::messages::json::{Kind, Str, Value, Writer};
use ccr_plugin::{ClientRequest, Fault};

/// Efforts and what they are in the inner form.
const EFFORTS: &[(&str, Effort)] = &[
    ("none", Effort::Disabled),
    // Anthropic has no smaller step than `low`. A hint keeps the word for those who know it.
    ("minimal", Effort::Named("low")),
    ("low", Effort::Named("low")),
    ("medium", Effort::Named("medium")),
    ("high", Effort::Named("high")),
    ("xhigh", Effort::Named("xhigh")),
    ("max", Effort::Named("max")),
];

#[derive(Debug, Clone, Copy)]
enum Effort {
    Disabled,
    Named(&'static str),
}

pub(super) fn write(fields: &Fields<'_>, request: &ClientRequest, out: &mut Writer) -> Result<(), Fault> {
    out.key("model").escaped(fields.model()?.raw());
    out.key("max_tokens");
    match fields.max_output_tokens {
        Some(limit) if limit.as_u64().is_some_and(|limit| limit > 0) => _ = out.value(limit),
        Some(_) => return Err(Fault::invalid("max_output_tokens: must be a whole number of at least 1.")),
        None => _ = out.number(DEFAULT_MAX_TOKENS),
    }
    if fields.streams()? {
        out.key("stream").bool(true);
    }
    for (name, value) in [("temperature", fields.temperature), ("top_p", fields.top_p)] {
        if let Some(value) = value {
            out.key(name).value(value);
        }
    }
    session(fields, request, out);
    let effort = effort(fields)?;
    let thinks = matches!(effort, Some(Effort::Named(_))) || summary(fields).is_some();
    if matches!(effort, Some(Effort::Disabled)) {
        out.key("thinking").begin_object().key("type").string("disabled").end_object();
    } else if thinks {
        out.key("thinking").begin_object().key("type").string("adaptive").end_object();
    }
    output_config(fields, effort, out)
}

/// Where the inner form has the session, in the words of Claude Code. Requests with one cache key belong together; Codex says
/// its session in a header, too.
fn session(fields: &Fields<'_>, request: &ClientRequest, out: &mut Writer) {
    let key = fields.prompt_cache_key.and_then(Value::as_str).map(Str::decode).filter(|key| !key.is_empty());
    let header = || request.header("session_id").or_else(|| request.header("session-id"));
    let Some(session) = key.or_else(|| header().map(Into::into)) else { return };
    let mut id = Writer::new();
    id.begin_object().key("session_id").string(&session).end_object();
    out.key("metadata").begin_object().key("user_id").string(id.as_str()).end_object();
}

fn effort(fields: &Fields<'_>) -> Result<Option<Effort>, Fault> {
    let named = fields.reasoning.and_then(|reasoning| reasoning.get("effort")).filter(|effort| !effort.is_null());
    let Some(named) = named else { return Ok(None) };
    let found = EFFORTS.iter().find(|(name, _)| named.as_str().is_some_and(|named| named == **name));
    let (_, effort) = found.ok_or_else(|| {
        Fault::invalid("reasoning.effort: must be `none`, `minimal`, `low`, `medium`, `high`, `xhigh` or `max`.")
    })?;
    Ok(Some(*effort))
}

/// The summary that is asked for, by its present name or by its first one.
fn summary<'d>(fields: &Fields<'d>) -> Option<Value<'d>> {
    let reasoning = fields.reasoning?;
    let asked = |name: &str| reasoning.get(name).filter(|summary| !summary.is_null());
    asked("summary").or_else(|| asked("generate_summary"))
}

fn output_config(fields: &Fields<'_>, effort: Option<Effort>, out: &mut Writer) -> Result<(), Fault> {
    let format = json_schema(fields)?;
    let effort = effort.and_then(|effort| if let Effort::Named(name) = effort { Some(name) } else { None });
    if format.is_none() && effort.is_none() {
        return Ok(());
    }
    out.key("output_config").begin_object();
    if let Some(effort) = effort {
        out.key("effort").string(effort);
    }
    if let Some((format, schema)) = format {
        out.key("format").begin_object().key("type").string("json_schema").key("schema").value(schema);
        for name in ["name", "strict", "description"] {
            if let Some(value) = format.get(name).filter(|value| !value.is_null()) {
                out.key(name).value(value);
            }
        }
        out.end_object();
    }
    out.end_object();
    Ok(())
}

/// `text.format`, if it is a schema, and the schema.
fn json_schema<'d>(fields: &Fields<'d>) -> Result<Option<(Value<'d>, Value<'d>)>, Fault> {
    let Some(format) = format(fields) else { return Ok(None) };
    match format.get("type").and_then(Value::as_str).map(Str::raw) {
        Some("text" | "json_object") => Ok(None),
        Some("json_schema") => {
            let schema = format.get("schema").filter(|schema| schema.kind() == Kind::Object);
            let missing = || Fault::invalid("text.format.schema: must be a JSON Schema, an object.");
            Ok(Some((format, schema.ok_or_else(missing)?)))
        }
        _ => Err(Fault::invalid("text.format.type: must be `text`, `json_object` or `json_schema`.")),
    }
}

pub(super) fn format<'d>(fields: &Fields<'d>) -> Option<Value<'d>> {
    fields.text?.get("format").filter(|format| !format.is_null())
}
