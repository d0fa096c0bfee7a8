//! What Anthropic's API refuses in a history that other providers, or other formats, had a part in.
//!
//! [`needs_cleaning`] looks for any of it in one walk over the request, without allocating, so that a request which has none
//! can go on as the bytes it came in. How it is cleaned is the plugin `anthropic`'s, which asks the same questions.

mod calls;
mod history;
mod ids;

#[cfg(test)]
mod tests;

use crate::json::{Document, Kind, Str, Value};
use history::History;

/// How much of a signature is looked at: more than any hash or UUID is long, and little beside signatures of several kB.
const SAMPLE: usize = 96;

/// Longest name of a tool: `^[a-zA-Z0-9_-]{1,128}$` (Anthropic's API reference, `tools[].name`).
pub const LONGEST_TOOL_NAME: usize = 128;

/// More members than this at the top level are nobody's request; each is compared with those before it.
const MOST_MEMBERS: usize = 32;

/// What a schema must not have at its outermost level: "input_schema does not support oneOf, allOf, or anyOf at the top level".
pub const NOT_AT_THE_TOP: [&str; 3] = ["oneOf", "allOf", "anyOf"];

/// Whether the component `anthropic` would change anything of a request but the model's name, for a client that speaks
/// Anthropic's format and a model of Anthropic's. That is what the API refuses and what may be there through no fault of the
/// client, or is easily repaired:
///
/// - reasoning of others, blank texts, messages without content, white space at the end of a last message of the assistant;
/// - calls whose ids are illegal or used twice, whose names are illegal, or whose input is no object; calls without results,
///   results without calls or behind other content;
/// - search results that cannot be replayed, and images whose data is a data URL;
/// - tools with illegal names, or without a schema that is a plain object at the top; a choice without tools;
/// - of the parameters: a missing `max_tokens`, those of OpenAI's format ([`is_openai_parameter`]), members named twice, a budget for
///   thinking in a turn that began without; and the gateway's own member `ccr`.
///
/// All other parameters are the client's: what is legal among them depends on the model, and neither this nor the component looks
/// at them for such a client.
///
/// It may say yes to a request that needs nothing, never no to one that does. A few microseconds for a request of 67 kB, and
/// never more than linear in its length.
#[must_use]
pub fn needs_cleaning(document: &Document<'_>) -> bool {
    let Some(members) = Members::read(document.root()) else { return true };
    let Members { messages: Some(messages), system, tools, tool_choice, thinking, has_model: true, has_limit: true } =
        members
    else {
        return true;
    };
    if system.is_some_and(|system| is_blank_string(system) || system.items().any(is_blank_text))
        || tools.is_some_and(|tools| tools.items().any(tool_needs_it))
        || tool_choice.is_some_and(|choice| choice_needs_it(choice, tools))
    {
        return true;
    }
    match History::of(messages) {
        History::Clean => false,
        History::TurnWithoutThought => thinking.is_some_and(has_budget),
        History::NeedsCleaning => true,
    }
}

/// The members at the top level that decide.
#[derive(Default)]
struct Members<'d> {
    messages: Option<Value<'d>>,
    system: Option<Value<'d>>,
    tools: Option<Value<'d>>,
    tool_choice: Option<Value<'d>>,
    thinking: Option<Value<'d>>,
    has_model: bool,
    /// `max_tokens` is there and a number.
    has_limit: bool,
}

impl<'d> Members<'d> {
    /// `None` if one is none of Anthropic's, stands there twice, or has escapes in its name.
    fn read(root: Value<'d>) -> Option<Self> {
        let mut read = Self::default();
        let mut names = [""; MOST_MEMBERS];
        for (at, (key, value)) in root.members().enumerate() {
            let (name, earlier) = (key.raw(), names.get(..at)?);
            if key.is_escaped() || earlier.contains(&name) {
                return None;
            }
            *names.get_mut(at)? = name;
            match name {
                "messages" => read.messages = Some(value),
                "system" => read.system = Some(value),
                "tools" => read.tools = Some(value),
                "tool_choice" => read.tool_choice = Some(value).filter(|choice| !choice.is_null()),
                "thinking" => read.thinking = Some(value),
                "model" => read.has_model = true,
                "max_tokens" => read.has_limit = value.kind() == Kind::Number,
                "ccr" => return None,
                _ if is_openai_parameter(name) => return None,
                _ => {}
            }
        }
        Some(read)
    }
}

/// Whether a member of that name at the top level is one that only OpenAI's format has.
#[must_use]
pub fn is_openai_parameter(name: &str) -> bool {
    matches!(
        name,
        "frequency_penalty"
            | "presence_penalty"
            | "logit_bias"
            | "logprobs"
            | "top_logprobs"
            | "n"
            | "seed"
            | "user"
            | "store"
            | "prediction"
            | "modalities"
            | "audio"
            | "verbosity"
            | "min_p"
            | "repetition_penalty"
            | "response_format"
            | "stream_options"
            | "parallel_tool_calls"
            | "reasoning_effort"
            | "max_completion_tokens"
            | "prompt_cache_key"
            | "safety_identifier"
    )
}

/// Only the client's own tools have a name that it may choose, and a schema.
fn tool_needs_it(tool: Value<'_>) -> bool {
    let (mut kind, mut name, mut schema) = (None, None, None);
    for (key, value) in tool.members() {
        match key.raw() {
            "type" => kind = value.as_str(),
            "name" => name = value.as_str(),
            "input_schema" => schema = Some(value),
            _ if key.is_escaped() => return true,
            _ => {}
        }
    }
    let is_custom = kind.is_none_or(|kind| kind == "custom");
    is_custom && (name.is_some_and(|name| !is_legal_tool_name(name)) || !schema.is_some_and(is_plain_object))
}

/// Whether a schema is an object's and has no choice between others at its outermost level.
fn is_plain_object(schema: Value<'_>) -> bool {
    let mut is_object = false;
    for (key, value) in schema.members() {
        match key.raw() {
            "type" => is_object = value.as_str().is_some_and(|kind| kind == "object"),
            name if key.is_escaped() || NOT_AT_THE_TOP.contains(&name) => return false,
            _ => {}
        }
    }
    is_object
}

/// "tool_choice may only be specified while providing tools".
fn choice_needs_it(choice: Value<'_>, tools: Option<Value<'_>>) -> bool {
    let name = choice.get("name").and_then(Value::as_str);
    tools.is_none_or(Value::is_empty) || name.is_some_and(|name| !is_legal_tool_name(name))
}

/// Whether `thinking` is switched on with a budget of tokens: what a turn that began without reasoning cannot have.
#[must_use]
pub fn has_budget(thinking: Value<'_>) -> bool {
    thinking.get("type").and_then(Value::as_str).is_some_and(|kind| kind == "enabled")
}

/// Whether a signature, or the data of redacted thinking, can be Anthropic's: standard base64 that is no number and no
/// hexadecimal hash. Providers that imitate the format sign with UUIDs, hashes, times or nothing, and the gateway with envelopes
/// (`ccr1:…`); Anthropic answers any of them with a 400 ("Invalid `signature` in `thinking` block").
#[must_use]
pub fn is_native_signature(signature: Str<'_>) -> bool {
    let decoded;
    let bytes = if signature.is_escaped() {
        decoded = signature.decode();
        decoded.as_bytes()
    } else {
        signature.raw().as_bytes()
    };
    let sample = bytes.get(..SAMPLE).unwrap_or(bytes);
    let legal = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    sample.iter().all(legal) && !sample.iter().all(u8::is_ascii_hexdigit)
}

/// Whether a text is empty or white space only: "text content blocks must contain non-whitespace text".
#[must_use]
pub fn is_blank(text: Str<'_>) -> bool {
    let mut rest = text.raw();
    loop {
        rest = rest.trim_start();
        match ESCAPED_SPACES.iter().find_map(|space| rest.strip_prefix(space)) {
            Some(after) => rest = after,
            None => return rest.is_empty(),
        }
    }
}

const ESCAPED_SPACES: [&str; 4] = ["\\n", "\\t", "\\r", "\\f"];

/// The raw text of a string without the white space at its end: "final assistant content cannot end with trailing whitespace".
#[must_use]
pub fn without_trailing_space(text: Str<'_>) -> &str {
    let mut rest = text.raw();
    loop {
        rest = rest.trim_end();
        let shorter = ESCAPED_SPACES.iter().find_map(|space| rest.strip_suffix(space));
        // Behind an odd number of backslashes the last one is escaped itself: `\\n` is a backslash and an `n`.
        match shorter.filter(|before| before.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 0) {
            Some(before) => rest = before,
            None => return rest,
        }
    }
}

fn is_blank_string(value: Value<'_>) -> bool {
    value.as_str().is_some_and(is_blank)
}

/// Whether it is a text block that says nothing.
#[must_use]
pub fn is_blank_text(block: Value<'_>) -> bool {
    block.get("type").and_then(Value::as_str).is_some_and(|kind| kind == "text")
        && block.get("text").and_then(Value::as_str).is_none_or(is_blank)
}

/// `^[a-zA-Z0-9_-]+$`, which ids of calls must be ("String should match pattern").
#[must_use]
pub fn is_legal_tool_id(id: Str<'_>) -> bool {
    !id.is_empty() && id.raw().bytes().all(is_name_byte)
}

/// `^[a-zA-Z0-9_-]{1,128}$`, which names of tools must be.
#[must_use]
pub fn is_legal_tool_name(name: Str<'_>) -> bool {
    (1..=LONGEST_TOOL_NAME).contains(&name.raw().len()) && name.raw().bytes().all(is_name_byte)
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// Whether the data of a source is a whole data URL where only base64 belongs (claude-code-router doubled such prefixes).
#[must_use]
pub fn is_data_url(source: Value<'_>) -> bool {
    let data = source.get("data").and_then(Value::as_str).map(Str::raw).unwrap_or_default();
    data.starts_with("data:") && source.get("type").and_then(Value::as_str).is_some_and(|kind| kind == "base64")
}

/// Whether the content of a `web_search_tool_result` was found by another's search: Anthropic takes its own back only, which it
/// knows by their `encrypted_content`; others have none, and the gateway's own search an envelope (`ccr1:…`). An error is no
/// result, and stays.
#[must_use]
pub fn found_elsewhere(content: Value<'_>) -> bool {
    content.kind() == Kind::Array && content.items().any(|result| lacks(result, "encrypted_content"))
}

/// Whether the citations of a text hold one of another's search.
#[must_use]
pub fn cites_elsewhere(citations: Value<'_>) -> bool {
    citations.items().any(is_foreign_citation)
}

/// Whether a citation is of another's search.
#[must_use]
pub fn is_foreign_citation(citation: Value<'_>) -> bool {
    let kind = citation.get("type").and_then(Value::as_str);
    kind.is_some_and(|kind| kind == "web_search_result_location") && lacks(citation, "encrypted_index")
}

fn lacks(object: Value<'_>, member: &str) -> bool {
    let is_anothers = |text: Str<'_>| text.is_empty() || text.raw().starts_with("ccr1:");
    object.get(member).and_then(Value::as_str).is_none_or(is_anothers)
}
