//! One run of messages after the other: what the assistant thought, said and called, in its order; then the results of its
//! calls, then what others said.

use super::content::{self, Message, says_something};
use super::media::{begin_text, end_text};
use super::results;
use super::to::To;
use crate::responses::thinking::{Envelope, Kept};
use crate::shared::block::{Block, Thinking, ToolUse};
use crate::shared::ids::Ids;
use crate::shared::notes::Notes;
use crate::shared::results::Call;
use crate::shared::run::Run;
use crate::shared::tool_names::{Usual, on_the_wire};
use ccr_plugin::messages::fingerprint::Fingerprint;
use ccr_plugin::messages::json::{Kind, Str, Writer};
use std::borrow::Cow;

/// OpenAI refuses longer ids of calls ("string too long"); some providers of earlier turns make longer ones.
const LONGEST_ID: usize = 64;

#[derive(Debug)]
pub(super) struct Turns<'d> {
    to: To<'d>,
    /// Calls of the last turn of the assistant.
    calls: Vec<Call<'d>>,
    /// All ids on the wire so far.
    ids: Ids<'d>,
    /// Reasoning that waits for what it led to: OpenAI refuses it alone.
    thoughts: Vec<(Thinking<'d>, Envelope<'d>)>,
}

impl<'d> Turns<'d> {
    pub(super) fn new(to: To<'d>) -> Self {
        Self { to, calls: Vec::new(), ids: Ids::default(), thoughts: Vec::new() }
    }

    pub(super) fn write(&mut self, run: &Run<Block<'d>>, notes: &mut Notes, out: &mut Writer) {
        if run.is_assistant() {
            self.assistant(run, notes, out);
        } else {
            self.others(run, notes, out);
        }
    }

    /// The conversation ends here.
    pub(super) fn finish(&mut self, out: &mut Writer) {
        results::answer_the_rest(&mut self.calls, out);
    }

    /// Results first, as models expect them right behind the calls; then the rest in its order.
    fn others(&mut self, run: &Run<Block<'d>>, notes: &mut Notes, out: &mut Writer) {
        let mut orphans = Vec::new();
        for (number, block) in run.messages().flat_map(|(_, blocks)| blocks) {
            if let Block::ToolResult(result) = block
                && !results::answer(&mut self.calls, result, notes, out)
            {
                orphans.push(number);
            }
        }
        results::answer_the_rest(&mut self.calls, out);
        for (role, blocks) in run.messages() {
            let mut message = Message::of(role.as_str());
            for (number, block) in blocks {
                match block {
                    Block::ToolResult(result) if orphans.contains(&number) => {
                        message.add(block, notes, out);
                        content::attachments(result, &mut message, notes, out);
                    }
                    Block::ToolResult(_) => {}
                    block => message.add(block, notes, out),
                }
            }
            message.end(out);
        }
    }

    fn assistant(&mut self, run: &Run<Block<'d>>, notes: &mut Notes, out: &mut Writer) {
        for (_, blocks) in run.messages() {
            let mut message = Message::of_the_model();
            for (_, block) in blocks {
                match block {
                    Block::Text(_) => {
                        if says_something(block) {
                            self.flush_thoughts(out);
                            message.add(block, notes, out);
                        }
                    }
                    Block::Thinking(thinking) => {
                        message.end(out);
                        self.think(thinking, notes);
                    }
                    Block::ToolUse(call) => {
                        message.end(out);
                        self.flush_thoughts(out);
                        self.call(call, out);
                    }
                    Block::Other(_, kind) => notes.dropped(kind.decode().into_owned()),
                    Block::Redacted(_) | Block::Image(_) | Block::Document(_) | Block::ToolResult(_) => {
                        notes.dropped("blocks of the assistant");
                    }
                }
            }
            message.end(out);
        }
        if !self.thoughts.is_empty() {
            self.thoughts.clear();
            notes.dropped("messages.thinking");
        }
    }

    /// Reasoning goes back to the provider that it came from, and encrypted reasoning only to a model that reasons: others
    /// refuse it.
    fn think(&mut self, thinking: Thinking<'d>, notes: &mut Notes) {
        let envelope = Envelope::open(thinking.signature.raw()).filter(|envelope| envelope.is_of(self.to.mark));
        let fits = envelope.filter(|envelope| match envelope.kept {
            Kept::Encrypted(_) => self.to.reasons,
            Kept::Text => !thinking.text.is_empty(),
            Kept::Nothing => false,
        });
        match fits {
            Some(envelope) => self.thoughts.push((thinking, envelope)),
            None if thinking.text.is_empty() && thinking.signature.is_empty() => {}
            None => notes.dropped("messages.thinking"),
        }
    }

    fn flush_thoughts(&mut self, out: &mut Writer) {
        for (thinking, envelope) in self.thoughts.drain(..) {
            out.begin_object().key("type").string("reasoning");
            if !envelope.id.is_empty() {
                out.key("id").escaped(envelope.id);
            }
            out.key("summary").begin_array();
            if let Kept::Encrypted(content) = envelope.kept {
                text("summary_text", thinking.text, out);
                out.end_array().key("encrypted_content").escaped(content);
            } else {
                out.end_array().key("content").begin_array();
                text("reasoning_text", thinking.text, out);
                out.end_array();
            }
            out.end_object();
        }
    }

    fn call(&mut self, call: ToolUse<'d>, out: &mut Writer) {
        let short = if call.id.len() > LONGEST_ID { Cow::Owned(shortened(call.id)) } else { Cow::Borrowed(call.id) };
        let wire = self.ids.numbered(short);
        out.begin_object().key("type").string("function_call").key("call_id").escaped(&wire);
        self.calls.push(Call { id: call.id, wire, answered: false });
        let name = call.name.map(Str::decode).unwrap_or_default();
        out.key("name").string(&on_the_wire::<Usual>(&name)).key("arguments");
        match call.input.filter(|input| input.kind() == Kind::Object) {
            Some(input) => _ = out.string(input.raw()),
            None => _ = out.string("{}"),
        }
        out.end_object();
    }
}

/// Depends on nothing but the id, so that a conversation looks the same in every turn.
fn shortened(id: &str) -> String {
    format!("call_{}", Fingerprint::of(id).digits())
}

fn text(kind: &str, text: &str, out: &mut Writer) {
    if !text.is_empty() {
        begin_text(kind, out);
        out.escaped_part(text);
        end_text(out);
    }
}
