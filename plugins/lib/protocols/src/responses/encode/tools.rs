//! Tools and the choice among them.

use super::body::Body;
use super::to::To;
use crate::openai::functions::{self, Function};
use crate::responses::options::WebSearch;
use crate::shared::context::ContextWriter;
use crate::shared::notes::Notes;
use crate::shared::tool_names::{Usual, on_the_wire};
use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Kind, Str, Value, Writer};

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
        tools.extend(Tool::read(index, value, to.options.web_search.wire(), notes)?);
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
    let force = |name: &str, out: &mut Writer| force(&tools, name, out);
    functions::choice(body.tool_choice, !tools.is_empty(), force, notes, out)?;
    // Its predecessor does not tell.
    Ok(searches.is_some() && to.options.web_search == WebSearch::Current)
}

enum Tool<'d> {
    Function(Function<'d>),
    /// A tool that the provider runs, and what OpenAI calls it.
    WebSearch {
        name: Option<Str<'d>>,
        value: Value<'d>,
        wire: &'static str,
    },
}

impl<'d> Tool<'d> {
    /// `None` for tools that only Anthropic has, but its web search where the provider has one.
    fn read(
        index: usize,
        value: Value<'d>,
        web_search: Option<&'static str>,
        notes: &mut Notes,
    ) -> Result<Option<Self>, Fault> {
        let Some(kind) = functions::type_of_own(value) else {
            return Function::read(index, value, false, notes).map(|function| Some(Self::Function(function)));
        };
        let wire = web_search.filter(|_| kind.raw().starts_with(WEB_SEARCH));
        if wire.is_none() {
            notes.dropped(format!("tools.{}", kind.decode()));
        }
        let name = value.get("name").and_then(Value::as_str);
        Ok(wire.map(|wire| Self::WebSearch { name, value, wire }))
    }

    /// `strict` is whether the client means OpenAI's own when it says so: it wants other schemas than Anthropic's.
    fn write(&self, strict: bool, context: &mut ContextWriter, notes: &mut Notes, out: &mut Writer) {
        match self {
            Self::Function(function) => {
                out.begin_object().key("type").string("function");
                function.head(context, out);
                out.key("parameters");
                function.parameters(out);
                // Left out, it would make every parameter required.
                out.key("strict").bool(strict && function.strict == Some(true)).end_object();
            }
            Self::WebSearch { value, wire, .. } => web_search(*value, wire, notes, out),
        }
    }

    fn is_called(&self, wanted: &str) -> bool {
        match self {
            Self::Function(function) => function.name == *wanted,
            Self::WebSearch { name, .. } => name.is_some_and(|name| name == *wanted),
        }
    }
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

/// Writes that the model must call this tool; `false` if it is not among them.
fn force(tools: &[Tool<'_>], name: &str, out: &mut Writer) -> bool {
    match tools.iter().find(|tool| tool.is_called(name)) {
        Some(Tool::Function(_)) => {
            out.key("tool_choice").begin_object().key("type").string("function");
            out.key("name").string(&on_the_wire::<Usual>(name)).end_object();
        }
        // Said in the words that every server knows, where they mean the same.
        Some(Tool::WebSearch { .. }) if tools.len() == 1 => _ = out.key("tool_choice").string("required"),
        Some(Tool::WebSearch { wire, .. }) => {
            out.key("tool_choice").begin_object().key("type").string(wire).end_object();
        }
        None => return false,
    }
    true
}
