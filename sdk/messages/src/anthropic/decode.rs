//! Anthropic's stream events and messages as typed events.

use super::{failure, finish, push_usage, start, string, unreadable};
use crate::event::{Event, FinishReason, ToolDelta};
use crate::json::{Document, Kind, Value, edit};

/// Decodes the events of one streamed answer. Tool calls come out as [`Event::ToolDelta`], for the assembler.
#[derive(Debug, Default)]
pub struct Decoder {
    /// A block has begun before.
    any: bool,
    open: Option<Open>,
    /// Something that could be read has come.
    is_anthropics: bool,
    /// Why the model stopped, until the stream's own end mark confirms that nothing is missing.
    finish: Option<FinishReason>,
}

/// The open block, where its kind matters.
#[derive(Debug)]
enum Open {
    /// Text, reasoning, a tool call: their pieces are events of their own.
    Pieces,
    /// A block that is only known whole: what it began with, and the pieces of its `input`.
    Whole { block: String, input: String },
}

impl Decoder {
    /// A decoder before the first event.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Decodes the `data` of one server-sent event and appends what it says to `out`. Data that is not JSON is an
    /// [`Event::Error`] at the beginning, where it shows that this is no such stream, and left out with a note behind events that
    /// could be read; kinds of events that are not known are skipped.
    pub fn push(&mut self, data: &[u8], out: &mut Vec<Event>) {
        let Ok(document) = Document::parse(data) else {
            return out.push(match self.is_anthropics {
                false => Event::Error(unreadable()),
                true => Event::Dropped("an event of the answer that is not valid JSON".to_owned()),
            });
        };
        self.is_anthropics = true;
        let root = document.root();
        let Some(kind) = root.get("type").and_then(Value::as_str) else {
            if root.get("error").is_some() {
                out.push(Event::Error(failure(root)));
            }
            return;
        };
        match &*kind.decode() {
            "message_start" => {
                if let Some(message) = root.get("message") {
                    out.push(Event::Start(start(message)));
                    push_usage(message, out);
                }
            }
            "content_block_start" => self.start_block(root, out),
            "content_block_delta" => self.delta(root, out),
            "content_block_stop" => self.stop_block(out),
            "message_delta" => {
                push_usage(root, out);
                self.finish = root.get("delta").and_then(finish).or(self.finish.take());
            }
            // Some imitators give no reason: this is the end all the same.
            "message_stop" => out.push(Event::Finish(self.finish.take().unwrap_or(FinishReason::EndTurn))),
            "error" => out.push(Event::Error(failure(root))),
            _ => {}
        }
    }

    fn start_block(&mut self, root: Value<'_>, out: &mut Vec<Event>) {
        self.stop_block(out);
        let Some(block) = root.get("content_block") else {
            return;
        };
        self.open = Some(match &*string(block, "type").unwrap_or_default() {
            "text" | "thinking" | "redacted_thinking" | "tool_use" => {
                push_block(block, index(root), self.any, out);
                Open::Pieces
            }
            _ => Open::Whole { block: block.raw().to_owned(), input: String::new() },
        });
        self.any = true;
    }

    fn delta(&mut self, root: Value<'_>, out: &mut Vec<Event>) {
        let Some(delta) = root.get("delta") else {
            return;
        };
        let text = |key| string(delta, key).unwrap_or_default();
        let kind = text("type");
        match (&*kind, &mut self.open) {
            ("text_delta", _) => out.push(Event::Text(text("text"))),
            ("thinking_delta", _) => out.push(Event::Thinking(text("thinking"))),
            ("signature_delta", _) => out.push(Event::Signature(text("signature"))),
            ("input_json_delta", Some(Open::Whole { input, .. })) => input.push_str(&text("partial_json")),
            ("input_json_delta", _) => {
                let arguments = text("partial_json");
                out.push(Event::ToolDelta(ToolDelta { index: index(root), arguments, ..ToolDelta::default() }));
            }
            ("citations_delta", _) => {
                out.extend(delta.get("citation").map(|citation| Event::Citation(citation.raw().to_owned())));
            }
            (kind, _) => out.push(Event::Dropped(format!("a piece of a kind that is not known: `{kind}`"))),
        }
    }

    fn stop_block(&mut self, out: &mut Vec<Event>) {
        if let Some(Open::Whole { block, input }) = self.open.take() {
            out.push(Event::Block(with_input(block, &input)));
        }
    }
}

/// Decodes a whole message, or an error body, and appends what it says to `out`. What is not JSON becomes an [`Event::Error`].
pub fn decode_message(json: &[u8], out: &mut Vec<Event>) {
    decode_blocks(json, out, |_| true);
}

/// As [`decode_message`], but of the content only as much as shows whether there is any.
pub(super) fn decode_until_content(json: &[u8], out: &mut Vec<Event>) {
    decode_blocks(json, out, |so_far| !so_far.iter().any(Event::is_content));
}

/// `goes_on` says, by the events so far, whether the next block is wanted.
fn decode_blocks(json: &[u8], out: &mut Vec<Event>, goes_on: impl Fn(&[Event]) -> bool) {
    let Ok(document) = Document::parse(json) else {
        return out.push(Event::Error(unreadable()));
    };
    let message = document.root();
    let failed = message.get("error").is_some_and(|error| !error.is_null());
    let content = message.get("content").filter(|_| !failed);
    let Some(content) = content else {
        return out.push(Event::Error(if failed { failure(message) } else { unreadable() }));
    };
    out.push(Event::Start(start(message)));
    push_usage(message, out);
    for (at, block) in content.items().enumerate() {
        if !goes_on(out) {
            break;
        }
        push_block(block, u32::try_from(at).ok(), at > 0, out);
    }
    out.extend(finish(message).map(Event::Finish));
}

/// The events for a block as far as it is there. `another`: it is not the first one.
fn push_block(block: Value<'_>, index: Option<u32>, another: bool, out: &mut Vec<Event>) {
    let text = |key| string(block, key).unwrap_or_default();
    let kind = text("type");
    if another && matches!(&*kind, "text" | "thinking") {
        out.push(Event::NewBlock);
    }
    match &*kind {
        "text" => {
            push_text(Event::Text, text("text"), out);
            let citations = block.get("citations").into_iter().flat_map(Value::items);
            out.extend(citations.map(|citation| Event::Citation(citation.raw().to_owned())));
        }
        "thinking" => {
            push_text(Event::Thinking, text("thinking"), out);
            push_text(Event::Signature, text("signature"), out);
        }
        "redacted_thinking" => out.push(Event::RedactedThinking(text("data"))),
        "tool_use" => out.push(Event::ToolDelta(ToolDelta {
            index,
            id: string(block, "id"),
            name: string(block, "name"),
            arguments: block.get("input").map_or_else(String::new, input_text),
        })),
        _ => out.push(Event::Block(block.raw().to_owned())),
    }
}

fn push_text(event: fn(String) -> Event, text: String, out: &mut Vec<Event>) {
    if !text.is_empty() {
        out.push(event(text));
    }
}

/// An empty input says nothing: in a stream it stands at the beginning of every call.
fn input_text(input: Value<'_>) -> String {
    if input.kind() == Kind::Object && input.is_empty() { String::new() } else { input.raw().to_owned() }
}

fn index(root: Value<'_>) -> Option<u32> {
    root.get("index").and_then(Value::as_u64).and_then(|index| index.try_into().ok())
}

/// A block with the `input` that was streamed for it, if any was.
fn with_input(block: String, input: &str) -> String {
    let edited = Document::parse(block.as_bytes())
        .ok()
        .and_then(|document| Some(edit::set(&document, "/input", input).ok()?.into_text().into_owned()));
    edited.unwrap_or(block)
}
