//! One run of messages after the other: what the model said, then the results of its calls, then what others said.

use super::contents::{Contents, Role};
use super::media::{self, Media};
use super::results::{self, Call};
use crate::gemini::signature;
use crate::gemini::tool_names;
use crate::shared::block::{Block, Thinking, ToolUse, is_blank};
use crate::shared::notes::Notes;
use crate::shared::results::orphaned;
use crate::shared::run::{self, Run};
use ccr_plugin::messages::json::{Kind, Str};

/// How Claude Code itself marks what the system says in between; Gemini has no role for it.
const SYSTEM: (&str, &str) = ("<system-reminder>\\n", "\\n</system-reminder>");

#[derive(Debug)]
pub(super) struct Turns<'d> {
    call_ids: bool,
    /// Whether calls without a signature are marked so that the model takes them.
    sentinel: bool,
    /// Whether the model signs calls at all.
    signs: bool,
    /// Calls of the last turn of the model.
    calls: Vec<Call<'d>>,
}

impl<'d> Turns<'d> {
    pub(super) fn new(call_ids: bool, sentinel: bool, signs: bool) -> Self {
        Self { call_ids, sentinel, signs, calls: Vec::new() }
    }

    pub(super) fn write(&mut self, run: &Run<Block<'d>>, notes: &mut Notes, contents: &mut Contents<'_>) {
        if run.is_assistant() {
            self.model(run, notes, contents);
        } else {
            self.others(run, notes, contents);
        }
    }

    /// The conversation ends here.
    pub(super) fn finish(&mut self, contents: &mut Contents<'_>) {
        for call in self.calls.drain(..) {
            results::missing(&call, contents);
        }
    }

    /// Results first and in the order of their calls, as Gemini matches them so; then the rest in its order.
    fn others(&mut self, run: &Run<Block<'d>>, notes: &mut Notes, contents: &mut Contents<'_>) {
        let mut used = Vec::new();
        let mut attachments = Vec::new();
        for call in self.calls.drain(..) {
            let fits = |number: usize, block: Block<'d>| match block {
                Block::ToolResult(result) if result.id == call.id && !used.contains(&number) => Some((number, result)),
                _ => None,
            };
            match run.blocks().find_map(|(number, block)| fits(number, block)) {
                Some((number, result)) => {
                    used.push(number);
                    results::answer(&call, result, &mut attachments, notes, contents);
                }
                None => results::missing(&call, contents),
            }
        }
        results::show(&attachments, contents);
        for (role, blocks) in run.messages() {
            for (number, block) in blocks {
                if !used.contains(&number) {
                    said(role, block, notes, contents);
                }
            }
        }
    }

    fn model(&mut self, run: &Run<Block<'d>>, notes: &mut Notes, contents: &mut Contents<'_>) {
        // The signature of the thinking block before, which belongs to the next part.
        let mut carried = "";
        let mut looks = self.signs;
        for (_, block) in run.blocks() {
            match block {
                Block::Thinking(thinking) => carried = own_signature(thinking, notes).unwrap_or(carried),
                Block::Text(text) if is_blank(text.raw()) => {}
                Block::Text(text) => {
                    let out = contents.part(Role::Model).begin_object().key("text").escaped(text.raw());
                    if !carried.is_empty() {
                        out.key("thoughtSignature").escaped(carried);
                    }
                    out.end_object();
                    carried = "";
                }
                Block::ToolUse(call) => {
                    let lost = if carried.is_empty() { self.lost(call.id, &mut looks) } else { None };
                    self.call(call, lost.as_deref().unwrap_or(carried), contents);
                    carried = "";
                }
                Block::Other(_, kind) => notes.dropped(kind.decode().into_owned()),
                Block::Redacted(_) | Block::Image(_) | Block::Document(_) | Block::ToolResult(_) => {
                    notes.dropped("blocks of the assistant")
                }
            }
        }
    }

    /// The signature of a call that the client sent back without one. Of parallel calls only the first is signed, so where
    /// the first has none, or its own, `looks` ends the search: the store is asked once for each turn, as a rule.
    fn lost(&self, id: &str, looks: &mut bool) -> Option<String> {
        let found = if *looks { signature::recall(id) } else { None };
        *looks = found.is_some();
        let is_first = self.calls.is_empty();
        found.or_else(|| (self.sentinel && is_first).then(|| signature::SENTINEL.to_owned()))
    }

    fn call(&mut self, call: ToolUse<'d>, signature: &str, contents: &mut Contents<'_>) {
        let name = call.name.map(Str::decode).unwrap_or_default();
        let call_id = if self.call_ids { call.id } else { "" };
        let wire = tool_names::on_the_wire(&name).into_owned();
        let out = contents.part(Role::Model).begin_object().key("functionCall").begin_object();
        if !call_id.is_empty() {
            out.key("id").escaped(call_id);
        }
        out.key("name").string(&wire).key("args");
        match call.input.filter(|input| input.kind() == Kind::Object) {
            Some(input) => _ = out.value(input),
            None => _ = out.raw("{}"),
        }
        out.end_object();
        if !signature.is_empty() {
            out.key("thoughtSignature").escaped(signature);
        }
        out.end_object();
        self.calls.push(Call { id: call.id, wire_id: call_id, name: wire });
    }
}

/// The signature that Gemini gave, if it was Gemini.
fn own_signature<'d>(thinking: Thinking<'d>, notes: &mut Notes) -> Option<&'d str> {
    let own = signature::unwrap(thinking.signature.raw());
    if own.is_none() && !thinking.text.is_empty() {
        notes.dropped("messages.thinking");
    }
    own.filter(|own| !own.is_empty())
}

/// One block of the user's or the system's.
fn said<'d>(role: run::Role, block: Block<'d>, notes: &mut Notes, contents: &mut Contents<'_>) {
    let is_silent = match block {
        Block::Text(text) => is_blank(text.raw()),
        Block::Thinking(_) | Block::Redacted(_) | Block::ToolUse(_) => true,
        Block::Image(_) | Block::Document(_) | Block::ToolResult(_) | Block::Other(..) => false,
    };
    if is_silent {
        return;
    }
    if let Some(media) = Media::of(block) {
        let out = contents.part(Role::User).begin_object();
        media.write(out);
        out.end_object();
        return;
    }
    let (before, after) = if role == run::Role::System { SYSTEM } else { ("", "") };
    let mut attachments = Vec::new();
    let out = contents.part(Role::User).begin_object().key("text").begin_string().escaped_part(before);
    match block {
        Block::Text(text) => _ = out.escaped_part(text.raw()),
        Block::ToolResult(result) => {
            orphaned(result.id, out);
            out.escaped_part("\\n");
            results::content(result, &mut attachments, notes, out);
        }
        other => media::in_words(other, notes, out),
    }
    out.escaped_part(after).end_string().end_object();
    results::show(&attachments, contents);
}
