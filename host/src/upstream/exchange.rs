//! One request and its answer's head, over a connection that is open.
//!
//! An HTTP/1 connection of hyper does nothing by itself: it moves when it is polled. It is polled by the task that waits for the
//! answer, so that there is no other task to wake. Two wakers are needed for that. What the connection hands over (the answer,
//! a piece of its body) becomes ready only while *we* poll the connection, so nobody must be woken for it: it is polled with a
//! waker that does nothing, and so is the connection as long as it gets on. Only when it does not, it is polled once more
//! with the task's own waker, which then waits for the socket. Otherwise each piece would wake the very task that takes it.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};

use super::connect::Stream;
use super::request::Pieces;

pub(super) use hyper::client::conn::TrySendError;

/// Headers of an answer; providers send some thirty, with a CDN before them some fifty.
const MAX_HEADERS: usize = 128;

/// Most bytes of an answer's head, and most that one read takes of its body: large enough that a fast answer needs few
/// reads, small enough that some hundred slow ones need no memory to speak of.
const BUFFER: usize = 64 * 1024;

/// An HTTP/1 connection: one request at a time.
pub(super) struct Http1 {
    /// Where it leads to.
    pub(super) origin: Arc<str>,
    sender: http1::SendRequest<Pieces>,
    driver: Driver,
}

/// What moves an HTTP/1 connection; empty once it is closed.
struct Driver(Option<http1::Connection<Stream, Pieces>>);

impl Driver {
    fn poll(&mut self, context: &mut Context<'_>) {
        let Some(connection) = &mut self.0 else { return };
        // An error is told to whoever waits for the answer or its body.
        if Pin::new(connection).poll(context).is_ready() {
            self.0 = None;
        }
    }

    /// Moves the connection until `look` finds something. `look` is called with the waker that does nothing.
    fn poll_until<T>(
        &mut self,
        context: &mut Context<'_>,
        mut look: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        if let Poll::Ready(found) = self.poll_quietly(&mut look) {
            return Poll::Ready(found);
        }
        self.poll(context);
        look(&mut Context::from_waker(Waker::noop()))
    }

    /// The same without waiting for more than there is.
    fn poll_quietly<T>(&mut self, look: &mut impl FnMut(&mut Context<'_>) -> Poll<T>) -> Poll<T> {
        let mut quiet = Context::from_waker(Waker::noop());
        self.poll(&mut quiet);
        look(&mut quiet)
    }
}

impl Http1 {
    /// Makes a connection of a stream.
    pub(super) async fn open(origin: &str, stream: Stream) -> hyper::Result<Box<Self>> {
        let mut builder = http1::Builder::new();
        builder.max_headers(MAX_HEADERS).max_buf_size(BUFFER);
        let (sender, connection) = builder.handshake(stream).await?;
        Ok(Box::new(Self { origin: origin.into(), sender, driver: Driver(Some(connection)) }))
    }

    /// Sends a request and waits for the head of the answer.
    pub(super) async fn send(
        &mut self,
        request: Request<Pieces>,
    ) -> Result<Response<Incoming>, TrySendError<Request<Pieces>>> {
        let mut answer = pin!(self.sender.try_send_request(request));
        let driver = &mut self.driver;
        std::future::poll_fn(|context| driver.poll_until(context, |quiet| answer.as_mut().poll(quiet))).await
    }

    /// Moves the connection until there is something of `body`; without `wait`, only what is there now is looked at.
    pub(super) fn poll_body<T>(
        &mut self,
        context: &mut Context<'_>,
        wait: bool,
        mut body: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        match wait {
            true => self.driver.poll_until(context, body),
            false => self.driver.poll_quietly(&mut body),
        }
    }

    /// Whether another request can be sent: the last answer has come to its end, and the server has not closed since.
    /// Nobody is woken for this connection any more.
    pub(super) fn is_ready(&mut self) -> bool {
        self.driver.poll(&mut Context::from_waker(Waker::noop()));
        self.driver.0.is_some() && self.sender.is_ready()
    }
}

/// An HTTP/2 connection that requests share. The pool's own tasks drive it.
#[derive(Clone)]
pub(super) struct Http2 {
    pub(super) sender: http2::SendRequest<Pieces>,
    /// One for the pool, and one for each request under way.
    pub(super) users: Arc<()>,
}

impl Http2 {
    /// Sends a request and waits for the head of the answer.
    pub(super) async fn send(
        &mut self,
        request: Request<Pieces>,
    ) -> Result<Response<Incoming>, TrySendError<Request<Pieces>>> {
        self.sender.try_send_request(request).await
    }
}
