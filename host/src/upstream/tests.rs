//! The client against small servers on this machine.

mod outside;
mod proxied;
mod secured;
pub(super) mod server;

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;

use self::server::Server;
use super::*;
use crate::base::wire::{Credential, WireBody};
use crate::config::SafeUrl;

fn provider(url: &str) -> Provider {
    let mut provider = Provider::named("up");
    provider.base_url = SafeUrl::new(url.parse().unwrap());
    provider
}

fn wire() -> WireRequest {
    WireRequest {
        path: "/v1/messages".into(),
        headers: HeaderMap::new(),
        body: WireBody::of_pieces(vec![Bytes::from_static(b"{\"a\":"), Bytes::from_static(b"1}")]),
        credential: Credential::Bearer,
    }
}

async fn ask(upstreams: &Upstreams, url: &str) -> Result<UpstreamResponse, GatewayError> {
    upstreams.forward(&provider(url), Some(&Secret::new("hush")), wire(), true).await
}

async fn read(upstreams: &Upstreams, url: &str) -> String {
    let body = ask(upstreams, url).await.unwrap().body;
    String::from_utf8(body.read_all(1024 * 1024).await.unwrap()).unwrap()
}

async fn message(upstreams: &Upstreams, url: &str) -> String {
    match ask(upstreams, url).await {
        Ok(response) => panic!("it answered with {}", response.status),
        Err(error) => error.to_string(),
    }
}

fn upstreams() -> Upstreams {
    Upstreams::new(&Config::default()).unwrap()
}

#[tokio::test]
async fn a_connection_serves_one_request_after_the_other() {
    let server = Server::answering(|_| server::whole("hi")).await;
    let upstreams = upstreams();
    for _ in 0..3 {
        assert_eq!(read(&upstreams, &server.url).await, "hi");
    }
    assert_eq!(server.connections(), 1);
    let request = server.requests().remove(2);
    assert!(request.starts_with("POST /v1/messages HTTP/1.1\r\n"), "{request}");
    for line in ["content-length: 7\r\n", "authorization: Bearer hush\r\n", "accept: text/event-stream\r\n"] {
        assert!(request.contains(line), "{request}");
    }
    let host = server.url.strip_prefix("http://").unwrap();
    assert!(request.contains(&format!("host: {host}\r\n")), "{request}");
    assert!(request.ends_with("\r\n\r\n{\"a\":1}"), "{request}");
}

#[tokio::test]
async fn a_connection_that_the_server_closed_is_replaced_without_a_word() {
    let server = Server::closing_after(1, |_| server::whole("hi")).await;
    let upstreams = upstreams();
    assert_eq!(read(&upstreams, &server.url).await, "hi");
    server.closed().await;
    assert_eq!(read(&upstreams, &server.url).await, "hi");
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_request_that_may_have_been_served_is_not_sent_again() {
    let answers = |request: &str| if request.contains("hush") { Vec::new() } else { server::whole("") };
    let server = Server::closing_after(1, answers).await;
    let message = message(&upstreams(), &server.url).await;
    assert!(message.contains("closed the connection without an answer"), "{message}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn many_small_chunks_come_in_few_batches() {
    let chunk = "data: 0123456789\n\n";
    let server = Server::answering(move |_| server::chunked(&[chunk; 1000])).await;
    let upstreams = upstreams();
    let mut body = ask(&upstreams, &server.url).await.unwrap().body;
    let (mut bytes, mut batches) = (0, 0);
    loop {
        let mut batch = Batch::default();
        std::future::poll_fn(|context| body.poll_batch(context, &mut batch)).await.unwrap();
        batches += 1;
        bytes += batch.pieces.iter().map(Bytes::len).sum::<usize>();
        assert_eq!(batch.broken, None);
        if batch.ended {
            break;
        }
    }
    assert_eq!(bytes, 1000 * chunk.len());
    assert!(batches < 100, "{batches}");
    // And the connection is free again.
    drop(body);
    read(&upstreams, &server.url).await;
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn dropping_a_body_closes_its_connection() {
    let server = Server::answering(|_| server::begun("so far")).await;
    let upstreams = upstreams();
    let mut body = ask(&upstreams, &server.url).await.unwrap().body;
    let mut batch = Batch::default();
    std::future::poll_fn(|context| body.poll_batch(context, &mut batch)).await.unwrap();
    assert_eq!(batch.pieces.concat(), b"so far");
    drop(body);
    server.closed().await;
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_told_from_one_that_ends() {
    let server = Server::closing_after(1, |_| server::begun("so far")).await;
    let body = ask(&upstreams(), &server.url).await.unwrap().body;
    assert!(matches!(body.read_all(100).await, Err(ReadError::Broken(_))));
    let until_closed = b"HTTP/1.1 200 OK\r\n\r\nall of it";
    let server = Server::closing_after(1, |_| until_closed.to_vec()).await;
    assert_eq!(read(&upstreams(), &server.url).await, "all of it");
}

#[tokio::test]
async fn nobody_there_and_no_such_name_are_told() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let message = message(&upstreams(), &url).await;
    assert!(message.contains("cannot be reached") && message.contains("refused"), "{message}");
}

#[tokio::test]
async fn what_is_not_http_is_told() {
    let server = Server::closing_after(1, |_| b"SSH-2.0-OpenSSH_9.2p1\r\n".to_vec()).await;
    let message = message(&upstreams(), &server.url).await;
    assert!(message.contains("not HTTP"), "{message}");
}

#[tokio::test]
async fn silence_ends_at_its_limits() {
    let mut config = Config::default();
    config.timeouts.first_byte = Duration::from_millis(20);
    config.timeouts.idle = Duration::from_millis(20);
    let upstreams = Upstreams::new(&config).unwrap();
    let server = Server::answering(|_| Vec::new()).await;
    let message = message(&upstreams, &server.url).await;
    assert!(message.contains("did not begin to answer within 0.02 s"), "{message}");
    server.closed().await;
    let server = Server::answering(|_| server::begun("so far")).await;
    let body = ask(&upstreams, &server.url).await.unwrap().body;
    assert!(matches!(body.read_all(100).await, Err(ReadError::Idle(_))));
}

#[tokio::test]
async fn a_compressed_answer_is_decoded() {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(b"data: hi\n\n").unwrap();
    let packed = encoder.finish().unwrap();
    let server = Server::answering(move |_| server::encoded("gzip", &packed)).await;
    let upstreams = upstreams();
    let response = ask(&upstreams, &server.url).await.unwrap();
    assert!(response.headers.get("content-encoding").is_none());
    assert_eq!(response.body.read_all(100).await.unwrap(), b"data: hi\n\n");
    assert!(server.requests()[0].contains("accept-encoding: gzip, br, zstd\r\n"));
}

#[tokio::test]
async fn a_pool_that_is_replaced_cuts_no_answer() {
    let server = Server::answering(|_| server::whole("hi")).await;
    let upstreams = upstreams();
    let body = ask(&upstreams, &server.url).await.unwrap().body;
    drop(upstreams);
    assert_eq!(body.read_all(100).await.unwrap(), b"hi");
    server.closed().await;
}
