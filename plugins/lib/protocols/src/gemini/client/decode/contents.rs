//! `contents` → `messages`. Neighbours of one role are one message: clients that stream keep every chunk of an answer as a
//! content of its own.

use super::at::At;
use super::calls::Calls;
use super::fields::{list, member};
use super::part;
use super::turn::{Role, Turn};
use crate::shared::notes::Notes;
use ccr_plugin::Fault;
use ccr_plugin::messages::json::{Kind, Str, Value, Writer};

pub(super) fn write(contents: Option<Value<'_>>, notes: &mut Notes, out: &mut Writer) -> Result<(), Fault> {
    let needed = || {
        Fault::invalid(
            "contents: the request needs a list of contents, such as [{\"role\":\"user\",\"parts\":[{\"text\":\"…\"}]}].",
        )
    };
    let contents = contents.filter(|contents| matches!(contents.kind(), Kind::Array | Kind::Object));
    let contents = contents.ok_or_else(needed)?;
    out.key("messages").begin_array();
    let mut turn = Turn::begin(out);
    let mut calls = Calls::default();
    for (index, content) in list(Some(contents)).enumerate() {
        if content.kind() != Kind::Object {
            return Err(Fault::invalid(format!("contents[{index}] must be an object with `role` and `parts`.")));
        }
        let role = role(index, content)?;
        if turn.take(role) && role == Role::Model {
            calls.forget();
        }
        let parts = member(content, "parts");
        // Anthropic wants the results before everything else.
        for results in if role == Role::User { &[true, false][..] } else { &[false][..] } {
            for (number, part) in list(parts).enumerate() {
                let at = At { content: index, part: number };
                let is_result = role == Role::User && member(part, "functionResponse").is_some();
                if is_result == *results {
                    part::write(part, at, &mut calls, &mut turn, notes)?;
                }
            }
        }
    }
    if turn.end() {
        out.end_array();
        return Ok(());
    }
    Err(Fault::invalid("contents: there is nothing to answer; send at least one part with text or data."))
}

fn role(index: usize, content: Value<'_>) -> Result<Role, Fault> {
    let role = member(content, "role").and_then(Value::as_str).map(Str::decode).unwrap_or_default();
    match &*role {
        "" | "user" | "function" | "tool" => Ok(Role::User),
        "model" => Ok(Role::Model),
        other => Err(Fault::invalid(format!(
            "contents[{index}].role: `{other}` is not a role; use `user` or `model`, and `systemInstruction` for the system."
        ))),
    }
}
