//! The example of an agent, dropped into the plugins folder: what it is told in one request it knows in another, if it may keep it.

use gateway_tests::gateway::openai_config;
use gateway_tests::upstream::openai;
use gateway_tests::{FakeUpstream, Format, Script, Setup, TestGateway};
use serde_json::{Value, json};

use crate::support::{ask, with};

async fn start(upstream: &FakeUpstream, plugins: Value) -> TestGateway {
    let config = with(with(openai_config(&upstream.base_url()), "agents", json!(["memory"])), "plugins", plugins);
    Setup::config(&config).plugin("examples/memory-agent").start().await
}

fn call(name: &str, input: &Value) -> Script {
    let call = openai::tool_call("call_0", name, input);
    Script::json(
        200,
        &openai::completion(json!({"role": "assistant", "content": null, "tool_calls": [call]}), "tool_calls"),
    )
}

/// A request with a tool of the client's own; the agent leaves those without any alone.
fn with_tools(text: &str) -> Value {
    with(ask(text), "tools", json!([{"name": "clients", "input_schema": {"type": "object"}}]))
}

/// What the model read as the result of its last call.
fn told(upstream: &FakeUpstream) -> String {
    Format::Chat.read(upstream.requests().last().unwrap()).results.last().unwrap().1.clone()
}

#[tokio::test]
async fn what_is_remembered_in_one_request_is_recalled_in_another() {
    let upstream = FakeUpstream::start().await;
    let gateway = start(&upstream, json!([{"name": "memory", "grants": {"kv": true}}])).await;
    upstream.next(call("remember", &json!({"key": "editor", "value": "helix"})));
    upstream.next(openai::text("Noted."));
    let answer = gateway.messages(&with_tools("I use helix")).await.expect(200).await.json().await;
    assert_eq!(answer["content"], json!([{"type": "text", "text": "Noted."}]));
    assert_eq!(told(&upstream), "`editor` is remembered.");

    upstream.next(call("recall", &json!({"key": "editor"})));
    upstream.next(openai::text("helix"));
    gateway.messages(&with_tools("which editor?")).await.expect(200).await;
    assert_eq!(told(&upstream), "helix");
    let offered = Format::Chat.read(&upstream.requests()[0]).tools;
    assert_eq!(offered, ["clients", "remember", "recall"]);
}

#[tokio::test]
async fn without_the_grant_the_model_is_told_and_nothing_breaks() {
    let upstream = FakeUpstream::start().await;
    let gateway = start(&upstream, json!([])).await;
    upstream.next(call("remember", &json!({"key": "editor", "value": "helix"})));
    upstream.next(openai::text("I have no memory."));
    let answer = gateway.messages(&with_tools("I use helix")).await.expect(200).await.json().await;
    assert_eq!(answer["content"][0]["text"], "I have no memory.");
    assert!(told(&upstream).contains("kv: true"), "{}", told(&upstream));
}
