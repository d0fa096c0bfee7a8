//! `generationConfig`: limits, sampling, thinking, output format.

use super::params::{JSON, Params};
use crate::gemini::model::{self, Thinks, thinks};
use crate::gemini::options::{Options, ThinkingRule};
use crate::shared::body::Body;
use crate::shared::notes::Notes;
use ccr_plugin::messages::effort::Effort;
use ccr_plugin::messages::json::{Kind, Value, Writer};
use ccr_plugin::messages::schema::{Lost, gemini};

/// Gemini takes at most five (its API reference, `stopSequences`).
const MOST_STOP_SEQUENCES: usize = 5;

/// What each effort is in tokens: Google's own table for clients that speak of effort (its guide "OpenAI compatibility").
const EFFORT_BUDGETS: [(Effort, u64); 3] = [(Effort::Low, 1_024), (Effort::Medium, 8_192), (Effort::High, 24_576)];

/// What the request wants of the model's thinking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Off,
    /// As much as the model finds right.
    Free,
    Effort(Effort),
    Budget(u64),
}

pub(super) fn write(
    body: &Body<'_>,
    params: &Params<'_>,
    model: &str,
    has_functions: bool,
    options: &Options,
    notes: &mut Notes,
    out: &mut Writer,
) {
    out.key("generationConfig").begin_object();
    for (name, value) in [
        ("maxOutputTokens", body.max_tokens),
        ("temperature", body.temperature),
        ("topP", body.top_p),
        ("topK", body.top_k),
    ] {
        if let Some(value) = value {
            out.key(name).value(value);
        }
    }
    stop_sequences(body, notes, out);
    thinking(body, model, options, notes, out);
    let may_be_formed = !has_functions || model::forms_beside_functions(model);
    format(body, params, model, may_be_formed, notes, out);
    params.write_generation(out);
    out.end_object();
}

fn stop_sequences(body: &Body<'_>, notes: &mut Notes, out: &mut Writer) {
    let sequences = body.stop_sequences.into_iter().flat_map(Value::items);
    let sequences: Vec<_> = sequences.filter_map(Value::as_str).filter(|sequence| !sequence.is_empty()).collect();
    if sequences.is_empty() {
        return;
    }
    if sequences.len() > MOST_STOP_SEQUENCES {
        notes.dropped("stop_sequences beyond the fifth");
    }
    out.key("stopSequences").begin_array();
    for sequence in sequences.iter().take(MOST_STOP_SEQUENCES) {
        out.escaped(sequence.raw());
    }
    out.end_array();
}

fn thinking(body: &Body<'_>, model: &str, options: &Options, notes: &mut Notes, out: &mut Writer) {
    let Some(wish) = wish(body) else { return };
    let named = thinks(model);
    let thinks = match (options.thinking, named) {
        (ThinkingRule::Omit, _) => Thinks::Never,
        (ThinkingRule::Auto, named) => named,
        (ThinkingRule::Budget, Thinks::Budget { .. }) | (ThinkingRule::Level, Thinks::Level { .. }) => named,
        // The user knows better than the table; the bounds are those that most models have.
        (ThinkingRule::Budget, _) => Thinks::Budget { least: 0, most: 24_576, off: true },
        (ThinkingRule::Level, _) => Thinks::Level { minimal: true, medium: true },
    };
    if thinks == Thinks::Never {
        if wish != Wish::Off {
            notes.dropped("thinking");
        }
        return;
    }
    out.key("thinkingConfig").begin_object();
    match thinks {
        Thinks::Budget { least, most, off } => {
            let least = if wish == Wish::Off && off { 0 } else { least };
            budget(wish, least, most, body, notes, out);
        }
        Thinks::Level { minimal, medium } => level(wish, minimal, medium, notes, out),
        Thinks::Never => {}
    }
    if is_shown(body) {
        out.key("includeThoughts").bool(true);
    }
    out.end_object();
}

fn budget(wish: Wish, least: u64, most: u64, body: &Body<'_>, notes: &mut Notes, out: &mut Writer) {
    let tokens = match wish {
        Wish::Off => {
            // Some models can only be told to think little.
            if least > 0 {
                notes.dropped("thinking.disabled");
            }
            least
        }
        Wish::Free => {
            // "As you like", in Gemini's words.
            out.key("thinkingBudget").raw("-1");
            return;
        }
        Wish::Effort(effort) => EFFORT_BUDGETS.iter().find(|(known, _)| *known == effort).map_or(0, |(_, most)| *most),
        Wish::Budget(tokens) => tokens,
    };
    let mut tokens = tokens.min(most);
    if wish != Wish::Off {
        // Gemini counts thoughts as output: something must be left for the answer.
        if let Some(limit) = body.max_tokens.and_then(Value::as_u64)
            && tokens >= limit
        {
            tokens = limit / 2;
        }
        tokens = tokens.max(least);
    }
    out.key("thinkingBudget").number(tokens);
}

fn level(wish: Wish, minimal: bool, medium: bool, notes: &mut Notes, out: &mut Writer) {
    let effort = match wish {
        Wish::Free => return,
        Wish::Off if minimal => {
            out.key("thinkingLevel").string("minimal");
            return;
        }
        Wish::Off => {
            notes.dropped("thinking.disabled");
            Effort::Low
        }
        Wish::Effort(effort) => effort,
        Wish::Budget(tokens) => Effort::of_budget(tokens),
    };
    out.key("thinkingLevel").string(match effort {
        Effort::Low => "low",
        Effort::Medium if medium => "medium",
        _ => "high",
    });
}

/// `None` if the request says nothing of thinking: then the model does as it is used to.
fn wish(body: &Body<'_>) -> Option<Wish> {
    if body.thinking_is("disabled") {
        return Some(Wish::Off);
    }
    let effort = body.output_config.and_then(|config| config.get("effort")?.as_str());
    if let Some(effort) = effort.and_then(|effort| Effort::by_name(&effort.decode())) {
        // Anthropic's steps go on with `xhigh` and `max`, Gemini's end here.
        return Some(Wish::Effort(effort.min(Effort::High)));
    }
    let thinking = body.thinking.filter(|thinking| thinking.kind() == Kind::Object)?;
    Some(thinking.get("budget_tokens").and_then(Value::as_u64).map_or(Wish::Free, Wish::Budget))
}

/// Whether the client wants to see thoughts.
fn is_shown(body: &Body<'_>) -> bool {
    let omitted = body.thinking.and_then(|thinking| thinking.get("display")?.as_str());
    (body.thinking_is("enabled") || body.thinking_is("adaptive")) && omitted.is_none_or(|display| display != "omitted")
}

/// Structured output: `responseSchema`, or `responseJsonSchema` where that says too little.
fn format(body: &Body<'_>, params: &Params<'_>, model: &str, may_be_formed: bool, notes: &mut Notes, out: &mut Writer) {
    let schema = body.format().map(|format| format.schema);
    let mime_type = params.mime_type().or(schema.is_some().then_some(JSON));
    let Some(mime_type) = mime_type else { return };
    if !may_be_formed {
        // Older models refuse the two together.
        return notes.dropped("output_config.format");
    }
    out.key("responseMimeType").escaped(mime_type);
    let Some(schema) = schema else { return };
    let (mut lost, mut compiled) = (Lost::default(), Writer::new());
    gemini::write_schema(schema, &mut lost, &mut compiled);
    if lost.keywords().next().is_some() && model::reads_json_schema(model) {
        // What the one form cannot express (recursion, maps, objects without members), the other may; it has no `nullable`, which
        // is not JSON Schema, so only what needs it goes so.
        out.key("responseJsonSchema").value(schema);
        return;
    }
    out.key("responseSchema").raw(compiled.as_str());
    for keyword in lost.keywords() {
        notes.dropped(format!("output_config.format.schema.{keyword}"));
    }
}
