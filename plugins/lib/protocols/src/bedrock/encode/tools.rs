//! Tools and the choice among them.

use super::to::To;
use super::{messages, schema};
use crate::shared::body::Body;
use crate::shared::context::ContextWriter;
use crate::shared::notes::Notes;
use crate::shared::parameters;
use crate::shared::tool_names::{Usual, on_the_wire};
use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Str, Value, Writer};
use std::borrow::Cow;

/// Tools of Anthropic's that run at the client and whose schema Claude knows: they go past Converse.
const OF_CLAUDE: &[&str] = &["bash_", "text_editor_", "computer_", "memory_"];

/// What is said of a tool that earlier turns called and that is no longer there: Converse refuses calls in a conversation
/// without any tools.
const GONE: &str = "No longer available. Do not call it.";

pub(super) struct Tools<'d> {
    /// Tools that the client describes.
    described: Vec<Tool<'d>>,
    /// Tools that only Claude knows, as they are.
    anthropics: Vec<Value<'d>>,
    /// Names of tools that are gone, if there are no others.
    gone: Vec<Cow<'d, str>>,
    choice: Choice<'d>,
}

struct Tool<'d> {
    name: Str<'d>,
    description: Option<Value<'d>>,
    schema: Option<Value<'d>>,
    is_strict: bool,
    mark: Option<Value<'d>>,
}

enum Choice<'d> {
    Free,
    Any,
    Tool(Cow<'d, str>),
}

impl<'d> Tools<'d> {
    pub(super) fn read(body: &Body<'d>, to: To<'_>, notes: &mut Notes) -> Result<Self, Fault> {
        let mut tools = Self { described: Vec::new(), anthropics: Vec::new(), gone: Vec::new(), choice: Choice::Free };
        for (index, value) in body.tools.into_iter().flat_map(Value::items).enumerate() {
            tools.add(index, value, to, notes)?;
        }
        let may_call = tools.choose(body.tool_choice, notes)?;
        let called = if tools.described.is_empty() || !may_call { called(body) } else { Vec::new() };
        if !may_call && called.is_empty() {
            // Without tools none can be called.
            tools.described.clear();
            tools.anthropics.clear();
        } else if !may_call {
            notes.dropped("tool_choice.none");
        }
        if tools.described.is_empty() {
            tools.gone = called;
        }
        Ok(tools)
    }

    /// Tools that Anthropic runs itself are left out: Bedrock has none of them in Converse.
    fn add(&mut self, index: usize, value: Value<'d>, to: To<'_>, notes: &mut Notes) -> Result<(), Fault> {
        let mut tool = Members::default();
        for (key, value) in value.members() {
            match key.raw() {
                "name" => tool.name = value.as_str(),
                "description" => tool.description = value.as_str().filter(|text| !text.is_empty()).map(|_| value),
                "input_schema" => tool.schema = Some(value),
                "type" => tool.kind = value.as_str(),
                "strict" => tool.is_strict = value.as_bool() == Some(true),
                "cache_control" => tool.mark = (!value.is_null()).then_some(value),
                _ => {}
            }
        }
        if let Some(kind) = tool.kind.filter(|kind| *kind != "custom" && tool.schema.is_none()) {
            if to.model.is_claude() && OF_CLAUDE.iter().any(|known| kind.raw().starts_with(known)) {
                self.anthropics.push(value);
            } else {
                notes.dropped(format!("tools.{}", kind.decode()));
            }
            return Ok(());
        }
        let name = tool.name.filter(|name| !name.is_empty());
        let name =
            name.ok_or_else(|| Fault::invalid(format!("tools.{index}.name: a tool needs a name that is not empty.")))?;
        note_members(value, notes);
        let Members { description, schema, is_strict, mark, .. } = tool;
        self.described.push(Tool { name, description, schema, is_strict, mark });
        Ok(())
    }

    /// Says whether tools may be called at all.
    fn choose(&mut self, choice: Option<Value<'d>>, notes: &mut Notes) -> Result<bool, Fault> {
        let Some(choice) = choice else { return Ok(true) };
        let kind = choice.get("type").and_then(Value::as_str).map(Str::decode).unwrap_or_default();
        if choice.get("disable_parallel_tool_use").and_then(Value::as_bool) == Some(true) && &*kind != "none" {
            notes.dropped("tool_choice.disable_parallel_tool_use");
        }
        match &*kind {
            "none" => return Ok(false),
            "any" if !self.described.is_empty() => self.choice = Choice::Any,
            "tool" => self.choice = Choice::Tool(self.forced(choice)?),
            "auto" | "any" => {}
            other => notes.dropped(format!("tool_choice.{other}")),
        }
        Ok(true)
    }

    /// The model must call this tool: without it the answer would be another.
    fn forced(&self, choice: Value<'d>) -> Result<Cow<'d, str>, Fault> {
        let name = choice.get("name").and_then(Value::as_str).map(Str::decode).unwrap_or_default();
        if self.described.iter().any(|tool| tool.name == *name) {
            return Ok(name);
        }
        Err(Fault::unsupported(format!(
            "tool_choice asks for the tool `{name}`, which is not among the tools that Bedrock can be given. Choose another \
             tool, or a provider that has it."
        )))
    }

    pub(super) fn write(&self, to: To<'_>, context: &mut ContextWriter, notes: &mut Notes, out: &mut Writer) {
        if self.described.is_empty() && self.gone.is_empty() {
            return;
        }
        out.key("toolConfig").begin_object().key("tools").begin_array();
        for tool in &self.described {
            tool.write(to, context, notes, out);
        }
        for name in &self.gone {
            begin(&on_the_wire::<Usual>(name), out);
            out.key("description").string(GONE);
            out.key("inputSchema").begin_object().key("json").raw(parameters::NONE).end_object();
            out.end_object().end_object();
        }
        out.end_array();
        match &self.choice {
            // What models do unless told otherwise; some refuse to be told.
            Choice::Free => {}
            Choice::Any => _ = out.key("toolChoice").raw(r#"{"any":{}}"#),
            Choice::Tool(name) => {
                out.key("toolChoice").begin_object().key("tool").begin_object().key("name");
                out.string(&on_the_wire::<Usual>(name)).end_object().end_object();
            }
        }
        out.end_object();
    }

    /// The tools that only Claude knows, into the fields that go to it unseen.
    pub(super) fn write_anthropics(&self, out: &mut Writer) {
        if !self.anthropics.is_empty() {
            out.key("tools").begin_array();
            self.anthropics.iter().for_each(|tool| _ = out.value(*tool));
            out.end_array();
        }
    }
}

#[derive(Default)]
struct Members<'d> {
    name: Option<Str<'d>>,
    description: Option<Value<'d>>,
    schema: Option<Value<'d>>,
    kind: Option<Str<'d>>,
    is_strict: bool,
    mark: Option<Value<'d>>,
}

fn begin(name: &str, out: &mut Writer) {
    out.begin_object().key("toolSpec").begin_object().key("name").string(name);
}

impl Tool<'_> {
    fn write(&self, to: To<'_>, context: &mut ContextWriter, notes: &mut Notes, out: &mut Writer) {
        let name = self.name.decode();
        let wire = on_the_wire::<Usual>(&name);
        if *wire != *name {
            context.tool(&wire, self.name.raw());
        }
        begin(&wire, out);
        if let Some(description) = self.description {
            out.key("description").value(description);
        }
        out.key("inputSchema").begin_object().key("json");
        schema::write(self.schema, to.model.family, notes, out);
        out.end_object();
        // Others than Claude may not know the flag, and take the schema without it.
        if self.is_strict && to.model.is_claude() {
            out.key("strict").bool(true);
        }
        out.end_object().end_object();
        match self.mark {
            // Nova caches system texts and messages only.
            Some(mark) if to.caches && to.model.is_claude() => messages::cache_point(mark, to, notes, out),
            Some(_) => notes.dropped("cache_control"),
            None => {}
        }
    }
}

/// What is lost of a tool. How the input is streamed loses nothing.
fn note_members(tool: Value<'_>, notes: &mut Notes) {
    for (key, _) in tool.members().filter(|(_, value)| !value.is_null()) {
        match key.raw() {
            "name" | "description" | "input_schema" | "type" | "strict" | "eager_input_streaming" | "cache_control" => {
            }
            other => notes.dropped(format!("tools.{other}")),
        }
    }
}

/// The names of the tools that the conversation has calls of, in the order of their first call.
fn called<'d>(body: &Body<'d>) -> Vec<Cow<'d, str>> {
    let mut names = Vec::new();
    let contents = body.messages.into_iter().flat_map(Value::items).filter_map(|message| message.get("content"));
    for block in contents.flat_map(Value::items) {
        if block.get("type").and_then(Value::as_str).is_some_and(|kind| kind == "tool_use") {
            let name = block.get("name").and_then(Value::as_str).map(Str::decode).unwrap_or_default();
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}
