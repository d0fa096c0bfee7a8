//! What Anthropic's API refuses in a history that other providers, or other formats, had a part in.
//!
//! [`needs_cleaning`] looks for any of it in one walk over the messages, without allocating, so that a request which has none
//! can go on as the bytes it came in. How it is cleaned is the plugin `anthropic`'s, which asks the same questions. Parameters
//! are not looked at: a client of Anthropic's format answers for them itself.

mod ids;

#[cfg(test)]
mod tests;

use crate::json::{Document, Kind, Str, Value};
use ids::Seen;

/// How much of a signature is looked at: more than any hash or UUID is long, and little beside signatures of several kB.
const SAMPLE: usize = 96;

/// Longest name of a tool: `^[a-zA-Z0-9_-]{1,128}$` (Anthropic's API reference, `tools[].name`).
pub const LONGEST_TOOL_NAME: usize = 128;

/// Whether the messages or tools of a request hold anything that Anthropic's API refuses and that may be there through no fault
/// of the client: reasoning of others, blank texts, ids and names of tools in other alphabets or used twice, search results that
/// cannot be replayed, doubly wrapped images, white space at the end of a last assistant message; also the gateway's own member
/// `ccr`.
///
/// It may say yes to a request that needs nothing, never no to one that does. A few microseconds for a request of 67 kB.
#[must_use]
pub fn needs_cleaning(document: &Document<'_>) -> bool {
    let mut messages = None;
    for (key, value) in document.root().members() {
        let dirty = match key.raw() {
            "messages" => {
                messages = Some(value);
                false
            }
            "system" => !value.is_null() && (is_blank_string(value) || value.items().any(is_blank_text)),
            "tools" => value.items().any(|tool| !name_of(tool).is_none_or(is_legal_tool_name)),
            "ccr" => true,
            _ => key.is_escaped(),
        };
        if dirty {
            return true;
        }
    }
    messages.is_some_and(messages_need_it)
}

fn messages_need_it(messages: Value<'_>) -> bool {
    let mut seen = Seen::of(messages);
    let mut last = None;
    for message in messages.items() {
        let (mut role, mut content) = (None, None);
        for (key, value) in message.members() {
            match key.raw() {
                "role" => role = value.as_str(),
                "content" => content = Some(value),
                _ => {}
            }
        }
        let Some(content) = content else { return true };
        if is_blank_string(content) || content.items().any(|block| Block::read(block).needs_cleaning(&mut seen)) {
            return true;
        }
        last = Some((role, content));
    }
    last.is_some_and(|(role, content)| role.is_some_and(|role| role == "assistant") && ends_in_space(content))
}

/// A tool's or a call's `name`.
fn name_of(value: Value<'_>) -> Option<Str<'_>> {
    value.get("name")?.as_str()
}

/// The members of a block that decide.
#[derive(Default)]
struct Block<'d> {
    kind: Option<Str<'d>>,
    text: Option<Str<'d>>,
    signature: Option<Str<'d>>,
    data: Option<Str<'d>>,
    id: Option<Str<'d>>,
    answers: Option<Str<'d>>,
    name: Option<Str<'d>>,
    content: Option<Value<'d>>,
    source: Option<Value<'d>>,
    citations: Option<Value<'d>>,
}

impl<'d> Block<'d> {
    fn read(block: Value<'d>) -> Self {
        let mut read = Self::default();
        for (key, value) in block.members() {
            match key.raw() {
                "type" => read.kind = value.as_str(),
                "text" => read.text = value.as_str(),
                "signature" => read.signature = value.as_str(),
                "data" => read.data = value.as_str(),
                "id" => read.id = value.as_str(),
                "tool_use_id" => read.answers = value.as_str(),
                "name" => read.name = value.as_str(),
                "content" => read.content = Some(value),
                "source" => read.source = Some(value),
                "citations" => read.citations = Some(value),
                _ => {}
            }
        }
        read
    }

    fn needs_cleaning(&self, seen: &mut Seen<'d>) -> bool {
        let Some(kind) = self.kind else { return true };
        if kind.is_escaped() {
            return true;
        }
        match kind.raw() {
            "text" => self.text.is_none_or(is_blank) || self.citations.is_some_and(cites_elsewhere),
            "thinking" => !self.signature.is_some_and(is_native_signature),
            "redacted_thinking" => !self.data.is_some_and(is_native_signature),
            "tool_use" => {
                !self.name.is_some_and(is_legal_tool_name)
                    || self.id.is_none_or(|id| !is_legal_tool_id(id) || seen.again(id))
            }
            "tool_result" => {
                !self.answers.is_some_and(is_legal_tool_id)
                    || self.content.is_some_and(|content| content.items().any(part_needs_it))
            }
            "image" | "document" => self.source.is_some_and(is_data_url),
            "web_search_tool_result" => self.content.is_some_and(found_elsewhere),
            _ => false,
        }
    }
}

/// A part of a tool's result: results do not nest, and calls and thoughts do not stand in them.
fn part_needs_it(part: Value<'_>) -> bool {
    is_blank_text(part) || part.get("source").is_some_and(is_data_url)
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

fn ends_in_space(content: Value<'_>) -> bool {
    let text = match content.as_str() {
        Some(text) => Some(text),
        None => content.items().last().and_then(|block| block.get("text")?.as_str()),
    };
    text.is_some_and(|text| without_trailing_space(text).len() < text.raw().len())
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
