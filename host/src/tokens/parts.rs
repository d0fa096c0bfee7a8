//! What of a request is counted: its texts, and what stands for things that are no text.
//!
//! Everything that the model reads is in it: the system prompt, tools, messages with all kinds of blocks. What a provider adds
//! around it (roles, the words that introduce tools) is not known, and is left out, as claude-code-router does.

use ccr_messages::json::{Str, Value};
use ccr_messages::request::{Block, Blocks, Message, MessagesRequest};

use super::image;

/// A part of a request.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part<'d> {
    /// Text, escaped as in the request.
    Text(Str<'d>),
    /// A value that the model reads as JSON.
    Json(Value<'d>),
    /// Something that counts for this many tokens.
    Fixed(u64),
}

impl<'d> Part<'d> {
    /// The text of the request that it is made of, escapes as they are.
    pub(super) fn raw(&self) -> &'d str {
        match self {
            Self::Text(text) => text.raw(),
            Self::Json(value) => value.raw(),
            Self::Fixed(_) => "",
        }
    }

    /// Whether its text differs from the raw one.
    pub(super) fn is_escaped(&self) -> bool {
        matches!(self, Self::Text(text) if text.is_escaped())
    }
}

/// Goes over everything in a request that counts.
pub(super) fn parts<'d>(request: &MessagesRequest<'d>) -> Vec<Part<'d>> {
    let mut parts = head(request);
    for message in request.messages() {
        blocks(message.content(), &mut parts);
    }
    parts
}

/// What stands before the messages: the system prompt and the tools.
pub(super) fn head<'d>(request: &MessagesRequest<'d>) -> Vec<Part<'d>> {
    let mut parts = Vec::new();
    blocks(request.system(), &mut parts);
    for tool in request.tools() {
        parts.push(Part::Text(tool.name));
        parts.extend(tool.description.map(Part::Text));
        parts.extend(tool.input_schema.map(Part::Json));
    }
    parts
}

/// What one message says.
pub(super) fn of_message<'d>(message: Message<'d>) -> Vec<Part<'d>> {
    let mut parts = Vec::new();
    blocks(message.content(), &mut parts);
    parts
}

fn blocks<'d>(content: Blocks<'d>, parts: &mut Vec<Part<'d>>) {
    for one in content {
        block(one, parts);
    }
}

fn block<'d>(block: Block<'d>, parts: &mut Vec<Part<'d>>) {
    match block {
        Block::Text { text, .. } => parts.push(Part::Text(text)),
        Block::Image { source, .. } => parts.push(Part::Fixed(of_image(source))),
        Block::Document { source, value } => {
            parts.extend(["title", "context"].iter().filter_map(|name| text(value, name)));
            document(source, parts);
        }
        // The signature is the provider's, and nothing that a model reads.
        Block::Thinking { thinking, .. } => parts.push(Part::Text(thinking)),
        Block::RedactedThinking { data, .. } => parts.push(Part::Fixed(of_encrypted(data))),
        Block::ToolUse { name, input, .. } => parts.extend([Part::Text(name), Part::Json(input)]),
        Block::ToolResult(result) => blocks(result.content(), parts),
        Block::Unknown { value, .. } => parts.push(Part::Json(value)),
    }
}

fn text<'d>(value: Value<'d>, name: &str) -> Option<Part<'d>> {
    value.get(name).and_then(Value::as_str).map(Part::Text)
}

fn of_image(source: Value<'_>) -> u64 {
    match source.get("data").and_then(Value::as_str) {
        Some(data) => image::tokens_of_image(&data.decode()),
        None => image::tokens_of_distant_image(),
    }
}

/// A document is text, blocks, or a file in base64, here or somewhere else.
fn document<'d>(source: Value<'d>, parts: &mut Vec<Part<'d>>) {
    let is_text = source.get("type").and_then(Value::as_str).is_some_and(|kind| kind == "text");
    match (source.get("data").and_then(Value::as_str), source.get("content")) {
        (Some(data), _) if is_text => parts.push(Part::Text(data)),
        (Some(data), _) => parts.push(Part::Fixed(image::tokens_of_document(data.raw()))),
        (None, Some(content)) => embedded(content, parts),
        (None, None) => parts.push(Part::Fixed(image::tokens_of_distant_document())),
    }
}

/// A document's own blocks, which are texts and images.
fn embedded<'d>(content: Value<'d>, parts: &mut Vec<Part<'d>>) {
    parts.extend(content.as_str().map(Part::Text));
    for item in content.items() {
        match item.get("source") {
            Some(source) => parts.push(Part::Fixed(of_image(source))),
            None => parts.extend(text(item, "text")),
        }
    }
}

/// Characters of encrypted reasoning for each token: base64 of about four bytes a token.
const ENCRYPTED_PER_TOKEN: u64 = 5;

fn of_encrypted(data: Str<'_>) -> u64 {
    (data.raw().len() as u64).div_ceil(ENCRYPTED_PER_TOKEN)
}
