//! `reasoning_details`: reasoning in entries, as OpenRouter and Vercel send it for every maker's models.
//!
//! Each entry becomes a block of its own, so that it goes back as it came: Claude's signed text and encrypted data as they are,
//! anything else in this format's envelope ([`crate::openai::thinking`]). A stream brings a text entry in pieces of one index.

use super::answer::Answer;
use super::entry::Entry;
use crate::openai::thinking::{ANTHROPIC, SIGNATURE_PREFIX};
use ccr_plugin::messages::event::Event;
use ccr_plugin::messages::fingerprint::Fingerprint;
use ccr_plugin::messages::json::{Str, Value};

/// Whether some entry has text, which `reasoning` beside it only repeats.
pub(super) fn have_text(details: Value<'_>) -> bool {
    details.items().any(|entry| text_of(entry).is_some())
}

fn text_of(entry: Value<'_>) -> Option<Str<'_>> {
    ["text", "summary"].iter().find_map(|name| entry.get(name)?.as_str()).filter(|text| !text.is_empty())
}

/// Reads the entries of a chunk or of a whole message.
pub(super) fn read(answer: &mut Answer, details: Value<'_>, events: &mut Vec<Event>) {
    for entry in details.items() {
        let kind = entry.get("type").and_then(Value::as_str).map(Str::decode).unwrap_or_default();
        if &*kind == "reasoning.encrypted" {
            encrypted(answer, entry, events);
            continue;
        }
        if answer.entry().is_some_and(|open| open.differs(entry)) {
            answer.sign(events);
        }
        answer.entry_mut().take(entry);
        if let Some(text) = text_of(entry) {
            answer.think(text.decode().into_owned(), events);
        }
    }
}

fn encrypted(answer: &mut Answer, entry: Value<'_>, events: &mut Vec<Event>) {
    let Some(data) = entry.get("data").and_then(Value::as_str).filter(|data| !data.is_empty()) else { return };
    if entry.get("format").and_then(Value::as_str).is_some_and(|format| format == ANTHROPIC) {
        return answer.sealed([Event::RedactedThinking(data.decode().into_owned())], events);
    }
    let mut open = Entry::default();
    open.take(entry);
    let signature = format!("{SIGNATURE_PREFIX}{}:{}", Fingerprint::default().digits(), open.json());
    answer.sealed([Event::NewBlock, Event::Signature(signature)], events);
}
