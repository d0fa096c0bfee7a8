//! Who may use the gateway: keys, and without one the checks that keep web pages out.

use gateway_tests::upstream::openai;
use gateway_tests::{FakeUpstream, Request, Setup, TestGateway};
use serde_json::json;

use crate::support::{ask, setup_with};

async fn with_key() -> (FakeUpstream, TestGateway) {
    let upstream = FakeUpstream::always(openai::text("hi")).await;
    let setup = setup_with(&upstream, "APIKEY", json!("the-right-key"));
    (upstream, setup.start().await)
}

async fn open() -> (FakeUpstream, TestGateway) {
    let upstream = FakeUpstream::always(openai::text("hi")).await;
    let gateway = Setup::openai(&upstream).start().await;
    (upstream, gateway)
}

#[tokio::test]
async fn the_key_is_taken_in_either_header() {
    let (_upstream, gateway) = with_key().await;
    for (name, value) in [
        ("x-api-key", "the-right-key"),
        ("authorization", "Bearer the-right-key"),
        ("authorization", "bearer the-right-key"),
    ] {
        let client = gateway.client().with_header(name, value);
        assert_eq!(client.messages(&ask("hi")).await.status, 200, "{name}: {value}");
        assert_eq!(client.get("/v1/models").await.status, 200, "{name}: {value}");
    }
}

#[tokio::test]
async fn every_wrong_key_gets_the_same_answer() {
    let (upstream, gateway) = with_key().await;
    let cases: [&[(&str, &str)]; 8] = [
        &[("x-api-key", "wrong")],
        &[("x-api-key", "")],
        &[("x-api-key", "the-right-key-and-more")],
        &[("authorization", "Bearer wrong")],
        &[("authorization", "Bearer ")],
        &[("authorization", "Basic dGhlLXJpZ2h0LWtleQ==")],
        &[("authorization", "Bearer the-right-key"), ("x-api-key", "wrong")],
        &[("authorization", "Bearer wrong"), ("x-api-key", "the-right-key")],
    ];
    let mut messages = Vec::new();
    for headers in cases {
        let request = Request::messages(&ask("hi"));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        let answer = gateway.client().send(&request).await;
        assert_eq!(answer.status, 401, "{headers:?}");
        let (kind, message) = answer.error().await;
        assert_eq!(kind, "authentication_error");
        messages.push(message);
    }
    messages.dedup();
    assert_eq!(messages.len(), 1, "the answers differ: {messages:?}");
    assert!(upstream.requests().is_empty());
    let stopped = gateway.stop().await;
    assert_eq!(stopped.records.len(), cases.len());
    for record in &stopped.records {
        assert_eq!(record["status"], 401);
        assert_eq!(record["outcome"], "failed");
    }
    assert!(!stopped.log.contains("the-right-key"), "{}", stopped.log);
}

#[tokio::test]
async fn no_key_at_all_is_told_how_to_send_one() {
    let (_upstream, gateway) = with_key().await;
    for request in [
        Request::messages(&ask("hi")),
        Request::post("/v1/messages?api_key=the-right-key&key=the-right-key", &ask("hi")),
        Request::get("/v1/models"),
    ] {
        let answer = gateway.client().send(&request).await;
        assert_eq!(answer.status, 401);
        let (kind, message) = answer.error().await;
        assert_eq!(kind, "authentication_error");
        assert!(message.contains("x-api-key"), "{message}");
    }
}

#[tokio::test]
async fn a_wrong_key_is_refused_before_the_body_is_read() {
    let (_upstream, gateway) = with_key().await;
    let connection = gateway.client().connect().await.unwrap();
    let head = b"POST /v1/messages HTTP/1.1\r\nhost: localhost\r\nx-api-key: wrong\r\ncontent-length: 1000000\r\n\r\n";
    let answer = connection.exchange(head, "POST").await.unwrap();
    assert_eq!(answer.status, 401);
}

#[tokio::test]
async fn status_pages_need_no_key() {
    let (_upstream, gateway) = with_key().await;
    for path in ["/", "/health"] {
        assert_eq!(gateway.client().get(path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn without_a_key_foreign_names_and_pages_are_refused() {
    let (upstream, gateway) = open().await;
    let port = gateway.address().port();
    for (name, value) in [
        ("host", "evil.example".to_owned()),
        ("host", format!("evil.example:{port}")),
        ("host", format!("127.0.0.1.evil.example:{port}")),
        ("host", String::new()),
        ("origin", "https://evil.example".to_owned()),
        ("origin", "null".to_owned()),
        ("origin", format!("http://localhost.evil.example:{port}")),
    ] {
        for request in [Request::messages(&ask("hi")), Request::get("/v1/models"), Request::get("/health")] {
            let answer = gateway.client().send(&request.header(name, &value)).await;
            assert_eq!(answer.status, 403, "{name}: {value}");
            assert_eq!(answer.headers.get("access-control-allow-origin"), None);
            assert_eq!(answer.error().await.0, "permission_error");
        }
    }
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn without_a_key_local_names_are_answered() {
    let (_upstream, gateway) = open().await;
    let port = gateway.address().port();
    for host in [format!("localhost:{port}"), format!("127.0.0.1:{port}"), format!("[::1]:{port}"), "LOCALHOST".into()]
    {
        let request = Request::messages(&ask("hi")).header("host", &host);
        assert_eq!(gateway.client().send(&request).await.status, 200, "{host}");
    }
    let own_page = format!("http://127.0.0.1:{port}");
    let request = Request::messages(&ask("hi")).header("origin", &own_page);
    assert_eq!(gateway.client().send(&request).await.status, 200);
    // A key that nobody asked for: Claude Code always sends one.
    let client = gateway.client().with_header("x-api-key", "made-up");
    assert_eq!(client.messages(&ask("hi")).await.status, 200);
}

#[tokio::test]
async fn a_page_on_another_port_is_another_page() {
    let (_upstream, gateway) = open().await;
    let request = Request::messages(&ask("hi")).header("origin", "http://localhost:1");
    assert_eq!(gateway.client().send(&request).await.status, 403);
}

#[tokio::test]
async fn names_and_pages_of_the_config_are_let_in() {
    let upstream = FakeUpstream::always(openai::text("hi")).await;
    let mut config = gateway_tests::gateway::openai_config(&upstream.base_url());
    config["ALLOWED_HOSTS"] = json!(["gateway.example"]);
    config["ALLOWED_ORIGINS"] = json!(["https://page.example"]);
    let gateway = Setup::config(&config).start().await;
    for (name, value, status) in [
        ("host", "gateway.example:80", 200),
        ("host", "other.example", 403),
        ("origin", "https://page.example", 200),
        ("origin", "http://page.example", 403),
    ] {
        let request = Request::messages(&ask("hi")).header(name, value);
        assert_eq!(gateway.client().send(&request).await.status, status, "{name}: {value}");
    }
}

#[tokio::test]
async fn without_a_key_it_listens_on_loopback_only() {
    let upstream = FakeUpstream::start().await;
    let setup = setup_with(&upstream, "HOST", json!("0.0.0.0"));
    let gateway = setup.start().await;
    assert!(gateway.address().ip().is_loopback());
    let stopped = gateway.stop().await;
    assert!(stopped.log.contains("APIKEY"), "{}", stopped.log);
}
