//! Parameters of other formats than Anthropic's (`ccr.params`, named as in OpenAI's Chat Completions) and what transformers
//! add for other protocols (`ccr.extra`); and the fields of Converse that belong to the call and not to the model.

use super::to::To;
use crate::shared::body::Body;
use crate::shared::notes::Notes;
use crate::shared::options::Choice;
use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Kind, Value, Writer};

/// What came beside Anthropic's own fields.
#[derive(Debug, Clone, Copy)]
pub(super) struct Params<'d> {
    of_client: Option<Value<'d>>,
    of_transformers: Option<Value<'d>>,
}

impl<'d> Params<'d> {
    pub(super) fn of(body: &Body<'d>) -> Self {
        Self { of_client: body.own("params"), of_transformers: body.own("extra") }
    }
}

/// Tiers that both name alike.
const TIERS: &[&str] = &["flex", "priority"];

/// Notes what is lost; what changes the meaning of an answer is refused.
pub(super) fn check(params: Params<'_>, notes: &mut Notes) -> Result<(), Fault> {
    for (key, value) in params.of_client.into_iter().flat_map(Value::members) {
        let key = key.decode();
        let changes_the_answer = match &*key {
            "n" => value.as_f64().is_some_and(|answers| answers > 1.0),
            "logprobs" => value.as_bool() == Some(true),
            "audio" => !value.is_null(),
            "modalities" => wants_more_than_text(value),
            _ => false,
        };
        if changes_the_answer {
            return Err(Fault::unsupported(format!(
                "`{key}` cannot be asked of Bedrock. Leave it out, or use a provider that speaks OpenAI's format."
            )));
        }
        let is_sent = &*key == "service_tier" && tier(value).is_some();
        if !is_sent && !is_default(&key, value) {
            notes.dropped(format!("params.{key}"));
        }
    }
    for (key, value) in params.of_transformers.into_iter().flat_map(Value::members) {
        if !value.is_null() {
            notes.dropped(format!("extra.{}", key.decode()));
        }
    }
    Ok(())
}

fn wants_more_than_text(modalities: Value<'_>) -> bool {
    modalities.items().filter_map(Value::as_str).any(|modality| modality != "text")
}

/// Whether the value is what a model does anyway.
fn is_default(key: &str, value: Value<'_>) -> bool {
    if value.is_null() || (matches!(value.kind(), Kind::Array | Kind::Object) && value.is_empty()) {
        return true;
    }
    match key {
        "n" | "repetition_penalty" => value.as_f64() == Some(1.0),
        "frequency_penalty" | "presence_penalty" | "top_logprobs" | "min_p" => value.as_f64() == Some(0.0),
        "logprobs" | "store" => value.as_bool() == Some(false),
        "verbosity" => value.as_str().is_some_and(|verbosity| verbosity == "medium"),
        "service_tier" => value.as_str().is_some_and(|tier| tier == "auto" || tier == "default"),
        "modalities" => !wants_more_than_text(value),
        _ => false,
    }
}

fn tier(value: Value<'_>) -> Option<&'static str> {
    let written = value.as_str()?;
    TIERS.iter().find(|tier| written == ***tier).copied()
}

/// Guardrail, latency, tier and metadata.
pub(super) fn write(params: Params<'_>, to: To<'_>, out: &mut Writer) {
    let options = to.options;
    if let Some(guardrail) = &options.guardrail {
        guardrail.write(to.streaming, out);
    }
    if let Some(latency) = options.latency {
        out.key("performanceConfig").begin_object().key("latency").string(latency.name()).end_object();
    }
    let asked = params.of_client.and_then(|params| tier(params.get("service_tier")?));
    if let Some(tier) = asked.or(options.service_tier.map(Choice::name)) {
        out.key("serviceTier").begin_object().key("type").string(tier).end_object();
    }
    if let Some(metadata) = &options.request_metadata {
        out.key("requestMetadata").raw(&metadata.0);
    }
}
