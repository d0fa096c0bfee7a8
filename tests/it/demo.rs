//! `ccr start --demo`: the first request is answered without a config, a key or a network.

use gateway_tests::Setup;
use serde_json::{Value, json};

use crate::support::{ask, ask_stream, text_of, with};

fn tools() -> Value {
    json!([{"name": "Bash", "description": "Runs a command.", "input_schema": {"type": "object", "properties": {"command": {"type": "string"}}}}])
}

#[tokio::test]
async fn it_answers_without_a_config() {
    let gateway = Setup::without_config().argument("--demo").start().await;
    let whole = gateway.messages(&ask("hello there")).await;
    assert_eq!((whole.status, whole.header("x-ccr-provider")), (200, "demo"));
    let whole = whole.json().await;
    assert!(text_of(&whole).contains("hello there"), "{whole}");
    let streamed = gateway.messages(&ask_stream("hello there")).await.transcript().await.message();
    assert_eq!(text_of(&streamed), text_of(&whole));
    let models = gateway.client().get("/v1/models").await.json().await;
    assert!(models.to_string().contains("demo"), "{models}");
    let stopped = gateway.stop().await;
    assert_eq!(stopped.code, Some(0), "{}", stopped.log);
}

#[tokio::test]
async fn it_plays_a_short_conversation_with_a_tool() {
    let gateway = Setup::without_config().argument("--demo").start().await;
    let body = with(ask_stream("please use a tool"), "tools", tools());
    let first = gateway.messages(&body).await.transcript().await.message();
    assert_eq!(first["stop_reason"], "tool_use");
    let call = first["content"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&call["type"], &call["name"]), (&json!("tool_use"), &json!("Bash")));
    assert!(call["input"]["command"].as_str().is_some(), "{call}");

    let mut messages = body["messages"].as_array().unwrap().clone();
    messages.push(json!({"role": "assistant", "content": first["content"]}));
    let result = json!({"type": "tool_result", "tool_use_id": call["id"], "content": "the result"});
    messages.push(json!({"role": "user", "content": [result]}));
    let body = with(body, "messages", json!(messages));
    let second = gateway.messages(&body).await.transcript().await.message();
    assert_eq!(second["stop_reason"], "end_turn");
    assert!(text_of(&second).contains("the result"), "{second}");
}
