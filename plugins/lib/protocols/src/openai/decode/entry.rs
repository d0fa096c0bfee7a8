//! An entry of `reasoning_details` that is being read, and the signature that its block gets.

use crate::openai::thinking::{self, ANTHROPIC, ENVELOPE, SIGNATURE_PREFIX};
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
    pub(super) fn differs(&self, piece: Value<'_>) -> bool {
        let other = |name: &str| piece.get(name).filter(|value| !value.is_null()).map(Value::raw) != self.get(name);
        // What is signed is complete.
        other("type") || other("index") || self.get("signature").is_some()
    }

    pub(super) fn take(&mut self, piece: Value<'_>) {
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

    pub(super) fn json(&self) -> String {
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
