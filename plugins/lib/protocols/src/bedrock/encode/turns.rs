//! One run of messages after the other: what the model said, then the results of its calls, then what others said.

use super::attributed::Attributed;
use super::media::Media;
use super::messages::{Messages, Side, end_text};
use super::placeholder;
use super::results;
use super::to::To;
use crate::bedrock::reasoning;
use crate::shared::block::{Block, Thinking, ToolUse, is_blank};
use crate::shared::ids::Ids;
use crate::shared::notes::Notes;
use crate::shared::results::{Call, inner_mark};
use crate::shared::run::{Role, Run};
use crate::shared::tool_names::{Usual, on_the_wire};
use ccr_plugin::messages::fingerprint::Fingerprint;
use ccr_plugin::messages::json::{Kind, Str};
use std::borrow::Cow;

/// How Claude Code itself marks what the system says in between; Converse has a role for it, but hardly a model that takes it.
const SYSTEM: (&str, &str) = ("<system-reminder>\\n", "\\n</system-reminder>");

/// Bedrock refuses longer ids of calls (its API reference, `ToolUseBlock`).
const LONGEST_ID: usize = 64;

/// Room for what makes an id that had to be changed its own: an underscore and 16 hexadecimal digits.
const ID_ROOM: usize = LONGEST_ID - 17;

#[derive(Debug)]
pub(super) struct Turns<'d, 'o> {
    to: To<'o>,
    mark: Cow<'static, str>,
    takes_reasoning: bool,
    /// Calls of the last turn of the model.
    calls: Vec<Call<'d>>,
    /// All ids on the wire so far.
    ids: Ids<'d>,
}

impl<'d, 'o> Turns<'d, 'o> {
    pub(super) fn new(to: To<'o>) -> Self {
        let takes_reasoning = to.options.replay_reasoning.or(to.model.takes_reasoning());
        Self { to, mark: to.model.mark(), takes_reasoning, calls: Vec::new(), ids: Ids::default() }
    }

    pub(super) fn write(&mut self, run: &Run<Attributed<'d>>, notes: &mut Notes, messages: &mut Messages<'_, '_>) {
        if run.is_assistant() {
            self.model(run, notes, messages);
        } else {
            self.others(run, notes, messages);
        }
    }

    /// The conversation ends here.
    pub(super) fn finish(&mut self, messages: &mut Messages<'_, '_>) {
        results::answer_the_rest(&mut self.calls, self.to, messages);
    }

    /// Results first, as models want them at once; then the rest in its order.
    fn others(&mut self, run: &Run<Attributed<'d>>, notes: &mut Notes, messages: &mut Messages<'_, '_>) {
        let mut attachments = Vec::new();
        let mut rest: Vec<&Attributed<'d>> = Vec::new();
        for item in run.list() {
            match item.block {
                Block::ToolResult(result)
                    if results::answer(&mut self.calls, result, self.to, &mut attachments, notes, messages) =>
                {
                    messages.mark(item.mark.or_else(|| inner_mark(result)), notes);
                }
                _ => rest.push(item),
            }
        }
        results::answer_the_rest(&mut self.calls, self.to, messages);
        results::show(&attachments, messages);
        for item in rest {
            self.other(item, notes, messages);
        }
    }

    /// One block of the user's or the system's.
    fn other(&self, item: &Attributed<'d>, notes: &mut Notes, messages: &mut Messages<'_, '_>) {
        match item.block {
            Block::Text(text) if is_blank(text.raw()) => return,
            Block::Thinking(_) | Block::Redacted(_) | Block::ToolUse(_) => return,
            Block::ToolResult(result) => results::orphan(result, self.to, notes, messages),
            block => match Media::of(block, self.to) {
                Some(media) => media.add(false, messages),
                None => {
                    let (before, after) = if item.role == Role::System { SYSTEM } else { ("", "") };
                    let out = messages.text(Side::User).escaped_part(before);
                    match block {
                        Block::Text(text) => _ = out.escaped_part(text.raw()),
                        other => placeholder::write(other, notes, out),
                    }
                    end_text(out.escaped_part(after));
                }
            },
        }
        messages.mark(item.mark, notes);
    }

    /// A turn of nothing but reasoning is refused by newer models, and says nothing to the others.
    fn model(&mut self, run: &Run<Attributed<'d>>, notes: &mut Notes, messages: &mut Messages<'_, '_>) {
        let speaks = run.list().iter().any(|item| match item.block {
            Block::Text(text) => !is_blank(text.raw()),
            Block::ToolUse(_) => true,
            _ => false,
        });
        for item in run.list() {
            match item.block {
                Block::Text(text) if is_blank(text.raw()) => continue,
                Block::Text(text) => end_text(messages.text(Side::Assistant).escaped_part(text.raw())),
                Block::Thinking(thinking) => self.think(thinking, speaks, notes, messages),
                Block::Redacted(data) => self.redacted(data, speaks, notes, messages),
                Block::ToolUse(call) => self.call(call, messages),
                Block::Other(_, kind) => notes.dropped(kind.decode().into_owned()),
                Block::Image(_) | Block::Document(_) | Block::ToolResult(_) => notes.dropped("blocks of the assistant"),
            }
            if speaks {
                messages.mark(item.mark, notes);
            }
        }
    }

    /// Only what this family said itself goes back to it.
    fn think(&self, thinking: Thinking<'d>, speaks: bool, notes: &mut Notes, messages: &mut Messages<'_, '_>) {
        let own = reasoning::unwrap(&self.mark, thinking.signature.raw()).filter(|_| speaks && self.takes_reasoning);
        let Some(signature) = own else {
            if !thinking.text.is_empty() || !thinking.signature.is_empty() {
                notes.dropped("messages.thinking");
            }
            return;
        };
        let out = messages.block(Side::Assistant).begin_object().key("reasoningContent").begin_object();
        out.key("reasoningText").begin_object().key("text").escaped(thinking.text);
        if !signature.is_empty() {
            out.key("signature").escaped(signature);
        }
        out.end_object().end_object().end_object();
    }

    fn redacted(&self, data: Str<'d>, speaks: bool, notes: &mut Notes, messages: &mut Messages<'_, '_>) {
        let own = reasoning::unwrap(&self.mark, data.raw()).filter(|_| speaks && self.takes_reasoning);
        let Some(data) = own.filter(|data| !data.is_empty()) else {
            return notes.dropped("messages.redacted_thinking");
        };
        let out = messages.block(Side::Assistant).begin_object().key("reasoningContent").begin_object();
        out.key("redactedContent").escaped(data).end_object().end_object();
    }

    fn call(&mut self, call: ToolUse<'d>, messages: &mut Messages<'_, '_>) {
        let wire = self.unique(call.id);
        let name = call.name.map(Str::decode).unwrap_or_default();
        let out = messages.block(Side::Assistant).begin_object().key("toolUse").begin_object();
        out.key("toolUseId").escaped(&wire).key("name").string(&on_the_wire::<Usual>(&name)).key("input");
        match call.input.filter(|input| input.kind() == Kind::Object) {
            Some(input) => _ = out.value(input),
            None => _ = out.raw("{}"),
        }
        out.end_object().end_object();
        self.calls.push(Call { id: call.id, wire, answered: false });
    }

    /// The id, or one made from it if Converse would refuse it or the conversation has it already (some providers count from
    /// 0 in every answer).
    fn unique(&mut self, id: &'d str) -> Cow<'d, str> {
        let legal = |character: char| character.is_ascii_alphanumeric() || "_.:-".contains(character);
        let wire = if !id.is_empty() && id.len() <= LONGEST_ID && id.chars().all(legal) {
            Cow::Borrowed(id)
        } else {
            Cow::Owned(alias(id, legal, 1))
        };
        self.ids.unique(wire, |copy| alias(id, legal, copy))
    }
}

fn alias(id: &str, legal: impl Fn(char) -> bool, copy: u32) -> String {
    let mut alias: String = id.chars().map(|it| if legal(it) { it } else { '_' }).take(ID_ROOM).collect();
    let mut fingerprint = Fingerprint::of(id);
    fingerprint.add(&copy.to_string());
    alias.push('_');
    alias.push_str(&fingerprint.digits());
    alias
}
