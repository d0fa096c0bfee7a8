//! Tools and the choice among them, in OpenAI's three ways: `tools` with functions and with tools that take any text
//! (`custom`), and `functions` of old.

use super::fields::Fields;
use super::parts::Marks;
use super::wrong::{Checked, Wrong};
use crate::openai::client::context::Context;
use crate::openai::encode::notes::Notes;
use crate::shared::parameters;
use ccr_plugin::messages::json::{Kind, Str, Value, Writer};

/// The schema that stands for "any text": the model writes it into this one member, and it is taken out again in the answer.
const ANY_TEXT: &str = r#"{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}"#;

pub(super) fn write(fields: &Fields<'_>, context: &mut Context, notes: &mut Notes, out: &mut Writer) -> Checked {
    for (name, tools) in [("tools", fields.tools), ("functions", fields.functions)] {
        if tools.is_some_and(|tools| tools.kind() != Kind::Array) {
            return Err(Wrong::new(name, "must be an array"));
        }
    }
    let tools = fields.tools.filter(|tools| !tools.is_empty());
    let functions = fields.functions.filter(|functions| tools.is_none() && !functions.is_empty());
    let choice = Choice::read(fields)?;
    if tools.is_none() && functions.is_none() {
        return choice.without_tools();
    }
    context.legacy = functions.is_some();
    out.key("tools").begin_array();
    for (index, value) in tools.into_iter().flat_map(Value::items).enumerate() {
        if choice.allows(value) {
            tool(value, context, notes, out).map_err(|wrong| wrong.item("tools", index))?;
        }
    }
    for (index, value) in functions.into_iter().flat_map(Value::items).enumerate() {
        function(value, Marks::default(), notes, out).map_err(|wrong| wrong.item("functions", index))?;
    }
    out.end_array();
    // The way of old has no word for several calls at once.
    let one = context.legacy || fields.parallel_tool_calls.and_then(Value::as_bool) == Some(false);
    choice.write(one, out);
    Ok(())
}

fn tool(tool: Value<'_>, context: &mut Context, notes: &mut Notes, out: &mut Writer) -> Checked {
    let kind = tool.get("type").and_then(Value::as_str).map(Str::decode).unwrap_or_default();
    if let Some(inner) = tool.get("custom").filter(|inner| inner.kind() == Kind::Object) {
        return custom(inner, Marks::of(tool), context, notes, out).map_err(|wrong| wrong.member("custom"));
    }
    if let Some(inner) = tool.get("function").filter(|inner| inner.kind() == Kind::Object) {
        return function(inner, Marks::of(tool), notes, out).map_err(|wrong| wrong.member("function"));
    }
    match &*kind {
        "function" => Err(Wrong::new("function", "must be an object with a `name`")),
        "custom" => Err(Wrong::new("custom", "must be an object with a `name`")),
        "" => Err(Wrong::new("type", "must be function or custom")),
        // One of Anthropic's own, as clients of gateways send them (`web_search_20250305`).
        _ if tool.get("name").and_then(Value::as_str).is_some() => {
            out.value(tool);
            Ok(())
        }
        _ => {
            notes.dropped(format!("tools.{kind}"));
            Ok(())
        }
    }
}

fn name(function: Value<'_>) -> Checked<Str<'_>> {
    let name = function.get("name").and_then(Value::as_str).filter(|name| !name.is_empty());
    name.ok_or_else(|| Wrong::new("name", "must be a string, the tool's name"))
}

fn function(function: Value<'_>, marks: Marks<'_>, notes: &mut Notes, out: &mut Writer) -> Checked {
    out.begin_object().key("name").escaped(name(function)?.raw());
    let mut parameters = None;
    for (key, value) in function.members().filter(|(_, value)| !value.is_null()) {
        match key.raw() {
            "name" => {}
            "description" if value.kind() == Kind::String => _ = out.key("description").value(value),
            "parameters" if value.kind() == Kind::Object => parameters = Some(value),
            "description" => return Err(Wrong::new("description", "must be a string")),
            "parameters" => return Err(Wrong::new("parameters", "must be an object, a JSON Schema")),
            "strict" if value.as_bool().is_some() => _ = out.key("strict").value(value),
            other => notes.dropped(format!("tools.function.{other}")),
        }
    }
    out.key("input_schema");
    schema(parameters, out);
    marks.write(out);
    out.end_object();
    Ok(())
}

/// Anthropic wants to be told that the outermost value is an object.
fn schema(parameters: Option<Value<'_>>, out: &mut Writer) {
    match parameters.filter(|schema| !schema.is_empty()) {
        None => _ = out.raw(parameters::NONE),
        Some(schema) if schema.get("type").is_some_and(|kind| !kind.is_null()) => _ = out.value(schema),
        Some(schema) => {
            out.begin_object().key("type").string("object");
            for (key, value) in schema.members().filter(|(key, _)| *key != "type") {
                out.key_str(key).value(value);
            }
            out.end_object();
        }
    }
}

fn custom(tool: Value<'_>, marks: Marks<'_>, context: &mut Context, notes: &mut Notes, out: &mut Writer) -> Checked {
    let name = name(tool)?;
    context.custom.push(name.decode().into_owned());
    out.begin_object().key("name").escaped(name.raw()).key("description").begin_string();
    let description = tool.get("description").and_then(Value::as_str).map(Str::raw).unwrap_or_default();
    out.escaped_part(description);
    let grammar = tool.get("format").and_then(|format| format.get("grammar"));
    if let Some(definition) = grammar.and_then(|grammar| grammar.get("definition")?.as_str()) {
        // Only OpenAI can hold a model to a grammar; others can be told of it.
        notes.dropped("tools.custom.format");
        let syntax = grammar.and_then(|grammar| grammar.get("syntax")?.as_str()).map(Str::raw).unwrap_or_default();
        out.escaped_part(if description.is_empty() { "" } else { "\\n\\n" });
        out.escaped_part("`input` must follow this grammar (").escaped_part(syntax).escaped_part("):\\n");
        out.escaped_part(definition.raw());
    }
    out.end_string().key("input_schema").raw(ANY_TEXT);
    marks.write(out);
    out.end_object();
    Ok(())
}

/// Whether and which tools must be called.
#[derive(Debug, Default)]
struct Choice<'d> {
    /// The `type` of Anthropic's `tool_choice`.
    kind: Option<&'static str>,
    name: Option<Str<'d>>,
    /// The only tools that may be called (`allowed_tools`).
    allowed: Option<Value<'d>>,
    field: &'static str,
}

impl<'d> Choice<'d> {
    fn read(fields: &Fields<'d>) -> Checked<Self> {
        let (field, choice) = match (fields.tool_choice, fields.function_call) {
            (Some(choice), _) => ("tool_choice", choice),
            (None, Some(choice)) => ("function_call", choice),
            (None, None) => return Ok(Self::default()),
        };
        let wrong = || Wrong::new(field, "must be none, auto, required, or an object that names a tool");
        let mut read = Self { field, ..Self::default() };
        if let Some(word) = choice.as_str() {
            read.kind = Some(mode(word).ok_or_else(wrong)?);
            return Ok(read);
        }
        let list = choice.get("allowed_tools").filter(|list| list.kind() == Kind::Object);
        if let Some(list) = list {
            let word = list.get("mode").and_then(Value::as_str).and_then(mode);
            read.kind = Some(word.unwrap_or("auto"));
            read.allowed = list.get("tools").filter(|tools| tools.kind() == Kind::Array);
            return Ok(read);
        }
        let named = ["function", "custom"].iter().find_map(|kind| choice.get(kind)?.get("name"));
        let named = named.or_else(|| choice.get("name")).and_then(Value::as_str).filter(|name| !name.is_empty());
        read.kind = Some("tool");
        read.name = Some(named.ok_or_else(wrong)?);
        Ok(read)
    }

    fn allows(&self, tool: Value<'_>) -> bool {
        let Some(allowed) = self.allowed else { return true };
        let name = |tool: Value<'d>| {
            let inner = ["function", "custom"].iter().find_map(|kind| tool.get(kind));
            inner.unwrap_or(tool).get("name")?.as_str()
        };
        let inner = ["function", "custom"].iter().find_map(|kind| tool.get(kind));
        let own = inner.unwrap_or(tool).get("name").and_then(Value::as_str);
        own.is_some_and(|own| allowed.items().filter_map(name).any(|name| name == *own.decode()))
    }

    /// OpenAI refuses a forced call without tools; not to call any is what happens then anyway.
    fn without_tools(&self) -> Checked {
        match self.kind {
            Some("any" | "tool") => Err(Wrong::new(self.field, "forces a call, but the request has no `tools`")),
            _ => Ok(()),
        }
    }

    fn write(&self, one: bool, out: &mut Writer) {
        let Some(kind) = self.kind.or(one.then_some("auto")) else { return };
        out.key("tool_choice").begin_object().key("type").string(kind);
        if let Some(name) = self.name {
            out.key("name").escaped(name.raw());
        }
        if one && kind != "none" {
            out.key("disable_parallel_tool_use").bool(true);
        }
        out.end_object();
    }
}

fn mode(word: Str<'_>) -> Option<&'static str> {
    match &*word.decode() {
        "none" => Some("none"),
        "auto" => Some("auto"),
        "required" | "any" => Some("any"),
        _ => None,
    }
}
