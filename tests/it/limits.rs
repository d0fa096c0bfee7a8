//! Bounds on what clients may send, and how long they may take.

use gateway_tests::upstream::{anthropic, openai};
use gateway_tests::{FakeUpstream, Request, Script, Setup};
use serde_json::json;

use crate::support::ask;

/// The largest body that is read.
const MOST: usize = 50 * 1024 * 1024;

/// A request whose body has exactly so many bytes.
fn body_of(bytes: usize) -> Vec<u8> {
    let empty = ask("").to_string().len();
    ask(&"a".repeat(bytes - empty)).to_string().into_bytes()
}

#[tokio::test]
async fn a_body_of_the_largest_size_passes_and_one_more_byte_does_not() {
    let upstream = FakeUpstream::always(Script::json(200, &anthropic::message("hi"))).await;
    let gateway = Setup::anthropic(&upstream).start().await;
    let request = Request::new("POST", "/v1/messages").body(body_of(MOST));
    assert_eq!(gateway.client().send(&request).await.status, 200);
    let sent = upstream.request().await.body.len();
    assert_eq!(sent, MOST - "claude-test".len() + "m".len());

    let too_large = body_of(MOST + 1);
    let chunks: Vec<_> = too_large.chunks(1024 * 1024).map(<[u8]>::to_vec).collect();
    let request = Request::new("POST", "/v1/messages").chunks(chunks);
    let answer = gateway.client().send(&request).await;
    assert_eq!(answer.status, 413);
    let (kind, message) = answer.error().await;
    assert_eq!(kind, "request_too_large");
    assert!(message.contains("50 MiB"), "{message}");
    assert_eq!(upstream.requests().len(), 1);
    let stopped = gateway.stop().await;
    assert_eq!(stopped.records[1]["status"], 413);
    assert_eq!(stopped.records[1]["outcome"], "failed");
}

#[tokio::test]
async fn a_body_that_announces_too_much_is_refused_before_it_is_sent() {
    let upstream = FakeUpstream::start().await;
    let gateway = Setup::openai(&upstream).start().await;
    let connection = gateway.client().connect().await.unwrap();
    let head = format!("POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n", MOST + 1);
    let answer = connection.exchange(head.as_bytes(), "POST").await.unwrap();
    assert_eq!(answer.status, 413);
    assert_eq!(answer.error().await.0, "request_too_large");
}

#[tokio::test]
async fn a_large_request_is_translated_in_time() {
    let upstream = FakeUpstream::always(openai::text("hi")).await;
    let gateway = Setup::openai(&upstream).start().await;
    let request = Request::new("POST", "/v1/messages").body(body_of(4 * 1024 * 1024));
    let answer = gateway.client().send(&request).await;
    answer.expect(200).await;
}

#[tokio::test]
async fn too_many_or_too_long_headers_are_refused() {
    let upstream = FakeUpstream::always(openai::text("hi")).await;
    let gateway = Setup::openai(&upstream).start().await;
    let many =
        (0..500).fold(Request::messages(&ask("hi")), |request, index| request.header(&format!("x-{index}"), "1"));
    let long = Request::messages(&ask("hi")).header("x-long", &"a".repeat(1024 * 1024));
    assert_eq!(gateway.client().send(&many).await.status, 431);
    // The gateway does not read on, so that its answer may be lost in a reset.
    if let Some(answer) = gateway.client().try_send(&long).await {
        assert_eq!(answer.status, 431);
    }
    assert!(upstream.requests().is_empty());
    // What a client really sends is far below.
    let usual = (0..60)
        .fold(Request::messages(&ask("hi")), |request, index| request.header(&format!("x-{index}"), &"a".repeat(200)));
    assert_eq!(gateway.client().send(&usual).await.status, 200);
}

#[tokio::test]
async fn clients_that_send_slowly_do_not_hold_up_the_others() {
    let upstream = FakeUpstream::always(openai::text("hi")).await;
    let gateway = Setup::openai(&upstream).start().await;
    let mut slow = Vec::new();
    for index in 0..200 {
        let mut connection = gateway.client().connect().await.unwrap();
        let part = if index % 2 == 0 {
            "POST /v1/mess"
        } else {
            "POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99\r\n\r\n{"
        };
        assert!(connection.write(part.as_bytes()).await);
        slow.push(connection);
    }
    for _ in 0..20 {
        assert_eq!(gateway.messages(&ask("hi")).await.status, 200);
    }
    drop(slow);
}

#[tokio::test]
async fn deep_nesting_is_no_way_to_bring_it_down() {
    let upstream = FakeUpstream::always(openai::text("hi")).await;
    let gateway = Setup::openai(&upstream).start().await;
    let deep = "[".repeat(200_000) + &"]".repeat(200_000);
    let body = ask("hi").to_string().replace("\"hi\"", &format!("\"hi\",\"x\":{deep}"));
    let request = Request::new("POST", "/v1/messages").body(body);
    let answer = gateway.client().send(&request).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.error().await.0, "invalid_request_error");
    assert_eq!(gateway.messages(&ask("hi")).await.status, 200);
}

#[tokio::test]
async fn numbers_of_any_size_are_no_way_to_bring_it_down() {
    let upstream = FakeUpstream::always(openai::text("hi")).await;
    let gateway = Setup::openai(&upstream).start().await;
    for number in ["1e999", "-5", "99999999999999999999999999", "0.5", "\"100\"", "null", "{}"] {
        let body = ask("hi").to_string().replace("\"max_tokens\":100", &format!("\"max_tokens\":{number}"));
        assert!(body.contains(number));
        let answer = gateway.client().send(&Request::new("POST", "/v1/messages").body(body)).await;
        assert!(matches!(answer.status, 200 | 400), "{number}: {}", answer.status);
        let body = answer.json().await;
        assert_ne!(body, json!(null));
    }
}
