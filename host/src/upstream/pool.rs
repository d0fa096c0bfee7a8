//! Connections that are open: idle ones of HTTP/1, shared ones of HTTP/2, and the tasks that belong to them.
//!
//! A body holds the pool until it has ended, so that a reload, which may replace the pool, cuts no answer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use hyper::client::conn::http2;
use hyper::rt::Executor;
use hyper_util::rt::TokioTimer;
use tokio::task::JoinSet;

use super::connect::Stream;
use super::exchange::{Http1, Http2};

/// Idle connections kept for each server: a gateway for a team has some hundred requests at once with one provider.
const IDLE_CONNECTIONS: usize = 256;

/// How long an unused connection is kept; below the 60 to 75 s after which common servers close it themselves.
const IDLE_TIME: Duration = Duration::from_secs(55);

/// How often idle connections are looked at: a server that closes one has its half of it freed so much later.
const SWEEP_EVERY: Duration = Duration::from_secs(5);

/// Requests at once on one HTTP/2 connection: what RFC 9113, 6.5.2, asks every server to allow. Further ones would wait for the
/// end of the earlier, which for answers of models takes minutes; they get a connection more.
const STREAMS: usize = 100;

/// How often an HTTP/2 connection in use is asked for a sign of life, and how long that may take: without it, all
/// requests on a connection that a router has forgotten would wait for their time limits.
const HTTP2_PING: Duration = Duration::from_secs(20);

/// A connection that a request can be sent over.
pub(super) enum Ready {
    Http1(Box<Http1>),
    Http2(Http2),
}

/// The connections of one configuration.
pub(super) struct Pool {
    servers: Mutex<HashMap<Arc<str>, Server>>,
    /// The sweeper, and what drives HTTP/2 connections; they end with the pool.
    tasks: Mutex<JoinSet<()>>,
}

/// The connections with one server.
#[derive(Default)]
struct Server {
    /// The last one used goes first, so that those too many grow old.
    idle: Vec<Idle>,
    shared: Vec<Shared>,
}

struct Idle {
    connection: Box<Http1>,
    since: Instant,
}

struct Shared {
    connection: Http2,
    /// When it was seen without a request; `None` while it has one.
    idle_since: Option<Instant>,
}

impl Pool {
    /// Makes an empty pool and its sweeper.
    pub(super) fn start() -> Arc<Self> {
        let pool = Arc::new(Self { servers: Mutex::default(), tasks: Mutex::default() });
        locked(&pool.tasks).spawn(sweep(Arc::downgrade(&pool)));
        pool
    }

    /// A connection with this server that is free and was open a moment ago.
    pub(super) fn take(&self, origin: &str) -> Option<Ready> {
        loop {
            let mut idle = {
                let mut servers = locked(&self.servers);
                let server = servers.get_mut(origin)?;
                if let Some(shared) = server.shared.iter_mut().find(|shared| shared.has_room()) {
                    shared.idle_since = None;
                    return Some(Ready::Http2(shared.connection.clone()));
                }
                server.idle.pop()?
            };
            if idle.is_fresh() {
                return Some(Ready::Http1(idle.connection));
            }
        }
    }

    /// Keeps a connection for the next request.
    pub(super) fn put(&self, connection: Box<Http1>) {
        let mut servers = locked(&self.servers);
        let server = servers.entry(Arc::clone(&connection.origin)).or_default();
        if server.idle.len() < IDLE_CONNECTIONS {
            server.idle.push(Idle { connection, since: Instant::now() });
        }
    }

    /// Makes an HTTP/2 connection of a stream, for this request and others.
    pub(super) async fn multiplex(self: &Arc<Self>, origin: &str, stream: Stream) -> hyper::Result<Http2> {
        let mut builder = http2::Builder::new(Tasks(Arc::downgrade(self)));
        builder.timer(TokioTimer::new()).keep_alive_interval(HTTP2_PING).keep_alive_timeout(HTTP2_PING);
        let (sender, driver) = builder.handshake(stream).await?;
        Tasks(Arc::downgrade(self)).execute(async move {
            // An error is told to whoever waits for an answer or a body.
            let _ = driver.await;
        });
        let connection = Http2 { sender, users: Arc::new(()) };
        let shared = Shared { connection: connection.clone(), idle_since: None };
        locked(&self.servers).entry(origin.into()).or_default().shared.push(shared);
        Ok(connection)
    }

    /// Closes what is too old or was closed by the server.
    fn sweep(&self) {
        let mut closed = Vec::new();
        let mut servers = locked(&self.servers);
        for server in servers.values_mut() {
            closed.extend(server.idle.extract_if(.., |idle| !idle.is_fresh()));
            server.shared.retain_mut(Shared::is_fresh);
        }
        servers.retain(|_, server| !server.idle.is_empty() || !server.shared.is_empty());
        // Sockets are closed outside the lock.
        drop(servers);
        drop(closed);
    }
}

impl Idle {
    /// Neither too old nor closed by the server.
    fn is_fresh(&mut self) -> bool {
        self.since.elapsed() < IDLE_TIME && self.connection.is_ready()
    }
}

impl Shared {
    fn has_room(&self) -> bool {
        self.connection.sender.is_ready() && Arc::strong_count(&self.connection.users) <= STREAMS
    }

    /// Open, and used not too long ago.
    fn is_fresh(&mut self) -> bool {
        if Arc::strong_count(&self.connection.users) > 1 {
            self.idle_since = None;
        }
        let used = self.idle_since.get_or_insert_with(Instant::now).elapsed() < IDLE_TIME;
        used && self.connection.sender.is_ready()
    }
}

async fn sweep(pool: Weak<Pool>) {
    loop {
        tokio::time::sleep(SWEEP_EVERY).await;
        let Some(pool) = pool.upgrade() else { return };
        pool.sweep();
    }
}

/// Runs hyper's tasks for HTTP/2 among the pool's.
#[derive(Clone)]
struct Tasks(Weak<Pool>);

impl<F> Executor<F> for Tasks
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, task: F) {
        if let Some(pool) = self.0.upgrade() {
            let mut tasks = locked(&pool.tasks);
            while tasks.try_join_next().is_some() {}
            tasks.spawn(task);
        }
    }
}

/// What is guarded stays whole whatever panics: each use is a single step.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
