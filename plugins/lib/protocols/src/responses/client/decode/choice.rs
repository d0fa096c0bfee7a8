//! Whether and which tools must be called.

use super::fields::Fields;
use super::tools::{Tool, kind_of};
use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Str, Value, Writer};
use std::borrow::Cow;

/// What the inner form calls the choice.
enum Choice<'t> {
    Plain(&'static str),
    Tool(Cow<'t, str>),
}

pub(super) fn write(fields: &Fields<'_>, tools: &[Tool<'_>], out: &mut Writer) -> Result<(), Fault> {
    let one_at_a_time = fields.parallel_tool_calls.and_then(Value::as_bool) == Some(false);
    let choice = match fields.tool_choice {
        Some(choice) => Some(read(choice, tools)?),
        None => None,
    };
    // Without tools the field would be refused, and says nothing.
    if tools.is_empty() || (choice.is_none() && !one_at_a_time) {
        return Ok(());
    }
    out.key("tool_choice").begin_object().key("type");
    let calls = match choice {
        Some(Choice::Tool(name)) => {
            out.string("tool").key("name").escaped(&name);
            true
        }
        Some(Choice::Plain(kind)) => {
            out.string(kind);
            kind != "none"
        }
        None => {
            out.string("auto");
            true
        }
    };
    if calls && one_at_a_time {
        out.key("disable_parallel_tool_use").bool(true);
    }
    out.end_object();
    Ok(())
}

fn read<'t>(choice: Value<'_>, tools: &'t [Tool<'_>]) -> Result<Choice<'t>, Fault> {
    if let Some(mode) = choice.as_str() {
        return by_mode(mode, tools);
    }
    let kind = kind_of(choice);
    if kind == "allowed_tools" {
        let mode = choice.get("mode").and_then(Value::as_str);
        let mode = mode.ok_or_else(|| Fault::invalid("tool_choice.mode: must be `auto` or `required`."))?;
        return by_mode(mode, tools);
    }
    let name = choice.get("name").and_then(Value::as_str);
    match tools.iter().find(|tool| tool.is_meant(kind, name)) {
        Some(tool) => Ok(Choice::Tool(tool.inner_name())),
        None => Err(Fault::invalid(format!(
            "tool_choice: there is no tool {}among `tools` that the model can be given. Add it, or choose another.",
            name.map_or_else(String::new, |name| format!("`{}` ", name.decode()))
        ))),
    }
}

fn by_mode<'t>(mode: Str<'_>, tools: &[Tool<'_>]) -> Result<Choice<'t>, Fault> {
    match &*mode.decode() {
        "auto" => Ok(Choice::Plain("auto")),
        "none" => Ok(Choice::Plain("none")),
        "required" if tools.is_empty() => {
            Err(Fault::invalid("tool_choice: `required` needs at least one tool in `tools`."))
        }
        "required" => Ok(Choice::Plain("any")),
        other => Err(Fault::invalid(format!(
            "tool_choice: `{other}` is no choice; use `auto`, `none`, `required` or an object with `type` and `name`."
        ))),
    }
}
