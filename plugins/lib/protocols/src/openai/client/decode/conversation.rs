//! The messages: what leads them becomes the system prompt, the others keep their order, and the results of one round of tool
//! calls, which OpenAI wants in a message each, share one message with what the user says right after them.

use super::assistant;
use super::fields::Fields;
use super::parts::{self, Marks};
use super::wrong::{Checked, Wrong};
use crate::openai::encode::notes::Notes;
use ccr_plugin::messages::json::{Kind, Str, Value, Writer};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    System,
    User,
    Assistant,
    /// `tool`, or `function` of old.
    Tool,
}

impl Role {
    fn of(message: Value<'_>) -> Checked<Self> {
        if message.kind() != Kind::Object {
            return Err(Wrong::new("", "must be an object with `role` and `content`"));
        }
        let role = message.get("role").and_then(Value::as_str).map(Str::decode).unwrap_or_default();
        Ok(match &*role {
            "system" | "developer" => Self::System,
            "user" => Self::User,
            "assistant" => Self::Assistant,
            "tool" | "function" => Self::Tool,
            _ => return Err(Wrong::new("role", "must be system, developer, user, assistant or tool")),
        })
    }
}

/// The conversation as far as it is written.
struct Walk<'w> {
    out: &'w mut Writer,
    notes: &'w mut Notes,
    /// There are only system messages, and this is the last of them.
    is_alone: bool,
    /// A user message with tool results is open: the next result goes into it.
    in_results: bool,
    written: usize,
    /// The id of the last `function_call` of old, which has none of its own.
    function: String,
}

pub(super) fn write(fields: &Fields<'_>, notes: &mut Notes, out: &mut Writer) -> Checked {
    let messages = fields.messages.filter(|messages| messages.kind() == Kind::Array && !messages.is_empty());
    let messages = messages.ok_or_else(|| Wrong::new("messages", "must be an array of at least one message"))?;
    let (leading, others) = lead(messages)?;
    system(messages, leading, notes, out)?;
    out.key("messages").begin_array();
    let mut walk = Walk { out, notes, is_alone: !others, in_results: false, written: 0, function: String::new() };
    for (index, message) in messages.items().enumerate().skip(leading) {
        walk.message(index, message).map_err(|wrong| wrong.item("messages", index))?;
    }
    walk.close();
    if walk.written == 0 {
        return Err(Wrong::new("messages", "must have at least one message with content"));
    }
    walk.out.end_array();
    Ok(())
}

/// How many messages lead the conversation, and whether there are others that say something. If not, the last system message is
/// what there is to answer.
fn lead(messages: Value<'_>) -> Checked<(usize, bool)> {
    let mut last = 0;
    for (index, message) in messages.items().enumerate() {
        match Role::of(message).map_err(|wrong| wrong.item("messages", index))? {
            Role::System => last = index,
            Role::User if !parts::say_something(message.get("content")) => {}
            Role::Assistant if assistant::AssistantMessage::read(message, &mut Notes::default()).is_empty() => {}
            Role::User | Role::Assistant | Role::Tool => return Ok((index, true)),
        }
    }
    Ok((last, false))
}

fn system(messages: Value<'_>, leading: usize, notes: &mut Notes, out: &mut Writer) -> Checked {
    let says = |message: &Value<'_>| parts::say_something(message.get("content"));
    if !messages.items().take(leading).any(|message| says(&message)) {
        return Ok(());
    }
    out.key("system").begin_array();
    for (index, message) in messages.items().enumerate().take(leading).filter(|(_, message)| says(message)) {
        note_members(message, notes);
        texts(message, notes, out).map_err(|wrong| wrong.item("messages", index))?;
    }
    out.end_array();
    Ok(())
}

/// The content of a system message, which takes texts only.
fn texts(message: Value<'_>, notes: &mut Notes, out: &mut Writer) -> Checked {
    let content = message.get("content");
    for (index, part) in content.into_iter().flat_map(Value::items).enumerate() {
        if part.kind() == Kind::Object && part.get("text").and_then(Value::as_str).is_none() {
            return Err(Wrong::new("type", "must be text in a system message").item("content", index));
        }
    }
    parts::blocks(content, Marks::of(message), notes, out)
}

impl Walk<'_> {
    fn message(&mut self, index: usize, message: Value<'_>) -> Checked {
        match Role::of(message)? {
            Role::Tool => self.result(message),
            // The inner form wants a question, and there is no other.
            Role::System if self.is_alone => self.said("user", message),
            Role::System => {
                self.close();
                self.said("system", message)
            }
            Role::User => self.user(message),
            Role::Assistant => {
                self.close();
                self.assistant(index, message)
            }
        }
    }

    fn user(&mut self, message: Value<'_>) -> Checked {
        if !self.in_results {
            return self.said("user", message);
        }
        note_members(message, self.notes);
        parts::blocks(message.get("content"), Marks::of(message), self.notes, self.out)?;
        self.close();
        Ok(())
    }

    /// A message of its own, unless it says nothing.
    fn said(&mut self, role: &str, message: Value<'_>) -> Checked {
        let content = message.get("content");
        let Some(content) = content.filter(|content| parts::say_something(Some(*content))) else {
            return parts::check(content);
        };
        note_members(message, self.notes);
        self.written += 1;
        self.out.begin_object().key("role").string(role).key("content");
        let marks = Marks::of(message);
        if content.kind() == Kind::String && marks.is_empty() {
            self.out.value(content);
        } else {
            self.out.begin_array();
            parts::blocks(Some(content), marks, self.notes, self.out)?;
            self.out.end_array();
        }
        self.out.end_object();
        Ok(())
    }

    fn assistant(&mut self, index: usize, message: Value<'_>) -> Checked {
        let said = assistant::AssistantMessage::read(message, self.notes);
        if said.is_empty() {
            return parts::check(message.get("content"));
        }
        self.written += 1;
        self.out.begin_object().key("role").string("assistant").key("content").begin_array();
        if said.has_function_call() {
            self.function = format!("call_{index}");
        }
        said.write(&self.function, self.notes, self.out)?;
        self.out.end_array().end_object();
        Ok(())
    }

    fn result(&mut self, message: Value<'_>) -> Checked {
        if !self.in_results {
            self.in_results = true;
            self.written += 1;
            self.out.begin_object().key("role").string("user").key("content").begin_array();
        }
        let id = message.get("tool_call_id").and_then(Value::as_str).filter(|id| !id.is_empty());
        self.out.begin_object().key("type").string("tool_result").key("tool_use_id");
        match id {
            Some(id) => _ = self.out.escaped(id.raw()),
            None if message.get("role").and_then(Value::as_str).is_some_and(|role| role == "function") => {
                self.out.string(if self.function.is_empty() { "call" } else { &self.function });
            }
            None => return Err(Wrong::new("tool_call_id", "must be a string, the id of the call that is answered")),
        }
        let content = message.get("content");
        let marks = Marks::of(message);
        match content {
            Some(text) if text.kind() == Kind::String => _ = self.out.key("content").value(text),
            Some(list) if parts::say_something(Some(list)) => {
                self.out.key("content").begin_array();
                parts::blocks(content, Marks::default(), self.notes, self.out)?;
                self.out.end_array();
            }
            _ => parts::check(content)?,
        }
        marks.write(self.out);
        self.out.end_object();
        Ok(())
    }

    /// Ends an open message of results.
    fn close(&mut self) {
        if std::mem::take(&mut self.in_results) {
            self.out.end_array().end_object();
        }
    }
}

/// The inner form has no place for the name of who speaks.
fn note_members(message: Value<'_>, notes: &mut Notes) {
    for (key, value) in message.members().filter(|(_, value)| !value.is_null()) {
        let known = ["role", "content", "cache_control"].iter().any(|known| key == *known);
        if !known && !value.as_str().is_some_and(Str::is_empty) {
            notes.dropped(format!("messages.{}", key.decode()));
        }
    }
}
