//! Waiting for an upstream: what came, or how long nothing did.
//!
//! Two clocks that must not be mixed up: the client hears a `ping` after some seconds in which *it* got nothing, the upstream is
//! given up after a time in which *it* sent nothing. Pings must not hide a dead upstream (sub2api#1707).

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use crate::upstream::{Batch, ReadError, UpstreamBody};

/// The body being waited for.
pub(super) struct Waiting {
    pub(super) body: UpstreamBody,
    /// Filled across polls: waiting may be interrupted by a ping.
    batch: Batch,
    timer: Pin<Box<Sleep>>,
    ping_every: Duration,
    next_ping: Instant,
    give_up: Instant,
}

/// What a wait ended with.
pub(super) enum Wait<B> {
    /// Bytes, or the end.
    Batch(B),
    /// The client should hear something.
    Quiet,
    /// Nothing will come.
    Error(ReadError),
}

impl Waiting {
    pub(super) fn new(body: UpstreamBody, ping_every: Duration) -> Self {
        let now = Instant::now();
        let (next_ping, give_up) = (now + ping_every, now + body.idle_limit());
        let timer = Box::pin(sleep_until(next_ping.min(give_up)));
        Self { body, batch: Batch::default(), timer, ping_every, next_ping, give_up }
    }

    /// Waits for the upstream, at most until a ping is due.
    pub(super) async fn next(&mut self) -> Wait<Batch> {
        poll_fn(|context| {
            match self.body.poll_batch(context, &mut self.batch) {
                Poll::Ready(Ok(())) => {
                    let now = Instant::now();
                    self.next_ping = now + self.ping_every;
                    self.give_up = now + self.body.idle_limit();
                    return Poll::Ready(Wait::Batch(std::mem::take(&mut self.batch)));
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Wait::Error(error)),
                Poll::Pending => {}
            }
            // The timer is not moved with every read, which would cost more than the read: it is asked when it rings.
            while self.timer.as_mut().poll(context).is_ready() {
                let now = Instant::now();
                if now >= self.give_up {
                    return Poll::Ready(Wait::Error(ReadError::Idle(self.body.idle_limit())));
                }
                let quiet = now >= self.next_ping;
                if quiet {
                    self.next_ping = now + self.ping_every;
                }
                self.timer.as_mut().reset(self.next_ping.min(self.give_up));
                if quiet {
                    return Poll::Ready(Wait::Quiet);
                }
            }
            Poll::Pending
        })
        .await
    }

    /// Waits for the upstream without caring for pings.
    pub(super) async fn next_batch(&mut self) -> Result<Batch, ReadError> {
        loop {
            match self.next().await {
                Wait::Batch(batch) => return Ok(batch),
                Wait::Quiet => {}
                Wait::Error(error) => return Err(error),
            }
        }
    }

    /// Gives back a batch that was only looked at.
    pub(super) fn put_back(&mut self, batch: Batch) {
        self.batch = batch;
    }

    /// The whole body, whose beginning has been read already.
    pub(super) async fn rest(&mut self, mut batch: Batch, limit: usize) -> Result<Vec<u8>, ReadError> {
        let mut whole = Vec::new();
        loop {
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
            batch = self.next_batch().await?;
        }
    }
}
