//! HTTP/2 without TLS, as proxies in front of a team's gateway speak it.

use std::time::{Duration, Instant};

use bytes::Bytes;
use gateway_tests::sse::SseReader;
use gateway_tests::upstream::openai;
use gateway_tests::{FakeUpstream, Script, Setup, TestGateway, Transcript, within};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::task::{JoinHandle, JoinSet};

use crate::support::{ask_stream, text_of};

/// A connection that begins with HTTP/2, no upgrade asked for; the task drives it.
async fn connect(gateway: &TestGateway) -> (SendRequest<Full<Bytes>>, JoinHandle<()>) {
    let stream = tokio::net::TcpStream::connect(gateway.address()).await.unwrap();
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (sender, connection) = handshake.await.unwrap();
    let driving = tokio::spawn(async move {
        // How it ends is seen in the answers.
        let _ = connection.await;
    });
    (sender, driving)
}

fn request(gateway: &TestGateway) -> http::Request<Full<Bytes>> {
    let url = format!("http://{}/v1/messages", gateway.address());
    http::Request::post(url).body(Full::new(Bytes::from(ask_stream("hi").to_string()))).unwrap()
}

#[tokio::test]
async fn one_connection_carries_requests_side_by_side() {
    let upstream = FakeUpstream::always(openai::text_stream(&["stre", "amed"])).await;
    let gateway = Setup::openai(&upstream).start().await;
    let (sender, driving) = connect(&gateway).await;
    let mut running = JoinSet::new();
    for _ in 0..20 {
        let (mut sender, request) = (sender.clone(), request(&gateway));
        running.spawn(async move {
            let response = sender.send_request(request).await.unwrap();
            assert_eq!(response.status(), 200);
            assert_eq!(response.headers()["x-ccr-provider"], "up");
            response.into_body().collect().await.unwrap().to_bytes()
        });
    }
    for body in within("the answers", running.join_all()).await {
        let mut reader = SseReader::default();
        reader.feed(&body);
        let events = std::iter::from_fn(|| reader.next_event()).collect();
        assert_eq!(text_of(&Transcript::of(events, false).message()), "streamed");
    }
    driving.abort();
}

#[tokio::test]
async fn a_request_that_is_cancelled_takes_its_upstream_request_with_it_and_no_other() {
    let upstream = FakeUpstream::start().await;
    upstream.next(Script::stream().data(&openai::text_chunk("so far")).silence());
    let gateway = Setup::openai(&upstream).start().await;
    let (mut sender, driving) = connect(&gateway).await;
    let response = within("a head", sender.send_request(request(&gateway))).await.unwrap();
    let seen = upstream.request().await;
    let now = Instant::now();
    drop(response);
    let noticed = seen.gone().await.saturating_duration_since(now);
    assert!(noticed < Duration::from_secs(1), "it took {noticed:?}");

    upstream.next(openai::text_stream(&["hi"]));
    let response = within("a head", sender.send_request(request(&gateway))).await.unwrap();
    assert_eq!(response.status(), 200);
    within("its body", response.into_body().collect()).await.unwrap();
    drop(sender);
    driving.abort();
    let stopped = gateway.stop().await;
    let mut outcomes: Vec<_> = stopped.records.iter().map(|record| record["outcome"].as_str().unwrap()).collect();
    outcomes.sort_unstable();
    assert_eq!(outcomes, ["client_gone", "completed"]);
}
