//! A client that hangs up takes its upstream request with it, within a second.

use std::time::{Duration, Instant};

use gateway_tests::upstream::{anthropic, openai};
use gateway_tests::{Client, Connection, FakeUpstream, Request, Script, Setup, TestGateway};

use crate::support::{ask, ask_stream};

/// What is promised.
const SOON: Duration = Duration::from_secs(1);

async fn gone_soon(upstream: &FakeUpstream, hung_up: Instant) {
    let seen = upstream.request().await;
    let noticed = seen.gone().await.saturating_duration_since(hung_up);
    assert!(noticed < SOON, "it took {noticed:?}");
}

async fn recorded(gateway: TestGateway) {
    let stopped = gateway.stop().await;
    let record = stopped.record();
    assert_eq!(record["outcome"], "client_gone", "{record}");
    assert_eq!(record["provider"], "up");
    assert_eq!(stopped.code, Some(0));
}

/// Sends a request and does not wait for its answer.
async fn sent(client: &Client, request: &Request) -> Connection {
    let mut connection = client.connect().await.unwrap();
    assert!(connection.write(&request.to_bytes("localhost")).await);
    connection
}

#[tokio::test]
async fn in_the_middle_of_a_translated_stream() {
    let upstream = FakeUpstream::start().await;
    upstream.next(Script::stream().data(&openai::text_chunk("so far")).silence());
    let gateway = Setup::openai(&upstream).start().await;
    let mut answer = gateway.messages(&ask_stream("hi")).await;
    answer.event().await.unwrap();
    let now = Instant::now();
    answer.hang_up();
    gone_soon(&upstream, now).await;
    recorded(gateway).await;
}

#[tokio::test]
async fn in_the_middle_of_a_stream_that_is_passed_through() {
    let upstream = FakeUpstream::start().await;
    let begun = anthropic::events(&["so far"]).into_iter().take(4);
    upstream.next(begun.fold(Script::stream(), |script, event| script.event(&event)).silence());
    let gateway = Setup::anthropic(&upstream).start().await;
    let mut answer = gateway.messages(&ask_stream("hi")).await;
    answer.event().await.unwrap();
    let now = Instant::now();
    answer.hang_up();
    gone_soon(&upstream, now).await;
    recorded(gateway).await;
}

#[tokio::test]
async fn before_the_answer_has_begun() {
    for body in [ask("hi"), ask_stream("hi")] {
        let upstream = FakeUpstream::always(Script::new().silence()).await;
        let gateway = Setup::openai(&upstream).start().await;
        let connection = sent(&gateway.client(), &Request::messages(&body)).await;
        let seen = upstream.request().await;
        let now = Instant::now();
        drop(connection);
        let noticed = seen.gone().await.saturating_duration_since(now);
        assert!(noticed < SOON, "it took {noticed:?}");
        recorded(gateway).await;
    }
}

#[tokio::test]
async fn in_the_middle_of_its_own_request() {
    let upstream = FakeUpstream::start().await;
    let gateway = Setup::openai(&upstream).start().await;
    let mut connection = gateway.client().connect().await.unwrap();
    let begun = b"POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{\"model\":";
    assert!(connection.write(begun).await);
    drop(connection);
    // The next one is served as if nothing had been.
    upstream.next(openai::text("hi"));
    assert_eq!(gateway.messages(&ask("hi")).await.status, 200);
    let stopped = gateway.stop().await;
    assert_eq!(stopped.code, Some(0));
    let outcomes: Vec<_> = stopped.records.iter().map(|record| record["outcome"].as_str().unwrap()).collect();
    assert!(outcomes.contains(&"completed"), "{outcomes:?}");
    assert!(outcomes.iter().all(|outcome| ["completed", "client_gone"].contains(outcome)), "{outcomes:?}");
}

#[tokio::test]
async fn a_client_that_only_reads_slowly_is_not_gone() {
    let upstream = FakeUpstream::start().await;
    let piece = "x".repeat(64 * 1024);
    let chunks = vec![openai::text_chunk(&piece); 64];
    upstream.next(openai::stream(&chunks, "stop"));
    let gateway = Setup::openai(&upstream).start().await;
    let answer = gateway.messages(&ask_stream("hi")).await;
    // Four megabytes do not fit into the buffers on the way: the upstream has to wait for the client.
    let other = {
        upstream.next(openai::text("meanwhile"));
        gateway.messages(&ask("hi")).await
    };
    assert_eq!(other.status, 200);
    let message = answer.transcript().await.message();
    assert_eq!(message["content"][0]["text"].as_str().map(str::len), Some(64 * piece.len()));
}
