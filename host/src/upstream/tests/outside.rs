//! Requests of plugins.

use super::server::{self, Server};
use super::upstreams;
use crate::config::{Config, SafeUrl};
use crate::upstream::Upstreams;
use crate::upstream::outside::{Bounds, Failed, Incoming, Outgoing};
use bytes::Bytes;
use http::Method;
use url::Url;

const BOUNDS: Bounds = Bounds { headers: 1000, body: 1000 };

fn outgoing(url: &str, public: bool) -> Outgoing {
    let url: Url = url.parse().unwrap();
    Outgoing { method: Method::GET, url, headers: http::HeaderMap::new(), body: None, public }
}

pub(super) async fn fetch(upstreams: &Upstreams, url: &str, public: bool) -> Result<Incoming, Failed> {
    upstreams.fetch(outgoing(url, public), BOUNDS).await
}

/// The same server by its name, which leads to this machine.
fn named(server: &Server) -> String {
    server.url.replace("127.0.0.1", "localhost")
}

#[tokio::test]
async fn private_addresses_are_refused_whether_named_or_not() {
    let server = Server::answering(|_| server::whole("hi")).await;
    let upstreams = upstreams();
    let mapped = server.url.replace("127.0.0.1", "[::ffff:127.0.0.1]");
    for url in [&server.url, &named(&server), &mapped] {
        assert_eq!(fetch(&upstreams, url, true).await.unwrap_err(), Failed::Private, "{url}");
    }
    assert_eq!(server.connections(), 0);
    // Nor does a connection that somebody else opened serve.
    for url in [&server.url, &named(&server)] {
        assert_eq!(fetch(&upstreams, url, false).await.unwrap().body, b"hi");
        assert_eq!(fetch(&upstreams, url, true).await.unwrap_err(), Failed::Private, "{url}");
    }
}

#[tokio::test]
async fn the_connection_leads_to_an_address_that_was_checked() {
    let server = Server::answering(|_| server::whole("hi")).await;
    let mut upstreams = upstreams();
    // `localhost` may lead to ::1 as well, where nobody listens: that one is left out.
    upstreams.connector.may_reach = |address| address.is_ipv4();
    for _ in 0..2 {
        assert_eq!(fetch(&upstreams, &named(&server), true).await.unwrap().body, b"hi");
    }
    assert_eq!(server.connections(), 1);
    assert!(server.requests()[0].contains("host: localhost:"), "{:?}", server.requests());
    let mut upstreams = super::upstreams();
    upstreams.connector.may_reach = |_| false;
    assert_eq!(fetch(&upstreams, "http://localhost:1", true).await.unwrap_err(), Failed::Private);
}

#[tokio::test]
async fn an_answer_is_handed_over_as_it_is() {
    let redirect =
        b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 4\r\nconnection: close\r\n\r\nover";
    let server = Server::answering(move |_| redirect.to_vec()).await;
    let mut request = outgoing(&server.url, false);
    request.method = Method::PUT;
    request.headers.insert("x-a", "b".parse().unwrap());
    request.body = Some(Bytes::from_static(b"body"));
    let answer = upstreams().fetch(request, BOUNDS).await.unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (302, b"over".as_slice()));
    assert_eq!(answer.headers["location"], "http://127.0.0.1:1/");
    assert!(!answer.headers.contains_key("connection"));
    let sent = server.requests().remove(0);
    assert!(sent.starts_with("PUT / HTTP/1.1\r\n") && sent.contains("x-a: b\r\n"), "{sent}");
    assert!(sent.contains("content-length: 4\r\n") && sent.ends_with("\r\n\r\nbody"), "{sent}");
}

#[tokio::test]
async fn an_answer_to_head_has_no_body() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 500\r\n\r\n";
    let server = Server::answering(move |_| head.to_vec()).await;
    let mut request = outgoing(&server.url, false);
    request.method = Method::HEAD;
    let answer = upstreams().fetch(request, BOUNDS).await.unwrap();
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    assert_eq!(answer.headers["content-length"], "500");
}

#[tokio::test]
async fn answers_are_bounded_unpacked() {
    use std::io::Write as _;
    let packed = |text: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    };
    let (small, large) = (packed(b"small"), packed(&[b'a'; 100_000]));
    let server = Server::answering(move |request| match request {
        _ if request.contains("/small") => server::encoded("gzip", &small),
        _ if request.contains("/large") => server::encoded("gzip", &large),
        _ if request.contains("/odd") => server::encoded("compress", b"x"),
        _ if request.contains("/twice") => server::encoded("gzip\r\ncontent-encoding: br", b"x"),
        _ => format!("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nx: {}\r\n\r\n", "a".repeat(1000)).into_bytes(),
    })
    .await;
    let upstreams = upstreams();
    let outcome = async |path: &str| fetch(&upstreams, &format!("{}{path}", server.url), false).await;
    let answer = outcome("/small").await.unwrap();
    assert_eq!(answer.body, b"small");
    assert!(!answer.headers.contains_key("content-encoding"));
    assert_eq!(outcome("/large").await.unwrap_err(), Failed::LargeBody);
    assert_eq!(outcome("/head").await.unwrap_err(), Failed::LargeHead);
    for path in ["/odd", "/twice"] {
        assert!(matches!(outcome(path).await.unwrap_err(), Failed::Other(_)), "{path}");
    }
}

#[tokio::test]
async fn a_proxy_is_not_asked_for_what_is_private_by_name() {
    let proxy = Server::answering(|request| match request.starts_with("CONNECT ") {
        true => b"HTTP/1.1 200 OK\r\n\r\n".to_vec(),
        false => server::whole("through"),
    })
    .await;
    let config = Config { proxy_url: Some(SafeUrl::new(proxy.url.parse().unwrap())), ..Config::default() };
    let upstreams = Upstreams::new(&config).unwrap();
    for url in [
        "http://10.0.0.1/",
        "http://169.254.169.254/",
        "http://[::ffff:10.0.0.1]/",
        "http://[fd00:ec2::254]/",
        "http://nas/",
        "http://metadata.google.internal/",
        "http://localhost/",
        "http://a.localhost/",
    ] {
        assert_eq!(fetch(&upstreams, url, true).await.unwrap_err(), Failed::Private, "{url}");
    }
    assert_eq!(proxy.connections(), 0);
    assert_eq!(fetch(&upstreams, "http://host.example/", true).await.unwrap().body, b"through");
    assert_eq!(fetch(&upstreams, "http://10.0.0.1/", false).await.unwrap().body, b"through");
    let asked = proxy.requests();
    assert!(asked[0].starts_with("GET http://host.example/ HTTP/1.1\r\n"), "{asked:?}");
    // An address is looked up here for a proxy of that kind, and so is checked.
    let config =
        Config { proxy_url: Some(SafeUrl::new(proxy.url.replace("http", "socks5").parse().unwrap())), ..config };
    let upstreams = Upstreams::new(&config).unwrap();
    assert_eq!(fetch(&upstreams, "http://10.0.0.1/", true).await.unwrap_err(), Failed::Private);
    assert_eq!(proxy.connections(), 2);
}
