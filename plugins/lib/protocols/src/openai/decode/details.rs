//! `reasoning_details`: reasoning in entries, as OpenRouter and Vercel send it for every maker's models.
//!
//! Each entry becomes a block of its own, so that it goes back as it came: Claude's signed text and encrypted data as they are,
//! anything else in this format's envelope ([`crate::openai::thinking`]). A stream brings a text entry in pieces of one index.

use super::answer::Answer;
use crate::openai::thinking::{self, ANTHROPIC, ENVELOPE, SIGNATURE_PREFIX};
use ccr_plugin::messages::event::Event;
use ccr_plugin::messages::fingerprint::Fingerprint;
use ccr_plugin::messages::json::{Document, Str, Value, Writer};

/// The text entry that is being read: its members but for the text, as JSON; of a repeated one the last counts.
#[derive(Debug, Default)]
pub(super) struct Entry {
    members: Vec<(String, String)>,
}

impl Entry {
    fn get(&self, name: &str) -> Option<&str> {
        self.members.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether this piece belongs to another entry.
    fn differs(&self, piece: Value<'_>) -> bool {
        let other = |name: &str| piece.get(name).filter(|value| !value.is_null()).map(Value::raw) != self.get(name);
        // What is signed is complete.
        other("type") || other("index") || self.get("signature").is_some()
    }

    fn take(&mut self, piece: Value<'_>) {
        for (key, value) in piece.members().filter(|(_, value)| !value.is_null()) {
            let key = key.decode();
            if key == "text" || key == "summary" || value.as_str().is_some_and(Str::is_empty) {
                continue;
            }
            match self.members.iter_mut().find(|(known, _)| *known == key) {
                Some((_, old)) => value.raw().clone_into(old),
                None => self.members.push((key.into_owned(), value.raw().to_owned())),
            }
        }
    }

    /// The signature of the block: the maker's own, an envelope, or that of text alone.
    pub(super) fn signature(&self, text: Fingerprint) -> String {
        let named = |name: &str| self.get(name).map(|raw| raw.trim_matches('"'));
        let summary = named("type") == Some("reasoning.summary");
        match self.get("signature").and_then(string) {
            Some(signature) if named("format") == Some(ANTHROPIC) || signature.starts_with(ENVELOPE) => signature,
            None if !summary => thinking::signature(text),
            _ => format!("{SIGNATURE_PREFIX}{}:{}", text.digits(), self.json()),
        }
    }

    /// The signature of an entry without text; `None` if there is nothing to keep.
    pub(super) fn sealed(self) -> Option<String> {
        self.get("signature")?;
        Some(self.signature(Fingerprint::default()))
    }

    fn json(&self) -> String {
        let mut out = Writer::new();
        out.begin_object();
        for (key, value) in &self.members {
            out.key(key).raw(value);
        }
        out.end_object();
        out.into_string()
    }
}

/// The text of a JSON string.
fn string(raw: &str) -> Option<String> {
    let document = Document::parse_str(raw).ok()?;
    document.root().as_str().map(|text| text.decode().into_owned())
}

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
