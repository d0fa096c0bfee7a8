//! One item of the input, as far as the translation needs to know it.

use super::tools::kind_of;
use crate::responses::client::tool_name::ToolName;
use crate::shared::notes::Notes;
use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Kind, Str, Value};

#[derive(Debug, Clone, Copy)]
pub(super) struct Item<'d> {
    /// Position in the input, for messages.
    pub(super) index: usize,
    pub(super) what: What<'d>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum What<'d> {
    Message {
        role: Role,
        content: Value<'d>,
    },
    Call(Call<'d>),
    /// The outcome of a call; `id` is the call's.
    Output {
        id: Str<'d>,
        output: Value<'d>,
    },
    /// Reasoning of an earlier turn: the whole item.
    Reasoning(Value<'d>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    User,
    Assistant,
    System,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'d> {
    pub(super) id: Str<'d>,
    /// `None` is the local shell.
    pub(super) name: Option<ToolName<'d>>,
    pub(super) input: Input<'d>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Input<'d> {
    /// JSON text within a string.
    Arguments(Option<Value<'d>>),
    FreeText(Option<Value<'d>>),
    /// What the local shell shall do.
    Action(Value<'d>),
}

/// Items that say nothing which a model needs to go on: lists of tools, and what was found, which the answers have in words.
const LEFT_OUT: &[&str] =
    &["web_search_call", "image_generation_call", "tool_search_call", "tool_search_output", "mcp_list_tools"];

impl<'d> Item<'d> {
    /// `None` for items that are left out.
    pub(super) fn read(index: usize, item: Value<'d>, notes: &mut Notes) -> Result<Option<Self>, Fault> {
        if item.kind() != Kind::Object {
            return Err(Fault::invalid(format!("input[{index}]: must be an object, such as a message.")));
        }
        let kind = kind_of(item);
        let what = match kind {
            "message" => message(index, item)?,
            "" if item.get("role").is_some() => message(index, item)?,
            "function_call" => call(index, item, Some(name(index, item)?), Input::Arguments(item.get("arguments")))?,
            "custom_tool_call" => call(index, item, Some(name(index, item)?), Input::FreeText(item.get("input")))?,
            "local_shell_call" => {
                let action = item.get("action").filter(|action| action.kind() == Kind::Object);
                let missing = || Fault::invalid(format!("input[{index}].action: must be an object with `command`."));
                call(index, item, None, Input::Action(action.ok_or_else(missing)?))?
            }
            "function_call_output" | "custom_tool_call_output" | "local_shell_call_output" => {
                let output = item.get("output").filter(|output| !output.is_null());
                let missing = || Fault::invalid(format!("input[{index}].output: is missing."));
                What::Output { id: call_id(index, item)?, output: output.ok_or_else(missing)? }
            }
            "reasoning" => What::Reasoning(item),
            _ if LEFT_OUT.contains(&kind) => {
                notes.dropped(format!("input.{kind}"));
                return Ok(None);
            }
            _ => return Err(unknown(index, item, kind)),
        };
        Ok(Some(Self { index, what }))
    }

    /// Whether the model itself said it.
    pub(super) fn is_the_models(&self) -> bool {
        matches!(self.what, What::Message { role: Role::Assistant, .. } | What::Call(_) | What::Reasoning(_))
    }
}

fn unknown(index: usize, item: Value<'_>, kind: &str) -> Fault {
    let refers = kind == "item_reference" || (kind.is_empty() && item.get("id").is_some());
    Fault::invalid(if refers {
        format!(
            "input[{index}]: the gateway keeps no items that could be referred to. Send the item itself; with `store: false` \
             clients do so."
        )
    } else if kind.is_empty() {
        format!("input[{index}].type: must be a string, such as `message`.")
    } else {
        format!("input[{index}].type: items of type `{kind}` have no counterpart at other providers. Leave it out.")
    })
}

fn message(index: usize, item: Value<'_>) -> Result<What<'_>, Fault> {
    let role = item.get("role").and_then(Value::as_str).map(Str::decode).unwrap_or_default();
    let role = match &*role {
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "system" | "developer" => Role::System,
        other => {
            return Err(Fault::invalid(format!(
                "input[{index}].role: `{other}` is not a role; use `user`, `assistant`, `system` or `developer`."
            )));
        }
    };
    let content = item.get("content").filter(|content| matches!(content.kind(), Kind::String | Kind::Array));
    let wrong = || Fault::invalid(format!("input[{index}].content: must be a string or an array of parts."));
    Ok(What::Message { role, content: content.ok_or_else(wrong)? })
}

fn call<'d>(index: usize, item: Value<'d>, name: Option<ToolName<'d>>, input: Input<'d>) -> Result<What<'d>, Fault> {
    Ok(What::Call(Call { id: call_id(index, item)?, name, input }))
}

fn name(index: usize, item: Value<'_>) -> Result<ToolName<'_>, Fault> {
    ToolName::of(item).ok_or_else(|| Fault::invalid(format!("input[{index}].name: must be the name of the tool.")))
}

/// The id that a call and its outcome share. The local shell's have it in `id`.
fn call_id(index: usize, item: Value<'_>) -> Result<Str<'_>, Fault> {
    let given = |key: &str| item.get(key).and_then(Value::as_str).filter(|id| !id.is_empty());
    let id = given("call_id").or_else(|| given("id").filter(|_| kind_of(item).starts_with("local_shell")));
    id.ok_or_else(|| Fault::invalid(format!("input[{index}].call_id: must be the id of the call.")))
}
