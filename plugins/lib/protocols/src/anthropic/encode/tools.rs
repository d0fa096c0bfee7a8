//! Tools, the choice between them, and the system text's blocks: small things of theirs that the API refuses.

use super::blocks::trim;
use super::members::Members;
use super::to::To;
use crate::anthropic::names::tool_alias;
use crate::shared::context::ContextWriter;
use crate::shared::notes::Notes;
use ccr_plugin::messages::anthropic::clean::{NOT_AT_THE_TOP, is_blank, is_blank_text};
use ccr_plugin::messages::json::{Kind, Splice, Str, Value, Writer};

/// Fields of a tool that Vertex AI does not know ("tools.0.custom.input_examples: Extra inputs are not permitted").
const NOT_ON_VERTEX: [&str; 2] = ["input_examples", "eager_input_streaming"];

/// The first words of a block that Claude Code sends for Anthropic's own accounts. It changes with every request, so that at any
/// other provider it would keep the prompt cache cold.
const BILLING: &str = "x-anthropic-billing-header";

pub(super) fn clean<'d>(
    members: &mut Members<'d>,
    to: &To<'_>,
    splice: &mut Splice<'d>,
    context: &mut ContextWriter,
    notes: &mut Notes,
) {
    system(members, to, splice, notes);
    let tools = members.get("tools");
    for tool in tools.into_iter().flat_map(Value::items) {
        let kind = tool.get("type").and_then(Value::as_str);
        if kind.is_none_or(|kind| kind == "custom") {
            custom(tool, splice, context, notes);
        }
        let unknown = |key: &str| to.vertex && NOT_ON_VERTEX.contains(&key);
        if tool.members().any(|(key, _)| unknown(&key.decode())) {
            notes.dropped("tools.input_examples");
        }
        trim(tool, to, splice, notes, unknown);
    }
    let Some(choice) = members.get("tool_choice") else { return };
    if tools.is_none_or(Value::is_empty) {
        // "tool_choice may only be specified while providing tools".
        members.remove("tool_choice");
    } else if let Some((name, alias)) = choice.get("name").and_then(|name| Some((name, tool_alias(name.as_str()?)?))) {
        splice.replace(name.span(), ["\"", &alias, "\""].concat());
    }
}

fn system<'d>(members: &mut Members<'d>, to: &To<'_>, splice: &mut Splice<'d>, notes: &mut Notes) {
    let Some(system) = members.get("system") else { return };
    if system.as_str().is_some_and(is_blank) {
        return members.remove("system");
    }
    let own_account = to.is_strict() && !to.vertex;
    let goes = |block: Value<'_>| is_blank_text(block) || (!own_account && is_billing(block));
    let count = system.items().filter(|block| goes(*block)).count();
    if count > 0 && count == system.len() {
        return members.remove("system");
    }
    if count > 0 {
        splice.remove_items(system, goes);
    }
    system.items().filter(|block| !goes(*block)).for_each(|block| trim(block, to, splice, notes, |_| false));
}

fn is_billing(block: Value<'_>) -> bool {
    block.get("text").and_then(Value::as_str).is_some_and(|text| text.raw().starts_with(BILLING))
}

/// A tool of the client's own.
fn custom<'d>(tool: Value<'d>, splice: &mut Splice<'d>, context: &mut ContextWriter, notes: &mut Notes) {
    let name = tool.get("name").and_then(Value::as_str);
    if let Some((value, name, alias)) = name.and_then(|name| Some((tool.get("name")?, name, tool_alias(name)?))) {
        context.tool(&alias, name.raw());
        splice.replace(value.span(), ["\"", &alias, "\""].concat());
    }
    match tool.get("input_schema").filter(|schema| schema.kind() == Kind::Object) {
        None => {
            const ANYTHING: &str = r#"{"type":"object","properties":{}}"#;
            match tool.get("input_schema") {
                Some(other) => _ = splice.replace(other.span(), ANYTHING),
                None => insert(tool, &["\"input_schema\":", ANYTHING].concat(), splice),
            }
        }
        Some(schema) => top(schema, splice, notes),
    }
}

/// A schema's outermost level must be a plain object.
fn top<'d>(schema: Value<'d>, splice: &mut Splice<'d>, notes: &mut Notes) {
    let is_object = schema.get("type").and_then(Value::as_str).is_some_and(|kind| kind == "object");
    let has_choice = NOT_AT_THE_TOP.iter().any(|name| schema.get(name).is_some());
    if is_object && !has_choice {
        return;
    }
    let mut out = Writer::with_capacity(schema.raw().len() + 32);
    out.begin_object().key("type").string("object");
    for (key, value) in schema.members().filter(|(key, _)| *key != "type") {
        if NOT_AT_THE_TOP.iter().any(|name| key == *name) {
            notes.dropped(format!("tools.input_schema.{}", Str::decode(key)));
        } else {
            out.key_str(key).value(value);
        }
    }
    splice.replace(schema.span(), out.end_object().as_str().to_owned());
}

fn insert<'d>(object: Value<'d>, member: &str, splice: &mut Splice<'d>) {
    let end = object.span().end.saturating_sub(1);
    splice.replace(end..end, [if object.is_empty() { "" } else { "," }, member].concat());
}
