//! HTTP/1.1 itself: methods, paths, framings.

use gateway_tests::upstream::openai;
use gateway_tests::{FakeUpstream, Request, Setup, TestGateway};

use crate::support::{ask, ask_stream};

async fn gateway() -> (FakeUpstream, TestGateway) {
    let upstream = FakeUpstream::start().await;
    upstream.otherwise(|request| match request.json()["stream"] == true {
        true => openai::text_stream(&["streamed"]),
        false => openai::text("whole"),
    });
    let gateway = Setup::openai(&upstream).start().await;
    (upstream, gateway)
}

#[tokio::test]
async fn head_is_answered_like_get_without_its_body() {
    let (_upstream, gateway) = gateway().await;
    for path in ["/", "/health", "/v1/models"] {
        let answer = gateway.client().send(&Request::new("HEAD", path)).await;
        assert_eq!(answer.status, 200, "{path}");
        let connection = answer.into_connection().await;
        // Nothing of a body lies in the connection: the next answer begins at once.
        let get = Request::get("/").to_bytes("localhost");
        assert_eq!(connection.exchange(&get, "GET").await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn options_opens_nothing_to_web_pages() {
    let (_upstream, gateway) = gateway().await;
    for path in ["/v1/messages", "/", "/v1/models"] {
        let request = Request::new("OPTIONS", path)
            .header("origin", "https://evil.example")
            .header("access-control-request-method", "POST");
        let answer = gateway.client().send(&request).await;
        assert!((400..500).contains(&answer.status), "{path}: {}", answer.status);
        let allows = answer.headers.iter().any(|(name, _)| name.starts_with("access-control-"));
        assert!(!allows, "{path}: {:?}", answer.headers);
    }
}

#[tokio::test]
async fn a_slash_at_the_end_and_a_query_change_nothing() {
    let (upstream, gateway) = gateway().await;
    for target in ["/v1/messages/", "/v1/messages?beta=true", "/v1/messages/?beta=true&x=%20"] {
        let answer = gateway.client().send(&Request::post(target, &ask("hi"))).await;
        assert_eq!(answer.status, 200, "{target}");
        assert_eq!(upstream.request().await.target, "/v1/chat/completions");
    }
}

#[tokio::test]
async fn a_chunked_body_is_read_like_any_other() {
    let (upstream, gateway) = gateway().await;
    let body = ask("hi 🦀").to_string().into_bytes();
    for size in [1, 7, body.len()] {
        let chunks = body.chunks(size).map(<[u8]>::to_vec);
        let request = Request::new("POST", "/v1/messages").chunks(chunks);
        assert_eq!(gateway.client().send(&request).await.status, 200);
        assert_eq!(upstream.request().await.json()["messages"][0]["content"], "hi 🦀");
    }
}

#[tokio::test]
async fn a_byte_order_mark_and_space_around_the_body_are_no_matter() {
    let (_upstream, gateway) = gateway().await;
    let body = format!("\u{feff}\r\n  {}  \n", ask("hi"));
    let request = Request::new("POST", "/v1/messages").body(body);
    assert_eq!(gateway.client().send(&request).await.status, 200);
}

#[tokio::test]
async fn the_content_type_is_not_asked_for() {
    let (_upstream, gateway) = gateway().await;
    let body = ask("hi").to_string();
    let head = format!("POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n", body.len());
    let connection = gateway.client().connect().await.unwrap();
    let answer = connection.exchange((head + &body).as_bytes(), "POST").await.unwrap();
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn a_connection_serves_request_after_request_errors_included() {
    let (_upstream, gateway) = gateway().await;
    let mut connection = gateway.client().connect().await.unwrap();
    for (request, status) in [
        (Request::messages(&ask("hi")), 200),
        (Request::new("POST", "/v1/messages").body("{"), 400),
        (Request::messages(&ask_stream("hi")), 200),
        (Request::get("/nothing"), 404),
        (Request::messages(&ask("hi")), 200),
    ] {
        let method = if status == 404 { "GET" } else { "POST" };
        let answer = connection.exchange(&request.to_bytes("localhost"), method).await;
        let answer = answer.expect("the connection is kept");
        assert_eq!(answer.status, status);
        connection = answer.into_connection().await;
    }
}

#[tokio::test]
async fn what_is_no_http_gets_no_answer_from_behind() {
    let (upstream, gateway) = gateway().await;
    let smuggled = "POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n";
    for bytes in ["hello\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\0\0\0\0\r\n\r\n", smuggled] {
        let connection = gateway.client().connect().await.unwrap();
        if let Some(answer) = connection.exchange(bytes.as_bytes(), "GET").await {
            assert!((400..=505).contains(&answer.status), "{bytes:?}: {}", answer.status);
        }
    }
    assert!(upstream.requests().is_empty());
    assert_eq!(gateway.messages(&ask("hi")).await.status, 200);
}
