//! The fields of the request that every response repeats, as its types demand: those of the request, else the API's defaults.

use super::fields::Fields;
use ccr_plugin::messages::json::{Value, Writer};

/// Name and default, in the order of the API reference.
const REPEATED: &[(&str, &str)] = &[
    ("background", "false"),
    ("instructions", "null"),
    ("max_output_tokens", "null"),
    ("max_tool_calls", "null"),
    ("metadata", "{}"),
    ("parallel_tool_calls", "true"),
    ("previous_response_id", "null"),
    ("prompt_cache_key", "null"),
    ("reasoning", r#"{"effort":null,"summary":null}"#),
    ("safety_identifier", "null"),
    ("service_tier", r#""auto""#),
    ("temperature", "null"),
    ("text", r#"{"format":{"type":"text"}}"#),
    ("tool_choice", r#""auto""#),
    ("tools", "[]"),
    ("top_logprobs", "null"),
    ("top_p", "null"),
    ("truncation", r#""disabled""#),
    ("user", "null"),
];

/// Members of an object, without line breaks: a stream's events stand on one line.
pub(super) fn members(fields: &Fields<'_>) -> String {
    let mut values: [Option<Value<'_>>; REPEATED.len()] = [None; REPEATED.len()];
    for (key, value) in fields.members() {
        let position = REPEATED.iter().position(|(name, _)| key == **name);
        if let Some(slot) = position.and_then(|position| values.get_mut(position)) {
            *slot = Some(value);
        }
    }
    let mut out = Writer::new();
    for ((name, default), value) in REPEATED.iter().zip(values) {
        out.key(name).raw(value.map_or(default, Value::raw));
    }
    // Whatever was asked for, nothing is stored.
    out.key("store").bool(false);
    let mut members = out.into_string();
    // Within strings of JSON they are always escaped.
    members.retain(|character| !matches!(character, '\r' | '\n'));
    members
}
