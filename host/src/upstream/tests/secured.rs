//! TLS, and HTTP/2 on it.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use super::outside::fetch;
use super::server::Server;
use super::{message, read, upstreams};
use crate::upstream::outside::Failed;
use crate::upstream::tls::Tls;

/// A server with a certificate of its own making. It answers with what it was asked.
struct Secured {
    url: String,
    certificate: CertificateDer<'static>,
    connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Secured {
    async fn start(alpn: &[&[u8]]) -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let certificate = made.cert.der().clone();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.unwrap().with_no_client_auth();
        let mut config = builder.with_single_cert(vec![certificate.clone()], key).unwrap();
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        let task = tokio::spawn(async move {
            let mut serving = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                counted.fetch_add(1, Ordering::Relaxed);
                let acceptor = acceptor.clone();
                serving.spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        let server = auto::Builder::new(TokioExecutor::new());
                        let _ = server.serve_connection(TokioIo::new(stream), service_fn(echo)).await;
                    }
                });
            }
        });
        Self { url, certificate, connections, task }
    }
}

impl Drop for Secured {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn echo(request: http::Request<hyper::body::Incoming>) -> Result<http::Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let host = head.headers.get("host").map(|value| value.to_str().unwrap().to_owned());
    let host = host.or_else(|| head.uri.authority().map(ToString::to_string)).unwrap();
    let body = body.collect().await.unwrap().to_bytes();
    let text = format!("{:?} {host} {} {}", head.version, head.uri.path(), String::from_utf8_lossy(&body));
    Ok(http::Response::new(Full::from(text)))
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused() {
    let server = Secured::start(&[]).await;
    let message = message(&upstreams(), &server.url).await;
    assert!(message.contains("cannot be reached") && message.contains("SSL_CERT_FILE"), "{message}");
}

#[tokio::test]
async fn a_server_without_tls_is_told() {
    let server = Server::closing_after(0, |_| Vec::new()).await;
    let answered = Server::greeting(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    for (server, reason) in [(server, "cannot be reached"), (answered, "does not speak TLS")] {
        let message = message(&upstreams(), &server.url.replace("http://", "https://")).await;
        assert!(message.contains(reason), "{message}");
    }
}

#[tokio::test]
async fn https_goes_over_the_version_that_the_server_wants() {
    let (both, one): (&[&[u8]], &[&[u8]]) = (&[b"h2", b"http/1.1"], &[b"http/1.1"]);
    for (alpn, version) in [(both, "HTTP/2.0"), (one, "HTTP/1.1")] {
        let server = Secured::start(alpn).await;
        let mut upstreams = upstreams();
        upstreams.connector.tls = Tls::trusting(server.certificate.clone());
        let host = server.url.strip_prefix("https://").unwrap();
        let expected = format!("{version} {host} /v1/messages {{\"a\":1}}");
        for _ in 0..3 {
            assert_eq!(read(&upstreams, &server.url).await, expected);
        }
        assert_eq!(server.connections.load(Ordering::Relaxed), 1);
    }
}

#[tokio::test]
async fn requests_share_an_http2_connection() {
    let server = Secured::start(&[b"h2"]).await;
    let mut upstreams = upstreams();
    upstreams.connector.tls = Tls::trusting(server.certificate.clone());
    read(&upstreams, &server.url).await;
    let (url, upstreams) = (&server.url, &upstreams);
    futures_util::future::join_all((0..50).map(|_| read(upstreams, url))).await;
    assert_eq!(server.connections.load(Ordering::Relaxed), 1);
}

/// What plugins ask for goes the same way, and the certificate is held against the name, not the address that was checked.
#[tokio::test]
async fn a_checked_address_is_spoken_to_by_its_name() {
    for (alpn, version) in [(&[b"h2".as_slice()][..], "HTTP/2.0"), (&[b"http/1.1".as_slice()][..], "HTTP/1.1")] {
        let server = Secured::start(alpn).await;
        let mut upstreams = upstreams();
        upstreams.connector.tls = Tls::trusting(server.certificate.clone());
        upstreams.connector.may_reach = |address| address.is_ipv4();
        let host = server.url.strip_prefix("https://").unwrap();
        for _ in 0..2 {
            let answer = fetch(&upstreams, &server.url, true).await.unwrap();
            assert_eq!(String::from_utf8(answer.body).unwrap(), format!("{version} {host} / "));
        }
        assert_eq!(server.connections.load(Ordering::Relaxed), 1);
        let by_number = server.url.replace("localhost", "127.0.0.1");
        assert!(matches!(fetch(&upstreams, &by_number, true).await, Err(Failed::Other(_))));
    }
}
