//! Proxies on the way.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::server::{self, Server};
use super::{message, read};
use crate::config::{Config, SafeUrl};
use crate::upstream::Upstreams;

fn through(proxy: &str) -> Upstreams {
    let config = Config { proxy_url: Some(SafeUrl::new(proxy.parse().unwrap())), ..Config::default() };
    Upstreams::new(&config).unwrap()
}

#[tokio::test]
async fn an_http_proxy_is_asked_for_a_tunnel() {
    let tunnel = |request: &str| match request.starts_with("CONNECT ") {
        true => b"HTTP/1.1 200 OK\r\n\r\n".to_vec(),
        false => server::whole("through"),
    };
    let proxy = Server::answering(tunnel).await;
    let url = proxy.url.replace("http://", "http://me:pass%20word@");
    let upstreams = through(&url);
    assert_eq!(read(&upstreams, "http://provider.invalid/v1").await, "through");
    let requests = proxy.requests();
    assert!(requests[0].starts_with("CONNECT provider.invalid:80 HTTP/1.1\r\n"), "{requests:?}");
    assert!(requests[0].contains("Proxy-Authorization: Basic bWU6cGFzcyB3b3Jk\r\n"), "{requests:?}");
    assert!(requests[1].starts_with("POST /v1/messages HTTP/1.1\r\n") && !requests[1].contains("bWU6"));
    // This machine is reached without it.
    let server = Server::answering(|_| server::whole("direct")).await;
    assert_eq!(read(&upstreams, &server.url).await, "direct");
    assert_eq!(proxy.connections(), 1);
}

#[tokio::test]
async fn a_proxy_that_refuses_is_named_as_the_culprit() {
    let proxy = Server::answering(|_| b"HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n".to_vec()).await;
    let message = message(&through(&proxy.url), "http://provider.invalid/v1").await;
    assert!(message.contains("the proxy on the way"), "{message}");
}

#[tokio::test]
async fn a_socks_proxy_is_given_the_name_or_the_number() {
    for (scheme, target, expected) in [
        ("socks5h", "http://provider.invalid:81/v1", b"\x05\x01\x00\x03\x10provider.invalid\x00\x51".as_slice()),
        ("socks5", "http://192.0.2.7/v1", b"\x05\x01\x00\x01\xc0\x00\x02\x07\x00\x50"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let upstreams = through(&format!("{scheme}://{}", listener.local_addr().unwrap()));
        let serving = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut greeting = [0; 3];
            stream.read_exact(&mut greeting).await.unwrap();
            stream.write_all(&[5, 0]).await.unwrap();
            let mut asked = vec![0; expected.len()];
            stream.read_exact(&mut asked).await.unwrap();
            stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
            stream.read_buf(&mut Vec::with_capacity(4096)).await.unwrap();
            stream.write_all(&server::whole("through")).await.unwrap();
            (greeting, asked)
        };
        let ((greeting, asked), answer) = tokio::join!(serving, read(&upstreams, target));
        assert_eq!((greeting, asked.as_slice()), ([5, 1, 0], expected));
        assert_eq!(answer, "through");
    }
}

#[tokio::test]
async fn a_proxy_of_no_known_kind_is_refused_at_the_start() {
    let config = Config { proxy_url: Some(SafeUrl::new("ftp://localhost".parse().unwrap())), ..Config::default() };
    assert!(Upstreams::new(&config).is_err_and(|error| error.to_string().contains("PROXY_URL")));
}
