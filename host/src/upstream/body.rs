//! The body of an answer: everything that is there at once, decompressed, and its end.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as _, Frame};
use hyper::body::Incoming;

use super::connect::root_cause;
use super::decompress::Decoder;
use super::exchange::{Http1, Http2};
use super::pool::Pool;
use crate::base::error::GatewayError;

/// Most bytes handed on at once: some reads of a fast upstream.
const BATCH_BYTES: usize = 128 * 1024;

/// The body of a provider's answer, decompressed. Dropping it before its end closes an HTTP/1 connection and cancels an
/// HTTP/2 stream.
pub struct UpstreamBody {
    source: Source,
    decoder: Option<Decoder>,
    provider: Arc<str>,
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

/// A body on its connection.
pub(super) struct Source {
    body: Incoming,
    rest: Rest,
}

/// What a body needs beside itself until it has ended, and the pool that outlives its configuration so long.
pub(super) enum Rest {
    /// The connection, which goes back to the pool.
    Http1(Box<Http1>, Arc<Pool>),
    /// A share in the connection; the pool drives it.
    Http2(#[expect(dead_code, reason = "held, not used")] Http2, #[expect(dead_code, reason = "held")] Arc<Pool>),
    /// Nothing any more.
    Ended,
}

impl Source {
    pub(super) fn new(body: Incoming, rest: Rest) -> Self {
        Self { body, rest }
    }

    /// The next frame. Without `wait`, nobody is woken when there is none.
    fn poll(&mut self, context: &mut Context<'_>, wait: bool) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        let body = &mut self.body;
        match &mut self.rest {
            Rest::Http1(connection, _) => {
                connection.poll_body(context, wait, |context| Pin::new(&mut *body).poll_frame(context))
            }
            Rest::Http2(..) => Pin::new(body).poll_frame(context),
            Rest::Ended => Poll::Ready(None),
        }
    }

    /// The body has been read: its connection is free.
    fn end(&mut self) {
        if let Rest::Http1(mut connection, pool) = std::mem::replace(&mut self.rest, Rest::Ended)
            && connection.is_ready()
        {
            pool.put(connection);
        }
    }
}

impl UpstreamBody {
    pub(super) fn new(source: Source, decoder: Option<Decoder>, provider: Arc<str>, idle: Duration) -> Self {
        Self { source, decoder, provider, idle }
    }

    /// How long the upstream may be silent.
    pub fn idle_limit(&self) -> Duration {
        self.idle
    }

    /// All that is there now, waiting for something if nothing is; empty at the end.
    ///
    /// One read of the socket may bring many of a provider's small chunks. They are gathered: one call into each plugin
    /// and one write to the client then serve them all.
    pub fn poll_batch(&mut self, context: &mut Context<'_>, batch: &mut Batch) -> Poll<Result<(), ReadError>> {
        if batch.ended || batch.broken.is_some() {
            return Poll::Ready(Ok(()));
        }
        while batch.bytes < BATCH_BYTES {
            let frame = match self.source.poll(context, batch.is_empty()) {
                Poll::Ready(frame) => frame,
                Poll::Pending if batch.is_empty() => return Poll::Pending,
                Poll::Pending => return Poll::Ready(Ok(())),
            };
            let ended = frame.is_none();
            if let Err(reason) = self.take(frame, batch) {
                if batch.is_empty() {
                    return Poll::Ready(Err(ReadError::Broken(reason)));
                }
                batch.broken = Some(reason);
                return Poll::Ready(Ok(()));
            }
            if ended {
                batch.ended = true;
                return Poll::Ready(Ok(()));
            }
        }
        Poll::Ready(Ok(()))
    }

    fn take(&mut self, frame: Option<hyper::Result<Frame<Bytes>>>, batch: &mut Batch) -> Result<(), String> {
        match (frame.transpose().map_err(|error| root_cause(&error))?, &mut self.decoder) {
            (Some(frame), decoder) => match (frame.into_data(), decoder) {
                (Ok(data), None) => batch.add(data),
                (Ok(data), Some(decoder)) => batch.add(decoder.push(&data)?),
                // Trailers.
                (Err(_), _) => {}
            },
            (None, decoder) => {
                self.source.end();
                if let Some(decoder) = decoder {
                    batch.add(decoder.finish()?);
                }
            }
        }
        Ok(())
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
}

impl Batch {
    /// The end, where nothing else came.
    pub fn end() -> Self {
        Self { ended: true, ..Self::default() }
    }

    fn add(&mut self, piece: Bytes) {
        if !piece.is_empty() {
            self.bytes += piece.len();
            self.pieces.push(piece);
        }
    }

    fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }
}
