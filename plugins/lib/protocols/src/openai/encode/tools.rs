//! Tools and the choice among them.

use super::notes::Notes;
use crate::openai::options::{Options, Schemas};
use crate::shared::body::Body;
use crate::shared::context::ContextWriter;
use crate::shared::tool_names::{Usual, on_the_wire};
use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Kind, Str, Value, Writer};
use ccr_plugin::messages::schema::{Lost, groq, openai_strict};

/// The parameters of a tool that takes none; OpenAI and others refuse an object schema without `properties`.
const NO_PARAMETERS: &str = r#"{"type":"object","properties":{}}"#;

pub(super) fn write(
    body: &Body<'_>,
    options: &Options,
    context: &mut ContextWriter,
    notes: &mut Notes,
    out: &mut Writer,
) -> Result<(), Fault> {
    let mut tools = Vec::new();
    for (index, value) in body.tools.into_iter().flat_map(Value::items).enumerate() {
        tools.extend(Tool::read(index, value, notes)?);
    }
    if let Some(most) = options.max_tools.filter(|most| options.drop_excess_tools && tools.len() > *most) {
        trim(&mut tools, most, body, notes);
    }
    if let Some(most) = options.max_tools.filter(|most| tools.len() > *most) {
        return Err(Fault::unsupported(format!(
            "This provider takes at most {most} tools and the request has {}. Switch off MCP servers that are not needed, \
             raise the option `max_tools` if the provider takes more, or let the last ones be left out \
             (`excess_tools: \"drop\"`).",
            tools.len()
        )));
    }
    if !tools.is_empty() {
        out.key("tools").begin_array();
        for tool in &tools {
            tool.write(options.schemas, context, notes, out);
        }
        out.end_array();
    }
    choice(body.tool_choice, &tools, notes, out)
}

/// A tool that the client runs; the provider knows such tools as functions.
struct Tool<'d> {
    name: Str<'d>,
    description: Option<Value<'d>>,
    schema: Option<Value<'d>>,
    strict: Option<Value<'d>>,
    mark: Option<Value<'d>>,
}

/// Leaves out the last tools beyond the limit, but neither the one that must be called nor those that have been called already:
/// a model would miss them.
fn trim(tools: &mut Vec<Tool<'_>>, most: usize, body: &Body<'_>, notes: &mut Notes) {
    let mut needed: Vec<Str<'_>> =
        body.tool_choice.and_then(|choice| choice.get("name")?.as_str()).into_iter().collect();
    for message in body.messages.into_iter().flat_map(Value::items) {
        for block in message.get("content").into_iter().flat_map(Value::items) {
            let call = block.get("type").and_then(Value::as_str).is_some_and(|kind| kind == "tool_use");
            if let Some(name) = block.get("name").and_then(Value::as_str).filter(|name| call && !needed.contains(name))
            {
                needed.push(name);
            }
        }
    }
    let mut at = tools.len();
    while tools.len() > most && at > 0 {
        at -= 1;
        if tools.get(at).is_some_and(|tool| !needed.contains(&tool.name)) {
            notes.dropped(format!("tools.{}", tools.remove(at).name.decode()));
        }
    }
}

impl<'d> Tool<'d> {
    /// `None` for tools that only Anthropic has: those that it runs itself (`web_search_…`), and those whose schema only
    /// its models know (`bash_…`, `text_editor_…`).
    fn read(index: usize, value: Value<'d>, notes: &mut Notes) -> Result<Option<Self>, Fault> {
        let (mut name, mut description, mut schema, mut kind) = (None, None, None, None);
        let (mut strict, mut mark) = (None, None);
        for (key, value) in value.members() {
            match key.raw() {
                "name" => name = value.as_str(),
                "description" => description = Some(value),
                "input_schema" => schema = Some(value),
                "type" => kind = value.as_str(),
                "strict" => strict = value.as_bool().map(|_| value),
                "cache_control" if notes.keep_cache_control && !value.is_null() => mark = Some(value),
                _ => {}
            }
        }
        if let Some(kind) = kind.filter(|kind| *kind != "custom" && schema.is_none()) {
            notes.dropped(format!("tools.{}", kind.decode()));
            return Ok(None);
        }
        let name = name.filter(|name| !name.is_empty());
        let name =
            name.ok_or_else(|| Fault::invalid(format!("tools.{index}.name: a tool needs a name that is not empty.")))?;
        note_members(value, notes);
        Ok(Some(Self {
            name,
            description: description.filter(|text| text.kind() == Kind::String),
            schema,
            strict,
            mark,
        }))
    }

    fn write(&self, schemas: Schemas, context: &mut ContextWriter, notes: &mut Notes, out: &mut Writer) {
        out.begin_object().key("type").string("function").key("function").begin_object();
        let name = self.name.decode();
        let wire = on_the_wire::<Usual>(&name);
        if *wire != *name {
            context.tool(&wire, self.name.raw());
        }
        out.key("name").string(&wire);
        if let Some(description) = self.description {
            out.key("description").value(description);
        }
        out.key("parameters");
        let strict = self.parameters(schemas, notes, out);
        if let Some(strict) = strict {
            out.key("strict").bool(strict);
        }
        out.end_object();
        if let Some(mark) = self.mark {
            out.key("cache_control").value(mark);
        }
        out.end_object();
    }

    /// Writes the schema; gives `strict` where it is to be sent.
    fn parameters(&self, schemas: Schemas, notes: &mut Notes, out: &mut Writer) -> Option<bool> {
        let mut lost = Lost::default();
        match schemas {
            // A schema that strict mode cannot say goes as it is.
            Schemas::OpenAiStrict if openai_strict::write_parameters(self.schema, &mut lost, out) => {
                note_lost(&lost, notes);
                return Some(true);
            }
            Schemas::AsIs | Schemas::OpenAiStrict => parameters(self.schema, out),
            Schemas::Groq => {
                groq::write_parameters(self.schema, &mut lost, out);
                note_lost(&lost, notes);
                return None;
            }
        }
        // `strict` goes where the schema fits OpenAI's rules for it; Anthropic's are looser.
        let strict = self.strict.and_then(Value::as_bool)?;
        if strict && !self.schema.is_some_and(openai_strict::is_strict) {
            notes.dropped("tools.strict");
            return None;
        }
        Some(strict)
    }
}

/// Notes what a compiled schema no longer says.
fn note_lost(lost: &Lost, notes: &mut Notes) {
    for keyword in lost.keywords() {
        notes.dropped(format!("tools.input_schema.{keyword}"));
    }
}

/// What is lost of a tool. OpenAI's own `strict` wants other schemas than Anthropic's; how the input is streamed loses nothing.
fn note_members(tool: Value<'_>, notes: &mut Notes) {
    for (key, _) in tool.members().filter(|(_, value)| !value.is_null()) {
        match key.raw() {
            "name" | "description" | "input_schema" | "type" | "strict" | "eager_input_streaming" => {}
            "cache_control" => notes.cache_control(),
            other => notes.dropped(format!("tools.{other}")),
        }
    }
}

/// The schema as it stands, made whole where OpenAI's rules for the outermost object need it.
fn parameters(schema: Option<Value<'_>>, out: &mut Writer) {
    let Some(schema) = schema.filter(|schema| schema.kind() == Kind::Object && !schema.is_empty()) else {
        out.raw(NO_PARAMETERS);
        return;
    };
    let is_object = schema.get("type").and_then(Value::as_str).is_some_and(|kind| kind == "object");
    let has_properties = schema.get("properties").is_some_and(|properties| properties.kind() == Kind::Object);
    if is_object && has_properties {
        out.value(schema);
        return;
    }
    out.begin_object().key("type").string("object");
    if !has_properties {
        out.key("properties").begin_object().end_object();
    }
    for (key, value) in schema.members().filter(|(key, _)| *key != "type" && (has_properties || *key != "properties")) {
        out.key_str(key).value(value);
    }
    out.end_object();
}

fn choice(choice: Option<Value<'_>>, tools: &[Tool<'_>], notes: &mut Notes, out: &mut Writer) -> Result<(), Fault> {
    let Some(choice) = choice else { return Ok(()) };
    let kind = choice.get("type").and_then(Value::as_str).map(Str::decode).unwrap_or_default();
    if &*kind == "tool" {
        forced(choice, tools, out)?;
    } else if tools.is_empty() {
        // OpenAI refuses a choice without tools.
        return Ok(());
    } else {
        match &*kind {
            "auto" | "none" => _ = out.key("tool_choice").string(&kind),
            "any" => _ = out.key("tool_choice").string("required"),
            other => notes.dropped(format!("tool_choice.{other}")),
        }
    }
    if choice.get("disable_parallel_tool_use").and_then(Value::as_bool) == Some(true) {
        out.key("parallel_tool_calls").bool(false);
    }
    Ok(())
}

/// The model must call this tool: without it the answer would be another.
fn forced(choice: Value<'_>, tools: &[Tool<'_>], out: &mut Writer) -> Result<(), Fault> {
    let name = choice.get("name").and_then(Value::as_str).map(Str::decode).unwrap_or_default();
    if !tools.iter().any(|tool| tool.name == *name) {
        return Err(Fault::unsupported(format!(
            "tool_choice asks for the tool `{name}`, which is not among the tools that this provider can be given. \
             Choose another tool, or a provider that has it."
        )));
    }
    out.key("tool_choice").begin_object().key("type").string("function");
    out.key("function").begin_object().key("name").string(&on_the_wire::<Usual>(&name)).end_object().end_object();
    Ok(())
}
