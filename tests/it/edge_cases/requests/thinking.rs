//! "Request: thinking".

use serde_json::{Value, json};

use super::{Row, all, holds};

/// As Anthropic signs: base64 of a message of its own.
const SIGNED: &str = "RXJVQkNrWUlCeGdDS2tEbWFkZSB1cCBmb3IgdGhpcyB0ZXN0LCBidXQgb2YgYSBsaWtlbHkgbGVuZ3RoIGFuZCBzaGFwZQ==";

/// White space that nobody would write again in the same way.
const ODD: &str = "  I add.\n\n\t\u{a0}Then… ";

/// A conversation with this block of reasoning before a call.
fn thought(block: Value) -> Value {
    json!({
        "thinking": {"type": "enabled", "budget_tokens": 2048},
        "tools": [{"name": "add", "input_schema": {"type": "object", "properties": {}}}],
        "messages": [
            {"role": "user", "content": "go"},
            {"role": "assistant", "content": [block, {"type": "tool_use", "id": "toolu_kT3vQz8wLm01", "name": "add", "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_kT3vQz8wLm01", "content": "3"}]},
        ],
    })
}

fn signed(signature: &str) -> Value {
    thought(json!({"type": "thinking", "thinking": ODD, "signature": signature}))
}

fn redacted() -> Value {
    thought(json!({"type": "redacted_thinking", "data": SIGNED}))
}

#[tokio::test]
async fn request_thinking() {
    let effort = || json!({"thinking": {"type": "adaptive"}, "output_config": {"effort": "xhigh"}});
    let rows: Vec<Row> = vec![
        ("reasoning in the history, plain OpenAI", "chat", signed(SIGNED), |sent| {
            let words = ["reasoning_content", "thinking", "I add."];
            words.iter().all(|word| !holds(sent, word))
        }),
        ("reasoning in the history, a provider that wants it back", "chat-replays", signed("ccr1:openai:x"), |sent| {
            sent["messages"][1]["reasoning_content"] == ODD
        }),
        ("a signature of another provider", "claude", signed("ccr1:gemini:Q3BjQw=="), |sent| {
            !holds(sent, "I add.") && !holds(sent, "ccr1:")
        }),
        ("Anthropic's own signature, odd white space", "claude", signed(SIGNED), |sent| {
            let block = &sent["messages"][1]["content"][0];
            block["thinking"] == ODD && block["signature"] == SIGNED
        }),
        ("redacted_thinking, Anthropic", "claude", redacted(), |sent| {
            sent["messages"][1]["content"][0] == json!({"type": "redacted_thinking", "data": SIGNED})
        }),
        ("redacted_thinking, OpenAI", "chat", redacted(), |sent| !holds(sent, SIGNED)),
        ("redacted_thinking, Responses", "responses", redacted(), |sent| !holds(sent, SIGNED)),
        ("redacted_thinking, Gemini", "gemini", redacted(), |sent| !holds(sent, SIGNED)),
        (
            "an empty thinking with a signature",
            "claude",
            thought(json!({"type": "thinking", "thinking": "", "signature": SIGNED})),
            // Newer models do not show their reasoning: the signature is all there is, and Anthropic takes it back so.
            |sent| sent["messages"][1]["content"][0]["thinking"] == "" && holds(sent, SIGNED),
        ),
        ("effort xhigh without a budget, Responses", "responses", effort(), |sent| {
            let effort = sent["reasoning"]["effort"].as_str();
            matches!(effort, Some("high" | "xhigh"))
        }),
        ("effort xhigh without a budget, OpenAI", "chat-gpt", effort(), |sent| {
            matches!(sent["reasoning_effort"].as_str(), Some("high" | "xhigh"))
        }),
        ("effort xhigh without a budget, Gemini", "gemini", effort(), |sent| {
            let level = sent["generationConfig"]["thinkingConfig"]["thinkingLevel"].as_str();
            level.is_some_and(|level| level.eq_ignore_ascii_case("high"))
        }),
        (
            "a budget above the limit that was lowered here",
            "claude-1500",
            json!({"thinking": {"type": "enabled", "budget_tokens": 9000}}),
            |sent| sent["thinking"]["budget_tokens"].as_u64() < sent["max_tokens"].as_u64(),
        ),
    ];
    all(rows).await;
}
