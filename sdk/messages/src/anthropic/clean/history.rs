//! The walk over the messages. It follows the component's (`encode/history.rs` of the plugin library's `anthropic`) step by step:
//! what that would edit for a client of the format, this must find.

use super::calls::Calls;
use super::ids::Seen;
use super::{
    cites_elsewhere, found_elsewhere, is_blank, is_blank_text, is_data_url, is_legal_tool_id, is_legal_tool_name,
    is_native_signature, without_trailing_space,
};
use crate::json::{Kind, Str, Value};

/// What the messages are found to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum History {
    Clean,
    /// Clean, but the turn of the assistant that it ends in called tools without reasoning before: Anthropic refuses to continue
    /// such a turn with a budget for thinking ("Expected `thinking` or `redacted_thinking`, but found `tool_use`").
    TurnWithoutThought,
    NeedsCleaning,
}

impl History {
    pub(super) fn of(messages: Value<'_>) -> Self {
        let mut walk = Walk { seen: Seen::new(), calls: Calls::new(), turn: Turn::default(), last: None };
        if messages.items().any(|message| walk.message(message)) {
            return Self::NeedsCleaning;
        }
        let Some((role, content)) = walk.last else { return Self::NeedsCleaning };
        if !walk.calls.are_answered() || (role == Role::Assistant && ends_in_space(content)) {
            return Self::NeedsCleaning;
        }
        match walk.turn {
            Turn { thought: Some(false), answered: true } => Self::TurnWithoutThought,
            _ => Self::Clean,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Assistant,
    /// The user, or the system in the middle of the conversation.
    Other,
}

impl Role {
    fn of(role: Str<'_>) -> Option<Self> {
        match role.raw() {
            "user" | "system" | "developer" => Some(Self::Other),
            "assistant" => Some(Self::Assistant),
            _ => None,
        }
    }
}

/// The turn of the assistant that the messages so far end in.
#[derive(Debug, Default)]
struct Turn {
    /// Whether its first message begins with reasoning.
    thought: Option<bool>,
    /// The last message answers calls.
    answered: bool,
}

struct Walk<'d> {
    seen: Seen,
    calls: Calls<'d>,
    turn: Turn,
    last: Option<(Role, Value<'d>)>,
}

/// These say whether something needs cleaning.
impl<'d> Walk<'d> {
    fn message(&mut self, message: Value<'d>) -> bool {
        let (mut role, mut content) = (None, None);
        for (key, value) in message.members() {
            match key.raw() {
                "role" => role = value.as_str(),
                "content" => content = Some(value),
                _ if key.is_escaped() => return true,
                _ => {}
            }
        }
        let (Some(role), Some(content)) = (role.and_then(Role::of), content) else { return true };
        self.last = Some((role, content));
        if role == Role::Assistant && !self.calls.assistant_begins() {
            return true;
        }
        if role == Role::Other {
            self.calls.others_begin();
        }
        match content.as_str() {
            Some(text) => {
                self.turn = Turn::default();
                is_blank(text)
            }
            None => match role {
                Role::Assistant => self.assistants(content),
                Role::Other => self.others(content),
            },
        }
    }

    fn assistants(&mut self, content: Value<'d>) -> bool {
        let mut first = None;
        for block in content.items() {
            let Some(block) = Block::read(block) else { return true };
            first.get_or_insert(block.is_thought());
            let dirty = match block.kind {
                "tool_use" => self.call(&block),
                "tool_result" => true,
                _ => block.needs_cleaning(),
            };
            if dirty {
                return true;
            }
        }
        let Some(first) = first else { return true };
        self.turn.thought.get_or_insert(first);
        self.turn.answered = false;
        false
    }

    fn call(&mut self, call: &Block<'d>) -> bool {
        let legal = call.input.is_some_and(|input| input.kind() == Kind::Object)
            && call.name.is_some_and(is_legal_tool_name)
            && call.id.is_some_and(is_legal_tool_id);
        let id = call.id.map(Str::raw).unwrap_or_default();
        !legal || self.seen.again(id) || !self.calls.open(id)
    }

    /// Blocks of others than the assistant: results come first, and nobody else calls.
    fn others(&mut self, content: Value<'d>) -> bool {
        let (mut answered, mut said) = (false, false);
        for block in content.items() {
            let Some(block) = Block::read(block) else { return true };
            let dirty = match block.kind {
                "tool_use" => true,
                "tool_result" => {
                    answered = true;
                    said || block.content.is_some_and(|content| content.items().any(part_needs_it))
                        || block.answers.is_none_or(|id| !self.calls.answer(id.raw()))
                }
                _ => {
                    said = true;
                    block.needs_cleaning()
                }
            };
            if dirty {
                return true;
            }
        }
        if answered {
            self.turn.answered = true;
        } else {
            self.turn = Turn::default();
        }
        !answered && !said
    }
}

/// The members of a block that decide.
#[derive(Default)]
struct Block<'d> {
    kind: &'d str,
    text: Option<Str<'d>>,
    signature: Option<Str<'d>>,
    data: Option<Str<'d>>,
    id: Option<Str<'d>>,
    answers: Option<Str<'d>>,
    name: Option<Str<'d>>,
    input: Option<Value<'d>>,
    content: Option<Value<'d>>,
    source: Option<Value<'d>>,
    citations: Option<Value<'d>>,
}

impl<'d> Block<'d> {
    /// `None` if it has no type, or spells that or the name of a member with escapes.
    fn read(block: Value<'d>) -> Option<Self> {
        let mut read = Self::default();
        let mut kind = None;
        for (key, value) in block.members() {
            match key.raw() {
                "type" => kind = value.as_str(),
                "text" => read.text = value.as_str(),
                "signature" => read.signature = value.as_str(),
                "data" => read.data = value.as_str(),
                "id" => read.id = value.as_str(),
                "tool_use_id" => read.answers = value.as_str(),
                "name" => read.name = value.as_str(),
                "input" => read.input = Some(value),
                "content" => read.content = Some(value),
                "source" => read.source = Some(value),
                "citations" => read.citations = Some(value),
                _ if key.is_escaped() => return None,
                _ => {}
            }
        }
        read.kind = kind.filter(|kind| !kind.is_escaped())?.raw();
        Some(read)
    }

    fn is_thought(&self) -> bool {
        matches!(self.kind, "thinking" | "redacted_thinking")
    }

    /// For all but calls and results.
    fn needs_cleaning(&self) -> bool {
        match self.kind {
            "text" => self.text.is_none_or(is_blank) || self.citations.is_some_and(cites_elsewhere),
            "thinking" => !self.signature.is_some_and(is_native_signature),
            "redacted_thinking" => !self.data.is_some_and(is_native_signature),
            "image" | "document" => self.source.is_some_and(is_data_url),
            "web_search_tool_result" => self.content.is_some_and(found_elsewhere),
            _ => false,
        }
    }
}

/// A part of a tool's result: results do not nest, and calls and thoughts do not stand in them.
fn part_needs_it(part: Value<'_>) -> bool {
    is_blank_text(part) || part.get("source").is_some_and(is_data_url)
}

fn ends_in_space(content: Value<'_>) -> bool {
    let text = match content.as_str() {
        Some(text) => Some(text),
        None => content.items().last().and_then(|block| block.get("text")?.as_str()),
    };
    text.is_some_and(|text| without_trailing_space(text).len() < text.raw().len())
}
