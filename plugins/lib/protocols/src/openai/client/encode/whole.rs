//! A whole chat completion.

use super::text::{GAP, TextPosition};
use super::{completion_id, reason, usage};
use crate::openai::client::context::Context;
use crate::openai::functions::custom_input;
use crate::openai::thinking::{ANTHROPIC, ENVELOPE};
use ccr_plugin::messages::event::{Event, FinishReason, ToolStart, Usage};
use ccr_plugin::messages::json::Writer;

/// The parts of the message, each of which has a member of its own.
#[derive(Debug, Default)]
struct Message {
    text: Option<String>,
    position: TextPosition,
    annotations: String,
    reasoning: String,
    thoughts: Vec<Thought>,
    /// The last of them is not complete.
    thinking: bool,
    calls: Vec<Call>,
    usage: Usage,
    finish: Option<FinishReason>,
}

/// An entry of `reasoning_details`.
#[derive(Debug)]
enum Thought {
    Text { text: String, signature: Option<String> },
    Encrypted(String),
}

#[derive(Debug)]
struct Call {
    start: ToolStart,
    arguments: String,
}

pub(in crate::openai::client) fn whole(
    events: Vec<Event>,
    id: &str,
    model: &str,
    created: u64,
    context: &Context,
) -> Vec<u8> {
    let mut message = Message::default();
    for event in events {
        message.take(event);
    }
    message.end_text();
    let mut out =
        Writer::with_capacity(message.text.as_ref().map_or(0, String::len) + message.reasoning.len() * 2 + 1024);
    out.begin_object().key("id").string(&completion_id(id)).key("object").string("chat.completion");
    out.key("created").number(created).key("model").string(model);
    out.key("choices").begin_array().begin_object().key("index").number(0).key("message");
    message.write(context, &mut out);
    let finish = message.finish.as_ref().unwrap_or(&FinishReason::EndTurn);
    out.key("logprobs").null().key("finish_reason").string(reason(finish, context.legacy)).end_object().end_array();
    out.key("usage");
    usage::write(&message.usage, &mut out);
    out.end_object();
    out.into_bytes()
}

impl Message {
    fn take(&mut self, event: Event) {
        match event {
            Event::Text(text) => self.say(&text),
            Event::Citation(citation) => self.position.cite(citation),
            Event::NewBlock => {
                self.end_text();
                self.thinking = false;
            }
            Event::Thinking(text) => {
                self.other();
                self.think(&text);
            }
            Event::Signature(signature) => {
                self.other();
                self.sign(signature);
            }
            Event::RedactedThinking(data) => {
                self.other();
                self.thinking = false;
                self.thoughts.push(Thought::Encrypted(data));
            }
            Event::ToolStart(start) => {
                self.other();
                self.thinking = false;
                self.calls.push(Call { start, arguments: String::new() });
            }
            Event::ToolArguments(piece) => {
                if let Some(call) = self.calls.iter_mut().find(|call| call.start.slot == piece.slot) {
                    call.arguments.push_str(&piece.json);
                }
            }
            Event::Block(_) => {
                self.other();
                self.thinking = false;
            }
            Event::Usage(usage) => self.usage.update(&usage),
            Event::Finish(reason) => self.finish = Some(reason),
            Event::Start(_) | Event::ToolDelta(_) | Event::ToolEnd(_) | Event::Error(_) | Event::Dropped(_) => {}
        }
    }

    fn say(&mut self, text: &str) {
        self.thinking = false;
        let gap = self.position.text(text);
        let said = self.text.get_or_insert_default();
        said.push_str(if gap { GAP } else { "" });
        said.push_str(text);
    }

    fn end_text(&mut self) {
        if let Some(items) = self.position.end_block() {
            self.annotations.push_str(if self.annotations.is_empty() { "" } else { "," });
            self.annotations.push_str(&items);
        }
    }

    fn other(&mut self) {
        self.end_text();
        self.position.other();
    }

    fn think(&mut self, piece: &str) {
        self.reasoning.push_str(piece);
        let open = std::mem::replace(&mut self.thinking, true);
        match self.thoughts.last_mut().filter(|_| open) {
            Some(Thought::Text { text, signature: None }) => text.push_str(piece),
            _ => self.thoughts.push(Thought::Text { text: piece.to_owned(), signature: None }),
        }
    }

    fn sign(&mut self, signed: String) {
        let open = std::mem::take(&mut self.thinking);
        match self.thoughts.last_mut().filter(|_| open) {
            Some(Thought::Text { signature: signature @ None, .. }) => *signature = Some(signed),
            _ => self.thoughts.push(Thought::Text { text: String::new(), signature: Some(signed) }),
        }
    }

    fn write(&self, context: &Context, out: &mut Writer) {
        out.begin_object().key("role").string("assistant").key("content");
        match &self.text {
            Some(text) => _ = out.string(text),
            None => _ = out.null(),
        }
        out.key("refusal").null();
        if !self.reasoning.is_empty() {
            out.key("reasoning_content").string(&self.reasoning);
        }
        if !self.thoughts.is_empty() {
            out.key("reasoning_details").begin_array();
            for (index, thought) in (0..).zip(&self.thoughts) {
                thought.write(index, out);
            }
            out.end_array();
        }
        out.key("annotations").raw(&format!("[{}]", self.annotations));
        self.calls(context, out);
        out.end_object();
    }

    fn calls(&self, context: &Context, out: &mut Writer) {
        if self.calls.is_empty() {
            return;
        }
        if context.legacy {
            if let Some(call) = self.calls.first() {
                out.key("function_call").begin_object().key("name").string(&call.start.name);
                out.key("arguments").string(call.json()).end_object();
            }
            return;
        }
        out.key("tool_calls").begin_array();
        for call in &self.calls {
            out.begin_object().key("id").string(&call.start.id).key("type");
            if context.custom.contains(&call.start.name) {
                out.string("custom").key("custom").begin_object().key("name").string(&call.start.name);
                out.key("input").string(&custom_input(&call.arguments));
            } else {
                out.string("function").key("function").begin_object().key("name").string(&call.start.name);
                out.key("arguments").string(call.json());
            }
            out.end_object().end_object();
        }
        out.end_array();
    }
}

impl Call {
    fn json(&self) -> &str {
        if self.arguments.is_empty() { "{}" } else { &self.arguments }
    }
}

impl Thought {
    fn write(&self, index: u64, out: &mut Writer) {
        match self {
            Self::Text { text, signature } => {
                out.begin_object().key("type").string("reasoning.text").key("text").string(text);
                if let Some(signature) = signature {
                    out.key("signature").string(signature);
                    out.key("format").string(format_of(signature));
                }
            }
            Self::Encrypted(data) => {
                out.begin_object().key("type").string("reasoning.encrypted").key("data").string(data);
                out.key("format").string(ANTHROPIC);
            }
        }
        out.key("index").number(index).end_object();
    }
}

/// What OpenRouter calls the form that a signature is in.
pub(super) fn format_of(signature: &str) -> &'static str {
    if signature.starts_with(ENVELOPE) { "unknown" } else { ANTHROPIC }
}
