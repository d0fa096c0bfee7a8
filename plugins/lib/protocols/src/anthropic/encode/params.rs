//! Everything of the request that is neither messages nor tools: limits, sampling, fields of other formats, fields that the
//! target does not know.

use super::history::History;
use super::members::Members;
use super::thinking;
use super::to::To;
use crate::shared::notes::Notes;
use ccr_plugin::Fault;
use ccr_plugin::messages::anthropic::clean::is_openai_parameter;
use ccr_plugin::messages::json::{Kind, Str, Value, Writer};

/// Fields that Vertex AI takes besides those that switch on a preview ("Extra inputs are not permitted" for any other).
const VERTEX: [&str; 14] = [
    "anthropic_version",
    "messages",
    "system",
    "max_tokens",
    "metadata",
    "stop_sequences",
    "stream",
    "temperature",
    "top_k",
    "top_p",
    "tools",
    "tool_choice",
    "thinking",
    "output_config",
];

/// The value that Vertex AI wants for the API's version ("Claude on Vertex AI").
const VERTEX_VERSION: &str = "\"vertex-2023-10-16\"";

/// The preview that Vertex AI wants for the tool of that name.
const WEB_SEARCH: &str = "web-search-2025-03-05";

/// Hints in which a transformer repeats how the model shall think: the request itself says it.
const THINKING_HINTS: [&str; 3] = ["thinking", "enable_thinking", "reasoning"];

/// Anthropic refuses longer ids of users.
const LONGEST_USER: usize = 256;

/// With thinking, `top_p` must be between this and 1 ("Extended thinking").
const LEAST_TOP_P: f64 = 0.95;

/// What a request gets that names no limit, for a model of which nothing is known: the gateway's default for all formats.
const DEFAULT_TOKENS: u64 = 8_192;

pub(super) fn write<'d>(
    members: &mut Members<'d>,
    to: &To<'_>,
    history: History,
    notes: &mut Notes,
) -> Result<(), Fault> {
    let ccr = members.get("ccr");
    members.remove("ccr");
    if to.unmarked && members.get("cache_control").is_some() {
        members.remove("cache_control");
        notes.dropped("cache_control");
    }
    // What a client of the format asks for is meant for the model it names, unless a transformer had a say. Without a component
    // such a request goes out as it came, so that here nothing else may happen to it.
    let as_asked = to.native_client && !to.vertex && ccr.is_none();
    limit(members, to, ccr, as_asked, notes);
    // A client that writes them here, and not in `ccr`, means the same.
    for (key, value) in members.all().filter(|(key, _)| is_openai_parameter(key)).collect::<Vec<_>>() {
        foreign(&key, value, members, notes)?;
        members.remove(key);
    }
    for (key, value) in ccr.and_then(|ccr| ccr.get("params")).into_iter().flat_map(Value::members) {
        foreign(&key.decode(), value, members, notes)?;
    }
    extra(ccr, members, to, notes);
    if to.is_strict() && as_asked {
        thinking::drop_without_thought(members, history, notes);
    } else if to.is_strict() {
        let thinks = thinking::write(members, to, history, notes);
        sampling(members, to, thinks, notes);
    }
    match to.name {
        Some(name) => {
            let mut quoted = Writer::with_capacity(name.len() + 2);
            quoted.string(name);
            members.set("model", quoted.as_str());
        }
        None => members.remove("model"),
    }
    if to.vertex {
        vertex(members, to, notes);
    }
    Ok(())
}

fn limit(members: &mut Members<'_>, to: &To<'_>, ccr: Option<Value<'_>>, as_asked: bool, notes: &mut Notes) {
    let made_up = ccr.and_then(|ccr| ccr.get("default_max_tokens")?.as_bool()) == Some(true);
    if as_asked && members.get("max_tokens").is_some_and(|limit| limit.kind() == Kind::Number) {
        // However it is written.
        return;
    }
    let asked = members.get("max_tokens").and_then(Value::as_u64).filter(|_| !made_up);
    let model = Some(to.model).filter(|_| to.is_strict());
    let Some(asked) = asked else {
        let default = model.and_then(|model| model.default_tokens()).unwrap_or(DEFAULT_TOKENS);
        return members.set("max_tokens", default.to_string());
    };
    // Some previews raise it.
    let most = model.and_then(|model| model.most_tokens()).filter(|_| !as_asked && !to.has_beta("output-"));
    if let Some(most) = most.filter(|most| *most < asked) {
        notes.dropped(format!("max_tokens above {most}"));
        members.set("max_tokens", most.to_string());
    }
}

/// A parameter of OpenAI's.
fn foreign<'d>(key: &str, value: Value<'d>, members: &mut Members<'d>, notes: &mut Notes) -> Result<(), Fault> {
    let refused = |why: &str| Err(Fault::unsupported(format!("{key}: {why}; leave it out, or choose another model.")));
    let number = value.as_f64();
    match key {
        "n" if number.is_some_and(|n| n > 1.0) => refused("Claude gives one answer to a request"),
        "logprobs" if value.as_bool() == Some(true) => refused("Claude tells no log probabilities"),
        "audio" if !value.is_null() => refused("Claude does not speak"),
        "modalities" if value.items().any(|item| item.as_str().is_some_and(|item| item == "audio")) => {
            refused("Claude does not speak")
        }
        "user" | "safety_identifier" => {
            user(key, value, members, notes);
            Ok(())
        }
        _ => {
            if !is_default(key, value) {
                notes.dropped(format!("params.{key}"));
            }
            Ok(())
        }
    }
}

/// Values that say nothing.
fn is_default(key: &str, value: Value<'_>) -> bool {
    let is = |text: &str| value.as_str().is_some_and(|said| said == text);
    match value.kind() {
        Kind::Null => true,
        Kind::Bool => value.as_bool() == Some(key == "parallel_tool_calls"),
        Kind::Number => match key {
            "n" | "repetition_penalty" => value.as_f64() == Some(1.0),
            "seed" => false,
            _ => value.as_f64() == Some(0.0),
        },
        Kind::Array | Kind::Object if value.is_empty() => true,
        Kind::Array => key == "modalities",
        Kind::Object => key == "stream_options",
        Kind::String => match key {
            "service_tier" => is("auto") || is("default"),
            "verbosity" => is("medium"),
            "truncation" => is("disabled"),
            _ => false,
        },
    }
}

/// Who asks goes where Anthropic has a place for it, unless the client has filled that.
fn user<'d>(key: &str, value: Value<'d>, members: &mut Members<'d>, notes: &mut Notes) {
    let known = members.get("metadata").and_then(|metadata| metadata.get("user_id")).is_some();
    let Some(user) = value.as_str().filter(|user| !user.is_empty()) else { return };
    // Addresses are refused ("user_id appears to contain an email address").
    let fits = user.raw().len() <= LONGEST_USER && !user.raw().contains('@');
    if known || members.is_set("metadata") || members.get("metadata").is_some() || !fits {
        return notes.dropped(format!("params.{key}"));
    }
    members.set("metadata", format!("{{\"user_id\":\"{}\"}}", user.raw()));
}

/// Members that a transformer wants in the body: imitators of the format may know them, Anthropic refuses what it does not know.
fn extra<'d>(ccr: Option<Value<'d>>, members: &mut Members<'d>, to: &To<'_>, notes: &mut Notes) {
    for (key, value) in ccr.and_then(|ccr| ccr.get("extra")).into_iter().flat_map(Value::members) {
        let key = key.decode();
        if THINKING_HINTS.contains(&&*key) {
            continue;
        }
        if to.is_strict() {
            notes.dropped(format!("extra.{key}"));
        } else if !matches!(&*key, "messages" | "tools" | "system" | "ccr") {
            members.set(key, value.raw());
        }
    }
}

fn sampling(members: &mut Members<'_>, to: &To<'_>, thinks: bool, notes: &mut Notes) {
    let number = |members: &Members<'_>, key: &str| members.get(key).and_then(Value::as_f64);
    if thinks || to.model.refuses_sampling() {
        let least = if to.model.refuses_sampling() { 1.0 } else { LEAST_TOP_P };
        for (key, fits) in [
            ("temperature", number(members, "temperature") == Some(1.0)),
            ("top_p", number(members, "top_p").is_some_and(|top_p| (least..=1.0).contains(&top_p))),
            ("top_k", false),
        ] {
            if members.get(key).is_some() && !fits {
                members.remove(key);
                notes.dropped(key);
            }
        }
    } else if number(members, "temperature").is_some_and(|temperature| temperature > 1.0) {
        members.set("temperature", "1");
        notes.dropped("temperature above 1");
    }
    if to.model.takes_one_of_temperature_and_top_p() && members.has("temperature") && members.has("top_p") {
        // Sampling from all of the tokens is what happens anyway.
        if number(members, "top_p") != Some(1.0) {
            notes.dropped("top_p");
        }
        members.remove("top_p");
    }
}

fn vertex(members: &mut Members<'_>, to: &To<'_>, notes: &mut Notes) {
    for (key, value) in members.all().collect::<Vec<_>>() {
        let preview = match &*key {
            "context_management" => to.has_beta("context-management-") || to.has_beta("compact-"),
            "output_format" => to.has_beta("structured-outputs-"),
            _ => false,
        };
        let silent = matches!(&*key, "model" | "ccr" | "betas" | "anthropic_beta" | "thread") || value.is_null();
        if VERTEX.contains(&&*key) || preview || is_openai_parameter(&key) {
            continue;
        }
        if !silent {
            notes.dropped(key.clone().into_owned());
        }
        members.remove(key);
    }
    members.set("anthropic_version", VERTEX_VERSION);
    let searches = members.get("tools").into_iter().flat_map(Value::items).any(|tool| {
        let kind = tool.get("type").and_then(Value::as_str);
        kind.is_some_and(|kind| kind.raw().starts_with("web_search_"))
    });
    // Anthropic needs none for it any more.
    let search = Some(WEB_SEARCH).filter(|_| searches && !to.has_beta("web-search-"));
    if search.is_some() || !to.betas.is_empty() {
        let mut list = Writer::new();
        list.begin_array();
        to.betas.iter().copied().chain(search).for_each(|beta| _ = list.string(beta));
        members.set("anthropic_beta", list.end_array().as_str());
    }
}

/// Whether a request says that it shall not be thought about.
pub(super) fn forbids_thinking(root: Value<'_>) -> bool {
    let kind = root.get("thinking").and_then(|thinking| thinking.get("type")?.as_str());
    kind.map(Str::decode).is_some_and(|kind| kind == "disabled")
}
