//! Edits that the gateway itself makes to a request for agents: their tools, their system text, the turns that followed.

use std::borrow::Cow;

use ccr_messages::json::{Document, Kind, Splice, Value, Writer};

use crate::base::request::InnerRequest;
use crate::plugins::agent::ToolDefinition;

/// A tool as the model is offered it.
pub(super) struct Offered<'a> {
    /// Its name there.
    pub(super) name: String,
    /// What the agent says of it.
    pub(super) tool: &'a ToolDefinition,
}

/// Adds tools and system texts, in one edit.
pub(super) fn tools_and_system(
    request: &mut InnerRequest,
    tools: &[Offered<'_>],
    system: &[String],
) -> Result<(), String> {
    let items: Vec<String> = tools.iter().map(tool_json).collect();
    let mut edits = Additions::default();
    let root = request.document().root();
    if !items.is_empty() {
        edits.extend_array(root, "tools", &items.join(","));
    }
    if !system.is_empty() {
        edits.system(root, &system.join("\n\n"));
    }
    let splice = edits.into_splice(root);
    if splice.is_empty() { Ok(()) } else { request.splice(splice) }
}

/// Adds messages to the end of the conversation.
pub(super) fn messages(request: &mut InnerRequest, messages: &[String]) -> Result<(), String> {
    let root = request.document().root();
    let mut edits = Additions::default();
    edits.extend_array(root, "messages", &messages.join(","));
    let splice = edits.into_splice(root);
    request.splice(splice)
}

/// Takes tools away, and forbids calls if none are left.
pub(super) fn without_tools(request: &mut InnerRequest, unwanted: impl Fn(&str) -> bool) -> Result<(), String> {
    let Some(tools) = request.document().root().get("tools") else { return Ok(()) };
    let is_unwanted = |tool: Value<'_>| name(tool).is_some_and(|name| unwanted(&name));
    if tools.items().all(is_unwanted) {
        // Providers want the tools that the history calls to be named; none of them may be called any more.
        return request.set("/tool_choice", r#"{"type":"none"}"#);
    }
    let mut edits = Splice::new();
    edits.remove_items(tools, is_unwanted);
    request.splice(edits)
}

/// A tool's name.
pub(super) fn name(tool: Value<'_>) -> Option<Cow<'_, str>> {
    Some(tool.get("name")?.as_str()?.decode())
}

/// Additions to the members of the body.
#[derive(Default)]
struct Additions {
    splice: Splice<'static>,
    /// Members that were not there, each with a comma before it.
    members: String,
}

impl Additions {
    fn extend_array(&mut self, root: Value<'_>, key: &str, items: &str) {
        match root.get(key) {
            Some(array) if array.kind() == Kind::Array => {
                let end = array.span().end - 1;
                let comma = if array.is_empty() { "" } else { "," };
                self.splice.replace(end..end, format!("{comma}{items}"));
            }
            Some(other) => {
                self.splice.replace(other.span(), format!("[{items}]"));
            }
            None => self.member(key, &format!("[{items}]")),
        }
    }

    /// Behind a system text, or as a block of its own behind system blocks.
    fn system(&mut self, root: Value<'_>, text: &str) {
        match root.get("system") {
            Some(known) if known.kind() == Kind::Array => self.extend_array(root, "system", &block(text)),
            Some(known) if known.as_str().is_some_and(|known| !known.is_empty()) => {
                let end = known.span().end - 1;
                let mut more = Writer::new();
                more.string_part("\n\n").string_part(text);
                self.splice.replace(end..end, more.into_string());
            }
            Some(other) => {
                self.splice.replace(other.span(), string(text));
            }
            None => self.member("system", &string(text)),
        }
    }

    fn member(&mut self, key: &str, json: &str) {
        self.members.push_str(",\"");
        self.members.push_str(key);
        self.members.push_str("\":");
        self.members.push_str(json);
    }

    fn into_splice(mut self, root: Value<'_>) -> Splice<'static> {
        if !self.members.is_empty() {
            let end = root.span().end - 1;
            self.splice.replace(end..end, self.members);
        }
        self.splice
    }
}

fn string(text: &str) -> String {
    let mut json = Writer::with_capacity(text.len() + 2);
    json.string(text);
    json.into_string()
}

fn block(text: &str) -> String {
    let mut json = Writer::with_capacity(text.len() + 32);
    json.begin_object().key("type").string("text").key("text").string(text).end_object();
    json.into_string()
}

fn tool_json(offered: &Offered<'_>) -> String {
    let mut json = Writer::with_capacity(offered.tool.input_schema.len() + offered.tool.description.len() + 64);
    json.begin_object().key("name").string(&offered.name);
    json.key("description").string(&offered.tool.description);
    json.key("input_schema").raw(&offered.tool.input_schema).end_object();
    json.into_string()
}

/// Whether a text is one JSON value of a kind.
pub(super) fn is_json(text: &str, kind: Kind) -> bool {
    Document::parse(text.as_bytes()).is_ok_and(|document| document.root().kind() == kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderMap;
    use serde_json::{Value as Json, json};

    fn request(body: &Json) -> InnerRequest {
        InnerRequest::parse(body.to_string().into_bytes(), "req", HeaderMap::new(), None).expect("legal")
    }

    fn body(request: &InnerRequest) -> Json {
        serde_json::from_str(request.text()).expect("JSON")
    }

    fn with(rest: &Json) -> Json {
        let mut body = json!({ "model": "m", "messages": [{ "role": "user", "content": "hi" }] });
        body.as_object_mut().expect("an object").extend(rest.as_object().expect("an object").clone());
        body
    }

    fn tool() -> ToolDefinition {
        ToolDefinition { name: "look".into(), description: "says \"x\"".into(), input_schema: "{}".into() }
    }

    #[test]
    fn tools_and_system_are_added_wherever_there_is_something_or_nothing() {
        let offered = json!({ "name": "other_look", "description": "says \"x\"", "input_schema": {} });
        let cases = [
            (json!({}), json!({ "tools": [offered], "system": "be\n\nkind" })),
            (json!({ "tools": null, "system": null }), json!({ "tools": [offered], "system": "be\n\nkind" })),
            (json!({ "tools": [], "system": "" }), json!({ "tools": [offered], "system": "be\n\nkind" })),
            (
                json!({ "tools": [{ "name": "a", "input_schema": {} }], "system": "you \"are\"" }),
                json!({ "tools": [{ "name": "a", "input_schema": {} }, offered], "system": "you \"are\"\n\nbe\n\nkind" }),
            ),
            (
                json!({ "system": [{ "type": "text", "text": "one" }] }),
                json!({ "tools": [offered],
                        "system": [{ "type": "text", "text": "one" }, { "type": "text", "text": "be\n\nkind" }] }),
            ),
        ];
        for (before, after) in cases {
            let mut request = request(&with(&before));
            let offered = [Offered { name: "other_look".into(), tool: &tool() }];
            tools_and_system(&mut request, &offered, &["be".into(), "kind".into()]).expect("an edit");
            assert_eq!(body(&request), with(&after), "{before}");
        }
    }

    #[test]
    fn the_last_tools_are_forbidden_and_others_taken_away() {
        let (mine, other) =
            (json!({ "name": "mine", "input_schema": {} }), json!({ "name": "other", "input_schema": {} }));
        let mut both = request(&with(&json!({ "tools": [mine, other] })));
        without_tools(&mut both, |name| name == "mine").expect("an edit");
        assert_eq!(body(&both), with(&json!({ "tools": [other] })));
        let mut only = request(&with(&json!({ "tools": [mine] })));
        without_tools(&mut only, |name| name == "mine").expect("an edit");
        assert_eq!(body(&only), with(&json!({ "tools": [mine], "tool_choice": { "type": "none" } })));
    }

    #[test]
    fn messages_are_added_to_the_end() {
        let mut request = request(&with(&json!({})));
        let more = json!({ "role": "assistant", "content": "ho" });
        messages(&mut request, &[more.to_string(), more.to_string()]).expect("an edit");
        assert_eq!(body(&request)["messages"], json!([{ "role": "user", "content": "hi" }, more, more]));
    }
}
