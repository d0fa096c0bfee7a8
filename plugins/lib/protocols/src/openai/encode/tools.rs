//! Tools and the choice among them.

use super::notes::Notes;
use crate::openai::functions::{self, Function};
use crate::openai::options::{ExcessTools, Options, Schemas};
use crate::shared::block::mark;
use crate::shared::body::Body;
use crate::shared::context::ContextWriter;
use crate::shared::tool_names::{Usual, on_the_wire};
use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Str, Value, Writer};
use ccr_plugin::messages::schema::{Lost, groq, openai_strict};

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
    let most = options.max_tools.map(|most| usize::try_from(most).unwrap_or(usize::MAX));
    if let Some(most) = most.filter(|most| options.excess_tools == ExcessTools::Drop && tools.len() > *most) {
        trim(&mut tools, most, body, notes);
    }
    if let Some(most) = most.filter(|most| tools.len() > *most) {
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
    let force = |name: &str, out: &mut Writer| {
        let is_sent = tools.iter().any(|tool| tool.function.name == *name);
        if is_sent {
            out.key("tool_choice").begin_object().key("type").string("function").key("function").begin_object();
            out.key("name").string(&on_the_wire::<Usual>(name)).end_object().end_object();
        }
        is_sent
    };
    functions::choice(body.tool_choice, !tools.is_empty(), force, &mut notes.list, out)
}

/// A tool, and its `cache_control` if that is kept.
struct Tool<'d> {
    function: Function<'d>,
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
        if tools.get(at).is_some_and(|tool| !needed.contains(&tool.function.name)) {
            notes.dropped(format!("tools.{}", tools.remove(at).function.name.decode()));
        }
    }
}

impl<'d> Tool<'d> {
    fn read(index: usize, value: Value<'d>, notes: &mut Notes) -> Result<Option<Self>, Fault> {
        if let Some(kind) = functions::type_of_own(value) {
            notes.dropped(format!("tools.{}", kind.decode()));
            return Ok(None);
        }
        let function = Function::read(index, value, notes.keep_cache_control, &mut notes.list)?;
        Ok(Some(Self { function, mark: mark(value).filter(|_| notes.keep_cache_control) }))
    }

    fn write(&self, schemas: Schemas, context: &mut ContextWriter, notes: &mut Notes, out: &mut Writer) {
        out.begin_object().key("type").string("function").key("function").begin_object();
        self.function.head(context, out);
        out.key("parameters");
        if let Some(strict) = parameters(&self.function, schemas, notes, out) {
            out.key("strict").bool(strict);
        }
        out.end_object();
        if let Some(mark) = self.mark {
            out.key("cache_control").value(mark);
        }
        out.end_object();
    }
}

/// Writes the schema; gives `strict` where it is to be sent.
fn parameters(function: &Function<'_>, schemas: Schemas, notes: &mut Notes, out: &mut Writer) -> Option<bool> {
    let mut lost = Lost::default();
    match schemas {
        // A schema that strict mode cannot say goes as it is.
        Schemas::OpenAiStrict if openai_strict::write_parameters(function.schema, &mut lost, out) => {
            note_lost(&lost, notes);
            return Some(true);
        }
        Schemas::AsIs | Schemas::OpenAiStrict => function.parameters(out),
        Schemas::Groq => {
            groq::write_parameters(function.schema, &mut lost, out);
            note_lost(&lost, notes);
            return None;
        }
    }
    // `strict` goes where the schema fits OpenAI's rules for it; Anthropic's are looser.
    let strict = function.strict?;
    if strict && !function.schema.is_some_and(openai_strict::is_strict) {
        notes.dropped("tools.strict");
        return None;
    }
    Some(strict)
}

/// Notes what a compiled schema no longer says.
fn note_lost(lost: &Lost, notes: &mut Notes) {
    for keyword in lost.keywords() {
        notes.dropped(format!("tools.input_schema.{keyword}"));
    }
}
