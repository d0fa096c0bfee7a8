//! The messages: what Anthropic refuses in them goes or is changed, and everything else stays byte for byte.

use super::blocks::{self, Is};
use super::calls::{self, Answers, Calls, InsertAt};
use super::search;
use super::to::To;
use crate::anthropic::options::Replay;
use crate::shared::notes::Notes;
use ccr_plugin::Fault;
use ccr_plugin::messages::anthropic::clean::{is_blank, without_trailing_space};
use ccr_plugin::messages::json::{Document, Kind, Splice, Str, Value};

use std::ops::Range;

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
    let mut walk = Walk { to: *to, calls: Calls::default(), splice, notes, first: None, end: 0, turn: Turn::default() };
    let all: Vec<_> = messages.items().collect();
    let last = all.iter().rposition(|message| walk.stays(*message));
    let mut empty = Vec::new();
    for (index, message) in all.into_iter().enumerate() {
        let role = Role::of(index, message)?;
        if !walk.message(role, message, Some(index) == last) {
            empty.push(message.span());
        }
    }
    let Some((role, start)) = walk.first else {
        return Err(Fault::invalid("messages: nobody says anything in them; send at least one text."));
    };
    let turn_without_thought = walk.turn.lacks_thought();
    let end = walk.end;
    walk.calls.finish(end, walk.splice);
    // A client of Anthropic's own format answers for its first message itself.
    if role == Role::Assistant && !to.native_client {
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
    calls: Calls<'d>,
    splice: &'s mut Splice<'d>,
    notes: &'s mut Notes,
    /// Whose the first message is that stays, and where it begins.
    first: Option<(Role, usize)>,
    /// Where the last message ends that stays.
    end: usize,
    turn: Turn,
}

impl<'d> Walk<'_, 'd, '_> {
    /// Whether anything of a message stays.
    fn stays(&mut self, message: Value<'d>) -> bool {
        let Some(content) = message.get("content") else { return false };
        if let Some(text) = content.as_str() {
            return !is_blank(text);
        }
        let searches = search::made_elsewhere(content);
        content.items().any(|block| !blocks::goes(block, Is::of(block), &searches, &self.to, self.notes))
    }

    /// Edits one message; `false` if nothing of it stays.
    fn message(&mut self, role: Role, message: Value<'d>, is_last: bool) -> bool {
        let Some(content) = message.get("content") else { return false };
        let trims = is_last && role == Role::Assistant;
        if role == Role::Assistant {
            self.calls.assistant_begins(self.splice);
        }
        let stays = match content.as_str() {
            Some(text) => self.string(role, text, content, trims),
            None => self.blocks(role, content, trims),
        };
        if !stays {
            return false;
        }
        self.first.get_or_insert((role, message.span().start));
        self.end = message.span().end;
        if role == Role::System && !(self.to.native_client && self.to.is_strict()) {
            self.remind(message, content);
        }
        true
    }

    fn string(&mut self, role: Role, text: Str<'d>, content: Value<'d>, trims: bool) -> bool {
        if is_blank(text) {
            return false;
        }
        if trims {
            self.trim(text, content);
        }
        if role != Role::Assistant {
            self.calls.others_begin(InsertAt::Text(content.span()));
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
        let has = |wanted| kept.iter().any(|(_, is)| *is == wanted);
        if role == Role::Assistant {
            for (block, is) in &kept {
                blocks::patch(*block, *is, content, &self.to, &mut self.calls, self.splice, self.notes);
            }
            self.turn.thought.get_or_insert(first_is.is_thought());
            self.turn.answered = false;
            if self.to.replay == Replay::Required && has(Is::Call) && !has(Is::Thinking) {
                self.splice.replace(first.span().start..first.span().start, NO_THOUGHT);
            }
        } else {
            self.calls.others_begin(InsertAt::Blocks(first.span().start));
            self.turn.answered = self.others(&kept, content, &mut gone);
            if !self.turn.answered {
                self.turn = Turn::default();
            }
        }
        if !gone.is_empty() {
            self.splice.remove_items(content, |block| gone.contains(&block.span()));
        }
        let text = kept.last().filter(|_| trims).and_then(|(block, _)| block.get("text"));
        if let Some((value, text)) = text.and_then(|value| Some((value, value.as_str()?))) {
            self.trim(text, value);
        }
        true
    }

    /// Blocks of others than the assistant; says whether a call is answered. A result behind other content goes to the front,
    /// as the API wants it there.
    fn others(&mut self, kept: &[(Value<'d>, Is)], content: Value<'d>, gone: &mut Vec<Range<usize>>) -> bool {
        let front = kept.first().map_or(0, |(first, _)| first.span().start);
        let (mut answered, mut said) = (false, false);
        for (block, is) in kept {
            if *is == Is::Call {
                // Only the assistant calls; the API says so better than we could.
                continue;
            }
            if *is != Is::Result {
                said = true;
                blocks::patch(*block, *is, content, &self.to, &mut self.calls, self.splice, self.notes);
                continue;
            }
            match self.calls.answer(block.get("tool_use_id")) {
                Answers::Nothing => {
                    said = true;
                    self.splice.replace(block.span(), calls::orphan(*block));
                }
                Answers::Call(id) if said => {
                    answered = true;
                    gone.push(block.span());
                    let moved = self.moved(*block, id) + ",";
                    self.splice.replace(front..front, moved);
                }
                Answers::Call(id) => {
                    answered = true;
                    blocks::patch_result(*block, id, &self.to, self.splice, self.notes);
                }
            }
        }
        answered
    }

    /// A result as it stands elsewhere.
    fn moved(&mut self, block: Value<'d>, id: Option<String>) -> String {
        let raw = block.raw();
        let Ok(document) = Document::parse_str(raw) else { return raw.to_owned() };
        let mut splice = Splice::new();
        blocks::patch_result(document.root(), id, &self.to, &mut splice, self.notes);
        splice
            .apply(raw.as_bytes())
            .ok()
            .and_then(|text| String::from_utf8(text).ok())
            .unwrap_or_else(|| raw.to_owned())
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
