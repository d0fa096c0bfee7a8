//! A format of clients from the plugins folder: it serves its paths, tells errors in its own words, and where it misbehaves it is
//! stopped and named, alone in its trouble.

use gateway_tests::gateway::openai_config;
use gateway_tests::upstream::openai;
use gateway_tests::{FakeUpstream, Gate, Request, Script, Setup, TestGateway};
use serde_json::{Value, json};

use crate::support::ask;

async fn gateway() -> (FakeUpstream, TestGateway) {
    let upstream = FakeUpstream::start().await;
    upstream.otherwise(|request| match request.json()["stream"] == true {
        true => openai::text_stream(&["all ", "well"]),
        false => openai::text("all well"),
    });
    let setup = Setup::config(&openai_config(&upstream.base_url()));
    let gateway = setup.plugin("hostile/hostile-format").start().await;
    (upstream, gateway)
}

async fn post(gateway: &TestGateway, path: &str, body: &Value) -> gateway_tests::Answer {
    gateway.client().send(&Request::post(path, body)).await
}

#[tokio::test]
async fn it_serves_its_paths_and_no_others() {
    let (_upstream, gateway) = gateway().await;
    let answer = post(&gateway, "/hostile/well", &ask("hi")).await.expect(200).await;
    assert_eq!(answer.header("content-type"), "text/plain");
    assert!(!answer.header("x-ccr-route-reason").is_empty());
    assert_eq!(answer.text().await, "all well");
    // The host's own path and a built-in format's stay theirs.
    let answer = post(&gateway, "/v1/messages", &ask("hi")).await.expect(200).await;
    assert_eq!(answer.json().await["type"], "message");
    let chat = json!({"model": "up,m", "messages": [{"role": "user", "content": "hi"}]});
    let answer = post(&gateway, "/v1/chat/completions", &chat).await.expect(200).await;
    assert_eq!(answer.json().await["object"], "chat.completion");
    post(&gateway, "/elsewhere", &ask("hi")).await.expect(404).await;
}

#[tokio::test]
async fn errors_are_in_its_own_words() {
    let (_upstream, gateway) = gateway().await;
    let mut body = ask("hi");
    body["model"] = json!("nobody,m");
    let answer = post(&gateway, "/hostile/well", &body).await;
    assert!((400..500).contains(&answer.status), "{}", answer.status);
    let text = answer.text().await;
    assert!(text.starts_with("sorry: ") && text.contains("nobody"), "{text}");
}

#[tokio::test]
async fn where_it_fails_before_the_answer_the_client_hears_its_name() {
    for path in ["trap-decode", "spin-decode", "nonsense-decode", "trap-encode", "status", "trap-error", "huge-push"] {
        let (_upstream, gateway) = gateway().await;
        let answer = post(&gateway, &format!("/hostile/{path}"), &ask("hi")).await;
        assert_eq!(answer.status, 500, "{path}");
        let text = answer.text().await;
        assert!(text.contains("hostile-format"), "{path}: {text}");
        gateway.messages(&ask("hi")).await.expect(200).await;
    }
}

#[tokio::test]
async fn where_it_fails_in_a_stream_the_stream_does_not_look_finished() {
    let gate = Gate::new();
    let script = Script::stream().data(&openai::text_chunk("all ")).wait(&gate).data(&openai::text_chunk("well"));
    let upstream = FakeUpstream::always(script).await;
    let setup = Setup::config(&openai_config(&upstream.base_url()));
    let gateway = setup.plugin("hostile/hostile-format").start().await;
    let mut answer = post(&gateway, "/hostile/trap-push", &ask("hi")).await.expect(200).await;
    let mut text = answer.piece().await.unwrap();
    gate.open();
    while let Some(piece) = answer.piece().await {
        text.extend(piece);
    }
    assert_eq!(String::from_utf8_lossy(&text), "all ");
    let stopped = gateway.stop().await;
    let record = stopped.record();
    assert_eq!(record["outcome"], "failed", "{record}");
    assert!(record["error"]["message"].as_str().unwrap().contains("hostile-format"), "{record}");
}
