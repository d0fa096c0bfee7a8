//! Takes `cache_control` out of an inner request, wherever Anthropic's API allows it.
//!
//! Only members of blocks, tools and messages go: a property of a tool's schema, or a tool's input, may be called the same.

use ccr_plugin::messages::json::{Document, Splice, Value};
use ccr_plugin::{Fault, Request};

const NAME: &str = "cache_control";

/// Up to so many messages are replaced one by one; beyond that all of them at once. Anthropic allows four marks in a request.
const FEW: usize = 4;

/// Removes every mark, and notes once that there were some.
///
/// # Errors
/// The host refuses an edit.
pub fn strip(request: &mut dyn Request) -> Result<(), Fault> {
    let mut found = false;
    if request.get("/cache_control").is_some() {
        request.remove("/cache_control")?;
        found = true;
    }
    for pointer in ["/system", "/tools"] {
        let clean = request.get(pointer).filter(|text| text.contains(NAME)).and_then(|text| cleaned(&text, list));
        if let Some(clean) = clean {
            request.set(pointer, &clean)?;
            found = true;
        }
    }
    found |= strip_messages(request)?;
    if found {
        request.dropped(NAME);
    }
    Ok(())
}

fn strip_messages(request: &mut dyn Request) -> Result<bool, Fault> {
    let Some(text) = request.get("/messages").filter(|text| text.contains(NAME)) else { return Ok(false) };
    let Ok(document) = Document::parse(text.as_bytes()) else { return Ok(false) };
    let marked = document.root().items().enumerate().filter(|(_, message)| message.raw().contains(NAME));
    let clean: Vec<_> = marked.filter_map(|(index, item)| Some((index, cleaned(item.raw(), message)?))).collect();
    if clean.len() <= FEW {
        for (index, message) in &clean {
            request.set(&format!("/messages/{index}"), message)?;
        }
    } else if let Some(all) = cleaned(&text, |messages, splice| messages.items().for_each(|item| message(item, splice)))
    {
        request.set("/messages", &all)?;
    }
    Ok(!clean.is_empty())
}

/// The text without marks; `None` if it has none.
fn cleaned(text: &str, walk: impl Fn(Value<'_>, &mut Splice<'_>)) -> Option<String> {
    let document = Document::parse(text.as_bytes()).ok()?;
    let mut splice = Splice::new();
    walk(document.root(), &mut splice);
    if splice.is_empty() {
        return None;
    }
    splice.apply(text.as_bytes()).ok().and_then(|text| String::from_utf8(text).ok())
}

fn message(message: Value<'_>, splice: &mut Splice<'_>) {
    unmark(message, splice);
    if let Some(content) = message.get("content") {
        list(content, splice);
    }
}

/// System blocks, tools, or the content of a message or of a tool result.
fn list(blocks: Value<'_>, splice: &mut Splice<'_>) {
    for block in blocks.items() {
        unmark(block, splice);
        if let Some(content) = block.get("content") {
            list(content, splice);
        }
        // A document may be made of blocks.
        if let Some(content) = block.get("source").and_then(|source| source.get("content")) {
            list(content, splice);
        }
    }
}

fn unmark(block: Value<'_>, splice: &mut Splice<'_>) {
    splice.remove_members(block, |key, _| key == NAME);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::strip;
    use ccr_plugin::testing::FakeRequest;
    use serde_json::{Value, json};

    fn stripped(body: Value) -> (Value, Vec<String>) {
        let mut request = FakeRequest::new(body);
        strip(&mut request).unwrap();
        (request.body, request.dropped.into_inner())
    }

    #[test]
    fn marks_go_everywhere_and_are_noted_once() {
        let mark = json!({"type": "ephemeral"});
        let (body, dropped) = stripped(json!({
            "cache_control": mark,
            "system": [{"type": "text", "text": "a", "cache_control": mark}, {"type": "text", "text": "b"}],
            "tools": [{"name": "t", "input_schema": {"type": "object"}, "cache_control": mark}],
            "messages": [
                {"role": "user", "content": "cache_control"},
                {"role": "user", "content": [
                    {"type": "text", "text": "c", "cache_control": mark},
                    {"type": "tool_result", "tool_use_id": "1", "cache_control": null,
                     "content": [{"type": "text", "text": "d", "cache_control": mark}]},
                    {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "e", "cache_control": mark}]}},
                ]},
            ],
        }));
        assert_eq!(
            body,
            json!({
                "system": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}],
                "tools": [{"name": "t", "input_schema": {"type": "object"}}],
                "messages": [
                    {"role": "user", "content": "cache_control"},
                    {"role": "user", "content": [
                        {"type": "text", "text": "c"},
                        {"type": "tool_result", "tool_use_id": "1", "content": [{"type": "text", "text": "d"}]},
                        {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "e"}]}},
                    ]},
                ],
            })
        );
        assert_eq!(dropped, ["cache_control"]);
    }

    #[test]
    fn what_is_only_called_so_stays() {
        let body = json!({
            "system": "cache_control",
            "tools": [{"name": "t", "input_schema": {"properties": {"cache_control": {"type": "string"}}}}],
            "messages": [{"role": "assistant", "content": [
                {"type": "tool_use", "id": "1", "name": "t", "input": {"cache_control": "x"}},
            ]}],
        });
        assert_eq!(stripped(body.clone()), (body, vec![]));
    }

    #[test]
    fn more_marks_than_anthropic_allows_go_as_well() {
        let message = |mark: Value| json!({"role": "user", "content": [mark]});
        let marked = message(json!({"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}));
        let clean = message(json!({"type": "text", "text": "a"}));
        let (body, _) = stripped(json!({"messages": vec![marked; 9]}));
        assert_eq!(body, json!({"messages": vec![clean; 9]}));
    }
}
