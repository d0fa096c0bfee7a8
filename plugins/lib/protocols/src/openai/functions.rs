//! What OpenAI's two APIs have in common: reading the client's tools, their parameters, the choice among them, and the schema of an
//! answer.

use crate::shared::body::Format;
use crate::shared::context::ContextWriter;
use crate::shared::notes::Notes;
use crate::shared::parameters;
use crate::shared::tool_names::{Usual, on_the_wire};
use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Document, Kind, Str, Value, Writer};

/// A tool that the client runs; OpenAI knows such tools as functions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Function<'d> {
    pub(crate) name: Str<'d>,
    description: Option<Value<'d>>,
    pub(crate) schema: Option<Value<'d>>,
    /// Anthropic's `strict`, whose rules for schemas are looser than OpenAI's.
    pub(crate) strict: Option<bool>,
}

/// The type of a tool that only Anthropic has: those that it runs itself (`web_search_…`), and those whose schema only its models
/// know (`bash_…`, `text_editor_…`).
pub(crate) fn type_of_own(tool: Value<'_>) -> Option<Str<'_>> {
    let kind = tool.get("type").and_then(Value::as_str).filter(|kind| *kind != "custom")?;
    tool.get("input_schema").is_none().then_some(kind)
}

impl<'d> Function<'d> {
    /// `keeps_marks` is whether the caller sends the tool's `cache_control`. How the input is streamed loses nothing.
    pub(crate) fn read(index: usize, tool: Value<'d>, keeps_marks: bool, notes: &mut Notes) -> Result<Self, Fault> {
        let (mut name, mut description, mut schema, mut strict) = (None, None, None, None);
        for (key, value) in tool.members().filter(|(_, value)| !value.is_null()) {
            match &*key.decode() {
                "name" => name = value.as_str(),
                "description" => description = Some(value),
                "input_schema" => schema = Some(value),
                "strict" => strict = value.as_bool(),
                "type" | "eager_input_streaming" => {}
                "cache_control" if keeps_marks => {}
                "cache_control" => notes.dropped("cache_control"),
                other => notes.dropped(format!("tools.{other}")),
            }
        }
        let name = name.filter(|name| !name.is_empty());
        let name =
            name.ok_or_else(|| Fault::invalid(format!("tools.{index}.name: a tool needs a name that is not empty.")))?;
        Ok(Self { name, description: description.filter(|text| text.kind() == Kind::String), schema, strict })
    }

    /// Writes name and description into the open object.
    pub(crate) fn head(&self, context: &mut ContextWriter, out: &mut Writer) {
        let name = self.name.decode();
        let wire = on_the_wire::<Usual>(&name);
        if *wire != *name {
            context.tool(&wire, self.name.raw());
        }
        out.key("name").string(&wire);
        if let Some(description) = self.description {
            out.key("description").value(description);
        }
    }

    /// Writes the schema as it stands, made whole where OpenAI's rules for the outermost object need it.
    pub(crate) fn parameters(&self, out: &mut Writer) {
        match self.schema.filter(|schema| parameters::is_whole(Some(*schema))) {
            Some(schema) => _ = out.value(schema),
            None => parameters::write(self.schema, |_| true, out),
        }
    }
}

/// Writes `tool_choice` and `parallel_tool_calls`. `force` writes that one tool must be called, and says whether it is among those
/// that are sent: without it the answer would be another.
pub(crate) fn choice(
    choice: Option<Value<'_>>,
    has_tools: bool,
    force: impl FnOnce(&str, &mut Writer) -> bool,
    notes: &mut Notes,
    out: &mut Writer,
) -> Result<(), Fault> {
    let Some(choice) = choice else { return Ok(()) };
    let text = |key: &str| choice.get(key).and_then(Value::as_str).map(Str::decode).unwrap_or_default();
    let (kind, name) = (text("type"), text("name"));
    match &*kind {
        "tool" if force(&name, out) => {}
        "tool" => {
            return Err(Fault::unsupported(format!(
                "tool_choice asks for the tool `{name}`, which is not among the tools that this provider can be given. \
                 Choose another tool, or a provider that has it."
            )));
        }
        // OpenAI refuses a choice without tools.
        _ if !has_tools => return Ok(()),
        "auto" | "none" => _ = out.key("tool_choice").string(&kind),
        "any" => _ = out.key("tool_choice").string("required"),
        other => notes.dropped(format!("tool_choice.{other}")),
    }
    if choice.get("disable_parallel_tool_use").and_then(Value::as_bool) == Some(true) {
        out.key("parallel_tool_calls").bool(false);
    }
    Ok(())
}

/// Writes what both APIs say of a schema that the answer shall have into the open object.
pub(crate) fn json_schema(format: Format<'_>, out: &mut Writer) {
    out.key("name");
    match format.beside("name") {
        Some(name) => _ = out.value(name),
        // OpenAI wants a name; nothing depends on it.
        None => _ = out.string("answer"),
    }
    for name in ["description", "strict"] {
        if let Some(value) = format.beside(name) {
            out.key(name).value(value);
        }
    }
    out.key("schema").value(format.schema);
}

/// The text that a free-text (custom) tool was called with: the one member of its input. A model may have called it in another way
/// than it was told, or was cut off: the client gets to see what it did.
pub(crate) fn custom_input(arguments: &str) -> String {
    let document = Document::parse_str(arguments).ok();
    let input = document.as_ref().and_then(|document| document.root().get("input")).and_then(Value::as_str);
    input.map(Str::decode).map_or_else(|| arguments.to_owned(), std::borrow::Cow::into_owned)
}
