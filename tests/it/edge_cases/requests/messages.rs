//! "Request: messages".

use serde_json::{Value, json};

use super::{Row, all, holds};

const CALL: &str = "toolu_kT3vQz8wLm01";

const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

fn conversation(messages: Value) -> Value {
    json!({"messages": messages, "tools": [{"name": "add", "input_schema": {"type": "object", "properties": {}}}]})
}

fn uses(id: &str) -> Value {
    json!({"type": "tool_use", "id": id, "name": "add", "input": {"a": 1}})
}

/// A call and this result of it.
fn result(more: Value) -> Value {
    let mut result = json!({"type": "tool_result", "tool_use_id": CALL});
    result.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    conversation(json!([
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": [uses(CALL)]},
        {"role": "user", "content": [result]},
    ]))
}

fn picture(source: Value) -> Value {
    conversation(
        json!([{"role": "user", "content": [{"type": "text", "text": "look"}, {"type": "image", "source": source}]}]),
    )
}

/// The messages of this role, as Chat Completions have them.
fn of_role<'a>(sent: &'a Value, role: &str) -> Vec<&'a Value> {
    sent["messages"].as_array().unwrap().iter().filter(|message| message["role"] == role).collect()
}

/// The text of the only result.
fn told(sent: &Value) -> &str {
    of_role(sent, "tool")[0]["content"].as_str().unwrap_or("no text")
}

/// The text of a message, in one string or in parts.
fn text(message: &Value) -> String {
    let parts = message["content"].as_array().into_iter().flatten();
    let parts = parts.map(|part| part["text"].as_str().unwrap_or_default());
    message["content"].as_str().map_or_else(|| parts.collect(), str::to_owned)
}

#[tokio::test]
async fn system_prompts() {
    let block = |text: &str| json!({"type": "text", "text": text, "cache_control": {"type": "ephemeral"}});
    let rows: Vec<Row> = vec![
        ("system: a string", "chat", json!({"system": "Be brief."}), |sent| text(&sent["messages"][0]) == "Be brief."),
        ("system: none in the list", "chat", json!({"system": []}), |sent| sent["messages"][0]["role"] == "user"),
        ("system: an empty text", "chat", json!({"system": [{"type": "text", "text": ""}]}), |sent| {
            sent["messages"][0]["role"] == "user"
        }),
        ("system: three blocks", "chat", json!({"system": [block("One."), block("Two."), block("Three.")]}), |sent| {
            let system = text(&sent["messages"][0]);
            ["One.", "Two.", "Three."].iter().all(|part| system.contains(part)) && !holds(sent, "cache_control")
        }),
        (
            "system: three blocks, Gemini",
            "gemini",
            json!({"system": [block("One."), block("Two."), block("Three.")]}),
            |sent| {
                sent["systemInstruction"]["parts"].as_array().is_some_and(|parts| parts.len() == 3)
                    && !holds(sent, "cache_control")
            },
        ),
        (
            "system: in mid-conversation",
            "chat",
            conversation(json!([
                {"role": "user", "content": "go"},
                {"role": "assistant", "content": "gone"},
                {"role": "system", "content": "From now on, be brief."},
                {"role": "user", "content": "go on"},
            ])),
            |sent| holds(sent, "From now on, be brief."),
        ),
        (
            "system: in mid-conversation, Gemini",
            "gemini",
            conversation(json!([
                {"role": "user", "content": "go"},
                {"role": "system", "content": "From now on, be brief."},
            ])),
            |sent| holds(sent, "From now on, be brief."),
        ),
    ];
    all(rows).await;
}

#[tokio::test]
async fn results_of_tools() {
    let image = || json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}});
    let both = || json!({"content": [{"type": "text", "text": "one, "}, {"type": "text", "text": "two"}]});
    let rows: Vec<Row> = vec![
        ("tool_result: a string", "chat", result(json!({"content": "3"})), |sent| told(sent) == "3"),
        ("tool_result: blocks of text", "chat", result(both()), |sent| {
            told(sent).starts_with("one, ") && told(sent).ends_with("two") && !told(sent).contains('{')
        }),
        ("tool_result: an empty list", "chat", result(json!({"content": []})), |sent| told(sent) != "no text"),
        ("tool_result: missing", "chat", result(json!({})), |sent| told(sent) != "no text"),
        ("tool_result: an error", "chat", result(json!({"content": "no such file", "is_error": true})), |sent| {
            told(sent).contains("no such file") && told(sent).to_lowercase().contains("error")
        }),
        (
            "tool_result: an image",
            "chat",
            result(json!({"content": [{"type": "text", "text": "see"}, image()]})),
            |sent| {
                let last = sent["messages"].as_array().unwrap().last().unwrap();
                told(sent).starts_with("see") && last["role"] == "user" && last.to_string().contains(PNG)
            },
        ),
    ];
    all(rows).await;
}

#[tokio::test]
async fn results_that_do_not_match_their_calls() {
    let rows: Vec<Row> = vec![
        (
            "a result without its call",
            "chat",
            conversation(json!([
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": CALL, "content": "lost"}]},
            ])),
            |sent| of_role(sent, "tool").is_empty() && text(of_role(sent, "user")[0]).contains("lost"),
        ),
        (
            "a call without its result",
            "chat",
            conversation(json!([
                {"role": "user", "content": "go"},
                {"role": "assistant", "content": [uses(CALL)]},
                {"role": "user", "content": "go on"},
            ])),
            |sent| of_role(sent, "tool").len() == 1,
        ),
        (
            "the same id in two turns",
            "chat",
            conversation(json!([
                {"role": "user", "content": "go"},
                {"role": "assistant", "content": [uses(CALL)]},
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": CALL, "content": "first"}]},
                {"role": "assistant", "content": [uses(CALL)]},
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": CALL, "content": "second"}]},
            ])),
            |sent| {
                let told: Vec<String> = of_role(sent, "tool").into_iter().map(text).collect();
                told == ["first", "second"]
            },
        ),
        (
            "two results of one call",
            "chat",
            conversation(json!([
                {"role": "user", "content": "go"},
                {"role": "assistant", "content": [uses(CALL)]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": CALL, "content": "first"},
                    {"type": "tool_result", "tool_use_id": CALL, "content": "second"},
                ]},
            ])),
            |sent| of_role(sent, "tool").len() == 1,
        ),
    ];
    all(rows).await;
}

#[tokio::test]
async fn turns_of_the_assistant() {
    let quiet = || result(json!({"content": "3"}));
    let rows: Vec<Row> = vec![
        ("calls and no text: null", "chat", quiet(), |sent| sent["messages"][1].get("content") == Some(&Value::Null)),
        ("calls and no text: an empty text", "chat-empty", quiet(), |sent| sent["messages"][1]["content"] == ""),
        ("calls and no text: nothing", "chat-omit", quiet(), |sent| sent["messages"][1].get("content").is_none()),
        (
            "text in several blocks",
            "chat",
            conversation(json!([
                {"role": "user", "content": "go"},
                {"role": "assistant", "content": [{"type": "text", "text": "one, "}, {"type": "text", "text": "two"}]},
                {"role": "user", "content": "go on"},
            ])),
            |sent| text(&sent["messages"][1]).starts_with("one, ") && text(&sent["messages"][1]).ends_with("two"),
        ),
        (
            "white space at the end of a last turn",
            "claude",
            conversation(json!([
                {"role": "user", "content": "go"},
                {"role": "assistant", "content": "I will \n"},
            ])),
            |sent| text(&sent["messages"][1]) == "I will",
        ),
        (
            "a text of nothing but white space",
            "claude",
            conversation(json!([
                {"role": "user", "content": "go"},
                {"role": "assistant", "content": [{"type": "text", "text": "\n\n"}, uses(CALL)]},
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": CALL, "content": "3"}]},
            ])),
            |sent| sent["messages"][1]["content"].as_array().is_some_and(|blocks| blocks.len() == 1),
        ),
    ];
    all(rows).await;
}

#[tokio::test]
async fn images() {
    let base64 = |kind: &str, data: &str| picture(json!({"type": "base64", "media_type": kind, "data": data}));
    let prefixed = format!("data:image/png;base64,{PNG}");
    let rows: Vec<Row> = vec![
        ("image: base64", "chat", base64("image/png", PNG), |sent| {
            sent["messages"][0]["content"][1]["image_url"]["url"] == format!("data:image/png;base64,{PNG}")
        }),
        ("image: an address", "chat", picture(json!({"type": "url", "url": "https://images.invalid/a.png"})), |sent| {
            sent["messages"][0]["content"][1]["image_url"]["url"] == "https://images.invalid/a.png"
        }),
        ("image: a data URL within the data", "chat", base64("image/png", &prefixed), |sent| {
            sent.to_string().matches("base64,").count() == 1
        }),
        ("image: a data URL within the data, Gemini", "gemini", base64("image/png", &prefixed), |sent| {
            !holds(sent, "base64,") && holds(sent, PNG)
        }),
        // What the provider cannot read it refuses itself, or a line says what was there.
        ("image: another media type", "gemini", base64("image/tiff", PNG), |sent| holds(sent, "tiff")),
    ];
    all(rows).await;
}

#[tokio::test]
async fn marks_for_caches() {
    let mark = || json!({"type": "ephemeral"});
    let marked = || {
        json!({
            "system": [{"type": "text", "text": "Be brief.", "cache_control": mark()}],
            "tools": [{"name": "add", "input_schema": {"type": "object"}, "cache_control": mark()}],
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "go", "cache_control": mark()}]},
                {"role": "assistant", "content": [{"type": "tool_use", "id": CALL, "name": "add", "input": {}, "cache_control": mark()}]},
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": CALL, "content": "3", "cache_control": mark()}]},
            ],
        })
    };
    let rows: Vec<Row> = vec![
        ("cache_control, OpenAI", "chat", marked(), |sent| !holds(sent, "cache_control")),
        ("cache_control, Responses", "responses", marked(), |sent| !holds(sent, "cache_control")),
        ("cache_control, Gemini", "gemini", marked(), |sent| !holds(sent, "cache_control")),
        ("cache_control, Anthropic", "claude", marked(), |sent| sent.to_string().matches("cache_control").count() >= 4),
    ];
    all(rows).await;
}
