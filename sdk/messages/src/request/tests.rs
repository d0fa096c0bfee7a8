//! Requests as clients send them, and as they should not.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use proptest::prelude::*;
use serde_json::{Value as Tree, json};

use super::{Block, MessagesRequest, Role, Thinking, ToolChoice};
use crate::json::Document;

/// Runs `look` on the request that `body` is.
fn with<T>(body: &Tree, look: impl FnOnce(MessagesRequest<'_>) -> T) -> T {
    let text = body.to_string();
    let document = Document::parse(text.as_bytes()).unwrap();
    look(MessagesRequest::parse(&document).unwrap())
}

/// The smallest request with other fields laid over it.
fn request(fields: Tree) -> Tree {
    let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]});
    for (key, value) in fields.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}

fn refused(body: &Tree) -> String {
    let text = body.to_string();
    let document = Document::parse(text.as_bytes()).unwrap();
    MessagesRequest::parse(&document).map(|_| ()).unwrap_err().to_string()
}

#[test]
fn a_small_request() {
    with(&request(json!({})), |request| {
        assert!(request.model() == "m");
        assert!(!request.stream());
        assert_eq!(request.max_tokens(), None);
        assert_eq!(request.system().count() + request.tools().count(), 0);
        assert_eq!(request.tool_choice(), None);
        assert_eq!(request.thinking(), None);
        assert_eq!(request.session_id(), None);
        assert!(!request.disable_parallel_tool_use());
        let message = request.messages().next().unwrap();
        assert_eq!(message.role, Role::User);
        assert_eq!(message.content_value().raw(), "\"hi\"");
        let block = message.content().next().unwrap();
        assert!(matches!(block, Block::Text { text, value } if text == "hi" && value.raw() == "\"hi\""));
    });
}

#[test]
fn every_block() {
    let content = json!([
        {"type": "text", "text": "a\nb", "cache_control": {"type": "ephemeral"}},
        {"type": "image", "source": {"type": "url", "url": "u"}},
        {"type": "document", "source": {"type": "text", "data": "d"}},
        {"type": "thinking", "thinking": "t", "signature": "s"},
        {"type": "thinking", "thinking": ""},
        {"type": "redacted_thinking", "data": "x"},
        {"type": "tool_use", "id": "i", "name": "n", "input": {"k": 1}},
        {"type": "tool_result", "tool_use_id": "i"},
        {"type": "tool_result", "tool_use_id": "i", "content": "plain", "is_error": true},
        {"type": "tool_result", "tool_use_id": "i", "content": [{"type": "text", "text": "1"}, {"type": "tool_reference"}]},
        {"type": "server_tool_use", "id": 7}
    ]);
    let expected = content.clone();
    with(&request(json!({"messages": [{"role": "assistant", "content": content}]})), |request| {
        let message = request.messages().next().unwrap();
        assert_eq!(message.role, Role::Assistant);
        let blocks: Vec<_> = message.content().collect();
        let values: Vec<Tree> = blocks.iter().map(|block| serde_json::from_str(block.value().raw()).unwrap()).collect();
        assert_eq!(Tree::from(values), expected);
        assert!(matches!(blocks[0], Block::Text { text, .. } if text == "a\nb"));
        assert!(matches!(blocks[1], Block::Image { source, .. } if source.get("url").is_some()));
        assert!(matches!(blocks[2], Block::Document { source, .. } if source.get("data").is_some()));
        assert!(
            matches!(blocks[3], Block::Thinking { thinking, signature: Some(s), .. } if thinking == "t" && s == "s")
        );
        assert!(matches!(blocks[4], Block::Thinking { thinking, signature: None, .. } if thinking.is_empty()));
        assert!(matches!(blocks[5], Block::RedactedThinking { data, .. } if data == "x"));
        assert!(
            matches!(blocks[6], Block::ToolUse { id, name, input, .. } if id == "i" && name == "n" && input.raw() == "{\"k\":1}")
        );
        let results: Vec<_> = blocks[7..10]
            .iter()
            .map(|block| match block {
                Block::ToolResult(result) if result.tool_use_id == "i" => (result.is_error, result.content().count()),
                other => panic!("not a result: {other:?}"),
            })
            .collect();
        assert_eq!(results, [(false, 0), (true, 1), (false, 2)]);
        assert!(matches!(blocks[10], Block::Unknown { kind, .. } if kind == "server_tool_use"));
    });
}

#[test]
fn system_roles_and_tools() {
    let body = request(json!({
        "system": [{"type": "text", "text": "a"}, {"type": "text", "text": ""}],
        "messages": [{"role": "system", "content": "s"}, {"role": "tool", "content": []}],
        "tools": [
            {"name": "Read", "description": "reads", "input_schema": {"type": "object"}},
            {"name": "bare"},
            {"type": "web_search_20250305", "name": "web_search", "max_uses": 5},
            {"type": "mcp_toolset", "mcp_server_name": "x"},
            {"type": "custom", "name": "c", "input_schema": null, "description": null}
        ]
    }));
    with(&body, |request| {
        assert_eq!(request.system().count(), 2);
        let roles: Vec<_> = request.messages().map(|message| message.role).collect();
        assert_eq!(roles[0], Role::System);
        assert!(matches!(roles[1], Role::Other(role) if role == "tool"));
        let tools: Vec<_> = request.tools().collect();
        let names: Vec<_> = tools.iter().map(|tool| tool.name.decode()).collect();
        assert_eq!(names, ["Read", "bare", "web_search", "mcp_toolset", "c"]);
        assert!(tools[0].description.unwrap() == "reads");
        assert_eq!(tools.iter().filter(|tool| tool.input_schema.is_some()).count(), 1);
        let server: Vec<_> = tools.iter().map(super::Tool::is_server_tool).collect();
        assert_eq!(server, [false, false, true, true, false]);
    });
}

#[test]
fn parameters() {
    let body = request(json!({
        "max_tokens": 4096.0, "stream": true, "temperature": 0, "top_p": 0.5, "top_k": 3, "stop_sequences": ["a", "b"],
        "tool_choice": {"type": "tool", "name": "Read", "disable_parallel_tool_use": true},
        "thinking": {"type": "enabled", "budget_tokens": 1024}, "output_config": {"effort": "xhigh"},
        "context_management": {"edits": []}, "service_tier": 1
    }));
    with(&body, |request| {
        assert_eq!(request.max_tokens(), Some(4096));
        assert!(request.stream() && request.disable_parallel_tool_use());
        assert!(matches!(request.tool_choice(), Some(ToolChoice::Tool(name)) if name == "Read"));
        assert_eq!(request.thinking(), Some(Thinking::Enabled { budget_tokens: Some(1024) }));
        assert!(request.effort().unwrap() == "xhigh");
        let raw = [request.temperature(), request.top_p(), request.top_k(), request.stop_sequences()];
        assert_eq!(raw.map(|value| value.unwrap().raw()), ["0", "0.5", "3", "[\"a\",\"b\"]"]);
        assert!(request.body().get("context_management").is_some());
    });
}

#[test]
fn choices_and_thinking_by_type() {
    let choice = |kind: &str| {
        with(&request(json!({"tool_choice": {"type": kind}})), |r| format!("{:?}", r.tool_choice().unwrap()))
    };
    assert_eq!(["auto", "any", "none", "new"].map(choice), ["Auto", "Any", "None", "Unknown(\"new\")"]);
    let thinking =
        |kind: &str| with(&request(json!({"thinking": {"type": kind}})), |r| format!("{:?}", r.thinking().unwrap()));
    assert_eq!(["disabled", "adaptive", "new"].map(thinking), ["Disabled", "Adaptive", "Unknown(\"new\")"]);
    with(&request(json!({"thinking": {"type": "enabled"}})), |request| {
        assert_eq!(request.thinking(), Some(Thinking::Enabled { budget_tokens: None }));
    });
}

#[test]
fn null_counts_as_absent() {
    let names = ["system", "tools", "tool_choice", "thinking", "output_config", "metadata", "max_tokens", "stream"];
    let names = names.into_iter().chain(["temperature", "top_p", "top_k", "stop_sequences"]);
    let fields: serde_json::Map<_, _> = names.map(|name| (name.to_owned(), Tree::Null)).collect();
    with(&request(fields.into()), |request| {
        assert_eq!(request.max_tokens(), None);
        assert!(request.temperature().is_none() && request.metadata().is_none() && request.tool_choice().is_none());
    });
}

#[test]
fn sessions_in_every_form() {
    let session = |user_id: Tree| {
        with(&request(json!({"metadata": {"user_id": user_id}})), |r| r.session_id().map(std::borrow::Cow::into_owned))
    };
    for user_id in [
        json!("user_abc_account__session_s-1"),
        json!("user_\u{e9}\"_session_s-1"),
        json!("{\"device_id\":\"d\",\"session_id\":\"s-1\"}"),
        json!(" {\"session_id\":\"s\\u002d1\"}"),
        json!({"session_id": "s-1"}),
    ] {
        assert_eq!(session(user_id.clone()).as_deref(), Some("s-1"), "{user_id}");
    }
    for user_id in [
        json!("user_abc"),
        json!("u_session_"),
        json!("{"),
        json!("{}"),
        json!({"session_id": 1}),
        json!(7),
        json!(null),
    ] {
        assert_eq!(session(user_id.clone()), None, "{user_id}");
    }
}

#[test]
fn refusals_name_the_place() {
    let text =
        |content: Tree| json!({"messages": [{"role": "user", "content": "a"}, {"role": "user", "content": content}]});
    let rows = [
        (json!([]), "the body must be"),
        (json!({"messages": []}), "model: is required"),
        (json!({"model": null}), "model: is required"),
        (json!({"model": 1}), "model: must be a string"),
        (json!({"model": ""}), "model: must not be empty"),
        (json!({"model": "m"}), "messages: is required"),
        (request(json!({"messages": {}})), "messages: must be an array"),
        (request(json!({"messages": []})), "messages: must not be empty"),
        (request(json!({"messages": ["hi"]})), "messages.0: must be an object"),
        (request(json!({"messages": [{"content": "a"}]})), "messages.0.role: must be a string"),
        (request(json!({"messages": [{"role": "user"}]})), "messages.0.content: is required"),
        (request(text(json!(null))), "messages.1.content: must be a string or"),
        (request(text(json!(["a"]))), "messages.1.content.0: must be an object"),
        (request(text(json!([{"type": "x"}, {"text": "a"}]))), "messages.1.content.1.type: is required"),
        (request(text(json!([{"type": "text"}]))), "messages.1.content.0.text: must be a string"),
        (request(text(json!([{"type": "image", "source": "u"}]))), "messages.1.content.0.source: must be an object"),
        (request(text(json!([{"type": "thinking"}]))), "messages.1.content.0.thinking: must be a string"),
        (
            request(text(json!([{"type": "thinking", "thinking": "", "signature": 1}]))),
            "messages.1.content.0.signature: must",
        ),
        (request(text(json!([{"type": "redacted_thinking"}]))), "messages.1.content.0.data: must be a string"),
        (request(text(json!([{"type": "tool_use", "id": 1}]))), "messages.1.content.0.id: must be a string"),
        (
            request(text(json!([{"type": "tool_use", "id": "i", "name": "n"}]))),
            "messages.1.content.0.input: must be an object",
        ),
        (request(text(json!([{"type": "tool_result"}]))), "messages.1.content.0.tool_use_id: must be a string"),
        (
            request(text(json!([{"type": "tool_result", "tool_use_id": "i", "content": 1}]))),
            "messages.1.content.0.content: must",
        ),
        (
            request(text(json!([{"type": "tool_result", "tool_use_id": "i", "content": [1]}]))),
            "messages.1.content.0.content.0: must",
        ),
        (
            request(text(json!([{"type": "tool_result", "tool_use_id": "i", "is_error": 1}]))),
            "messages.1.content.0.is_error: must",
        ),
        (
            request(text(
                json!([{"type": "tool_result", "tool_use_id": "i", "content": [{"type": "tool_result", "tool_use_id": "j"}]}]),
            )),
            "messages.1.content.0.content.0.type: a tool result cannot",
        ),
    ];
    for (body, start) in rows {
        assert_refused(&body, start);
    }
}

#[test]
fn refusals_name_the_field() {
    let rows = [
        (request(json!({"system": 1})), "system: must be a string or"),
        (request(json!({"system": [{}]})), "system.0.type: is required"),
        (request(json!({"tools": {}})), "tools: must be an array"),
        (request(json!({"tools": [1]})), "tools.0: must be an object"),
        (request(json!({"tools": [{"description": "d"}]})), "tools.0.name: must be a string"),
        (request(json!({"tools": [{"type": "custom"}]})), "tools.0.name: is required"),
        (request(json!({"tools": [{"type": "custom", "name": 1}]})), "tools.0.name: must be a string"),
        (request(json!({"tools": [{"name": "n", "input_schema": []}]})), "tools.0.input_schema: must be an object"),
        (request(json!({"tool_choice": "auto"})), "tool_choice: must be an object"),
        (request(json!({"tool_choice": {}})), "tool_choice.type: must be a string"),
        (request(json!({"tool_choice": {"type": "tool"}})), "tool_choice.name: must be a string"),
        (request(json!({"thinking": true})), "thinking: must be an object"),
        (
            request(json!({"thinking": {"type": "enabled", "budget_tokens": "1"}})),
            "thinking.budget_tokens: must be a whole",
        ),
        (request(json!({"max_tokens": 0})), "max_tokens: must be a whole number of at least 1"),
        (request(json!({"max_tokens": 1.5})), "max_tokens: must be a whole"),
        (request(json!({"max_tokens": "5"})), "max_tokens: must be a whole"),
        (request(json!({"stream": "true"})), "stream: must be true or false"),
        (request(json!({"metadata": "x"})), "metadata: must be an object"),
        (request(json!({"output_config": []})), "output_config: must be an object"),
        (request(json!({"temperature": "0"})), "temperature: must be a number"),
        (request(json!({"stop_sequences": "a"})), "stop_sequences: must be an array"),
        (request(json!({"stop_sequences": ["a", 1]})), "stop_sequences.1: must be a string"),
    ];
    for (body, start) in rows {
        assert_refused(&body, start);
    }
}

fn assert_refused(body: &Tree, start: &str) {
    let message = refused(body);
    assert!(message.starts_with(start), "{body}\n gives {message:?}, not {start:?}");
}

#[test]
fn the_last_of_a_repeated_field_counts() {
    let text = br#"{"model":1,"messages":[],"model":"m","mess\u0061ges":[{"role":"x","role":"user","content":1,"content":""}]}"#;
    let document = Document::parse(text).unwrap();
    let request = MessagesRequest::parse(&document).unwrap();
    assert_eq!(request.messages().next().unwrap().role, Role::User);
}

proptest! {
    /// Whatever is checked is read in full: no message, block or tool goes missing behind an accessor.
    #[test]
    fn what_passes_is_complete(kinds in proptest::collection::vec(0..6_usize, 0..8), roles in proptest::collection::vec("[a-z]{1,9}", 1..5)) {
        let all = [
            json!({"type": "text", "text": "t"}), json!({"type": "new", "x": []}), json!({"type": "thinking", "thinking": ""}),
            json!({"type": "tool_use", "id": "i", "name": "n", "input": {}}), json!({"type": "tool_result", "tool_use_id": "i", "content": []}),
            json!({"type": "text"}),
        ];
        let content: Vec<_> = kinds.iter().map(|kind| all[*kind].clone()).collect();
        let messages: Vec<_> = roles.iter().map(|role| json!({"role": role, "content": content})).collect();
        let text = request(json!({"messages": messages, "system": content})).to_string();
        let document = Document::parse(text.as_bytes()).unwrap();
        match MessagesRequest::parse(&document) {
            Err(error) => prop_assert!(kinds.contains(&5), "{}", error),
            Ok(request) => {
                prop_assert!(!kinds.contains(&5));
                prop_assert_eq!(request.messages().count(), roles.len());
                prop_assert!(request.messages().all(|message| message.content().count() == kinds.len()));
                prop_assert_eq!(request.system().count(), kinds.len());
            }
        }
    }
}
