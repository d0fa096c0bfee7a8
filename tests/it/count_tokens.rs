//! `POST /v1/messages/count_tokens`, and the count that plugins are told.

use gateway_tests::client::Request;
use gateway_tests::gateway::openai_config;
use gateway_tests::upstream::openai;
use gateway_tests::{FakeUpstream, Setup, TestGateway, artifacts};
use serde_json::{Value, json};

use crate::support::{ask, with};

const PATH: &str = "/v1/messages/count_tokens";

/// Six tokens in `cl100k_base`: Hello · , · w · ör · ld · !
const TEXT: &str = "Hello, wörld!";
const CL100K: u64 = 6;

async fn counted(gateway: &TestGateway, body: &Value) -> Value {
    let answer = gateway.client().send(&Request::post(PATH, body)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "application/json");
    assert!(answer.header("request-id").starts_with("req_"));
    answer.json().await
}

fn question(text: &str) -> Value {
    json!({"model": "claude-test", "messages": [{"role": "user", "content": text}]})
}

#[tokio::test]
async fn a_request_is_counted_without_asking_anybody() {
    let upstream = FakeUpstream::start().await;
    let gateway = Setup::openai(&upstream).start().await;
    assert_eq!(counted(&gateway, &question(TEXT)).await, json!({"input_tokens": CL100K}));
    let rich = json!({
        "model": "up,m",
        "system": [{"type": "text", "text": TEXT}],
        "tools": [{"name": TEXT, "description": TEXT, "input_schema": {"type": "object"}}],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": TEXT}]},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": TEXT, "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": TEXT}]},
        ],
    });
    // Six texts, `{"type":"object"}` and `{}`.
    let schema = counted(&gateway, &question(r#"{"type":"object"}"#)).await["input_tokens"].as_u64().unwrap();
    assert_eq!(counted(&gateway, &rich).await, json!({"input_tokens": 6 * CL100K + schema + 1}));
    // The client counts before it knows how much it wants back.
    assert_eq!(counted(&gateway, &with(question(TEXT), "max_tokens", json!(5))).await["input_tokens"], CL100K);
    let stopped = gateway.stop().await;
    assert!(stopped.records.is_empty(), "{:?}", stopped.records);
}

#[tokio::test]
async fn each_model_has_its_tokenizer() {
    let mut config = openai_config("http://127.0.0.1:9");
    config["Providers"][0]["models"] = json!(["m", "n"]);
    config["Providers"][0]["tokenizer"] =
        json!({"default": "p50k_base", "models": {"n": {"type": "tiktoken", "encoding": "o200k_base"}}});
    let mut other = config["Providers"][0].clone();
    other["name"] = json!("other");
    other["tokenizer"] = Value::Null;
    config["Providers"].as_array_mut().unwrap().push(other);
    let gateway = Setup::config(&config).start().await;
    let text = "数え方はモデルによって違います。";
    let of = async |model: &str| {
        counted(&gateway, &with(question(text), "model", json!(model))).await["input_tokens"].clone()
    };
    let (p50k, o200k, cl100k) = (of("up,m").await, of("up,n").await, of("other,m").await);
    assert!(p50k.as_u64() > cl100k.as_u64() && cl100k.as_u64() > o200k.as_u64(), "{p50k} {cl100k} {o200k}");
    // Where the router would send it.
    assert_eq!(of("claude-test").await, p50k);
}

#[tokio::test]
async fn mistakes_are_told_in_anthropics_way() {
    let upstream = FakeUpstream::start().await;
    let mut config = openai_config(&upstream.base_url());
    config["APIKEY"] = json!("sk-client-secret");
    let gateway = Setup::config(&config).start().await;
    let stranger = gateway.client().send(&Request::post(PATH, &question("hi"))).await;
    assert_eq!(stranger.status, 401);
    assert_eq!(stranger.error().await.0, "authentication_error");
    let client = gateway.client().with_header("x-api-key", "sk-client-secret");
    let bodies = [
        (json!({"model": "m"}), "messages"),
        (json!({"messages": [{"role": "user", "content": "hi"}]}), "model"),
        (
            json!({"model": "m", "messages": [{"role": "user", "content": [{"type": "text"}]}]}),
            "messages.0.content.0.text",
        ),
    ];
    for (body, wanted) in bodies {
        let answer = client.send(&Request::post(PATH, &body)).await;
        assert_eq!(answer.status, 400, "{body}");
        let (kind, message) = answer.error().await;
        assert_eq!(kind, "invalid_request_error");
        assert!(message.contains(wanted), "{message}");
    }
    let broken = client.send(&Request::new("POST", PATH).body("{\"model\":")).await;
    assert_eq!((broken.status, broken.error().await.0.as_str()), (400, "invalid_request_error"));
    let unknown = client.send(&Request::post(PATH, &with(question("hi"), "model", json!("nobody,m")))).await;
    assert_eq!((unknown.status, unknown.error().await.0.as_str()), (404, "not_found_error"));
    let got = client.get(PATH).await;
    assert_eq!((got.status, got.header("allow")), (405, "POST"));
}

#[tokio::test]
async fn plugins_are_told_the_count() {
    let upstream = FakeUpstream::always(openai::text("hi")).await;
    let mut config = openai_config(&upstream.base_url());
    let mut other = config["Providers"][0].clone();
    other["name"] = json!("other");
    config["Providers"].as_array_mut().unwrap().push(other);
    config["CUSTOM_ROUTER_PATH"] = json!(artifacts::component("hostile/hostile-lie-router"));
    config["plugins"] = json!([{"name": "hostile-lie-router", "options": {"lie": "count"}}]);
    let gateway = Setup::config(&config).start().await;
    // Large enough to be counted aside, within a call out of the sandbox.
    for (text, tokens) in [(TEXT.to_owned(), CL100K), (format!("{TEXT}\n").repeat(20_000), 20_000 * CL100K)] {
        let answer = gateway.messages(&ask(&text)).await;
        assert_eq!(answer.status, 200);
        let reason = answer.header("x-ccr-route-reason");
        assert!(reason.contains(&format!("{tokens} tokens")), "{reason}");
    }
}
