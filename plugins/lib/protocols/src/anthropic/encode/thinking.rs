//! How much the model shall think, in the words that this model understands.
//!
//! Anthropic's own models only: others are sent what the client asks for.

use super::history::History;
use super::members::Members;
use super::to::To;
use crate::anthropic::model::Thinks;
use crate::shared::notes::Notes;
use ccr_plugin::messages::anthropic::clean::has_budget;
use ccr_plugin::messages::json::{Kind, Str, Value, Writer};
use std::borrow::Cow;

/// Anthropic refuses a smaller budget ("Extended thinking").
const SMALLEST_BUDGET: u64 = 1024;

/// Budgets for the steps of effort, for models that know budgets only. The three middle ones are Claude Code's own steps ("think",
/// "think hard", "ultrathink"), rounded; the lowest is Anthropic's recommended beginning.
const BUDGETS: [(&str, u64); 5] =
    [("low", 2_048), ("medium", 10_000), ("high", 24_000), ("xhigh", 31_999), ("max", 31_999)];

/// What a request wants that says no more than that it wants thinking: the API's own default effort.
const DEFAULT_BUDGET: u64 = 24_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Unsaid,
    Off,
    Budget(Option<u64>),
    Adaptive,
}

/// Writes `thinking` and the effort; says whether the model will think.
pub(super) fn write<'d>(members: &mut Members<'d>, to: &To<'_>, history: History, notes: &mut Notes) -> bool {
    let given = members.get("thinking");
    let wish = wish(given);
    let effort = asked_effort(members);
    let effort = effort.as_deref();
    let knows_effort = to.model.effort("low").is_some();
    let wanted = match (wish, to.model.thinks()) {
        (Wish::Unsaid, Thinks::Budget) if effort.is_some() && !knows_effort && !to.native_client => {
            Wish::Budget(Some(budget_for(effort)))
        }
        (Wish::Unsaid, Thinks::Both | Thinks::Adaptive) if effort.is_some() && !to.native_client => Wish::Adaptive,
        (Wish::Budget(_) | Wish::Adaptive, Thinks::Never) => {
            notes.dropped("thinking");
            Wish::Unsaid
        }
        (Wish::Budget(_), Thinks::Adaptive) => {
            notes.dropped("thinking.budget_tokens");
            Wish::Adaptive
        }
        (Wish::Adaptive, Thinks::Budget) => Wish::Budget(Some(budget_for(effort))),
        (Wish::Off, _) if to.model.always_thinks() => {
            notes.dropped("thinking.disabled");
            Wish::Unsaid
        }
        (wish, _) => wish,
    };
    write_effort(members, to, wanted, notes);
    let wanted = possible(wanted, members, to, history, notes);
    if wanted != wish {
        put(members, given, wanted);
    }
    matches!(wanted, Wish::Budget(_) | Wish::Adaptive)
}

/// Leaves thinking with a budget out where the turn that is under way began without reasoning, as that comes of the history and
/// not of what the client asks for.
pub(super) fn drop_without_thought(members: &mut Members<'_>, history: History, notes: &mut Notes) {
    if history.turn_without_thought && members.get("thinking").is_some_and(has_budget) {
        members.remove("thinking");
        notes.dropped("thinking");
        forget_clearing(members, notes);
    }
}

fn wish(thinking: Option<Value<'_>>) -> Wish {
    let Some(thinking) = thinking else { return Wish::Unsaid };
    match &*thinking.get("type").and_then(Value::as_str).map(Str::decode).unwrap_or_default() {
        "enabled" => Wish::Budget(thinking.get("budget_tokens").and_then(Value::as_u64)),
        "adaptive" => Wish::Adaptive,
        "disabled" => Wish::Off,
        _ => Wish::Unsaid,
    }
}

fn asked_effort<'d>(members: &Members<'d>) -> Option<Cow<'d, str>> {
    Some(members.get("output_config")?.get("effort")?.as_str()?.decode())
}

fn budget_for(effort: Option<&str>) -> u64 {
    let known = BUDGETS.iter().find(|(name, _)| Some(*name) == effort);
    known.map_or(DEFAULT_BUDGET, |(_, budget)| *budget)
}

/// What of a wish for a budget the rest of the request allows.
fn possible(wish: Wish, members: &mut Members<'_>, to: &To<'_>, history: History, notes: &mut Notes) -> Wish {
    let Wish::Budget(budget) = wish else { return wish };
    // "Thinking may not be enabled when tool_choice forces tool use", and "Expected `thinking` or `redacted_thinking`, but found
    // `tool_use`": what the client must have is the call, so the thinking goes.
    if forces_a_tool(members) || history.turn_without_thought {
        notes.dropped("thinking");
        forget_clearing(members, notes);
        return Wish::Unsaid;
    }
    let most = members.number("max_tokens").unwrap_or(u64::MAX);
    let budget = budget.unwrap_or(DEFAULT_BUDGET);
    // Between the calls of tools, thinking may go beyond the limit of one answer.
    let fits = budget < most || to.has_beta("interleaved-thinking-");
    let fitting = if fits { budget.max(SMALLEST_BUDGET) } else { most.saturating_sub(1) };
    if fitting < SMALLEST_BUDGET || fitting >= most && fitting > budget {
        notes.dropped("thinking");
        forget_clearing(members, notes);
        return Wish::Unsaid;
    }
    if fitting < budget {
        notes.dropped("thinking.budget_tokens above max_tokens");
    }
    Wish::Budget(Some(fitting))
}

fn forces_a_tool(members: &Members<'_>) -> bool {
    let kind = members.get("tool_choice").filter(|_| members.has("tool_choice"));
    let kind = kind.and_then(|choice| choice.get("type")?.as_str());
    kind.is_some_and(|kind| kind == "any" || kind == "tool")
}

/// Clearing of thoughts may only be asked for while there is thinking ("`clear_thinking` strategy requires `thinking`").
fn forget_clearing(members: &mut Members<'_>, notes: &mut Notes) {
    let clears = members.get("context_management").is_some_and(|config| config.raw().contains("\"clear_thinking"));
    if clears {
        members.remove("context_management");
        notes.dropped("context_management");
    }
}

fn put<'d>(members: &mut Members<'d>, given: Option<Value<'d>>, wish: Wish) {
    let mut out = Writer::new();
    out.begin_object().key("type");
    match wish {
        Wish::Unsaid => return members.remove("thinking"),
        Wish::Off => _ = out.string("disabled"),
        Wish::Adaptive => _ = out.string("adaptive"),
        Wish::Budget(budget) => {
            out.string("enabled");
            if let Some(budget) = budget {
                out.key("budget_tokens").number(budget);
            }
        }
    }
    // `display` and what may come after it.
    let kept = |key: &str| !matches!(key, "type" | "budget_tokens");
    for (key, value) in given.into_iter().flat_map(Value::members).filter(|(key, _)| kept(&key.decode())) {
        out.key_str(key).value(value);
    }
    members.set("thinking", out.end_object().as_str());
}

/// Writes `output_config` with an effort that the model knows, and with the format as the API takes it.
fn write_effort<'d>(members: &mut Members<'d>, to: &To<'_>, wanted: Wish, notes: &mut Notes) {
    let Some(config) = members.get("output_config").filter(|config| config.kind() == Kind::Object) else { return };
    let mut out = Writer::with_capacity(config.raw().len());
    out.begin_object();
    for (key, value) in config.members() {
        match &*key.decode() {
            "effort" => {
                let asked = value.as_str().map(Str::decode).unwrap_or_default();
                match to.model.effort(&asked) {
                    Some(known) => {
                        if known != &*asked {
                            notes.dropped(format!("output_config.effort above {known}"));
                        }
                        out.key("effort").string(known);
                    }
                    // Said by the budget instead.
                    None if matches!(wanted, Wish::Budget(_)) => {}
                    None => notes.dropped("output_config.effort"),
                }
            }
            "format" => {
                out.key("format").begin_object();
                // A name and the strictness are OpenAI's.
                let own = |key: &str| !matches!(key, "name" | "strict" | "description");
                for (key, value) in value.members().filter(|(key, _)| own(&key.decode())) {
                    out.key_str(key).value(value);
                }
                out.end_object();
            }
            _ => _ = out.key_str(key).value(value),
        }
    }
    let written = out.end_object().as_str();
    if written == "{}" && !config.is_empty() {
        members.remove("output_config");
    } else if written != config.raw() {
        members.set("output_config", written);
    }
}
