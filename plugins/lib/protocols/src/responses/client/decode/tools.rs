//! The client's tools.
//!
//! Tools that take a free text and the local shell become functions, whose calls are put back into the client's words on the
//! way out. The provider's own tools that only OpenAI has cannot be given to others.

use super::fields::Fields;
use crate::responses::client::context::{ContextWriter, Wording};
use crate::responses::client::tool_name::ToolName;
use crate::shared::notes::Notes;
use crate::shared::parameters;
use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Kind, Str, Value, Writer};
use std::borrow::Cow;

/// What a tool that takes a free text takes as a function.
const FREE_TEXT: &str =
    r#"{"type":"object","properties":{"input":{"type":"string"}},"required":["input"],"additionalProperties":false}"#;

/// The local shell, for models that were not trained with it.
const LOCAL_SHELL: &str = r#"{"name":"local_shell","description":"Runs a command on the user's machine and gives its output.","input_schema":{"type":"object","properties":{"command":{"type":"array","items":{"type":"string"},"description":"The program and its arguments."},"working_directory":{"type":"string","description":"Where to run it."},"timeout_ms":{"type":"integer","description":"After how many milliseconds to stop it."},"env":{"type":"object","additionalProperties":{"type":"string"},"description":"Further environment variables."}},"required":["command"]}}"#;

/// The name of Anthropic's web search, and the version of it that every model that has it knows.
pub(super) const WEB_SEARCH_NAME: &str = "web_search";
const WEB_SEARCH: &str = "web_search_20250305";

/// A group of tools that the client runs.
const NAMESPACE: &str = "namespace";

/// What clients offer beside other tools, and can do without.
const SPARE: &[&str] = &["image_generation", "tool_search", "programmatic_tool_calling"];

#[derive(Debug)]
pub(super) enum Tool<'d> {
    Function { name: ToolName<'d>, tool: Value<'d> },
    Custom { name: ToolName<'d>, tool: Value<'d> },
    LocalShell,
    WebSearch(Value<'d>),
}

impl Tool<'_> {
    /// Whether a choice of this type and name means it.
    pub(super) fn is_meant(&self, kind: &str, name: Option<Str<'_>>) -> bool {
        match self {
            Self::Function { name: own, .. } => kind == "function" && name == Some(own.own),
            Self::Custom { name: own, .. } => kind == "custom" && name == Some(own.own),
            Self::LocalShell => kind == "local_shell",
            Self::WebSearch(_) => kind.starts_with(WEB_SEARCH_NAME),
        }
    }

    /// The name in the inner form, as it stands in a JSON string.
    pub(super) fn inner_name(&self) -> Cow<'_, str> {
        match self {
            Self::Function { name, .. } | Self::Custom { name, .. } => name.inner(),
            Self::LocalShell => Cow::Borrowed("local_shell"),
            Self::WebSearch(_) => Cow::Borrowed(WEB_SEARCH_NAME),
        }
    }
}

/// All tools; if the choice allows only some of them, those.
pub(super) fn read<'d>(fields: &Fields<'d>, notes: &mut Notes) -> Result<Vec<Tool<'d>>, Fault> {
    let mut tools = Vec::new();
    for (index, value) in fields.tools.into_iter().flat_map(Value::items).enumerate() {
        if kind_of(value) == NAMESPACE {
            let namespace = value.get("name").and_then(Value::as_str);
            for tool in value.get("tools").into_iter().flat_map(Value::items) {
                tools.extend(one(index, namespace, tool, notes)?);
            }
        } else {
            tools.extend(one(index, None, value, notes)?);
        }
    }
    let choice = fields.tool_choice.filter(|choice| kind_of(*choice) == "allowed_tools");
    if let Some(allowed) = choice.and_then(|choice| choice.get("tools")) {
        let is_allowed = |tool: &Tool<'_>| {
            allowed.items().any(|one| tool.is_meant(kind_of(one), one.get("name").and_then(Value::as_str)))
        };
        tools.retain(is_allowed);
    }
    Ok(tools)
}

fn one<'d>(
    index: usize,
    namespace: Option<Str<'d>>,
    tool: Value<'d>,
    notes: &mut Notes,
) -> Result<Option<Tool<'d>>, Fault> {
    let kind = kind_of(tool);
    let name = || {
        let wrong = || Fault::invalid(format!("tools[{index}].name: must be a string that is not empty."));
        ToolName::of(tool).map(|name| ToolName { namespace, ..name }).ok_or_else(wrong)
    };
    Ok(Some(match kind {
        "function" => Tool::Function { name: name()?, tool },
        "custom" => Tool::Custom { name: name()?, tool },
        "local_shell" => Tool::LocalShell,
        _ if kind.starts_with(WEB_SEARCH_NAME) => Tool::WebSearch(tool),
        _ if SPARE.contains(&kind) => {
            notes.dropped(format!("tools.{kind}"));
            return Ok(None);
        }
        "" => return Err(Fault::invalid(format!("tools[{index}].type: must be a string, such as `function`."))),
        _ => {
            return Err(Fault::unsupported(format!(
                "tools[{index}].type: `{kind}` is run by OpenAI itself and has no counterpart elsewhere. Leave it out, or \
                 give the model a `function` for it."
            )));
        }
    }))
}

pub(super) fn kind_of(value: Value<'_>) -> &str {
    value.get("type").and_then(Value::as_str).map(Str::raw).unwrap_or_default()
}

pub(super) fn write(
    tools: &[Tool<'_>],
    fields: &Fields<'_>,
    context: &mut ContextWriter,
    notes: &mut Notes,
    out: &mut Writer,
) {
    if tools.is_empty() {
        return;
    }
    out.key("tools").begin_array();
    for tool in tools {
        match *tool {
            Tool::Function { name, tool } => {
                context.tool(name, Wording::Function);
                function(name, tool, notes, out);
            }
            Tool::Custom { name, tool } => {
                context.tool(name, Wording::Custom);
                custom(name, tool, out);
            }
            Tool::LocalShell => {
                context.local_shell();
                out.raw(LOCAL_SHELL);
            }
            Tool::WebSearch(tool) => web_search(tool, fields.max_tool_calls, notes, out),
        }
    }
    out.end_array();
}

fn function(name: ToolName<'_>, tool: Value<'_>, notes: &mut Notes, out: &mut Writer) {
    out.begin_object().key("name").escaped(&name.inner());
    let (mut schema, mut strict) = (None, false);
    for (key, value) in tool.members().filter(|(_, value)| !value.is_null()) {
        match &*key.decode() {
            "type" | "name" => {}
            "description" if value.kind() == Kind::String => _ = out.key("description").value(value),
            "parameters" => schema = Some(value).filter(|schema| schema.kind() == Kind::Object),
            "strict" => strict = value.as_bool() == Some(true),
            other => notes.dropped(format!("tools.{other}")),
        }
    }
    out.key("input_schema");
    match schema {
        Some(schema) if kind_of(schema) == "object" => _ = out.value(schema),
        Some(schema) => {
            out.begin_object().key("type").string("object");
            for (key, value) in schema.members().filter(|(key, _)| *key != "type") {
                out.key_str(key).value(value);
            }
            out.end_object();
        }
        None => _ = out.raw(parameters::NONE),
    }
    if strict {
        out.key("strict").bool(true);
    }
    out.end_object();
}

/// A grammar can only be described: no other provider holds a model to one.
fn custom(name: ToolName<'_>, tool: Value<'_>, out: &mut Writer) {
    let format = tool.get("format").filter(|format| kind_of(*format) == "grammar");
    let of_format = |key: &str| format.and_then(|format| format.get(key)?.as_str());
    let definition = of_format("definition");
    let syntax = of_format("syntax").map_or("", Str::raw);
    out.begin_object().key("name").escaped(&name.inner());
    let description = tool.get("description").and_then(Value::as_str).map_or("", Str::raw);
    if !description.is_empty() || definition.is_some() {
        out.key("description").begin_string().escaped_part(description);
        if let Some(definition) = definition {
            out.escaped_part(if description.is_empty() { "" } else { "\\n\\n" });
            out.escaped_part("`input` is a text that follows this grammar (").escaped_part(syntax);
            out.escaped_part("):\\n").escaped_part(definition.raw());
        }
        out.end_string();
    }
    out.key("input_schema").raw(FREE_TEXT).end_object();
}

fn web_search(tool: Value<'_>, most: Option<Value<'_>>, notes: &mut Notes, out: &mut Writer) {
    out.begin_object().key("type").string(WEB_SEARCH).key("name").string(WEB_SEARCH_NAME);
    if let Some(most) = most.and_then(Value::as_u64).filter(|most| *most > 0) {
        out.key("max_uses").number(most);
    }
    for (key, value) in tool.members().filter(|(_, value)| !value.is_null()) {
        match &*key.decode() {
            "type" => {}
            "filters" => filters(value, notes, out),
            "user_location" if value.kind() == Kind::Object => location(value, out),
            // What the API does unless told otherwise.
            "search_context_size" if value.as_str().is_some_and(|size| size == "medium") => {}
            "external_web_access" if value.as_bool() == Some(true) => {}
            other => notes.dropped(format!("tools.web_search.{other}")),
        }
    }
    out.end_object();
}

fn filters(filters: Value<'_>, notes: &mut Notes, out: &mut Writer) {
    for (key, value) in filters.members().filter(|(_, value)| !value.is_null()) {
        match &*key.decode() {
            name @ ("allowed_domains" | "blocked_domains") if value.kind() == Kind::Array => {
                if !value.is_empty() {
                    out.key(name).value(value);
                }
            }
            other => notes.dropped(format!("tools.web_search.filters.{other}")),
        }
    }
}

fn location(place: Value<'_>, out: &mut Writer) {
    out.key("user_location").begin_object().key("type").string("approximate");
    for name in ["city", "region", "country", "timezone"] {
        if let Some(value) = place.get(name).filter(|value| value.kind() == Kind::String) {
            out.key(name).value(value);
        }
    }
    out.end_object();
}
