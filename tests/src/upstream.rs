//! A provider in the test's hands: it answers each request by a script and records everything it is asked.
//!
//! It speaks HTTP/1.1 over a plain socket, so that it can also do it wrong. The scripts are in [`script`]. What it says can be
//! put together by hand from the pieces of [`openai`] and [`anthropic`], or be a [`Story`], which each [`Format`] tells in its
//! own way; what it was [`Asked`] is read the same way.

pub mod anthropic;
mod asked;
mod bedrock;
mod chat;
mod format;
mod gemini;
pub mod google;
mod messages;
pub mod openai;
mod responses;
mod script;
pub mod story;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde_json::Value;
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::time::within;
use crate::wire::{Body, Headers, Reader};

pub use asked::Asked;
pub use format::Format;
pub use script::{Gate, Script};
pub use story::Story;

/// A request as it reached the upstream.
#[derive(Debug, Clone)]
pub struct SeenRequest {
    /// HTTP method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// The headers.
    pub headers: Headers,
    /// The body's bytes.
    pub body: Vec<u8>,
    gone: watch::Receiver<Option<Instant>>,
}

impl SeenRequest {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the gateway sends JSON")
    }

    /// A header's value by its lower-case name; fails the test if it is not there.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.unwrap_or_else(|| panic!("no header {name} in {:?}", self.headers))
    }

    /// Waits until the gateway closes the connection that this request came on; the moment at which that was seen.
    pub async fn gone(&self) -> Instant {
        let mut gone = self.gone.clone();
        let moment = within("the gateway closing its connection", gone.wait_for(Option::is_some));
        let moment = moment.await.expect("the upstream is still there");
        moment.expect("waited for")
    }

    /// Whether the gateway has closed the connection by now.
    pub fn is_gone(&self) -> bool {
        self.gone.borrow().is_some()
    }
}

type Answering = Arc<dyn Fn(&SeenRequest) -> Script + Send + Sync>;

struct Shared {
    queue: Mutex<VecDeque<Script>>,
    otherwise: Mutex<Option<Answering>>,
    greeting: Mutex<Option<&'static [u8]>>,
    all: Mutex<Vec<SeenRequest>>,
    news: mpsc::UnboundedSender<SeenRequest>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The provider. It stops when it is dropped.
pub struct FakeUpstream {
    address: SocketAddr,
    shared: Arc<Shared>,
    unread: tokio::sync::Mutex<mpsc::UnboundedReceiver<SeenRequest>>,
    accepting: JoinHandle<()>,
}

impl FakeUpstream {
    /// Listens on a free port of the loopback.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let (news, unread) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            otherwise: Mutex::default(),
            greeting: Mutex::default(),
            all: Mutex::default(),
            news,
        });
        Self {
            address,
            accepting: tokio::spawn(accept(listener, Arc::clone(&shared))),
            shared,
            unread: tokio::sync::Mutex::new(unread),
        }
    }

    /// Answers every request without a script of its own by this one.
    pub async fn always(script: Script) -> Self {
        let upstream = Self::start().await;
        upstream.otherwise(move |_| script.clone());
        upstream
    }

    /// Says these bytes to whoever connects, without waiting for a request, and closes.
    pub async fn rude(greeting: &'static [u8]) -> Self {
        let upstream = Self::start().await;
        *lock(&upstream.shared.greeting) = Some(greeting);
        upstream
    }

    /// Its base, as a config's `api_base_url` says it.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Its address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next request without a script gets this one.
    pub fn next(&self, script: Script) {
        lock(&self.shared.queue).push_back(script);
    }

    /// What requests get that no [`FakeUpstream::next`] is left for.
    pub fn otherwise(&self, answering: impl Fn(&SeenRequest) -> Script + Send + Sync + 'static) {
        *lock(&self.shared.otherwise) = Some(Arc::new(answering));
    }

    /// The next request, once it is there.
    pub async fn request(&self) -> SeenRequest {
        let mut unread = self.unread.lock().await;
        let next = within("a request to the upstream", unread.recv()).await;
        next.expect("the sender lives in the upstream itself")
    }

    /// All requests so far.
    pub fn requests(&self) -> Vec<SeenRequest> {
        lock(&self.shared.all).clone()
    }
}

impl Drop for FakeUpstream {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// A base URL that nobody listens on.
pub async fn refused_url() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    format!("http://{address}/v1")
}

/// A listener that lets nobody in: its queue is full, so that a further connection neither succeeds nor fails.
pub struct FullUpstream {
    listener: TcpListener,
    _waiting: Vec<TcpStream>,
}

impl FullUpstream {
    /// Fills a queue of its own.
    pub async fn start() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port");
        let listener = socket.listen(1).expect("it listens");
        let address = listener.local_addr().expect("it is bound");
        let mut waiting = Vec::new();
        // Linux lets one more in than it is asked to.
        for _ in 0..2 {
            let connected = within("filling a queue", TcpStream::connect(address)).await;
            waiting.push(connected.expect("there is room"));
        }
        Self { listener, _waiting: waiting }
    }

    /// Its base, as a config's `api_base_url` says it.
    pub fn base_url(&self) -> String {
        let address = self.listener.local_addr().expect("it is bound");
        format!("http://{address}/v1")
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors: others will be closed.
            tokio::task::yield_now().await;
            continue;
        };
        connections.spawn(serve(stream, Arc::clone(&shared)));
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    // Each write of a script is to be a packet of its own, where the system lets it.
    let _ = stream.set_nodelay(true);
    let (reader, mut writer) = stream.into_split();
    let mut reader = Reader::new(reader);
    let greeting = *lock(&shared.greeting);
    if let Some(greeting) = greeting {
        Script::new().bytes(greeting).close().play(&mut writer).await;
        return;
    }
    let (gone, is_gone) = watch::channel(None);
    while let Some(request) = read_request(&mut reader, &is_gone).await {
        let script = choose(&shared, &request);
        lock(&shared.all).push(request.clone());
        // Nobody has to be interested.
        let _ = shared.news.send(request);
        let stays_open = tokio::select! {
            stays_open = script.play(&mut writer) => stays_open,
            () = peer_closes(&mut reader) => false,
        };
        if !stays_open {
            break;
        }
    }
    gone.send_replace(Some(Instant::now()));
}

fn choose(shared: &Shared, request: &SeenRequest) -> Script {
    if let Some(script) = lock(&shared.queue).pop_front() {
        return script;
    }
    match lock(&shared.otherwise).clone() {
        Some(answering) => answering(request),
        None => Script::text(500, "text/plain", "the test has no script for this request"),
    }
}

async fn read_request(
    reader: &mut Reader<OwnedReadHalf>,
    gone: &watch::Receiver<Option<Instant>>,
) -> Option<SeenRequest> {
    let head = reader.head().await.ok()??;
    let mut words = head.first_line.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let body = reader.all(Body::of_request(&head.headers)).await.ok()?;
    Some(SeenRequest { method, target, headers: head.headers, body, gone: gone.clone() })
}

/// Bytes of a next request may come meanwhile; they are kept.
async fn peer_closes(reader: &mut Reader<OwnedReadHalf>) {
    while matches!(reader.more().await, Ok(1..)) {}
}

#[cfg(test)]
mod tests;
