//! Step 7, forward: the wire request to a provider, and its answer as it comes in.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use http_body::{Body as _, Frame, SizeHint};
use reqwest::{Client, Method, Url};

use crate::config::{Config, Provider, Secret, Timeouts};
use crate::error::GatewayError;
use crate::wire::{Credential, WireRequest};

/// Idle connections kept for each provider: a gateway for a team has some hundred requests at once with one provider.
const IDLE_CONNECTIONS: usize = 256;

/// How long an unused connection is kept; below the 60 to 75 s after which common servers close it themselves.
const IDLE_CONNECTION_TIME: Duration = Duration::from_secs(55);

/// Most bytes handed on at once: one read of a fast upstream.
const BATCH_BYTES: usize = 128 * 1024;

/// The clients of one snapshot. A proxy is never used for this machine itself (claude-code-router#602).
#[derive(Debug, Clone)]
pub struct Upstreams {
    outside: Client,
    loopback: Client,
    timeouts: Timeouts,
}

impl Upstreams {
    /// Makes the clients.
    pub fn new(config: &Config) -> anyhow::Result<Self> {
        let builder = || {
            Client::builder()
                .connect_timeout(config.timeouts.connect)
                .pool_max_idle_per_host(IDLE_CONNECTIONS)
                .pool_idle_timeout(IDLE_CONNECTION_TIME)
                // A redirect would carry the key to another host.
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
        };
        let mut outside = builder();
        if let Some(proxy) = &config.proxy_url {
            let proxy = reqwest::Proxy::all(proxy.expose().clone()).context("PROXY_URL cannot be used")?;
            outside = outside.proxy(proxy);
        }
        Ok(Self {
            outside: outside.build().context("the HTTP client does not start")?,
            loopback: builder().no_proxy().build().context("the HTTP client does not start")?,
            timeouts: config.timeouts,
        })
    }

    /// Whether a snapshot with this config can go on with these clients and their open connections.
    pub fn fits(&self, old: &Config, new: &Config) -> bool {
        let proxy = |config: &Config| config.proxy_url.as_ref().map(|url| url.expose().clone());
        self.timeouts == new.timeouts && proxy(old) == proxy(new)
    }

    /// Sends a request and waits for the head of the answer. `streaming` is what the answer is asked to be.
    pub async fn forward(
        &self,
        provider: &Provider,
        key: Option<&Secret>,
        wire: WireRequest,
        streaming: bool,
    ) -> Result<UpstreamResponse, GatewayError> {
        let client = if is_loopback(provider.base_url.expose()) { &self.loopback } else { &self.outside };
        let request = build(provider, key, wire, streaming)?;
        let limit = self.timeouts.first_byte;
        let response = match tokio::time::timeout(limit, client.execute(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(self.send_error(provider, error)),
            Err(_) => return Err(timed_out(provider, "did not begin to answer", limit)),
        };
        let (head, body) = http::Response::<reqwest::Body>::from(response).into_parts();
        let body = UpstreamBody { body, provider: provider.name.to_string(), idle: self.timeouts.idle };
        Ok(UpstreamResponse { status: head.status.as_u16(), headers: head.headers, body })
    }

    fn send_error(&self, provider: &Provider, error: reqwest::Error) -> GatewayError {
        if error.is_timeout() {
            return timed_out(provider, "could not be connected with", self.timeouts.connect);
        }
        let reason = root_cause(&error.without_url());
        if reason.contains("closed before message completed") || reason.contains("connection reset") {
            return GatewayError::BadAnswer {
                provider: provider.name.to_string(),
                reason: "closed the connection without an answer".into(),
            };
        }
        GatewayError::Connect { provider: provider.name.to_string(), reason }
    }
}

fn timed_out(provider: &Provider, what: &'static str, limit: Duration) -> GatewayError {
    GatewayError::UpstreamTimeout { provider: provider.name.to_string(), what, limit }
}

/// The innermost cause says what happened ("Connection refused"); the outer ones only that something did.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => {
            host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        None => false,
    }
}

fn build(
    provider: &Provider,
    key: Option<&Secret>,
    wire: WireRequest,
    streaming: bool,
) -> Result<reqwest::Request, GatewayError> {
    let unusable = |what: &str| GatewayError::Unavailable(format!("provider `{}`: {what}", provider.name));
    let mut url = provider.base_url.expose().join(&wire.path).map_err(|_| unusable("its address makes no URL"))?;
    let mut headers = wire.headers;
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let accept = if streaming { "text/event-stream" } else { "application/json" };
    headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
    for (name, value) in &provider.headers {
        headers.insert(name.clone(), value.clone());
    }
    if let Some(key) = key.filter(|key| !key.expose().is_empty()) {
        add_key(&mut url, &mut headers, &wire.credential, key)
            .map_err(|_| unusable("its api_key has characters that no header can have"))?;
    }
    let mut request = reqwest::Request::new(Method::POST, url);
    *request.headers_mut() = headers;
    *request.body_mut() = Some(body(wire.body.into_pieces()));
    Ok(request)
}

/// The last thing that is added: no plugin and no log has seen it.
fn add_key(
    url: &mut Url,
    headers: &mut HeaderMap,
    credential: &Credential,
    key: &Secret,
) -> Result<(), header::InvalidHeaderValue> {
    let sensitive = |text: &str| {
        HeaderValue::from_str(text).map(|mut value| {
            value.set_sensitive(true);
            value
        })
    };
    match credential {
        Credential::Bearer => {
            headers.insert(header::AUTHORIZATION, sensitive(&format!("Bearer {}", key.expose()))?);
        }
        Credential::Header(name) => {
            headers.insert(name.clone(), sensitive(key.expose())?);
        }
        Credential::Query(name) => {
            url.query_pairs_mut().append_pair(name, key.expose());
        }
        Credential::None => {}
    }
    Ok(())
}

fn body(mut pieces: Vec<Bytes>) -> reqwest::Body {
    match (pieces.pop(), pieces.is_empty()) {
        (Some(only), true) => only.into(),
        (last, _) => {
            pieces.extend(last);
            pieces.reverse();
            reqwest::Body::wrap(Pieces(pieces))
        }
    }
}

/// A body of several pieces whose length is known; the last element goes first.
struct Pieces(Vec<Bytes>);

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(self.0.pop().map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.iter().map(|piece| piece.len() as u64).sum())
    }
}

/// A provider's answer whose body has yet to be read. Dropping it ends the request upstream.
pub struct UpstreamResponse {
    /// HTTP status.
    pub status: u16,
    /// HTTP headers.
    pub headers: HeaderMap,
    /// What follows.
    pub body: UpstreamBody,
}

/// The body of a provider's answer, decompressed.
pub struct UpstreamBody {
    body: reqwest::Body,
    provider: String,
    idle: Duration,
}

/// Why a body could not be read to its end.
#[derive(Debug)]
pub enum ReadError {
    /// The connection broke.
    Broken(String),
    /// More than the bound.
    TooLarge,
    /// Nothing came for too long.
    Idle(Duration),
}

impl UpstreamBody {
    /// How long the upstream may be silent.
    pub fn idle_limit(&self) -> Duration {
        self.idle
    }

    /// All that is there now, waiting for something if nothing is; empty at the end.
    ///
    /// A provider's small chunks arrive one by one from the HTTP client although one read of the socket brought many of
    /// them. They are gathered: one call into each plugin and one write to the client then serve them all.
    pub fn poll_batch(&mut self, context: &mut Context<'_>, batch: &mut Batch) -> Poll<Result<(), ReadError>> {
        if batch.ended || batch.broken.is_some() {
            return Poll::Ready(Ok(()));
        }
        loop {
            match Pin::new(&mut self.body).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => {
                    if let Ok(data) = frame.into_data() {
                        batch.add(data);
                    }
                    if batch.bytes >= BATCH_BYTES {
                        return Poll::Ready(Ok(()));
                    }
                }
                Poll::Ready(Some(Err(error))) if batch.is_empty() => {
                    return Poll::Ready(Err(ReadError::Broken(root_cause(&error.without_url()))));
                }
                Poll::Ready(Some(Err(error))) => {
                    batch.broken = Some(root_cause(&error.without_url()));
                    return Poll::Ready(Ok(()));
                }
                Poll::Ready(None) => {
                    batch.ended = true;
                    return Poll::Ready(Ok(()));
                }
                Poll::Pending if batch.is_empty() => return Poll::Pending,
                Poll::Pending if batch.yielded => return Poll::Ready(Ok(())),
                Poll::Pending => {
                    // Lets the connection's own task hand over the next chunk, then looks once more.
                    batch.yielded = true;
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
            }
        }
    }

    /// The whole body, at most `limit` bytes.
    pub async fn read_all(mut self, limit: usize) -> Result<Vec<u8>, ReadError> {
        let mut whole = Vec::new();
        let idle = self.idle;
        loop {
            let mut batch = Batch::default();
            let read = std::future::poll_fn(|context| self.poll_batch(context, &mut batch));
            tokio::time::timeout(idle, read).await.map_err(|_| ReadError::Idle(idle))??;
            if let Some(reason) = batch.broken {
                return Err(ReadError::Broken(reason));
            }
            for piece in &batch.pieces {
                if whole.len() + piece.len() > limit {
                    return Err(ReadError::TooLarge);
                }
                whole.extend_from_slice(piece);
            }
            if batch.ended {
                return Ok(whole);
            }
        }
    }

    /// A read error as an error of the request.
    pub fn error(provider: &str, error: ReadError) -> GatewayError {
        let provider = provider.to_owned();
        match error {
            ReadError::Broken(reason) => GatewayError::BadAnswer {
                provider,
                reason: format!("broke off in the middle of its answer ({reason})"),
            },
            ReadError::TooLarge => {
                GatewayError::BadAnswer { provider, reason: "answered more than can be read".into() }
            }
            ReadError::Idle(limit) => GatewayError::UpstreamTimeout { provider, what: "sent nothing more", limit },
        }
    }

    /// The provider's name.
    pub fn provider(&self) -> &str {
        &self.provider
    }
}

/// What one look at a body brought.
#[derive(Debug, Default)]
pub struct Batch {
    /// In order.
    pub pieces: Vec<Bytes>,
    /// Nothing follows.
    pub ended: bool,
    /// Why nothing follows, when it should.
    pub broken: Option<String>,
    bytes: usize,
    yielded: bool,
}

impl Batch {
    fn add(&mut self, piece: Bytes) {
        self.bytes += piece.len();
        self.yielded = false;
        self.pieces.push(piece);
    }

    fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }
}
