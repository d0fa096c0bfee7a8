//! Reasoning of earlier answers, in the places that clients keep it: `reasoning_details` (OpenRouter's, also written by this
//! gateway), `thinking_blocks` (LiteLLM's), `reasoning_content` or `reasoning` (text alone).
//!
//! Blocks need a signature, which tells who may be sent them again. Anthropic's own pass as they are; everything else gets this
//! format's envelope (see [`crate::openai::thinking`]), with OpenRouter's entry in it where it is more than text.

use crate::openai::thinking;
use ccr_plugin::messages::fingerprint::Fingerprint;
use ccr_plugin::messages::json::{Document, Kind, Str, Value, Writer};
use std::borrow::Cow;

/// The first that says something counts: details, blocks, text.
#[derive(Debug, Default)]
pub(super) struct Reasoning<'d> {
    details: Option<Value<'d>>,
    blocks: Option<Value<'d>>,
    text: Option<Value<'d>>,
}

impl<'d> Reasoning<'d> {
    /// Whether the member is one of reasoning's.
    pub(super) fn take(&mut self, name: &str, value: Value<'d>) -> bool {
        let place = match name {
            "reasoning_details" => &mut self.details,
            "thinking_blocks" => &mut self.blocks,
            "reasoning_content" | "reasoning" => &mut self.text,
            _ => return false,
        };
        let says = match value.kind() {
            Kind::Array => value.items().any(says_something),
            Kind::String => value.as_str().is_some_and(|text| !text.is_empty()),
            _ => false,
        };
        if says && place.is_none() {
            *place = Some(value);
        }
        true
    }

    /// Whether a part of a content is reasoning, as Mistral has it.
    pub(super) fn take_part(&mut self, part: Value<'d>) -> bool {
        let kind = part.get("type").and_then(Value::as_str);
        if !kind.is_some_and(|kind| kind == "thinking" || kind == "reasoning") {
            return false;
        }
        self.text = part.get("thinking").or_else(|| part.get("text"));
        true
    }

    pub(super) fn is_empty(&self) -> bool {
        self.details.is_none() && self.blocks.is_none() && self.text.is_none()
    }

    pub(super) fn write(&self, out: &mut Writer) {
        if let Some(details) = self.details {
            joined(details, "text", same_entry).iter().for_each(|item| read(item, detail, out));
        } else if let Some(blocks) = self.blocks {
            joined(blocks, "thinking", same_block).iter().for_each(|item| read(item, block, out));
        } else if let Some(text) = self.text {
            plain(text, out);
        }
    }
}

/// The entries of a list as JSON texts, those that belong together made one: programs that gather a stream's pieces often just
/// put the lists behind each other. The texts are joined; everything else is the last piece's that says it.
fn joined<'d>(list: Value<'d>, text: &str, same: fn(Value<'_>, Value<'_>) -> bool) -> Vec<Cow<'d, str>> {
    let items: Vec<Value<'d>> = list.items().collect();
    let mut entries = Vec::with_capacity(items.len());
    let mut rest = items.as_slice();
    while let [first, ..] = rest {
        let length = 1 + rest.windows(2).take_while(|pair| matches!(pair, [one, next] if same(*one, *next))).count();
        let (group, others) = rest.split_at(length);
        entries.push(if length == 1 { Cow::Borrowed(first.raw()) } else { Cow::Owned(join(group, text)) });
        rest = others;
    }
    entries
}

fn join(group: &[Value<'_>], text: &str) -> String {
    let mut out = Writer::new();
    out.begin_object().key(text).begin_string();
    for piece in group {
        out.escaped_part(string(*piece, text).map(Str::raw).unwrap_or_default());
    }
    out.end_string();
    let mut names: Vec<Cow<'_, str>> = Vec::new();
    for (name, _) in group.iter().flat_map(|piece| piece.members()) {
        let name = name.decode();
        if name != text && !names.contains(&name) {
            names.push(name);
        }
    }
    for name in names {
        let says = |value: &Value<'_>| !value.is_null() && value.as_str().is_none_or(|text| !text.is_empty());
        if let Some(value) = group.iter().rev().filter_map(|piece| piece.get(&name)).find(says) {
            out.key(&name).value(value);
        }
    }
    out.end_object();
    out.into_string()
}

/// Pieces of one entry of `reasoning_details`, as OpenRouter streams them: texts of the same index, the signature with the last.
fn same_entry(one: Value<'_>, next: Value<'_>) -> bool {
    let is_text = |entry: Value<'_>| string(entry, "type").is_some_and(|kind| kind == "reasoning.text");
    let index = |entry: Value<'_>| entry.get("index").and_then(Value::as_u64);
    is_text(one)
        && is_text(next)
        && index(one).is_some()
        && index(one) == index(next)
        && string(one, "signature").is_none()
}

/// Pieces of one entry of `thinking_blocks`, as LiteLLM streams them: the last has the signature.
fn same_block(one: Value<'_>, next: Value<'_>) -> bool {
    let open = |entry: Value<'_>| string(entry, "data").is_none();
    open(one) && open(next) && string(one, "signature").is_none()
}

fn read(entry: &str, kind: fn(Value<'_>, &mut Writer), out: &mut Writer) {
    if let Ok(document) = Document::parse_str(entry) {
        kind(document.root(), out);
    }
}

fn says_something(entry: Value<'_>) -> bool {
    ["text", "summary", "data", "thinking", "signature"].iter().any(|name| string(entry, name).is_some())
}

fn string<'d>(object: Value<'d>, name: &str) -> Option<Str<'d>> {
    object.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// A string, or Mistral's list of text parts.
fn plain(text: Value<'_>, out: &mut Writer) {
    let pieces = || {
        let listed = text.items().filter_map(|piece| piece.as_str().or_else(|| piece.get("text")?.as_str()));
        text.as_str().into_iter().chain(listed).filter(|piece| !piece.is_empty())
    };
    if pieces().next().is_none() {
        return;
    }
    let mut fingerprint = Fingerprint::default();
    out.begin_object().key("type").string("thinking").key("thinking").begin_string();
    for piece in pieces() {
        out.escaped_part(piece.raw());
        fingerprint.add(&piece.decode());
    }
    out.end_string().key("signature").string(&thinking::signature(fingerprint)).end_object();
}

/// An entry of `reasoning_details`.
fn detail(item: Value<'_>, out: &mut Writer) {
    let kind = item.get("type").and_then(Value::as_str).map(Str::decode).unwrap_or_default();
    let anthropic = string(item, "format").is_none_or(|format| format == thinking::ANTHROPIC);
    match &*kind {
        "reasoning.encrypted" if anthropic => {
            if let Some(data) = string(item, "data") {
                out.begin_object().key("type").string("redacted_thinking").key("data").escaped(data.raw()).end_object();
            }
        }
        "reasoning.text" => {
            let signature = string(item, "signature");
            let passes = |signature: &Str<'_>| anthropic || signature.raw().starts_with(thinking::ENVELOPE);
            match (signature.filter(passes), string(item, "text")) {
                (Some(signature), text) => signed(text, signature.raw(), out),
                (None, Some(_)) if signature.is_none() => {
                    item.get("text").into_iter().for_each(|text| plain(text, out))
                }
                (None, text) => wrapped(item, text, out),
            }
        }
        "reasoning.summary" | "reasoning.encrypted" => wrapped(item, string(item, "summary"), out),
        // Nothing that anybody sends; what text it has is kept.
        _ => item.get("text").into_iter().for_each(|text| plain(text, out)),
    }
}

/// An entry of `thinking_blocks`.
fn block(item: Value<'_>, out: &mut Writer) {
    if let Some(data) = string(item, "data") {
        out.begin_object().key("type").string("redacted_thinking").key("data").escaped(data.raw()).end_object();
    } else if let Some(signature) = string(item, "signature") {
        signed(string(item, "thinking"), signature.raw(), out);
    } else {
        item.get("thinking").into_iter().for_each(|text| plain(text, out));
    }
}

/// `signature` is the inside of a JSON string.
fn signed(text: Option<Str<'_>>, signature: &str, out: &mut Writer) {
    out.begin_object().key("type").string("thinking").key("thinking");
    out.escaped(text.map(Str::raw).unwrap_or_default()).key("signature").escaped(signature).end_object();
}

/// An entry that only the provider it came from understands.
fn wrapped(item: Value<'_>, text: Option<Str<'_>>, out: &mut Writer) {
    out.begin_object().key("type").string("thinking").key("thinking");
    out.escaped(text.map(Str::raw).unwrap_or_default());
    let fingerprint = Fingerprint::of(&text.map(Str::decode).unwrap_or_default());
    out.key("signature").string(&thinking::envelope(fingerprint, item)).end_object();
}
