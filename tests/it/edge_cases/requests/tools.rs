//! "Request: tools and parameters".

use serde_json::{Value, json};

use super::{Desk, Row, all, holds};

fn tool(schema: Value) -> Value {
    json!({"tools": [{"name": "add", "description": "Adds.", "input_schema": schema}]})
}

/// With the usual tool.
fn with_tool(more: Value) -> Value {
    let mut request = tool(json!({"type": "object", "properties": {"a": {"type": "integer"}}}));
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    request
}

/// The schema that Gemini gets.
fn declared(sent: &Value) -> &Value {
    let function = &sent["tools"][0]["functionDeclarations"][0];
    let both = [&function["parametersJsonSchema"], &function["parameters"]];
    both.into_iter().find(|schema| schema.is_object()).unwrap_or(&Value::Null)
}

/// Whether the function that OpenAI's format gets has a schema of an object.
fn is_function(sent: &Value) -> bool {
    let function = &sent["tools"][0]["function"];
    function["name"] == "add" && function.get("parameters").is_none_or(|schema| schema["type"] == "object")
}

/// Keywords and values of a schema that its API refuses.
const UNKNOWN_TO_GEMINI: &[&str] = &[
    "\"$schema\"",
    "\"$id\"",
    "\"$ref\"",
    "\"$defs\"",
    "\"exclusiveMinimum\"",
    "\"multipleOf\"",
    "\"propertyNames\"",
    "\"patternProperties\"",
    "\"additionalProperties\"",
    "\"uuid\"",
    "[\"\"]",
];

#[tokio::test]
async fn schemas() {
    let bare = |tool: Value| json!({"tools": [tool]});
    let named = json!({"type": "object", "properties": {
        "$schema": {"type": "string"}, "title": {"type": "string"}, "format": {"type": "string"}, "type": {"type": "string"},
    }, "required": ["type"]});
    let rows: Vec<Row> = vec![
        (
            "a tool without a description",
            "chat",
            bare(json!({"name": "add", "input_schema": {"type": "object"}})),
            is_function,
        ),
        ("a tool without a schema", "chat", bare(json!({"name": "add"})), is_function),
        ("a schema that is empty", "chat", tool(json!({})), is_function),
        ("a schema without properties", "chat", tool(json!({"type": "object"})), is_function),
        ("a schema without properties, Gemini", "gemini", tool(json!({"type": "object"})), |sent| {
            sent["tools"][0]["functionDeclarations"][0]["name"] == "add"
        }),
        (
            "keywords that Gemini does not know",
            "gemini",
            tool(json!({
                "$schema": "http://json-schema.org/draft-07/schema#", "$id": "x", "type": "object",
                "$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}},
                "properties": {
                    "node": {"$ref": "#/$defs/node"}, "n": {"type": "number", "exclusiveMinimum": 0, "multipleOf": 2},
                    "const": {"const": "x"}, "either": {"type": ["string", "null"], "format": "uuid"},
                    "one": {"oneOf": [{"type": "string"}, {"type": "integer"}]}, "map": {"type": "object", "patternProperties": {"^a": {"type": "string"}}, "propertyNames": {"maxLength": 5}},
                    "kind": {"type": "string", "enum": [""]}, "level": {"type": "integer", "enum": [1, 2]},
                }, "additionalProperties": false,
            })),
            |sent| {
                let schema = declared(sent);
                schema["properties"]["node"].is_object() && UNKNOWN_TO_GEMINI.iter().all(|word| !holds(schema, word))
            },
        ),
        ("properties named like keywords", "gemini", tool(named), |sent| {
            let properties = &declared(sent)["properties"];
            ["$schema", "title", "format", "type"].iter().all(|name| properties[*name].is_object())
        }),
        (
            "input_examples, OpenAI",
            "chat",
            bare(json!({
                "name": "add", "input_schema": {"type": "object"}, "input_examples": [{"a": 1}],
            })),
            |sent| !holds(sent, "input_examples"),
        ),
    ];
    all(rows).await;
}

#[tokio::test]
async fn server_tools() {
    let search = || {
        json!({"tools": [
            {"type": "web_search_20250305", "name": "web_search", "max_uses": 5, "allowed_domains": ["a.invalid"], "blocked_domains": []},
            {"name": "add", "input_schema": {"type": "object"}},
        ]})
    };
    let rows: Vec<Row> = vec![
        ("a server tool, OpenAI", "chat", search(), |sent| {
            sent["tools"].as_array().is_some_and(|tools| tools.len() == 1) && is_function(sent)
        }),
        ("a server tool with an empty list, Responses", "responses", search(), |sent| {
            sent["tools"].as_array().unwrap().iter().all(|tool| tool["type"] != "function" || tool["name"] == "add")
                && !holds(sent, "blocked_domains")
        }),
    ];
    all(rows).await;
}

#[tokio::test]
async fn more_tools_than_there_may_be() {
    let desk = Desk::open().await;
    let many = |count: usize| {
        let tools = (0..count).map(|number| json!({"name": format!("t{number}"), "input_schema": {"type": "object"}}));
        json!({"tools": tools.collect::<Vec<_>>()})
    };
    let (status, text, sent) = desk.send("chat-128", &many(129)).await;
    assert_eq!((status, sent), (400, None), "{text}");
    assert!(text.contains("128") && text.contains("invalid_request_error"), "{text}");
    let (status, text, sent) = desk.send("chat-128", &many(128)).await;
    assert_eq!(status, 200, "{text}");
    assert_eq!(sent.unwrap()["tools"].as_array().unwrap().len(), 128);
}

#[tokio::test]
async fn choices_of_tools() {
    let choice = |choice: Value| with_tool(json!({"tool_choice": choice}));
    let rows: Vec<Row> = vec![
        ("tool_choice auto", "chat", choice(json!({"type": "auto"})), |sent| {
            sent.get("tool_choice").is_none_or(|choice| choice == "auto")
        }),
        ("tool_choice any", "chat", choice(json!({"type": "any"})), |sent| sent["tool_choice"] == "required"),
        ("tool_choice tool", "chat", choice(json!({"type": "tool", "name": "add"})), |sent| {
            sent["tool_choice"] == json!({"type": "function", "function": {"name": "add"}})
        }),
        ("tool_choice none", "chat", choice(json!({"type": "none"})), |sent| sent["tool_choice"] == "none"),
        (
            "disable_parallel_tool_use",
            "chat",
            choice(json!({"type": "auto", "disable_parallel_tool_use": true})),
            |sent| sent["parallel_tool_calls"] == false,
        ),
        ("tool_choice without tools", "chat", json!({"tool_choice": {"type": "auto"}}), |sent| {
            sent.get("tool_choice").is_none() && sent.get("tools").is_none()
        }),
    ];
    all(rows).await;
}

#[tokio::test]
async fn parameters() {
    let sampling =
        || json!({"stop_sequences": ["END"], "top_p": 0.5, "top_k": 3, "temperature": 0, "metadata": {"user_id": "u"}});
    let unknown = || {
        json!({"context_management": {"edits": []}, "output_config": {"effort": "low"}, "betas": ["x"],
        "service_tier": "auto", "container": "c"})
    };
    let rows: Vec<Row> = vec![
        ("sampling, OpenAI", "chat", sampling(), |sent| {
            sent["stop"] == json!(["END"])
                && sent["top_p"] == 0.5
                && sent["temperature"].as_f64() == Some(0.0)
                && sent.get("top_k").is_none()
        }),
        ("sampling, Gemini", "gemini", sampling(), |sent| {
            let config = &sent["generationConfig"];
            config["stopSequences"] == json!(["END"])
                && config["topK"] == 3
                && config["temperature"].as_f64() == Some(0.0)
        }),
        (
            "the limit, and no temperature, of GPT-5",
            "chat-gpt",
            json!({"temperature": 0.5, "max_tokens": 100}),
            |sent| {
                sent["max_completion_tokens"] == 100
                    && sent.get("max_tokens").is_none()
                    && sent.get("temperature").is_none()
            },
        ),
        ("fields that only Anthropic knows", "chat", unknown(), |sent| {
            ["context_management", "output_config", "betas", "container"].iter().all(|name| sent.get(*name).is_none())
        }),
        (
            "calls without signatures, Gemini",
            "gemini",
            with_tool(json!({"messages": [
                {"role": "user", "content": "go"},
                {"role": "assistant", "content": [
                    {"type": "tool_use", "id": "toolu_kT3vQz8wLm01", "name": "add", "input": {"a": 1}},
                    {"type": "tool_use", "id": "toolu_Yb6uRn2cPx02", "name": "add", "input": {"a": 2}},
                ]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "toolu_kT3vQz8wLm01", "content": "1"},
                    {"type": "tool_result", "tool_use_id": "toolu_Yb6uRn2cPx02", "content": "2"},
                ]},
            ]})),
            |sent| {
                let parts = sent["contents"][1]["parts"].as_array().unwrap();
                let signed: Vec<bool> = parts.iter().map(|part| part["thoughtSignature"].is_string()).collect();
                signed == [true, false]
            },
        ),
    ];
    all(rows).await;
}
