//! Everything of the request that is neither input nor a tool: limits, sampling, reasoning, output format, caching, streaming.

use super::body::{Body, Thinks};
use super::to::To;
use crate::openai::functions;
use crate::shared::body::DEFAULT_MAX_TOKENS;
use crate::shared::notes::Notes;
use ccr_plugin::Fault;
use ccr_plugin::messages::effort::Effort;
use ccr_plugin::messages::fingerprint::Fingerprint;
use ccr_plugin::messages::json::{Str, Value, Writer};

/// OpenAI refuses less ("integer below minimum value"); Claude Code asks for one token to see whether a key works.
const FEWEST_TOKENS: u64 = 16;

/// OpenAI refuses longer keys ("string too long").
const LONGEST_CACHE_KEY: usize = 64;

pub(super) fn write(
    body: &Body<'_>,
    to: To<'_>,
    session: Option<&str>,
    notes: &mut Notes,
    out: &mut Writer,
) -> Result<(), Fault> {
    max_tokens(body, notes, out);
    sampling(body, to, notes, out);
    reasoning(body, to, notes, out);
    text(body, out);
    // What is stored at OpenAI could be read there for a month; the client keeps the conversation anyway.
    out.key("store").bool(body.hints.param("store").and_then(Value::as_bool) == Some(true));
    let key = body.hints.param("prompt_cache_key").and_then(Value::as_str).map(Str::decode);
    let key = key.filter(|key| !key.is_empty() && to.options.prompt_cache_key);
    if let Some(key) = key.as_deref().or(session) {
        cache_key(key, out);
    }
    service_tier(body, notes, out);
    body.hints.write(notes, out)?;
    if body.streams() {
        out.key("stream").bool(true);
    }
    Ok(())
}

/// Anthropic's `auto` is what OpenAI does anyway.
fn service_tier(body: &Body<'_>, notes: &mut Notes, out: &mut Writer) {
    let Some(tier) = body.service_tier.filter(|_| body.hints.param("service_tier").is_none()) else { return };
    match tier.as_str().map(Str::raw) {
        Some("auto") => {}
        Some("standard_only") => _ = out.key("service_tier").string("default"),
        _ => notes.dropped("service_tier"),
    }
}

fn max_tokens(body: &Body<'_>, notes: &mut Notes, out: &mut Writer) {
    let Some(limit) = body.max_tokens else { return };
    // A transformer may have put another in its place.
    if body.hints.default_max_tokens && limit.as_u64() == Some(DEFAULT_MAX_TOKENS) {
        return;
    }
    out.key("max_output_tokens");
    if limit.as_u64().is_some_and(|limit| limit < FEWEST_TOKENS) {
        notes.dropped("max_tokens below 16");
        out.number(FEWEST_TOKENS);
    } else {
        out.value(limit);
    }
}

fn sampling(body: &Body<'_>, to: To<'_>, notes: &mut Notes, out: &mut Writer) {
    for (name, value) in [("temperature", body.temperature), ("top_p", body.top_p)] {
        match value {
            Some(value) if !to.reasons => _ = out.key(name).value(value),
            // 1 is what these models do anyway.
            Some(value) if value.as_f64() != Some(1.0) => notes.dropped(name),
            _ => {}
        }
    }
}

fn reasoning(body: &Body<'_>, to: To<'_>, notes: &mut Notes, out: &mut Writer) {
    let asked = body.hints.own("reasoning");
    // Said in this API's own words, it is no lack of a wish but one.
    let none =
        asked.and_then(|asked| asked.get("effort")).filter(|effort| effort.as_str().is_some_and(|e| e == "none"));
    if body.thinks() == Thinks::No && (none.is_none() || !to.reasons) {
        return;
    }
    let effort = effort(body);
    if !to.reasons {
        if effort.is_some() {
            notes.dropped("thinking");
        }
        return;
    }
    let summary = match asked {
        Some(asked) => to.options.summary.wire().and(summary(asked)),
        None => None,
    };
    let usual = to
        .options
        .summary
        .wire()
        .filter(|_| !body.hints.of_this_api() && body.thinks() == Thinks::Yes && !wants_no_text(body));
    let others = |(key, value): &(Str<'_>, Value<'_>)| {
        !matches!(key.raw(), "effort" | "summary" | "generate_summary") && !value.is_null()
    };
    let mut others = asked.into_iter().flat_map(Value::members).filter(others).peekable();
    if effort.is_none() && none.is_none() && summary.is_none() && usual.is_none() && others.peek().is_none() {
        return;
    }
    out.key("reasoning").begin_object();
    if let Some(none) = none {
        out.key("effort").value(none);
    } else if let Some(effort) = effort {
        out.key("effort").string(in_words(effort, asked, to, notes));
    }
    match summary {
        Some(summary) => _ = out.key("summary").value(summary),
        None => _ = usual.map(|summary| out.key("summary").string(summary)),
    }
    for (key, value) in others {
        out.key_str(key).value(value);
    }
    out.end_object();
}

/// The summary that a client of this API asks for, by its present name or by its first one.
fn summary(asked: Value<'_>) -> Option<Value<'_>> {
    ["summary", "generate_summary"].iter().find_map(|name| asked.get(name).filter(|value| !value.is_null()))
}

/// The effort as this API calls it, no higher than the model knows. Who names the highest in this API's own words knows it.
fn in_words(effort: Effort, asked: Option<Value<'_>>, to: To<'_>, notes: &mut Notes) -> &'static str {
    let asked = asked.and_then(|asked| asked.get("effort")?.as_str()).map_or("", Str::raw);
    let most = to.options.max_effort;
    match (effort, asked) {
        (Effort::Low, "minimal") => "minimal",
        (Effort::Xhigh, "xhigh") if most >= Effort::High => "xhigh",
        (Effort::Xhigh, "max") if most >= Effort::High => "max",
        _ => {
            if effort > most {
                notes.dropped(format!("reasoning effort above {}", most.as_str()));
            }
            effort.min(most).as_str()
        }
    }
}

/// A client may want its model to think and not read the thoughts.
fn wants_no_text(body: &Body<'_>) -> bool {
    body.thinking.and_then(|thinking| thinking.get("display")?.as_str()).is_some_and(|display| display == "omitted")
}

/// How much the request wants the model to think, if it says so; OpenAI's steps end below Anthropic's `max`.
fn effort(body: &Body<'_>) -> Option<Effort> {
    Effort::asked(body.output_config, body.thinking).map(|asked| asked.min(Effort::Xhigh))
}

/// How the text shall look: structured output, and how long it is.
fn text(body: &Body<'_>, out: &mut Writer) {
    let format = body.format();
    let verbosity = body.hints.param("verbosity");
    let json_object = format.is_none() && body.hints.wants_json_object();
    if format.is_none() && verbosity.is_none() && !json_object {
        return;
    }
    out.key("text").begin_object();
    if let Some(format) = format {
        out.key("format").begin_object().key("type").string("json_schema");
        functions::json_schema(format, out);
        out.end_object();
    } else if json_object {
        out.key("format").begin_object().key("type").string("json_object").end_object();
    }
    if let Some(verbosity) = verbosity {
        out.key("verbosity").value(verbosity);
    }
    out.end_object();
}

/// Requests with the same key go where their beginning is cached.
fn cache_key(session: &str, out: &mut Writer) {
    out.key("prompt_cache_key");
    if session.chars().count() <= LONGEST_CACHE_KEY {
        out.string(session);
    } else {
        out.string(&Fingerprint::of(session).digits());
    }
}

/// What OpenAI shall add to its answer: the reasoning in a form that can go back, and what a search found.
///
/// Reasoning comes as a block of its own before the text. A client that said nothing about thinking gets it only where it helps:
/// between calls of tools.
pub(super) fn include(body: &Body<'_>, to: To<'_>, searches: bool, out: &mut Writer) {
    let has_tools = body.tools.is_some_and(|tools| !tools.is_empty());
    let reasoning = to.reasons
        && match body.thinks() {
            Thinks::Yes => true,
            // A client of this API sends back what it gets, and shows none of it.
            Thinks::Unsaid => has_tools || body.hints.of_this_api(),
            Thinks::No => false,
        };
    if !reasoning && !searches {
        return;
    }
    out.key("include").begin_array();
    if reasoning {
        out.string("reasoning.encrypted_content");
    }
    if searches {
        out.string("web_search_call.action.sources");
    }
    out.end_array();
}

#[cfg(test)]
mod tests {
    use super::cache_key;
    use ccr_plugin::messages::json::Writer;

    fn of(session: &str) -> String {
        let mut out = Writer::new();
        out.begin_object();
        cache_key(session, &mut out);
        out.end_object().as_str().to_owned()
    }

    #[test]
    fn the_session_is_the_cache_key_and_a_long_one_its_fingerprint() {
        assert_eq!(of("5a-\"b"), r#"{"prompt_cache_key":"5a-\"b"}"#);
        assert_eq!(of(&"s".repeat(64)).len(), of("").len() + 64);
        assert_eq!(of(&"s".repeat(65)).len(), of("").len() + 16);
        assert_ne!(of(&"s".repeat(65)), of(&"s".repeat(66)));
    }
}
