//! The body of a streamed answer: waiting for its beginning, the answer itself, and agents' work between its turns.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};

use super::Exchange;
use crate::answer::{Answer, LiveStream, Said};
use crate::body::{Body, Cut};
use crate::error::GatewayError;
use crate::record::Outcome;
use crate::routing::Route;

/// A stream's body: dropping it (the client hung up) drops the upstream's request and the plugins' instances, and closes the
/// record.
pub(super) enum StreamState {
    /// Nothing has begun yet, or agents are at work between two turns.
    Working { work: Work, route: Arc<Route>, ping_every: std::time::Duration, keep_alive: Bytes, greeted: bool },
    /// The answer is coming.
    Live { live: LiveStream, route: Arc<Route>, exchange: Box<Exchange> },
    /// Nothing follows.
    Over,
}

pub(super) type Work = std::pin::Pin<Box<dyn Future<Output = (Exchange, Result<Answer, GatewayError>)> + Send>>;

pub(super) fn stream_body(state: StreamState) -> Body {
    let frames = stream::unfold(Box::new(state), |mut state| async move {
        let bytes = state.next().await?;
        Some((bytes.map(Frame::data), state))
    });
    StreamBody::new(frames).boxed_unsync()
}

impl StreamState {
    async fn next(&mut self) -> Option<Result<Bytes, Cut>> {
        loop {
            match self {
                Self::Over => return None,
                Self::Live { live, exchange, .. } => match live.next(&mut exchange.record).await {
                    Said::Bytes(bytes) => return Some(Ok(bytes)),
                    Said::Cut(cut) => return Some(Err(cut)),
                    Said::Over => return None,
                    Said::Turn => self.turn(),
                },
                Self::Working { work, ping_every, keep_alive, greeted, .. } => {
                    if !std::mem::replace(greeted, true) {
                        return Some(Ok(keep_alive.clone()));
                    }
                    match tokio::time::timeout(*ping_every, work).await {
                        Err(_) => return Some(Ok(keep_alive.clone())),
                        Ok((exchange, answer)) => {
                            if let Some(last) = self.begin(exchange, answer).await {
                                return Some(last);
                            }
                        }
                    }
                }
            }
        }
    }

    /// Goes over from the answer to the agents' work, and the model's next turn.
    fn turn(&mut self) {
        let Self::Live { mut live, route, exchange } = std::mem::replace(self, Self::Over) else { return };
        let (mut exchange, going) = (*exchange, Arc::clone(&route));
        let (ping_every, keep_alive) = (exchange.snapshot.config.timeouts.ping, exchange.keep_alive());
        let work = Box::pin(async move {
            let turn = exchange.next_turn(live.agents(), &going).await;
            live.go_on(turn, &mut exchange.record);
            (exchange, Ok(Answer::Stream(live)))
        });
        *self = Self::Working { work, route, ping_every, keep_alive, greeted: true };
    }

    /// Goes over from waiting to the answer; returns the last words if there is none.
    async fn begin(
        &mut self,
        mut exchange: Exchange,
        answer: Result<Answer, GatewayError>,
    ) -> Option<Result<Bytes, Cut>> {
        exchange.record.record.status = Some(200);
        match answer {
            Ok(Answer::Stream(live)) => {
                let Self::Working { route, .. } = std::mem::replace(self, Self::Over) else { return None };
                *self = Self::Live { live, route, exchange: Box::new(exchange) };
                None
            }
            Ok(Answer::Whole(_) | Answer::Waiting(_) | Answer::Turn(_)) => {
                // Cannot be: a streaming request is answered with a stream.
                *self = Self::Over;
                None
            }
            Err(error) => {
                tracing::info!(request = exchange.record.record.id, "{error}");
                let failure = error.into_failure();
                exchange.record.fail(Outcome::Failed, &failure);
                *self = Self::Over;
                Some(exchange.last_words(&failure).await)
            }
        }
    }
}
