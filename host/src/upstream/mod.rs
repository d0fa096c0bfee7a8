//! Step 7, forward: the wire request to a provider, and its answer as it comes in.
//!
//! A thin client of our own on hyper's connections. What the ready-made clients cost is one task for each connection, which
//! hands over one chunk at a time: a task switch for every token of an answer. Here the task that reads an answer drives its
//! connection itself ([`exchange`]), and takes all that one read of the socket brought ([`body`]).
//!
//! [`request`] writes a request, [`connect`] opens connections, [`pool`] keeps them, [`decompress`] undoes compression.
//! [`credentials`] finds what a request must carry. What has to be asked for that ([`side`]), and what plugins ask of the world
//! ([`outside`]), a ready-made client sends, with what must not lead into private networks kept out of it ([`public`]).
//! Retries and fallbacks are [`crate::attempts`]'.

mod aws;
mod body;
mod connect;
mod credentials;
mod decompress;
mod exchange;
mod google;
pub mod outside;
mod pool;
mod public;
mod request;
mod side;
#[cfg(test)]
mod tests;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Request, StatusCode, header};

pub(crate) use self::side::Ask;

pub use self::body::{Batch, ReadError, UpstreamBody};
use self::body::{Rest, Source};
use self::connect::{ConnectError, Connector, root_cause};
use self::credentials::Credentials;
use self::decompress::Decoder;
use self::exchange::{Http1, TrySendError};
use self::pool::{Pool, Ready};
use self::request::{Origin, Pieces};
use self::side::SideClients;
use crate::base::error::GatewayError;
use crate::base::wire::WireRequest;
use crate::config::{Config, Provider, SafeUrl, Secret, Timeouts};

/// The client of one configuration: connections that are open, and what opens more.
pub struct Upstreams {
    connector: Connector,
    pool: Arc<Pool>,
    timeouts: Timeouts,
    credentials: Credentials,
    side: SideClients,
    /// The proxy that the config names.
    proxy_url: Option<SafeUrl>,
}

/// A provider's answer whose body has yet to be read. Dropping it ends the request upstream.
pub struct UpstreamResponse {
    /// HTTP status.
    pub status: u16,
    /// HTTP headers, without those that only describe how the body was packed.
    pub headers: HeaderMap,
    /// What follows.
    pub body: UpstreamBody,
    /// What went along as credentials: nothing that the provider says may show it.
    pub secrets: Vec<Secret>,
}

/// An answer that has begun, and where the rest of it comes from.
struct Begun {
    head: http::response::Parts,
    source: Source,
}

/// Why no answer has begun.
enum SendError {
    Connect(ConnectError),
    Http(hyper::Error),
}

impl Upstreams {
    /// Makes the client. It must be made within the runtime, where the task that closes idle connections lives.
    pub fn new(config: &Config) -> anyhow::Result<Self> {
        let connector = Connector::new(config.proxy_url.as_ref(), config.timeouts.connect)?;
        Ok(Self {
            connector,
            pool: Pool::start(),
            timeouts: config.timeouts,
            credentials: Credentials::new(),
            side: SideClients::default(),
            proxy_url: config.proxy_url.clone(),
        })
    }

    /// Whether a snapshot with this config can go on with this client and its open connections.
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
        let unusable = |what: &str| GatewayError::Unavailable(format!("provider `{}`: {what}", provider.name));
        let origin = Origin::of(provider.base_url.expose()).ok_or_else(|| unusable("its address makes no URL"))?;
        let proving = self.credentials.prove(self, provider, &origin, key, &wire.credential);
        let proof = proving.await.map_err(|reason| unusable(&reason))?;
        let request = request::build(&origin, provider, &proof, wire, streaming).map_err(unusable)?;
        let limit = self.timeouts.first_byte;
        match tokio::time::timeout(limit, self.send(&origin, request)).await {
            Ok(Ok(begun)) => {
                let mut response = self.response(provider, begun);
                response.secrets.extend(proof.secrets());
                if response.status == StatusCode::UNAUTHORIZED.as_u16() {
                    self.credentials.refused(&proof);
                }
                Ok(response)
            }
            Ok(Err(error)) => Err(self.send_error(provider, error)),
            Err(_) => Err(timed_out(provider, "did not begin to answer", limit)),
        }
    }

    /// A request goes over a connection that is open already, if there is one. Such a connection may turn out to have been
    /// closed by the server. Then, and only if hyper gives the request back because nothing of it was sent, it is sent again,
    /// over a new connection: a request to a model must not be made twice.
    async fn send(&self, origin: &Origin<'_>, request: Request<Pieces>) -> Result<Begun, SendError> {
        let request = match self.pool.take(origin.key) {
            None => request,
            Some(ready) => match self.exchange(ready, origin, request).await {
                Ok(begun) => return Ok(begun),
                Err(mut error) => match error.take_message() {
                    Some(request) => request,
                    None => return Err(SendError::Http(error.into_error())),
                },
            },
        };
        let ready = self.connect(origin).await.map_err(SendError::Connect)?;
        self.exchange(ready, origin, request).await.map_err(|error| SendError::Http(error.into_error()))
    }

    async fn connect(&self, origin: &Origin<'_>) -> Result<Ready, ConnectError> {
        let connecting = async {
            let opened = self.connector.open(origin).await?;
            match opened.http2 {
                true => self.pool.multiplex(origin.key, opened.stream).await.map(Ready::Http2),
                false => Http1::open(origin.key, opened.stream).await.map(Ready::Http1),
            }
            .map_err(|error| ConnectError::because(&error))
        };
        tokio::time::timeout(self.timeouts.connect, connecting).await.map_err(|_| ConnectError::TimedOut)?
    }

    async fn exchange(
        &self,
        ready: Ready,
        origin: &Origin<'_>,
        mut request: Request<Pieces>,
    ) -> Result<Begun, TrySendError<Request<Pieces>>> {
        let (response, rest) = match ready {
            Ready::Http1(mut connection) => {
                let response = connection.send(request).await?;
                (response, Rest::Http1(connection, Arc::clone(&self.pool)))
            }
            Ready::Http2(mut connection) => {
                origin.complete(&mut request);
                let response = connection.send(request).await?;
                (response, Rest::Http2(connection, Arc::clone(&self.pool)))
            }
        };
        let (head, body) = response.into_parts();
        Ok(Begun { head, source: Source::new(body, rest) })
    }

    fn response(&self, provider: &Provider, begun: Begun) -> UpstreamResponse {
        let Begun { head, source } = begun;
        let mut headers = head.headers;
        let decoder = headers.get(header::CONTENT_ENCODING).and_then(Decoder::of);
        if decoder.is_some() {
            headers.remove(header::CONTENT_ENCODING);
            headers.remove(header::CONTENT_LENGTH);
        }
        let body = UpstreamBody::new(source, decoder, Arc::clone(&provider.name), self.timeouts.idle);
        let secrets = provider.keys.iter().map(|key| key.secret.clone()).collect();
        UpstreamResponse { status: head.status.as_u16(), headers, body, secrets }
    }

    fn send_error(&self, provider: &Provider, error: SendError) -> GatewayError {
        let name = provider.name.to_string();
        let bad = |reason: String| GatewayError::BadAnswer { provider: name.clone(), reason };
        match error {
            SendError::Connect(ConnectError::TimedOut) => {
                timed_out(provider, "could not be connected with", self.timeouts.connect)
            }
            SendError::Connect(ConnectError::Failed(reason)) => GatewayError::Connect { provider: name, reason },
            SendError::Http(error) => bad(http_reason(&error)),
        }
    }
}

fn http_reason(error: &hyper::Error) -> String {
    if error.is_parse() {
        return format!("sent an answer that is not HTTP ({})", root_cause(error));
    }
    // Closed or reset; which of the two it was depends on who was faster.
    "closed the connection without an answer".into()
}

fn timed_out(provider: &Provider, what: &'static str, limit: Duration) -> GatewayError {
    GatewayError::UpstreamTimeout { provider: provider.name.to_string(), what, limit }
}
