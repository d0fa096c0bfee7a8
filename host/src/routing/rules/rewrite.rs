//! The changes that a rule makes to the request it takes.

use ccr_messages::json::{Kind, Value as Json, Writer};
use serde_json::Value;

use super::condition::same;
use crate::base::error::GatewayError;
use crate::base::request::InnerRequest;
use crate::config::{ListEdit, Rewrite, Rule};

/// Makes all of a rule's changes. What is no legal request then is the rule's fault, and is refused with its name.
pub fn apply(rule: &Rule, request: &mut InnerRequest) -> Result<(), GatewayError> {
    let at_fault = |reason: String| GatewayError::Unavailable(format!("{} (rule `{}`): {reason}", rule.at, rule.name));
    for rewrite in &rule.rewrites {
        one(rewrite, request).map_err(&at_fault)?;
    }
    let body_changed =
        rule.rewrites.iter().any(|rewrite| !matches!(rewrite, Rewrite::SetHeader(..) | Rewrite::RemoveHeader(_)));
    if body_changed {
        request.check().map_err(|reason| at_fault(format!("its rewrites make an illegal request: {reason}")))?;
    }
    Ok(())
}

fn one(rewrite: &Rewrite, request: &mut InnerRequest) -> Result<(), String> {
    match rewrite {
        Rewrite::SetHeader(name, value) => {
            request.edit_headers(|headers| drop(headers.insert(name.clone(), value.clone())));
            Ok(())
        }
        Rewrite::RemoveHeader(name) => {
            request.edit_headers(|headers| drop(headers.remove(name)));
            Ok(())
        }
        Rewrite::Set(pointer, value) => request.set(pointer, &value.to_string()),
        Rewrite::Remove(pointer) => {
            request.remove(pointer);
            Ok(())
        }
        Rewrite::List { pointer, edit, value } => match edited(request, pointer, edit, value)? {
            Some(list) => request.set(pointer, &list),
            None => Ok(()),
        },
    }
}

/// The list after its change; `None` if there is nothing to change.
fn edited(request: &InnerRequest, pointer: &str, edit: &ListEdit, value: &Value) -> Result<Option<String>, String> {
    let adds = matches!(edit, ListEdit::Append | ListEdit::Prepend);
    let list = match request.document().root().pointer(pointer) {
        Some(list) if list.kind() == Kind::Array => Some(list),
        Some(_) => return Err(format!("`{pointer}` is not a list")),
        None if adds => None,
        None => return Ok(None),
    };
    let mut json = Writer::new();
    json.begin_array();
    if *edit == ListEdit::Prepend {
        json.raw(&value.to_string());
    }
    for item in list.into_iter().flat_map(Json::items) {
        match edit {
            ListEdit::Remove if is_meant(item, value) => {}
            ListEdit::Replace(new) if is_meant(item, value) => {
                json.raw(&new.to_string());
            }
            _ => {
                json.value(item);
            }
        }
    }
    if *edit == ListEdit::Append {
        json.raw(&value.to_string());
    }
    json.end_array();
    Ok(Some(json.into_string()))
}

/// Whether an item is equal to the value, or an object with its members.
fn is_meant(item: Json<'_>, value: &Value) -> bool {
    same(item, value)
        || value.as_object().is_some_and(|wanted| {
            wanted.iter().all(|(key, wanted)| item.get(key).is_some_and(|member| same(member, wanted)))
        })
}
