//! What clients get wrong.

use gateway_tests::upstream::openai;
use gateway_tests::{Answer, FakeUpstream, Request, Setup, TestGateway};
use serde_json::{Value, json};

use super::{failed, keeps_secrets};
use crate::support::{ask, ask_model, with};

async fn gateway() -> (FakeUpstream, TestGateway) {
    let upstream = FakeUpstream::always(openai::text("never asked for")).await;
    let gateway = Setup::openai(&upstream).start().await;
    (upstream, gateway)
}

/// The message of an error with this status and type.
async fn error(answer: Answer, status: u16, kind: &str) -> String {
    assert_eq!(answer.status, status);
    assert_eq!(answer.header("content-type"), "application/json");
    assert!(!answer.header("x-ccr-request-id").is_empty());
    let (seen, message) = answer.error().await;
    assert_eq!(seen, kind, "{message}");
    message
}

#[tokio::test]
async fn a_body_that_is_not_json_is_refused() {
    let (upstream, gateway) = gateway().await;
    let bodies: [&[u8]; 9] = [
        b"",
        b"hello",
        b"{",
        b"{\"model\":\"m\",}",
        b"{\"model\":\"m\"} {}",
        b"{\"model\":\"\xff\"}",
        b"{\"model\":\"\\ud800\", \"messages\": nul}",
        b"\0",
        "[".repeat(100_000).leak().as_bytes(),
    ];
    for body in bodies {
        let request = Request::new("POST", "/v1/messages").body(body);
        let answer = gateway.client().send(&request).await;
        let message = error(answer, 400, "invalid_request_error").await;
        assert!(message.contains("JSON"), "{message}");
    }
    assert!(upstream.requests().is_empty());
    let stopped = gateway.stop().await;
    assert_eq!(stopped.records.len(), bodies.len());
    for record in &stopped.records {
        failed(record, 400, "invalid_request_error");
    }
}

#[tokio::test]
async fn a_field_that_is_missing_or_of_another_type_is_named() {
    let (upstream, gateway) = gateway().await;
    let without = |key: &str| {
        let mut body = ask("hi");
        body.as_object_mut().unwrap().remove(key);
        body
    };
    let cases: [(&str, Value); 12] = [
        ("model", without("model")),
        ("model", with(ask("hi"), "model", json!(7))),
        ("model", with(ask("hi"), "model", Value::Null)),
        ("model", with(ask("hi"), "model", json!(""))),
        ("messages", without("messages")),
        ("messages", with(ask("hi"), "messages", json!("hi"))),
        ("messages", with(ask("hi"), "messages", json!({"role": "user"}))),
        ("messages", with(ask("hi"), "messages", json!([]))),
        ("messages", with(ask("hi"), "messages", json!(["hi"]))),
        ("messages", with(ask("hi"), "messages", json!([{"role": "user", "content": 3}]))),
        ("object", json!([])),
        ("object", json!("hi")),
    ];
    for (named, body) in &cases {
        let answer = gateway.messages(body).await;
        let message = error(answer, 400, "invalid_request_error").await;
        assert!(message.contains(named), "{named} is not in {message:?} for {body}");
    }
    assert!(upstream.requests().is_empty());
    let stopped = gateway.stop().await;
    assert_eq!(stopped.records.len(), cases.len());
    for record in &stopped.records {
        failed(record, 400, "invalid_request_error");
    }
}

#[tokio::test]
async fn an_unknown_provider_is_named_with_what_to_do() {
    let (upstream, gateway) = gateway().await;
    for (model, hint) in [("nobody,m", "Providers"), ("upp,m", "`up`")] {
        let answer = gateway.messages(&ask_model(model, true)).await;
        let message = error(answer, 404, "not_found_error").await;
        assert!(message.contains(model) && message.contains(hint), "{message}");
    }
    assert!(upstream.requests().is_empty());
    let stopped = gateway.stop().await;
    for record in &stopped.records {
        failed(record, 404, "not_found_error");
        assert!(record["requested_model"].as_str().unwrap().ends_with(",m"));
    }
}

#[tokio::test]
async fn a_config_without_a_route_says_how_to_make_one() {
    for config in [json!({}), json!({"Providers": [], "Router": {}})] {
        let gateway = Setup::config(&config).start().await;
        let message = error(gateway.messages(&ask("hi")).await, 404, "not_found_error").await;
        assert!(message.contains("Router") || message.contains("Providers"), "{message}");
        gateway.stop().await;
    }
}

#[tokio::test]
async fn a_provider_whose_key_is_not_set_says_so() {
    let upstream = FakeUpstream::start().await;
    let mut config = gateway_tests::gateway::openai_config(&upstream.base_url());
    config["Providers"][0]["api_key"] = json!("$KEY_THAT_IS_NOT_SET");
    let gateway = Setup::config(&config).start().await;
    let answer = gateway.messages(&ask("hi")).await;
    assert_eq!(answer.status, 503);
    let (kind, message) = answer.error().await;
    assert_eq!(kind, "api_error");
    assert!(message.contains("KEY_THAT_IS_NOT_SET") && message.contains("up"), "{message}");
}

#[tokio::test]
async fn paths_and_methods_that_are_not_there_are_told_apart() {
    let (_upstream, gateway) = gateway().await;
    for target in ["/nothing", "/v1", "/v1/messages/x", "/%ff", "//v1/messages"] {
        error(gateway.client().get(target).await, 404, "not_found_error").await;
    }
    for method in ["GET", "PUT", "DELETE", "PATCH"] {
        let answer = gateway.client().send(&Request::new(method, "/v1/messages")).await;
        assert_eq!(answer.header("allow"), "POST");
        error(answer, 405, "invalid_request_error").await;
    }
}

#[tokio::test]
async fn threads_are_refused_in_the_words_that_let_the_client_go_on() {
    let (upstream, gateway) = gateway().await;
    let body = with(ask("hi"), "thread", json!({"type": "create"}));
    let answer = gateway.messages(&body).await;
    assert_eq!(answer.status, 400);
    let body = answer.json().await;
    assert_eq!(body["error"]["type"], "invalid_request_error");
    assert_eq!(body["error"]["details"]["error_code"], "thread_unsupported_request");
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn what_clients_show_is_kept_nowhere() {
    let (_upstream, gateway) = gateway().await;
    let client =
        gateway.client().with_header("x-api-key", "the-clients-own").with_header("cookie", "session=the-clients-own");
    assert_eq!(client.messages(&ask("a prompt of one's own")).await.status, 200);
    assert_eq!(client.messages(&json!({"model": "the-prompt"})).await.status, 400);
    let stopped = gateway.stop().await;
    keeps_secrets(&stopped);
    let records: String = stopped.records.iter().map(Value::to_string).collect();
    assert!(!records.contains("a prompt of one's own") && !records.contains("never asked for"));
}
