//! The messages without their images: in the place of each stands a text block with its number. Everything else stays as the
//! client wrote it, byte for byte.

use ccr_plugin::Fault;
use ccr_plugin::host::Scope;
use ccr_plugin::messages::json::{Document, Kind, Splice, Value, Writer};

use crate::numbers::Numbers;
use crate::prompts::placeholder;
use crate::source::Source;
use crate::store::{Keeper, Kept, Known};

/// How clients that name images in their text do so, up to the number.
const NAME: &str = "[Image #";

/// What became of the messages.
pub(crate) struct Edited {
    /// The messages, as JSON.
    pub(crate) messages: String,
    /// The images that stood in them, and those that did so earlier in the session.
    pub(crate) known: Known,
}

/// Replaces all images of the messages; `None` if there are none.
pub(crate) fn without_images(messages: &str, scope: Scope) -> Result<Option<Edited>, Fault> {
    let document = Document::parse_str(messages).map_err(|error| Fault::own(format!("the messages: {error}")))?;
    let found: Vec<Found<'_>> = document.root().items().flat_map(in_message).collect();
    if found.is_empty() {
        return Ok(None);
    }
    let mut numbers = Numbers::recall(scope);
    let mut known = Known::new(scope);
    let keeper = Keeper::new(scope);
    let mut edits = Splice::new();
    for image in found {
        let source = Source::of(image.block);
        let hash = source.hash();
        let number = numbers.of(&hash, image.named);
        if known.get(number).is_none() {
            known.add(number, keeper.keep(hash, &source));
        }
        edits.replace(image.block.span(), text_block(&image, number));
    }
    // The model may have read of these in what the client has left of its history.
    for (number, hash) in numbers.all().filter(|(_, hash)| keeper.has(hash)) {
        known.add(number, Kept::As(hash.to_owned()));
    }
    numbers.remember(scope);
    let edited = edits.apply(messages.as_bytes()).map_err(|error| Fault::own(error.to_string()))?;
    let messages = String::from_utf8(edited).map_err(|error| Fault::own(error.to_string()))?;
    Ok(Some(Edited { messages, known }))
}

/// An image block, and the number that the text beside it gives it.
struct Found<'d> {
    block: Value<'d>,
    named: Option<u32>,
}

/// The images of a message, in order. Where its text names as many as stand beside it, it names these.
fn in_message(message: Value<'_>) -> Vec<Found<'_>> {
    let Some(content) = message.get("content") else { return Vec::new() };
    let mut found = Vec::new();
    collect(content, &mut |block| found.push(Found { block, named: None }));
    let beside: Vec<usize> =
        content.items().filter(|block| is(*block, "image")).map(|block| block.span().start).collect();
    if beside.is_empty() {
        return found;
    }
    let names = names(content);
    if names.len() == beside.len() {
        let mut names = names.into_iter();
        for image in found.iter_mut().filter(|image| beside.binary_search(&image.block.span().start).is_ok()) {
            image.named = names.next();
        }
    }
    found
}

/// All images of a content, also within tools' results and documents. What a tool was called with is left alone: an object that
/// looks like an image there is not one.
fn collect<'d>(content: Value<'d>, found: &mut dyn FnMut(Value<'d>)) {
    for block in content.items() {
        if is(block, "image") {
            found(block);
            continue;
        }
        let within = [block.get("content"), block.get("source").and_then(|source| source.get("content"))];
        for content in within.into_iter().flatten() {
            collect(content, found);
        }
    }
}

fn is(block: Value<'_>, kind: &str) -> bool {
    block.kind() == Kind::Object && block.get("type").and_then(Value::as_str).is_some_and(|given| given == kind)
}

/// The numbers of images that a message's text names, each once, in the order of the text. Nothing in such a name is ever escaped.
fn names(content: Value<'_>) -> Vec<u32> {
    let mut names = Vec::new();
    for text in content.items().filter(|block| is(*block, "text")).filter_map(|block| block.get("text")?.as_str()) {
        for (at, name) in text.raw().match_indices(NAME) {
            let number = text.raw().get(at + name.len()..).and_then(|rest| rest.split_once(']'));
            let number = number.and_then(|(digits, _)| digits.parse().ok());
            names.extend(number.filter(|number| !names.contains(number)));
        }
    }
    names
}

/// What stands in the place of an image. A mark for the provider's cache stays where it was.
fn text_block(image: &Found<'_>, number: u32) -> String {
    let mut text = placeholder(number);
    if let Some(named) = image.named.filter(|named| *named != number) {
        text = format!("{text} (in the text beside it: {})", placeholder(named));
    }
    let mut writer = Writer::new();
    writer.begin_object().key("type").string("text").key("text").string(&text);
    if let Some(mark) = image.block.get("cache_control") {
        writer.key("cache_control").value(mark);
    }
    writer.end_object();
    writer.into_string()
}
