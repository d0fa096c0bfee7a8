//! The signature that reasoning gets, since clients replay only signed reasoning (Claude Code drops the rest).
//!
//! It is an envelope of the gateway's own, `ccr1:openai:` and 16 hexadecimal digits: whoever reads it later can tell that the
//! block came from a provider of this format and must not go to Anthropic, which would refuse the signature. Where the provider
//! sent more than text (OpenRouter's `reasoning_details`: signatures and encrypted reasoning of several makers), a colon and the
//! entry as JSON follow, without the text that the block has already. Claude's own signatures need no envelope: they are good
//! wherever Claude is served (Anthropic's documentation, "Extended thinking").

use ccr_plugin::messages::fingerprint::Fingerprint;
use ccr_plugin::messages::json::{Document, Value, Writer};

/// How signatures of this plugin begin: the version of the envelope, then the origin.
pub(crate) const SIGNATURE_PREFIX: &str = "ccr1:openai:";

/// How the signatures of all protocols of this gateway begin.
pub(crate) const ENVELOPE: &str = "ccr1:";

/// What OpenRouter calls the form of Claude's own reasoning.
pub(crate) const ANTHROPIC: &str = "anthropic-claude-v1";

/// The members of an entry that hold the text of its block.
const TEXTS: [&str; 2] = ["text", "summary"];

/// Length of the fingerprint in a signature.
const DIGITS: usize = 16;

/// The signature of a block that stands for this entry of `reasoning_details`.
pub(crate) fn envelope(text: Fingerprint, entry: Value<'_>) -> String {
    let mut out = Writer::new();
    out.begin_object();
    for (key, value) in
        entry.members().filter(|(key, value)| !value.is_null() && !TEXTS.iter().any(|name| *key == *name))
    {
        out.key_str(key).value(value);
    }
    out.end_object();
    format!("{}:{}", signature(text), out.as_str())
}

/// Where a block of reasoning came from, by its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin<'s> {
    /// Claude, wherever it was served.
    Claude,
    /// A provider of this format, which sent this entry: JSON.
    Entry(&'s str),
    /// Text of a provider of this format, or of another of the gateway's protocols; or unsigned.
    Text,
}

impl<'s> Origin<'s> {
    pub(crate) fn of(signature: &'s str) -> Self {
        let Some(rest) = signature.strip_prefix(SIGNATURE_PREFIX) else {
            let own = !signature.is_empty() && !signature.starts_with(ENVELOPE);
            return if own { Self::Claude } else { Self::Text };
        };
        match rest.get(DIGITS..).and_then(|rest| rest.strip_prefix(':')) {
            Some(entry) => Self::Entry(entry),
            None => Self::Text,
        }
    }
}

/// Writes the entry of an envelope with the text of its block. `false` if it is none: then nothing is written.
pub(crate) fn write_entry(entry: &str, text: &str, out: &mut Writer) -> bool {
    let Ok(document) = Document::parse_str(entry) else { return false };
    let Some(kind) = document.root().get("type").and_then(Value::as_str) else { return false };
    out.begin_object().key("type").escaped(kind.raw());
    match kind.raw() {
        "reasoning.summary" => _ = out.key("summary").escaped(text),
        "reasoning.text" => _ = out.key("text").escaped(text),
        _ => {}
    }
    for (key, value) in document.root().members().filter(|(key, _)| *key != "type") {
        out.key_str(key).value(value);
    }
    out.end_object();
    true
}

/// The signature of a text alone.
pub(crate) fn signature(text: Fingerprint) -> String {
    format!("{SIGNATURE_PREFIX}{}", text.digits())
}

#[cfg(test)]
mod tests {
    use super::{Fingerprint, signature};

    #[test]
    fn a_text_is_signed_with_its_hash() {
        assert_eq!(signature(Fingerprint::of("foobar")), "ccr1:openai:85944171f73967e8");
    }
}
