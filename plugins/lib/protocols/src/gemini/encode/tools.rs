//! Tools and the choice among them.

use super::params::Params;
use crate::gemini::options::{Options, WebSearch};
use crate::gemini::tool_names;
use crate::shared::body::Body;
use crate::shared::context::ContextWriter;
use crate::shared::notes::Notes;
use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Kind, Str, Value, Writer};
use ccr_plugin::messages::schema::{Lost, gemini};

/// What only Anthropic's search can do; Google's has no such settings in this API.
const SEARCH_SETTINGS: &[&str] = &["allowed_domains", "blocked_domains", "user_location"];

/// Returns whether functions were written.
pub(super) fn write(
    body: &Body<'_>,
    params: &Params<'_>,
    options: &Options,
    context: &mut ContextWriter,
    notes: &mut Notes,
    out: &mut Writer,
) -> Result<bool, Fault> {
    let mut tools = Tools::default();
    for (index, value) in body.tools.into_iter().flat_map(Value::items).enumerate() {
        tools.add(index, value, options, notes)?;
    }
    tools.choose_between(body.tool_choice, notes);
    if let Some((search, kind)) = tools.search {
        for setting in SEARCH_SETTINGS {
            if search.get(setting).is_some_and(|value| !value.is_empty()) {
                notes.dropped(format!("tools.{}.{setting}", kind.decode()));
            }
        }
        out.key("tools").begin_array().raw(r#"{"googleSearch":{}}"#);
        params.google_tools().for_each(|tool| _ = out.value(tool));
        out.end_array();
        return Ok(false);
    }
    if tools.functions.is_empty() {
        google_tools(params, out);
    } else {
        if params.google_tools().next().is_some() {
            notes.dropped("params.googleTools");
        }
        out.key("tools").begin_array().begin_object().key("functionDeclarations").begin_array();
        for function in &tools.functions {
            function.write(context, notes, out);
        }
        out.end_array().end_object().end_array();
    }
    choice(body.tool_choice, &tools.functions, notes, out)?;
    Ok(!tools.functions.is_empty())
}

/// Tools that only Google has, from a client that speaks Gemini. It does not take them beside functions.
fn google_tools(params: &Params<'_>, out: &mut Writer) {
    if params.google_tools().next().is_some() {
        out.key("tools").begin_array();
        params.google_tools().for_each(|tool| _ = out.value(tool));
        out.end_array();
    }
}

#[derive(Default)]
struct Tools<'d> {
    functions: Vec<Function<'d>>,
    /// Anthropic's web search, and its type.
    search: Option<(Value<'d>, Str<'d>)>,
}

/// A tool that the client runs.
struct Function<'d> {
    name: Str<'d>,
    description: Option<Value<'d>>,
    schema: Option<Value<'d>>,
}

impl<'d> Tools<'d> {
    /// Tools that only Anthropic has are left out: those that it runs itself, and those whose schema only its models know
    /// (`bash_…`, `text_editor_…`).
    fn add(&mut self, index: usize, value: Value<'d>, options: &Options, notes: &mut Notes) -> Result<(), Fault> {
        let (mut name, mut description, mut schema, mut kind) = (None, None, None, None);
        for (key, value) in value.members() {
            match key.raw() {
                "name" => name = value.as_str(),
                "description" => description = Some(value).filter(|text| text.kind() == Kind::String),
                "input_schema" => schema = Some(value),
                "type" => kind = value.as_str(),
                _ => {}
            }
        }
        match kind.filter(|kind| *kind != "custom" && schema.is_none()) {
            Some(kind) if options.web_search == WebSearch::GoogleSearch && kind.raw().starts_with("web_search") => {
                self.search = Some((value, kind));
                return Ok(());
            }
            Some(kind) => {
                notes.dropped(format!("tools.{}", kind.decode()));
                return Ok(());
            }
            None => {}
        }
        let name = name.filter(|name| !name.is_empty());
        let name =
            name.ok_or_else(|| Fault::invalid(format!("tools.{index}.name: a tool needs a name that is not empty.")))?;
        note_members(value, notes);
        self.functions.push(Function { name, description, schema });
        Ok(())
    }

    /// Gemini does not take its own tools beside functions: what was asked for by name wins, else the functions.
    fn choose_between(&mut self, choice: Option<Value<'d>>, notes: &mut Notes) {
        let Some((search, kind)) = self.search else { return };
        if self.functions.is_empty() {
            return;
        }
        let forced = choice.and_then(|choice| choice.get("name")?.as_str());
        let is_forced = forced.is_some() && forced == search.get("name").and_then(Value::as_str);
        if is_forced {
            notes.dropped("tools beside web_search");
            self.functions.clear();
        } else {
            notes.dropped(format!("tools.{}", kind.decode()));
            self.search = None;
        }
    }
}

impl Function<'_> {
    fn write(&self, context: &mut ContextWriter, notes: &mut Notes, out: &mut Writer) {
        let name = self.name.decode();
        let wire = tool_names::on_the_wire(&name);
        if *wire != *name {
            context.tool(&wire, self.name.raw());
        }
        out.begin_object().key("name").string(&wire);
        if let Some(description) = self.description {
            out.key("description").value(description);
        }
        let mut lost = Lost::default();
        gemini::write_parameters(self.schema, &mut lost, out.key("parameters"));
        out.end_object();
        for keyword in lost.keywords() {
            notes.dropped(format!("tools.input_schema.{keyword}"));
        }
    }
}

/// What is lost of a tool. How the input is streamed or checked loses nothing.
fn note_members(tool: Value<'_>, notes: &mut Notes) {
    for (key, _) in tool.members().filter(|(_, value)| !value.is_null()) {
        match key.raw() {
            "name" | "description" | "input_schema" | "type" | "strict" | "eager_input_streaming" => {}
            "cache_control" => notes.dropped("cache_control"),
            other => notes.dropped(format!("tools.{other}")),
        }
    }
}

fn choice(
    choice: Option<Value<'_>>,
    functions: &[Function<'_>],
    notes: &mut Notes,
    out: &mut Writer,
) -> Result<(), Fault> {
    let Some(choice) = choice else { return Ok(()) };
    let kind = choice.get("type").and_then(Value::as_str).map(Str::decode).unwrap_or_default();
    let name = choice.get("name").and_then(Value::as_str).map(Str::decode).unwrap_or_default();
    let forced = &*kind == "tool";
    // The model must call this tool: without it the answer would be another.
    if forced && !functions.iter().any(|function| function.name == *name) {
        return Err(Fault::unsupported(format!(
            "tool_choice asks for the tool `{name}`, which is not among the tools that this provider can be given. \
             Choose another tool, or a provider that has it."
        )));
    }
    if functions.is_empty() {
        return Ok(());
    }
    let mode = match &*kind {
        "auto" => "AUTO",
        "any" | "tool" => "ANY",
        "none" => "NONE",
        other => {
            notes.dropped(format!("tool_choice.{other}"));
            return Ok(());
        }
    };
    if choice.get("disable_parallel_tool_use").and_then(Value::as_bool) == Some(true) && mode != "NONE" {
        notes.dropped("tool_choice.disable_parallel_tool_use");
    }
    out.key("toolConfig").begin_object().key("functionCallingConfig").begin_object().key("mode").string(mode);
    if forced {
        out.key("allowedFunctionNames").begin_array().string(&tool_names::on_the_wire(&name)).end_array();
    }
    out.end_object().end_object();
    Ok(())
}
