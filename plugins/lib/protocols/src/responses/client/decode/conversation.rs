//! The instructions as system text, and the items of the input as messages, in order.
//!
//! What the model said in a row is one message; so is what others said, with the outcomes of calls first, as models expect
//! them right behind the calls.

use super::fields::Fields;
use super::item::{Call, Input, Item, Role, What};
use super::part_path::PartPath;
use super::parts;
use crate::responses::client::reasoning::{self, Content};
use crate::responses::client::tool_name::ToolName;
use crate::shared::notes::Notes;
use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Document, Kind, Str, Value, Writer};
use ccr_plugin::messages::repair::repair;
use std::borrow::Cow;

pub(super) fn write(fields: &Fields<'_>, notes: &mut Notes, out: &mut Writer) -> Result<(), Fault> {
    let missing = || Fault::invalid("input: must be a string or an array of items, and not be empty.");
    let input = fields.input.ok_or_else(missing)?;
    let mut items = Vec::new();
    match input.kind() {
        Kind::String => {
            items.push(Item { index: 0, what: What::Message { role: Role::User, content: input } });
        }
        Kind::Array => {
            for (index, item) in input.items().enumerate() {
                items.extend(Item::read(index, item, notes)?);
            }
        }
        _ => return Err(missing()),
    }
    let rest = system(fields.instructions, &items, notes, out)?;
    out.key("messages").begin_array();
    let mut messages = Messages { any: false, role: None, only_systems: rest.iter().all(is_system) };
    for run in rest.chunk_by(|one, other| one.is_the_models() == other.is_the_models()) {
        if run.first().is_some_and(Item::is_the_models) {
            messages.of_the_model(run, notes, out)?;
        } else {
            messages.of_others(run, notes, out)?;
        }
        messages.end(out);
    }
    out.end_array();
    if messages.any { Ok(()) } else { Err(missing()) }
}

fn is_system(item: &Item<'_>) -> bool {
    matches!(item.what, What::Message { role: Role::System, .. })
}

/// The instructions and the system messages before all others become the system text; what follows is given back. Where there
/// is nothing but system messages they stay messages, since no provider answers a conversation without one.
fn system<'i, 'd>(
    instructions: Option<Value<'d>>,
    items: &'i [Item<'d>],
    notes: &mut Notes,
    out: &mut Writer,
) -> Result<&'i [Item<'d>], Fault> {
    let is_leading = |item: &Item<'_>| matches!(item.what, What::Message { role: Role::System, content } if parts::is_all_text(content));
    let first = items.iter().position(|item| !is_leading(item)).unwrap_or_default();
    let (leading, rest) = items.split_at_checked(first).unwrap_or((&[], items));
    let instructions = instructions.filter(|text| text.as_str().is_some_and(|text| !text.is_empty()));
    if instructions.is_none() && leading.is_empty() {
        return Ok(rest);
    }
    out.key("system").begin_array();
    if let Some(text) = instructions {
        out.begin_object().key("type").string("text").key("text").value(text).end_object();
    }
    for item in leading {
        if let What::Message { content, .. } = item.what {
            parts::write(PartPath::content(item.index), content, notes, out)?;
        }
    }
    out.end_array();
    Ok(rest)
}

/// Messages that are begun when there is something to say in them.
struct Messages {
    any: bool,
    /// Of the message that is open.
    role: Option<Role>,
    /// There is nobody but the system who says something: then it speaks for the user.
    only_systems: bool,
}

impl Messages {
    fn begin(&mut self, role: Role, out: &mut Writer) {
        if self.role == Some(role) {
            return;
        }
        self.end(out);
        self.any = true;
        self.role = Some(role);
        out.begin_object().key("role").string(match role {
            Role::User => "user",
            Role::Assistant => "assistant",
            Role::System => "system",
        });
        out.key("content").begin_array();
    }

    fn end(&mut self, out: &mut Writer) {
        if self.role.take().is_some() {
            out.end_array().end_object();
        }
    }

    fn of_the_model(&mut self, run: &[Item<'_>], notes: &mut Notes, out: &mut Writer) -> Result<(), Fault> {
        for item in run {
            match item.what {
                What::Message { content, .. } => self.say(Role::Assistant, item.index, content, notes, out)?,
                What::Reasoning(reasoning) => self.think(reasoning, out),
                What::Call(call) => {
                    self.begin(Role::Assistant, out);
                    write_call(item.index, call, out)?;
                }
                What::Output { .. } => {}
            }
        }
        Ok(())
    }

    fn of_others(&mut self, run: &[Item<'_>], notes: &mut Notes, out: &mut Writer) -> Result<(), Fault> {
        for item in run {
            if let What::Output { id, output } = item.what {
                self.begin(Role::User, out);
                out.begin_object().key("type").string("tool_result").key("tool_use_id").escaped(id.raw());
                write_output(item.index, output, notes, out)?;
                out.end_object();
            }
        }
        for item in run {
            if let What::Message { role, content } = item.what {
                self.say(role, item.index, content, notes, out)?;
            }
        }
        Ok(())
    }

    fn say(
        &mut self,
        role: Role,
        index: usize,
        content: Value<'_>,
        notes: &mut Notes,
        out: &mut Writer,
    ) -> Result<(), Fault> {
        if parts::says_something(content) {
            self.begin(if self.only_systems { Role::User } else { role }, out);
            parts::write(PartPath::content(index), content, notes, out)?;
        }
        Ok(())
    }

    fn think(&mut self, item: Value<'_>, out: &mut Writer) {
        let raw = |key: &str| item.get(key).and_then(Value::as_str).map_or("", Str::raw);
        let text = Thoughts(item);
        let encrypted = raw("encrypted_content");
        if encrypted.is_empty() && text.is_empty() {
            return;
        }
        self.begin(Role::Assistant, out);
        let signature =
            if encrypted.is_empty() { Content::Signature("".into()) } else { reasoning::open(encrypted, raw("id")) };
        match signature {
            Content::Redacted(data) => {
                out.begin_object().key("type").string("redacted_thinking").key("data").escaped(data).end_object();
            }
            Content::Signature(signature) => {
                out.begin_object().key("type").string("thinking").key("thinking");
                text.write(out);
                out.key("signature").escaped(&signature).end_object();
            }
        }
    }
}

/// The words of a reasoning item: its summary; where there is none, the reasoning itself.
struct Thoughts<'d>(Value<'d>);

impl<'d> Thoughts<'d> {
    fn texts(&self) -> impl Iterator<Item = Str<'d>> {
        let of = |key: &str| self.0.get(key).into_iter().flat_map(Value::items);
        let summarised = of("summary").next().is_some();
        of(if summarised { "summary" } else { "content" })
            .filter_map(|part| part.get("text")?.as_str())
            .filter(|text| !text.is_empty())
    }

    fn is_empty(&self) -> bool {
        self.texts().next().is_none()
    }

    fn write(&self, out: &mut Writer) {
        out.begin_string();
        for (number, text) in self.texts().enumerate() {
            out.escaped_part(if number > 0 { "\\n\\n" } else { "" }).escaped_part(text.raw());
        }
        out.end_string();
    }
}

fn write_call(index: usize, call: Call<'_>, out: &mut Writer) -> Result<(), Fault> {
    out.begin_object().key("type").string("tool_use").key("id").escaped(call.id.raw());
    let name = call.name.map_or(Cow::Borrowed("local_shell"), ToolName::inner);
    out.key("name").escaped(&name).key("input");
    match call.input {
        Input::Arguments(arguments) => write_arguments(index, arguments, out)?,
        Input::FreeText(text) => {
            let text = text.and_then(Value::as_str).map_or("", Str::raw);
            out.begin_object().key("input").escaped(text).end_object();
        }
        Input::Action(action) => {
            out.begin_object();
            for (key, value) in action.members().filter(|(key, value)| *key != "type" && !value.is_null()) {
                out.key_str(key).value(value);
            }
            out.end_object();
        }
    }
    out.end_object();
    Ok(())
}

/// Arguments are JSON within a string. Models write broken ones, which clients send back as they came.
fn write_arguments(index: usize, arguments: Option<Value<'_>>, out: &mut Writer) -> Result<(), Fault> {
    let Some(arguments) = arguments.filter(|arguments| !arguments.is_null()) else {
        out.begin_object().end_object();
        return Ok(());
    };
    if arguments.kind() == Kind::Object {
        out.value(arguments);
        return Ok(());
    }
    let wrong = || Fault::invalid(format!("input[{index}].arguments: must be a JSON object in a string."));
    let text = arguments.as_str().ok_or_else(wrong)?.decode();
    let text = text.trim();
    if text.is_empty() {
        out.begin_object().end_object();
        return Ok(());
    }
    if Document::parse_str(text).is_ok_and(|document| document.root().kind() == Kind::Object) {
        out.raw(text);
        return Ok(());
    }
    out.raw(&repair(text).ok_or_else(wrong)?);
    Ok(())
}

/// A text, a list of parts, or (from older versions of Codex) an object with a text and whether all went well.
fn write_output(index: usize, output: Value<'_>, notes: &mut Notes, out: &mut Writer) -> Result<(), Fault> {
    let wrong = || Fault::invalid(format!("input[{index}].output: must be a string or an array of parts."));
    let (content, failed) = match output.kind() {
        Kind::Object => {
            let failed = output.get("success").and_then(Value::as_bool) == Some(false);
            (output.get("content").ok_or_else(wrong)?, failed)
        }
        _ => (output, false),
    };
    match content.kind() {
        Kind::String => _ = out.key("content").value(content),
        Kind::Array => {
            out.key("content").begin_array();
            parts::write(PartPath::output(index), content, notes, out)?;
            out.end_array();
        }
        _ => return Err(wrong()),
    }
    if failed {
        out.key("is_error").bool(true);
    }
    Ok(())
}
