//! Tools and the choice among them.

use super::To;
use super::body::Body;
use crate::shared::context::ContextWriter;
use crate::shared::notes::Notes;
use crate::shared::tool_names::{Usual, on_the_wire};
use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Kind, Str, Value, Writer};

/// The parameters of a tool that takes none; OpenAI and others refuse an object schema without `properties`.
const NO_PARAMETERS: &str = r#"{"type":"object","properties":{}}"#;

/// How the types of Anthropic's web search begin; a date follows.
const WEB_SEARCH: &str = "web_search_";

/// Where a user is, in the words of both.
const LOCATION: &[&str] = &["city", "region", "country", "timezone"];

/// Writes the tools; says whether what a search found should be asked for.
pub(super) fn write(
    body: &Body<'_>,
    to: To<'_>,
    context: &mut ContextWriter,
    notes: &mut Notes,
    out: &mut Writer,
) -> Result<bool, Fault> {
    let mut tools = Vec::new();
    for (index, value) in body.tools.into_iter().flat_map(Value::items).enumerate() {
        tools.extend(Tool::read(index, value, to.options.web_search, notes)?);
    }
    if !tools.is_empty() {
        let strict = body.hints.of_openai();
        out.key("tools").begin_array();
        for tool in &tools {
            tool.write(strict, context, notes, out);
        }
        out.end_array();
    }
    let searches =
        tools.iter().find_map(|tool| if let Tool::WebSearch { value, .. } = tool { Some(*value) } else { None });
    let most = body.hints.own("max_tool_calls").and_then(Value::as_u64);
    let most = most.or_else(|| searches.and_then(|value| value.get("max_uses")?.as_u64()));
    if let Some(most) = most {
        // It counts the provider's own tools only, and there is but one.
        out.key("max_tool_calls").number(most);
    }
    choice(body.tool_choice, &tools, notes, out)?;
    // Its predecessor does not tell.
    Ok(searches.is_some() && to.options.web_search == Some("web_search"))
}

enum Tool<'d> {
    /// A tool that the client runs.
    Function { name: Str<'d>, description: Option<Value<'d>>, schema: Option<Value<'d>>, strict: bool },
    /// A tool that the provider runs, and what OpenAI calls it.
    WebSearch { name: Option<Str<'d>>, value: Value<'d>, wire: &'static str },
}

impl<'d> Tool<'d> {
    /// `None` for tools that only Anthropic has: others that it runs itself (`code_execution_…`), and those whose schema only
    /// its models know (`bash_…`, `text_editor_…`).
    fn read(
        index: usize,
        value: Value<'d>,
        web_search: Option<&'static str>,
        notes: &mut Notes,
    ) -> Result<Option<Self>, Fault> {
        let (mut name, mut description, mut schema, mut kind, mut strict) = (None, None, None, None, false);
        for (key, value) in value.members() {
            match key.raw() {
                "name" => name = value.as_str(),
                "description" => description = Some(value),
                "input_schema" => schema = Some(value),
                "type" => kind = value.as_str(),
                "strict" => strict = value.as_bool() == Some(true),
                _ => {}
            }
        }
        if let Some(kind) = kind.filter(|kind| *kind != "custom" && schema.is_none()) {
            let wire = web_search.filter(|_| kind.raw().starts_with(WEB_SEARCH));
            if wire.is_none() {
                notes.dropped(format!("tools.{}", kind.decode()));
            }
            return Ok(wire.map(|wire| Self::WebSearch { name, value, wire }));
        }
        let name = name.filter(|name| !name.is_empty());
        let name =
            name.ok_or_else(|| Fault::invalid(format!("tools.{index}.name: a tool needs a name that is not empty.")))?;
        note_members(value, notes);
        let description = description.filter(|text| text.kind() == Kind::String);
        Ok(Some(Self::Function { name, description, schema, strict }))
    }

    /// `strict` is whether the client means OpenAI's own when it says so: it wants other schemas than Anthropic's.
    fn write(&self, strict: bool, context: &mut ContextWriter, notes: &mut Notes, out: &mut Writer) {
        match *self {
            Self::Function { name, description, schema, strict: asked } => {
                function(name, description, schema, asked && strict, context, out);
            }
            Self::WebSearch { value, wire, .. } => web_search(value, wire, notes, out),
        }
    }

    fn is_called(&self, wanted: &str) -> bool {
        match self {
            Self::Function { name, .. } => *name == *wanted,
            Self::WebSearch { name, .. } => name.is_some_and(|name| name == *wanted),
        }
    }
}

fn function(
    name: Str<'_>,
    description: Option<Value<'_>>,
    schema: Option<Value<'_>>,
    strict: bool,
    context: &mut ContextWriter,
    out: &mut Writer,
) {
    let raw = name.raw();
    let name = name.decode();
    let wire = on_the_wire::<Usual>(&name);
    if *wire != *name {
        context.tool(&wire, raw);
    }
    out.begin_object().key("type").string("function").key("name").string(&wire);
    if let Some(description) = description {
        out.key("description").value(description);
    }
    out.key("parameters");
    parameters(schema, out);
    // Left out, it would make every parameter required.
    out.key("strict").bool(strict).end_object();
}

fn web_search(tool: Value<'_>, wire: &str, notes: &mut Notes, out: &mut Writer) {
    out.begin_object().key("type").string(wire);
    for (key, value) in tool.members().filter(|(_, value)| !value.is_null()) {
        match key.raw() {
            "type" | "name" | "max_uses" => {}
            "allowed_domains" if value.is_empty() => {}
            "allowed_domains" if wire == "web_search" => {
                out.key("filters").begin_object().key("allowed_domains").value(value).end_object();
            }
            "user_location" if value.kind() == Kind::Object => location(value, out),
            "cache_control" => notes.dropped("cache_control"),
            // An empty list of `blocked_domains` says nothing.
            _ if value.kind() == Kind::Array && value.is_empty() => {}
            other => notes.dropped(format!("tools.web_search.{other}")),
        }
    }
    out.end_object();
}

fn location(place: Value<'_>, out: &mut Writer) {
    out.key("user_location").begin_object().key("type").string("approximate");
    for name in LOCATION {
        if let Some(value) = place.get(name).filter(|value| value.kind() == Kind::String) {
            out.key(name).value(value);
        }
    }
    out.end_object();
}

/// What is lost of a tool. OpenAI's own `strict` wants other schemas than Anthropic's; how the input is streamed loses nothing.
fn note_members(tool: Value<'_>, notes: &mut Notes) {
    for (key, _) in tool.members().filter(|(_, value)| !value.is_null()) {
        match &*key.decode() {
            "name" | "description" | "input_schema" | "type" | "strict" | "eager_input_streaming" => {}
            "cache_control" => notes.dropped("cache_control"),
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
    match tools.iter().find(|tool| tool.is_called(&name)) {
        Some(Tool::Function { .. }) => {
            out.key("tool_choice").begin_object().key("type").string("function");
            out.key("name").string(&on_the_wire::<Usual>(&name)).end_object();
        }
        // Said in the words that every server knows, where they mean the same.
        Some(Tool::WebSearch { .. }) if tools.len() == 1 => _ = out.key("tool_choice").string("required"),
        Some(Tool::WebSearch { wire, .. }) => {
            out.key("tool_choice").begin_object().key("type").string(wire).end_object();
        }
        None => {
            return Err(Fault::unsupported(format!(
                "tool_choice asks for the tool `{name}`, which is not among the tools that this provider can be given. \
                 Choose another tool, or a provider that has it."
            )));
        }
    }
    Ok(())
}
