//! Everything of the request that is neither input nor a tool: limits, sampling, reasoning, output format, caching, streaming.

use super::To;
use super::body::{Body, Thinks};
use super::notes::Notes;
use crate::responses::options::Effort;
use crate::responses::thinking::Fingerprint;
use ccr_plugin::messages::json::{Kind, Value, Writer};

/// OpenAI refuses less ("integer below minimum value"); Claude Code asks for one token to see whether a key works.
const FEWEST_TOKENS: u64 = 16;

/// OpenAI refuses longer keys ("string too long").
const LONGEST_CACHE_KEY: usize = 64;

/// Budgets up to which thinking counts as low and as medium. Claude Code's steps are 4,000, 10,000 and 31,999 tokens
/// ("think", "think hard", "ultrathink"): each falls into a step of its own.
const LOW_BUDGET: u64 = 4_096;
const MEDIUM_BUDGET: u64 = 16_384;

pub(super) fn write(body: &Body<'_>, to: To<'_>, session: Option<&str>, notes: &mut Notes, out: &mut Writer) {
    max_tokens(body, notes, out);
    sampling(body, to, notes, out);
    reasoning(body, to, notes, out);
    text_format(body, out);
    // What is stored at OpenAI could be read there for a month; the client keeps the conversation anyway.
    out.key("store").bool(false);
    if let Some(session) = session {
        cache_key(session, out);
    }
    if body.stream.and_then(Value::as_bool) == Some(true) {
        out.key("stream").bool(true);
    }
}

fn max_tokens(body: &Body<'_>, notes: &mut Notes, out: &mut Writer) {
    let Some(limit) = body.max_tokens else { return };
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
    if body.thinks() == Thinks::No {
        return;
    }
    let effort = effort(body);
    if !to.reasons {
        if effort.is_some() {
            notes.dropped("thinking");
        }
        return;
    }
    let summary = to.options.summary.filter(|_| body.thinks() == Thinks::Yes && !wants_no_text(body));
    if effort.is_none() && summary.is_none() {
        return;
    }
    out.key("reasoning").begin_object();
    if let Some(effort) = effort {
        if effort > to.options.max_effort {
            notes.dropped(format!("reasoning effort above {}", to.options.max_effort.as_str()));
        }
        out.key("effort").string(effort.min(to.options.max_effort).as_str());
    }
    if let Some(summary) = summary {
        out.key("summary").string(summary);
    }
    out.end_object();
}

/// A client may want its model to think and not read the thoughts.
fn wants_no_text(body: &Body<'_>) -> bool {
    body.thinking.and_then(|thinking| thinking.get("display")?.as_str()).is_some_and(|display| display == "omitted")
}

/// How much the request wants the model to think, if it says so.
fn effort(body: &Body<'_>) -> Option<Effort> {
    let named = body.output_config.and_then(|config| config.get("effort")?.as_str());
    if let Some(named) = named {
        return match &*named.decode() {
            "low" => Some(Effort::Low),
            "medium" => Some(Effort::Medium),
            "high" => Some(Effort::High),
            // Anthropic's highest step is called `max`.
            "xhigh" | "max" => Some(Effort::Xhigh),
            _ => None,
        };
    }
    let budget = body.thinking?.get("budget_tokens")?.as_u64()?;
    Some(if budget <= LOW_BUDGET {
        Effort::Low
    } else if budget <= MEDIUM_BUDGET {
        Effort::Medium
    } else {
        Effort::High
    })
}

/// Structured output: `output_config.format`, in older clients `output_format`.
fn text_format(body: &Body<'_>, out: &mut Writer) {
    let format = body.output_config.and_then(|config| config.get("format")).or(body.output_format);
    let schema = format.and_then(|format| format.get("schema")).filter(|schema| schema.kind() == Kind::Object);
    let Some(schema) = schema else { return };
    out.key("text").begin_object().key("format").begin_object().key("type").string("json_schema");
    // OpenAI wants a name; nothing depends on it.
    out.key("name").string("answer").key("schema").value(schema).end_object().end_object();
}

/// Requests with the same key go where their beginning is cached.
fn cache_key(session: &str, out: &mut Writer) {
    out.key("prompt_cache_key");
    if session.chars().count() <= LONGEST_CACHE_KEY {
        out.string(session);
    } else {
        let mut fingerprint = Fingerprint::default();
        fingerprint.add(session);
        out.string(&format!("{:016x}", fingerprint.value()));
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
            Thinks::Unsaid => has_tools,
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
