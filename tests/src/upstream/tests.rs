//! The upstream against the client of this crate: what the tests stand on is tried first.

use serde_json::json;

use super::{FakeUpstream, Gate, Script, refused_url};
use crate::client::{Client, Request};
use crate::upstream::{anthropic, openai};

fn client(upstream: &FakeUpstream) -> Client {
    Client::new(upstream.address())
}

#[tokio::test]
async fn a_request_is_recorded_and_answered_by_its_script() {
    let upstream = FakeUpstream::start().await;
    upstream.next(Script::json(201, &json!({"a": 1})));
    let request = Request::post("/v1/x?y=z", &json!({"b": 2})).header("x-test", "yes");
    let answer = client(&upstream).send(&request).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.json().await, json!({"a": 1}));
    let seen = upstream.request().await;
    assert_eq!((seen.method.as_str(), seen.target.as_str()), ("POST", "/v1/x?y=z"));
    assert_eq!(seen.header("x-test"), "yes");
    assert_eq!(seen.json(), json!({"b": 2}));
    assert_eq!(upstream.requests().len(), 1);
}

#[tokio::test]
async fn a_connection_serves_several_requests() {
    let upstream = FakeUpstream::always(openai::text("hi")).await;
    let mut connection = client(&upstream).connect().await.expect("it listens");
    for _ in 0..3 {
        let bytes = b"POST /v1 HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
        let answer = connection.exchange(bytes, "POST").await;
        connection = answer.expect("an answer").into_connection().await;
    }
    assert_eq!(upstream.requests().len(), 3);
}

#[tokio::test]
async fn a_stream_waits_at_its_gate() {
    let upstream = FakeUpstream::start().await;
    let gate = Gate::new();
    let events = anthropic::events(&["one", "two"]);
    let (first, rest) = events.split_at(4);
    let script = first.iter().fold(Script::stream(), Script::event).wait(&gate);
    upstream.next(rest.iter().fold(script, Script::event).end());
    let mut answer = client(&upstream).get("/").await;
    for expected in first {
        assert_eq!(answer.event().await.expect("an event").data, *expected);
    }
    gate.open();
    let transcript = answer.transcript().await;
    assert_eq!(transcript.events.len(), rest.len());
}

#[tokio::test]
async fn the_upstream_sees_a_client_hang_up() {
    let upstream = FakeUpstream::start().await;
    upstream.next(Script::stream().chunk("x").silence());
    let mut answer = client(&upstream).get("/").await;
    assert_eq!(answer.piece().await.as_deref(), Some(b"x".as_slice()));
    let seen = upstream.request().await;
    assert!(!seen.is_gone());
    answer.hang_up();
    seen.gone().await;
    assert!(seen.is_gone());
}

#[tokio::test]
async fn a_reset_or_a_close_cuts_the_answer() {
    let upstream = FakeUpstream::start().await;
    for script in [
        Script::stream().chunk("x").reset(),
        Script::stream().chunk("x").close(),
        Script::whole(200, &[("content-length", "9")], b"x").close(),
    ] {
        upstream.next(script);
        let answer = client(&upstream).get("/").await;
        assert!(answer.transcript().await.cut);
    }
    upstream.next(Script::new().close());
    assert!(client(&upstream).try_send(&Request::get("/")).await.is_none());
}

#[tokio::test]
async fn nobody_listens_where_nobody_should() {
    let url = refused_url().await;
    let address = url.trim_start_matches("http://").trim_end_matches("/v1").parse().expect("an address");
    assert!(Client::new(address).connect().await.is_none());
}
