//! `additionalModelRequestFields`: what only the models of one family know. How much they shall think is said in a way of its
//! own in each (AWS's user guides for Claude and Nova; OpenAI's parameters for its own models).

use super::to::To;
use super::tools::Tools;
use crate::bedrock::family::{Family, Model};
use crate::shared::body::Body;
use crate::shared::notes::Notes;
use ccr_plugin::Fault;
use ccr_plugin::messages::effort::Effort;
use ccr_plugin::messages::json::{Document, Str, Value, Writer};

/// Betas that Bedrock knows (AWS's user guide, "Anthropic Claude Messages API"); it refuses a request with any other.
/// Their dates are left out.
const BETAS: &[&str] = &[
    "computer-use-",
    "token-efficient-tools-2025",
    "interleaved-thinking-",
    "output-128k-",
    "dev-full-thinking-",
    "context-1m-",
];

/// What Opus 4.5 wants beside an effort.
const EFFORT_BETA: &str = "effort-2025-11-24";

/// How much a model that is no Claude shall think; `None` if nothing is asked, or nothing can be.
pub(super) fn effort(body: &Body<'_>, model: Model<'_>) -> Option<Effort> {
    if body.thinking_is("disabled") || !model.thinks() {
        return None;
    }
    let asked = asked(body)?;
    // Only OpenAI's closed models know more than high.
    Some(if model.family == Family::OpenAi { asked } else { asked.min(Effort::High) })
}

/// `output_config.effort`, one of Anthropic's words.
fn named_effort<'d>(body: &Body<'d>) -> Option<Value<'d>> {
    body.output_config?.get("effort").filter(|effort| effort.as_str().is_some())
}

fn asked(body: &Body<'_>) -> Option<Effort> {
    // As much as it sees fit is what the models do that think by themselves; Nova must be told a step.
    let free = || (named_effort(body).is_none() && body.thinking_is("adaptive")).then_some(Effort::Medium);
    Effort::asked(body.output_config, body.thinking).or_else(free)
}

pub(super) fn write(
    body: &Body<'_>,
    betas: &str,
    tools: &Tools<'_>,
    to: To<'_>,
    notes: &mut Notes,
    out: &mut Writer,
) -> Result<(), Fault> {
    let mut fields = Writer::new();
    fields.begin_object();
    if to.model.is_claude() {
        claude(body, betas, tools, to, notes, &mut fields);
    } else {
        others(body, to, notes, &mut fields);
    }
    let own = fields.end_object().as_str();
    match &to.options.additional_fields {
        Some(chosen) => _ = out.key("additionalModelRequestFields").raw(&merged(own, &chosen.0)?),
        None if own != "{}" => _ = out.key("additionalModelRequestFields").raw(own),
        None => {}
    }
    Ok(())
}

/// The chosen members take the places of those of the same name.
fn merged(own: &str, chosen: &str) -> Result<String, Fault> {
    let unreadable = |error| Fault::own(format!("options: additional_fields: {error}"));
    let (own, chosen) =
        (Document::parse_str(own).map_err(unreadable)?, Document::parse_str(chosen).map_err(unreadable)?);
    let mut out = Writer::new();
    out.begin_object();
    for (key, value) in own.root().members().filter(|(key, _)| chosen.root().get(&key.decode()).is_none()) {
        out.key_str(key).value(value);
    }
    for (key, value) in chosen.root().members() {
        out.key_str(key).value(value);
    }
    Ok(out.end_object().as_str().to_owned())
}

fn claude(body: &Body<'_>, header: &str, tools: &Tools<'_>, to: To<'_>, notes: &mut Notes, out: &mut Writer) {
    let effort = named_effort(body);
    if effort.is_some() && !to.model.knows_effort() {
        notes.dropped("output_config.effort");
    }
    let effort = effort.filter(|_| to.model.knows_effort());
    let needed = (effort.is_some() && to.model.needs_beta_for_effort()).then_some(EFFORT_BETA);
    betas(body, header, needed, to, out);
    if let Some(top_k) = body.top_k {
        out.key("top_k").value(top_k);
    }
    match body.thinking {
        Some(thinking) if body.thinking_is("enabled") && to.model.refuses_budgets() => {
            notes.dropped("thinking.budget_tokens");
            adaptive(thinking, out);
        }
        Some(thinking) if to.model.thinks() => _ = out.key("thinking").value(thinking),
        Some(_) if !body.thinking_is("disabled") => notes.dropped("thinking"),
        _ => {}
    }
    if let Some(effort) = effort {
        out.key("output_config").begin_object().key("effort").value(effort).end_object();
    }
    tools.write_anthropics(out);
}

/// Thinking for models that find its measure themselves.
fn adaptive(thinking: Value<'_>, out: &mut Writer) {
    out.key("thinking").begin_object().key("type").string("adaptive");
    if let Some(display) = thinking.get("display").filter(|display| !display.is_null()) {
        out.key("display").value(display);
    }
    out.end_object();
}

/// The user's own, then those of the client that Bedrock knows, each once.
fn betas(body: &Body<'_>, header: &str, needed: Option<&str>, to: To<'_>, out: &mut Writer) {
    let mut betas: Vec<String> = to.options.anthropic_beta.clone();
    let listed = body.betas.into_iter().flat_map(Value::items).filter_map(Value::as_str).map(Str::decode);
    let listed: Vec<_> = listed.collect();
    let asked = header.split(',').map(str::trim).chain(listed.iter().map(|beta| &**beta));
    let known = asked.filter(|beta| to.model.knows_betas() && BETAS.iter().any(|known| beta.starts_with(known)));
    for beta in known.chain(needed) {
        if !betas.iter().any(|there| there == beta) {
            betas.push(beta.to_owned());
        }
    }
    if !betas.is_empty() {
        out.key("anthropic_beta").begin_array();
        betas.iter().for_each(|beta| _ = out.string(beta));
        out.end_array();
    }
}

fn others(body: &Body<'_>, to: To<'_>, notes: &mut Notes, out: &mut Writer) {
    let is_nova = to.model.family == Family::Nova;
    match body.top_k {
        Some(top_k) if is_nova => {
            out.key("inferenceConfig").begin_object().key("topK").value(top_k).end_object();
        }
        Some(_) => notes.dropped("top_k"),
        None => {}
    }
    let Some(effort) = effort(body, to.model) else {
        if asked(body).is_some() && !body.thinking_is("disabled") {
            notes.dropped("thinking");
        }
        return;
    };
    if asked(body) > Some(effort) {
        notes.dropped("reasoning effort above high");
    }
    match to.model.family {
        Family::Nova => {
            out.key("reasoningConfig").begin_object().key("type").string("enabled");
            out.key("maxReasoningEffort").string(effort.as_str()).end_object();
        }
        Family::OpenAi => _ = out.key("reasoning").begin_object().key("effort").string(effort.as_str()).end_object(),
        _ => _ = out.key("reasoning_effort").string(effort.as_str()),
    }
}
