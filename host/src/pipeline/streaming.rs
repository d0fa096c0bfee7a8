//! The body of a streamed answer: waiting for its beginning, the answer itself, and agents' work between its turns.

use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::Response;
use http_body::Frame;
use http_body_util::BodyExt as _;

use super::Stream;
use super::exchange::{Asked, Exchange};
use crate::answer::{Blame, StreamEnd, StreamNext};
use crate::base::body::{self, Body, Cut};
use crate::base::error::GatewayError;
use crate::client::ClientCodec;
use crate::headers;
use crate::ledger::Ending;
use crate::plugins::PluginEngine;
use crate::reading::{RawEnd, RawNext, Streamed};

/// A stream being made, or its next turn.
pub(super) type Beginning = Pin<Box<dyn Future<Output = Begun> + Send>>;

/// What has come of it.
pub(super) struct Begun {
    exchange: Exchange,
    asked: Asked,
    stream: Result<Stream, GatewayError>,
}

/// Begins to answer.
pub(super) fn begin(mut exchange: Exchange, asked: Asked) -> Beginning {
    Box::pin(async move {
        let stream = exchange.stream(&asked).await;
        Begun { exchange, asked, stream }
    })
}

/// The response whose answer has begun, or failed to.
pub(super) async fn respond(begun: Begun) -> Response<Body> {
    let Begun { mut exchange, asked, stream } = begun;
    let mut stream = match stream {
        Ok(stream) => stream,
        Err(error) => return exchange.refuse(&error, Some(&asked.route)).await,
    };
    exchange.ledger.note_answer(stream.totals());
    let mut response = Response::new(body::empty());
    headers::describe(&mut response, &asked.route, &exchange.ledger.attempts);
    headers::event_stream(&mut response, asked.codec.stream_type());
    *response.body_mut() = StreamBody::live(exchange, asked, stream).into_body();
    response
}

/// A stream's body. Dropping it (the client hung up) drops the upstream's request and the plugins' instances, and tells the
/// request's end.
pub(super) enum StreamBody {
    /// Nothing has begun yet, or agents are at work between two turns.
    Waiting {
        beginning: Beginning,
        ping_every: Duration,
        keep_alive: Bytes,
        /// Due at once: the time for a first ping has passed.
        overdue: Option<Bytes>,
    },
    /// The answer is coming.
    Live(Live),
    /// Nothing follows.
    Over,
}

/// An answer on its way to the client.
pub(super) struct Live(Option<Box<Parts>>);

struct Parts {
    exchange: Exchange,
    asked: Asked,
    stream: Stream,
}

impl Drop for Live {
    fn drop(&mut self) {
        if let Some(parts) = &mut self.0 {
            parts.exchange.ledger.note_answer(parts.stream.totals());
        }
    }
}

/// What is next of a live answer.
enum LiveNext {
    Bytes(Bytes),
    /// Agents have calls to answer.
    Turn,
    End(Result<Bytes, Cut>),
}

impl Live {
    async fn next(&mut self) -> LiveNext {
        loop {
            let Some(parts) = &mut self.0 else { return LiveNext::End(Ok(Bytes::new())) };
            let (bytes, end) = match &mut parts.stream {
                Stream::Events(events) => match events.next().await {
                    StreamNext::Bytes(bytes) => return parts.sent(bytes),
                    StreamNext::Turn => return LiveNext::Turn,
                    StreamNext::End(bytes, end) => (bytes.unwrap_or_default(), end),
                },
                Stream::Raw(raw) => match raw.next().await {
                    RawNext::Bytes(bytes) => return parts.sent(bytes),
                    RawNext::End(bytes, end) => {
                        let engine = parts.exchange.gateway.engine();
                        raw_end(&parts.asked.codec, engine, bytes, end).await
                    }
                    RawNext::Quiet => match parts.asked.codec.keep_alive() {
                        nothing if nothing.is_empty() => continue,
                        ping => return parts.sent(ping),
                    },
                },
            };
            return self.end(bytes, end);
        }
    }

    fn end(&mut self, bytes: Bytes, end: StreamEnd) -> LiveNext {
        let Some(mut parts) = self.0.take() else { return LiveNext::End(Ok(bytes)) };
        let totals = parts.stream.totals();
        let mut ledger = parts.exchange.ledger;
        ledger.note_answer(totals);
        ledger.record.answered(&bytes);
        match end {
            StreamEnd::Complete => ledger.finish(Ending::Completed),
            StreamEnd::Broken(failure, blame) => ledger.finish(Ending::Broken(&failure, blame)),
            StreamEnd::Cut(error) => {
                tracing::error!(request = ledger.record.id, "the answer is cut off: {error}");
                ledger.finish(Ending::Failed(&error.into_failure()));
                return LiveNext::End(Err(Cut));
            }
        }
        LiveNext::End(Ok(bytes))
    }
}

impl Parts {
    fn sent(&mut self, bytes: Bytes) -> LiveNext {
        self.exchange.ledger.record.answered(&bytes);
        LiveNext::Bytes(bytes)
    }
}

/// The last bytes of a stream that went through as it was: where it broke off, the client is told.
async fn raw_end(codec: &ClientCodec, engine: &PluginEngine, bytes: Bytes, end: RawEnd) -> (Bytes, StreamEnd) {
    let error = match end {
        RawEnd::Complete => return (bytes, StreamEnd::Complete),
        RawEnd::Failed(failure) => return (bytes, StreamEnd::Broken(failure, Blame::Upstream)),
        RawEnd::Broken(error) => error,
    };
    let blame = Blame::of(&error);
    let failure = error.into_failure();
    match codec.last_words(engine, &failure).await {
        Ok(last) => ([bytes, last].concat().into(), StreamEnd::Broken(failure, blame)),
        Err(error) => (bytes, StreamEnd::Cut(error.into())),
    }
}

impl StreamBody {
    /// A body that begins with pings until the answer does.
    pub(super) fn waiting(beginning: Beginning, ping_every: Duration, keep_alive: Bytes) -> Self {
        let overdue = Some(keep_alive.clone());
        Self::Waiting { beginning, ping_every, keep_alive, overdue }
    }

    fn live(mut exchange: Exchange, asked: Asked, stream: Stream) -> Self {
        exchange.ledger.record.status = Some(200);
        Self::Live(Live(Some(Box::new(Parts { exchange, asked, stream }))))
    }

    pub(super) fn into_body(self) -> Body {
        let frames = stream::unfold(Box::new(self), |mut state| async move {
            let bytes = state.next().await?;
            Some((bytes.map(Frame::data), state))
        });
        http_body_util::StreamBody::new(frames).boxed_unsync()
    }

    async fn next(&mut self) -> Option<Result<Bytes, Cut>> {
        loop {
            match self {
                Self::Over => return None,
                Self::Live(live) => match live.next().await {
                    LiveNext::Bytes(bytes) => return Some(Ok(bytes)),
                    LiveNext::Turn => self.ask_for_next_turn(),
                    LiveNext::End(last) => {
                        *self = Self::Over;
                        return Some(last).filter(|last| last.as_ref().map_or(true, |bytes| !bytes.is_empty()));
                    }
                },
                Self::Waiting { beginning, ping_every, keep_alive, overdue } => {
                    if let Some(ping) = overdue.take() {
                        return Some(Ok(ping));
                    }
                    match tokio::time::timeout(*ping_every, beginning).await {
                        Err(_) => return Some(Ok(keep_alive.clone())),
                        Ok(Begun { exchange, asked, stream: Ok(stream) }) => {
                            *self = Self::live(exchange, asked, stream);
                        }
                        Ok(Begun { exchange, asked, stream: Err(error) }) => {
                            *self = Self::Over;
                            return Some(fail(exchange, &asked, error).await);
                        }
                    }
                }
            }
        }
    }

    /// Goes over from the answer to the agents' work, and the model's next turn.
    fn ask_for_next_turn(&mut self) {
        let Self::Live(live) = self else { return };
        let Some(parts) = live.0.take() else { return };
        let Parts { mut exchange, asked, stream } = *parts;
        let (ping_every, keep_alive) = (exchange.snapshot.config.timeouts.ping, asked.codec.keep_alive());
        let beginning = Box::pin(async move {
            let stream = match stream {
                Stream::Events(mut events) => {
                    let turn = exchange.next_turn::<Streamed>(&asked, events.agents()).await;
                    events.go_on(turn);
                    Stream::Events(events)
                }
                raw => raw,
            };
            Begun { exchange, asked, stream: Ok(stream) }
        });
        *self = Self::Waiting { beginning, ping_every, keep_alive, overdue: None };
    }
}

/// The end of a stream in which nothing of an answer has come.
async fn fail(mut exchange: Exchange, asked: &Asked, error: GatewayError) -> Result<Bytes, Cut> {
    let id = &exchange.ledger.record.id;
    tracing::info!(request = id, "{error}");
    let failure = error.into_failure();
    let last = asked.codec.last_words(exchange.gateway.engine(), &failure).await.map_err(|error| {
        tracing::error!(request = id, "failed to tell the client that there is no answer: {error}");
        Cut
    });
    exchange.ledger.record.status = Some(200);
    exchange.ledger.finish(Ending::Failed(&failure));
    last
}
