//! A chat completion in chunks: one for each piece of content, then why it ended, then the counts where they were asked for.

use super::frame::{Frame, escape};
use super::text::{GAP, TextPosition};
use super::whole::format_of;
use super::{completion_id, reason, usage};
use crate::openai::client::context::Context;
use crate::openai::client::errors;
use crate::openai::functions::custom_input;
use crate::openai::thinking::ANTHROPIC;
use ccr_plugin::messages::event::{Event, Failure, FinishReason, ToolStart, Usage};
use ccr_plugin::messages::json::Writer;
use ccr_plugin::{Encoder, Fault};

/// What a stream that ended well ends with.
const DONE: &[u8] = b"data: [DONE]\n\n";

/// Writes one streamed answer.
#[derive(Debug)]
pub struct StreamEncoder {
    frame: Frame,
    context: Context,
    /// The role has been sent, which goes with the first delta.
    begun: bool,
    position: TextPosition,
    /// Entries of `reasoning_details` that are complete, and whether one is open.
    thoughts: u64,
    thinking: bool,
    /// Tool calls so far.
    calls: u64,
    /// The input of a custom tool, which is held back until it is complete.
    custom: Option<String>,
    usage: Usage,
    finish: Option<FinishReason>,
}

impl StreamEncoder {
    pub(in crate::openai::client) fn new(id: &str, model: &str, created: u64, context: Context) -> Self {
        Self {
            frame: Frame::new(&completion_id(id), model, created, context.usage),
            context,
            begun: false,
            position: TextPosition::default(),
            thoughts: 0,
            thinking: false,
            calls: 0,
            custom: None,
            usage: Usage::default(),
            finish: None,
        }
    }

    /// A chunk whose delta has these pieces of JSON: every second one is text to be escaped.
    #[inline]
    fn chunk(&mut self, pieces: &[&str], out: &mut Vec<u8>) {
        self.frame.begin(out);
        if !std::mem::replace(&mut self.begun, true) {
            out.extend_from_slice(b"\"role\":\"assistant\",\"content\":null,");
        }
        for (piece, text) in pieces.iter().zip([false, true].into_iter().cycle()) {
            if text {
                escape(piece, out);
            } else {
                out.extend_from_slice(piece.as_bytes());
            }
        }
        self.frame.end(out);
    }

    #[inline]
    fn say(&mut self, text: &str, out: &mut Vec<u8>) {
        if !self.begun {
            self.begin(out);
        }
        let gap = if self.position.text(text) { GAP } else { "" };
        self.end_thought();
        self.chunk(&["\"content\":\"", gap, "", text, "\""], out);
    }

    /// OpenAI's first chunk of a text.
    fn begin(&mut self, out: &mut Vec<u8>) {
        self.begun = true;
        self.chunk(&["\"role\":\"assistant\",\"content\":\"\",\"refusal\":null"], out);
    }

    fn end_text(&mut self, out: &mut Vec<u8>) {
        if let Some(items) = self.position.end_block() {
            self.chunk(&["\"annotations\":[", "", &items, "", "]"], out);
        }
    }

    /// Something else than text comes.
    fn other(&mut self, out: &mut Vec<u8>) {
        self.end_text(out);
        self.position.other();
    }

    fn think(&mut self, text: &str, out: &mut Vec<u8>) {
        self.other(out);
        self.thinking = true;
        let index = format!("\",\"index\":{}}}]", self.thoughts);
        let before = "\"reasoning_content\":\"";
        let between = "\",\"reasoning_details\":[{\"type\":\"reasoning.text\",\"text\":\"";
        self.chunk(&[before, text, between, text, &index], out);
    }

    fn sign(&mut self, signature: &str, out: &mut Vec<u8>) {
        self.other(out);
        let index = format!("\",\"index\":{}}}]", self.thoughts);
        // Without text before it, the entry must have one all the same.
        let text = if self.thinking { "" } else { "\"text\":\"\"," };
        let before = format!("\"reasoning_details\":[{{\"type\":\"reasoning.text\",{text}\"signature\":\"");
        self.chunk(&[&before, signature, "\",\"format\":\"", format_of(signature), &index], out);
        self.thinking = false;
        self.thoughts += 1;
    }

    fn redacted(&mut self, data: &str, out: &mut Vec<u8>) {
        self.other(out);
        self.end_thought();
        let index = format!("\",\"index\":{}}}]", self.thoughts);
        let before = "\"reasoning_details\":[{\"type\":\"reasoning.encrypted\",\"data\":\"";
        self.chunk(&[before, data, "\",\"format\":\"", ANTHROPIC, &index], out);
        self.thoughts += 1;
    }

    /// An entry that nobody signed ends.
    fn end_thought(&mut self) {
        self.thoughts += u64::from(std::mem::take(&mut self.thinking));
    }

    fn call(&mut self, start: &ToolStart, out: &mut Vec<u8>) {
        self.other(out);
        self.end_thought();
        if self.context.legacy {
            if self.calls == 0 {
                self.chunk(&["\"function_call\":{\"name\":\"", &start.name, "\",\"arguments\":\"\"}"], out);
            }
        } else {
            let before = format!("\"tool_calls\":[{{\"index\":{},\"id\":\"", self.calls);
            let custom = self.context.custom.contains(&start.name);
            let (kind, after) = if custom {
                self.custom = Some(String::new());
                ("\",\"type\":\"custom\",\"custom\":{\"name\":\"", "\",\"input\":\"\"}}]")
            } else {
                ("\",\"type\":\"function\",\"function\":{\"name\":\"", "\",\"arguments\":\"\"}}]")
            };
            self.chunk(&[&before, &start.id, kind, &start.name, after], out);
        }
        self.calls += 1;
    }

    fn arguments(&mut self, json: &str, out: &mut Vec<u8>) {
        if let Some(held) = &mut self.custom {
            return held.push_str(json);
        }
        let index = self.calls.saturating_sub(1);
        if !self.context.legacy {
            let before = format!("\"tool_calls\":[{{\"index\":{index},\"function\":{{\"arguments\":\"");
            self.chunk(&[&before, json, "\"}}]"], out);
        } else if index == 0 {
            self.chunk(&["\"function_call\":{\"arguments\":\"", json, "\"}"], out);
        }
    }

    /// A custom tool's input is complete, or will never be.
    fn end_call(&mut self, out: &mut Vec<u8>) {
        let Some(held) = self.custom.take() else { return };
        let before = format!("\"tool_calls\":[{{\"index\":{},\"custom\":{{\"input\":\"", self.calls.saturating_sub(1));
        self.chunk(&[&before, &custom_input(&held), "\"}}]"], out);
    }
}

impl Encoder for StreamEncoder {
    fn push(&mut self, event: Event, out: &mut Vec<u8>) -> Result<(), Fault> {
        if self.custom.is_some() && !matches!(event, Event::ToolArguments(_) | Event::Usage(_)) {
            self.end_call(out);
        }
        match event {
            Event::Text(text) => self.say(&text, out),
            Event::Thinking(text) => self.think(&text, out),
            Event::Signature(signature) => self.sign(&signature, out),
            Event::RedactedThinking(data) => self.redacted(&data, out),
            Event::ToolStart(start) => self.call(&start, out),
            Event::ToolArguments(piece) => self.arguments(&piece.json, out),
            Event::Citation(citation) => self.position.cite(citation),
            Event::NewBlock => {
                self.end_text(out);
                self.end_thought();
            }
            Event::Block(_) => {
                self.other(out);
                self.end_thought();
            }
            Event::Usage(usage) => self.usage.update(&usage),
            Event::Finish(reason) => self.finish = Some(reason),
            Event::Start(_) | Event::ToolDelta(_) | Event::ToolEnd(_) | Event::Error(_) | Event::Dropped(_) => {}
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Fault> {
        self.end_call(out);
        self.end_text(out);
        if !self.begun {
            self.begin(out);
        }
        let finish = self.finish.as_ref().unwrap_or(&FinishReason::EndTurn);
        self.frame.finish(reason(finish, self.context.legacy), out);
        if self.context.usage {
            let mut counts = Writer::new();
            usage::write(&self.usage, &mut counts);
            self.frame.usage(counts.as_str(), out);
        }
        out.extend_from_slice(DONE);
        Ok(())
    }

    fn abort(&mut self, failure: &Failure, out: &mut Vec<u8>) {
        out.extend_from_slice(b"data: ");
        out.extend_from_slice(&errors::body(failure));
        out.extend_from_slice(b"\n\n");
    }
}
