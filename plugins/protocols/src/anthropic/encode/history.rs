//! The messages: what Anthropic refuses in them goes or is changed, and everything else stays byte for byte.

use super::To;
use super::blocks::{self, Is};
use super::ids::Ids;
use super::notes::Notes;
use super::search;
use crate::anthropic::options::Replay;
use ccr_plugin::Fault;
use ccr_plugin::messages::anthropic::clean::{is_blank, without_trailing_space};
use ccr_plugin::messages::json::{Kind, Splice, Str, Value};

/// What the rest of the request must know of its messages.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct History {
    /// A turn of the assistant is under way whose calls have been answered, and it does not begin with signed reasoning.
    pub(super) turn_without_thought: bool,
}

/// What stands before a history that begins with the assistant: the API wants the user to speak first.
const FIRST: &str = r#"{"role":"user","content":"(The conversation begins with your message.)"},"#;

/// What DeepSeek takes for reasoning that was never told.
const NO_THOUGHT: &str = r#"{"type":"thinking","thinking":"","signature":""},"#;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    User,
    Assistant,
    System,
}

impl Role {
    fn of(index: usize, message: Value<'_>) -> Result<Self, Fault> {
        match &*message.get("role").and_then(Value::as_str).map(Str::decode).unwrap_or_default() {
            "user" => Ok(Self::User),
            "assistant" => Ok(Self::Assistant),
            "system" | "developer" => Ok(Self::System),
            other => Err(Fault::invalid(format!(
                "messages.{index}.role: `{other}` is not a role; use `user`, `assistant` or `system`."
            ))),
        }
    }
}

/// Edits the messages.
///
/// # Errors
/// There are none, or nobody says anything, or a role is none.
pub(super) fn clean<'d>(
    messages: Option<Value<'d>>,
    to: &To<'_>,
    splice: &mut Splice<'d>,
    notes: &mut Notes,
) -> Result<History, Fault> {
    let messages = messages.filter(|messages| messages.kind() == Kind::Array);
    let messages = messages.ok_or_else(|| Fault::invalid("messages: must be an array of messages."))?;
    let mut walk = Walk { to: *to, ids: Ids::default(), splice, notes, first: None, turn: Turn::default() };
    let last = messages.items().count().saturating_sub(1);
    let mut empty = Vec::new();
    for (index, message) in messages.items().enumerate() {
        let role = Role::of(index, message)?;
        if !walk.message(role, message, index == last) {
            empty.push(message.span());
        }
    }
    let Some((role, start)) = walk.first else {
        return Err(Fault::invalid("messages: nobody says anything in them; send at least one text."));
    };
    let turn_without_thought = walk.turn.lacks_thought();
    if role == Role::Assistant {
        splice.replace(start..start, FIRST);
    }
    if !empty.is_empty() {
        splice.remove_items(messages, |message| empty.contains(&message.span()));
    }
    Ok(History { turn_without_thought })
}

/// The turn of the assistant that the messages end in: all that happened since the user spoke.
#[derive(Debug, Default)]
struct Turn {
    /// Whether its first message begins with reasoning.
    thought: Option<bool>,
    /// The last message answers calls.
    answered: bool,
}

impl Turn {
    fn lacks_thought(&self) -> bool {
        self.answered && self.thought == Some(false)
    }
}

struct Walk<'s, 'd, 'o> {
    to: To<'o>,
    ids: Ids<'d>,
    splice: &'s mut Splice<'d>,
    notes: &'s mut Notes,
    /// Whose the first message is that stays, and where it begins.
    first: Option<(Role, usize)>,
    turn: Turn,
}

impl<'d> Walk<'_, 'd, '_> {
    /// Edits one message; `false` if nothing of it stays.
    fn message(&mut self, role: Role, message: Value<'d>, is_last: bool) -> bool {
        let Some(content) = message.get("content") else { return false };
        let trims = is_last && role == Role::Assistant;
        let stays = match content.as_str() {
            Some(text) => self.string(text, content, trims),
            None => self.blocks(role, content, trims),
        };
        if !stays {
            return false;
        }
        self.first.get_or_insert((role, message.span().start));
        if role == Role::System && !(self.to.native_client && self.to.is_strict()) {
            self.remind(message, content);
        }
        true
    }

    fn string(&mut self, text: Str<'d>, content: Value<'d>, trims: bool) -> bool {
        if is_blank(text) {
            return false;
        }
        if trims {
            self.trim(text, content);
        }
        self.turn = Turn::default();
        true
    }

    fn blocks(&mut self, role: Role, content: Value<'d>, trims: bool) -> bool {
        let searches = if role == Role::Assistant { search::made_elsewhere(content) } else { Vec::new() };
        let mut gone = Vec::new();
        let mut kept = Vec::new();
        for block in content.items() {
            let is = Is::of(block);
            if blocks::goes(block, is, &searches, &self.to, self.notes) {
                gone.push(block.span());
            } else {
                kept.push((block, is));
            }
        }
        let Some((first, first_is)) = kept.first().copied() else { return false };
        for (block, is) in &kept {
            blocks::patch(*block, *is, content, &self.to, &mut self.ids, self.splice, self.notes);
        }
        if !gone.is_empty() {
            self.splice.remove_items(content, |block| gone.contains(&block.span()));
        }
        let has = |wanted| kept.iter().any(|(_, is)| *is == wanted);
        if role == Role::Assistant {
            self.turn.thought.get_or_insert(first_is.is_thought());
            if self.to.replay == Replay::Required && has(Is::Call) && !has(Is::Thinking) {
                self.splice.replace(first.span().start..first.span().start, NO_THOUGHT);
            }
        }
        self.turn.answered = has(Is::Result);
        if role != Role::Assistant && !self.turn.answered {
            self.turn = Turn::default();
        }
        let text = kept.last().filter(|_| trims).and_then(|(block, _)| block.get("text"));
        if let Some((value, text)) = text.and_then(|value| Some((value, value.as_str()?))) {
            self.trim(text, value);
        }
        true
    }

    fn trim(&mut self, text: Str<'d>, value: Value<'d>) {
        let trimmed = without_trailing_space(text);
        if trimmed.len() < text.raw().len() {
            self.splice.replace(value.span(), ["\"", trimmed, "\""].concat());
        }
    }

    /// Words of the system in the middle of a conversation: most models know them only as the user's.
    fn remind(&mut self, message: Value<'d>, content: Value<'d>) {
        if let Some(role) = message.get("role") {
            self.splice.replace(role.span(), "\"user\"");
        }
        let texts = content.items().filter(|block| Is::of(*block) == Is::Text);
        let texts = texts.filter_map(|block| block.get("text")).chain(content.as_str().map(|_| content));
        for text in texts {
            let span = text.span();
            if text.as_str().is_some_and(|text| !is_blank(text)) {
                self.splice.replace(span.start + 1..span.start + 1, "<system-reminder>\\n");
                self.splice.replace(span.end - 1..span.end - 1, "\\n</system-reminder>");
            }
        }
    }
}
