//! A first agent: it gives every model a memory, two tools to write and read it. Read it from top to bottom; it is the whole
//! plugin. docs/agents.md goes through it step by step.

use ccr_plugin::host::{self, Scope};
use ccr_plugin::prelude::*;
use serde::Deserialize;

#[cfg(test)]
mod tests;

/// Most entries: a list of their names must stay readable.
const MOST_ENTRIES: usize = 100;
/// Longest name and longest text, in bytes: a heading, and a page.
const LONGEST_KEY: usize = 100;
const LONGEST_VALUE: usize = 4000;

const SETTINGS: &str = r#"{
    "type": "object",
    "properties": {
        "scope": { "enum": ["global", "session"], "description": "Who shares a memory: all requests, or those of one session." }
    },
    "additionalProperties": false
}"#;

/// Always the same text: providers keep prompts that begin alike, and a changing one would be paid for each time.
const SYSTEM: &str = "You have a memory. Call `recall` without a key to see what is in it before you ask the user for something \
that you may know already, and `remember` for facts that will matter later. Never put secrets into it.";

/// A plugin is a type without data: each call gets a fresh instance, and only the store remembers anything.
#[derive(Debug)]
pub struct Memory;

impl Plugin for Memory {
    fn describe() -> Description {
        // Asking for `kv` is half of it: the config must grant it, too.
        Description::new("memory", "0.1.0", "Gives models a memory.").settings_schema(SETTINGS).asks_for(Capability::Kv)
    }
}

impl Agent for Memory {
    fn prepare(request: &mut dyn Request, settings: &Settings) -> Result<Option<Preparation>, Fault> {
        // A request without tools is a client's side job, such as a title for the conversation. The summary costs nothing.
        let of_session = matches!(scope(settings)?, Scope::Session);
        if request.summary().tools == 0 || (of_session && request.session().is_none()) {
            return Ok(None);
        }
        let input = r#"{"type": "object", "properties": {"key": {"type": "string"}, "value": {"type": "string"}}}"#;
        Ok(Some(Preparation {
            tools: vec![
                tool("remember", "Keeps `value` under `key`; an empty one forgets it.", input),
                tool("recall", "What is kept under `key`; without one, the list of all keys.", input),
            ],
            system: Some(SYSTEM.into()),
            ..Preparation::default()
        }))
    }

    fn call_tool(call: ToolCall, _: &[u8], settings: &Settings) -> Result<ToolResult, Fault> {
        // What the model sends may not fit the schema. An error result tells it what to do; `?` would only say what broke.
        let Ok(input) = serde_json::from_str::<Input>(&call.input) else {
            return Ok(error_result("The input must be an object; `key` and `value` are strings."));
        };
        let scope = scope(settings)?;
        match (call.name.as_str(), input.key, input.value) {
            ("remember", Some(key), Some(value)) => remember(scope, &key, &value),
            ("remember", ..) => Ok(error_result("`remember` needs a `key` and a `value`.")),
            ("recall", key, _) => recall(scope, key.as_deref()),
            (other, ..) => Err(Fault::own(format!("there is no tool `{other}`"))),
        }
    }
}

/// The input of both tools.
#[derive(Deserialize)]
struct Input {
    key: Option<String>,
    value: Option<String>,
}

fn remember(scope: Scope, key: &str, value: &str) -> Result<ToolResult, Fault> {
    if key.is_empty() || key.len() > LONGEST_KEY || value.len() > LONGEST_VALUE {
        let bounds =
            format!("A key has 1 to {LONGEST_KEY} bytes, a text at most {LONGEST_VALUE}: shorten or split it.");
        return Ok(error_result(&bounds));
    }
    if value.is_empty() {
        host::kv_delete(scope, key)?;
        return Ok(text_result(&format!("`{key}` is forgotten.")));
    }
    let keys = host::kv_keys(scope, "")?;
    if keys.len() >= MOST_ENTRIES && !keys.iter().any(|known| known == key) {
        return Ok(error_result("The memory is full: forget something first, with an empty `value`."));
    }
    host::kv_set(scope, key, value.as_bytes(), None)?;
    Ok(text_result(&format!("`{key}` is remembered.")))
}

fn recall(scope: Scope, key: Option<&str>) -> Result<ToolResult, Fault> {
    let Some(key) = key else {
        return Ok(text_result(&format!("Keys: {:?}", host::kv_keys(scope, "")?)));
    };
    Ok(match host::kv_get(scope, key)? {
        Some(value) => text_result(&String::from_utf8_lossy(&value)),
        None => error_result(&format!("Nothing is remembered as `{key}`. Call `recall` without a key for the list.")),
    })
}

fn scope(settings: &Settings) -> Result<Scope, Fault> {
    Ok(if settings.text("scope")?.as_deref() == Some("session") { Scope::Session } else { Scope::Global })
}

fn tool(name: &str, description: &str, input_schema: &str) -> ToolDefinition {
    ToolDefinition { name: name.into(), description: description.into(), input_schema: input_schema.into() }
}

// Makes a component of the type, with the role `agent`.
register!(Memory: agent);
