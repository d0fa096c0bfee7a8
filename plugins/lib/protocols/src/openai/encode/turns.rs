//! One run of messages after the other: what the assistant said, then the results of its calls, then what others said.

use super::content;
use super::marked::{Marked, Run};
use super::notes::Notes;
use super::results;
use super::thoughts::Thoughts;
use crate::openai::options::EmptyContent;
use crate::shared::block::{Block, ToolUse, is_blank};
use crate::shared::ids::Ids;
use crate::shared::results::Call;
use crate::shared::run::Role;
use crate::shared::tool_names::{Usual, on_the_wire};
use ccr_plugin::messages::json::{Kind, Str, Writer};
use std::borrow::Cow;

#[derive(Debug)]
pub(super) struct Turns<'d> {
    empty_content: EmptyContent,
    thoughts: Thoughts,
    /// Calls of the last assistant message.
    calls: Vec<Call<'d>>,
    /// All ids on the wire so far.
    ids: Ids<'d>,
}

impl<'d> Turns<'d> {
    pub(super) fn new(empty_content: EmptyContent, thoughts: Thoughts) -> Self {
        Self { empty_content, thoughts, calls: Vec::new(), ids: Ids::default() }
    }

    pub(super) fn write(&mut self, run: &Run<'d>, notes: &mut Notes, out: &mut Writer) {
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

    /// Results first, as the answers to calls must follow them at once; then the rest in its order.
    fn others(&mut self, run: &Run<'d>, notes: &mut Notes, out: &mut Writer) {
        let mut pictures = Vec::new();
        let mut orphans = Vec::new();
        for (number, Marked { block, mark }) in run.blocks() {
            if let Block::ToolResult(result) = block
                && !results::answer(&mut self.calls, result, mark, &mut pictures, notes, out)
            {
                orphans.push(number);
            }
        }
        results::answer_the_rest(&mut self.calls, out);
        results::show(&pictures, out);
        for (role, blocks) in run.messages() {
            let role = if role == Role::System { "system" } else { "user" };
            let said =
                blocks.filter(|(number, it)| !matches!(it.block, Block::ToolResult(_)) || orphans.contains(number));
            content::message(role, said.map(|(_, marked)| marked), notes, out);
        }
    }

    /// One message for the whole run.
    fn assistant(&mut self, run: &Run<'d>, notes: &mut Notes, out: &mut Writer) {
        note_what_is_lost(run, notes);
        self.thoughts.note_what_is_lost(run, notes);
        let calls = run.list().iter().any(|it| matches!(it.block, Block::ToolUse(_)));
        let says = run.list().iter().any(|it| matches!(it.block, Block::Text(text) if !is_blank(text.raw())));
        if !calls && !says {
            return;
        }
        out.begin_object().key("role").string("assistant");
        if says {
            out.key("content");
            text(run, out);
        } else {
            match self.empty_content {
                EmptyContent::Null => _ = out.key("content").null(),
                EmptyContent::Empty => _ = out.key("content").string(""),
                EmptyContent::Omit => {}
            }
        }
        self.thoughts.write(run, calls, out);
        if calls {
            self.calls(run, out);
        }
        if let Some(mark) = run.list().iter().rev().find_map(|it| it.mark) {
            out.key("cache_control").value(mark);
        }
        out.end_object();
    }

    fn calls(&mut self, run: &Run<'d>, out: &mut Writer) {
        out.key("tool_calls").begin_array();
        for marked in run.list() {
            if let Block::ToolUse(call) = marked.block {
                self.call(call, out);
            }
        }
        out.end_array();
    }

    fn call(&mut self, call: ToolUse<'d>, out: &mut Writer) {
        let wire = self.ids.numbered(Cow::Borrowed(call.id));
        out.begin_object().key("id").escaped(&wire).key("type").string("function");
        self.calls.push(Call { id: call.id, wire, answered: false });
        out.key("function").begin_object().key("name");
        let name = call.name.map(Str::decode).unwrap_or_default();
        out.string(&on_the_wire::<Usual>(&name)).key("arguments");
        match call.input.filter(|input| input.kind() == Kind::Object) {
            Some(input) => _ = out.string(input.raw()),
            None => _ = out.string("{}"),
        }
        out.end_object().end_object();
    }
}

/// The texts as one string. Neighbours are joined as they are: a model's text is split in the middle of a sentence where a
/// citation begins. What stood between two others gets an empty line.
fn text(run: &Run<'_>, out: &mut Writer) {
    out.begin_string();
    let mut begun = false;
    for (_, blocks) in run.messages() {
        let mut continues = false;
        for (_, marked) in blocks {
            let Block::Text(text) = marked.block else {
                continues = false;
                continue;
            };
            if is_blank(text.raw()) && !continues {
                continue;
            }
            if begun && !continues {
                out.escaped_part("\\n\\n");
            }
            out.escaped_part(text.raw());
            begun = true;
            continues = true;
        }
    }
    out.end_string();
}

fn note_what_is_lost(run: &Run<'_>, notes: &mut Notes) {
    for marked in run.list() {
        match marked.block {
            Block::Other(_, kind) => notes.dropped(kind.decode().into_owned()),
            Block::Image(_) | Block::Document(_) | Block::ToolResult(_) => notes.dropped("blocks of the assistant"),
            Block::Text(_) | Block::Thinking(_) | Block::Redacted(_) | Block::ToolUse(_) => {}
        }
    }
}
