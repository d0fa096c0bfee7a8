//! A server that answers each request with what it is told to.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// A plain server; it ends with the test.
pub(in crate::upstream) struct Server {
    pub(in crate::upstream) url: String,
    seen: Arc<Seen>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Seen {
    requests: Mutex<Vec<String>>,
    connections: Mutex<usize>,
    closed: Notify,
}

impl Server {
    pub(in crate::upstream) async fn answering(answer: impl Fn(&str) -> Vec<u8> + Clone + Send + 'static) -> Self {
        Self::closing_after(usize::MAX, answer).await
    }

    /// Says this to whoever connects, and closes.
    pub(in crate::upstream) async fn greeting(words: &'static [u8]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                stream.write_all(words).await.unwrap();
                // What was sent is lost if it is closed before it has read everything.
                let _ = stream.read(&mut [0; 4096]).await;
            }
        });
        Self { url, seen: Arc::default(), task }
    }

    /// Closes each connection after so many requests.
    pub(in crate::upstream) async fn closing_after(
        requests: usize,
        answer: impl Fn(&str) -> Vec<u8> + Clone + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Seen::default());
        let noted = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            let mut serving = tokio::task::JoinSet::new();
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                *noted.connections.lock().unwrap() += 1;
                let (noted, answer) = (Arc::clone(&noted), answer.clone());
                serving.spawn(async move {
                    serve(&mut stream, requests, &noted, answer).await;
                    drop(stream);
                    noted.closed.notify_one();
                });
            }
        });
        Self { url, seen, task }
    }

    pub(in crate::upstream) fn connections(&self) -> usize {
        *self.seen.connections.lock().unwrap()
    }

    pub(in crate::upstream) fn requests(&self) -> Vec<String> {
        self.seen.requests.lock().unwrap().clone()
    }

    /// Until a connection has been closed, by whichever side, and the runtime has heard of it: yielding lets it ask for
    /// what happened to its sockets.
    pub(in crate::upstream) async fn closed(&self) {
        self.seen.closed.notified().await;
        tokio::task::yield_now().await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    requests: usize,
    seen: &Seen,
    answer: impl Fn(&str) -> Vec<u8>,
) {
    for _ in 0..requests {
        let Some(request) = read_request(stream).await else { return };
        let answer = answer(&request);
        seen.requests.lock().unwrap().push(request);
        if stream.write_all(&answer).await.is_err() {
            return;
        }
    }
}

async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut text = String::new();
    loop {
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return Some(text);
            }
        }
        let mut buffer = [0; 4096];
        let read = stream.read(&mut buffer).await.ok().filter(|read| *read > 0)?;
        text.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
    }
}

/// An answer of known length.
pub(in crate::upstream) fn whole(body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// One in chunks.
pub(in crate::upstream) fn chunked(chunks: &[&str]) -> Vec<u8> {
    let mut answer = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_owned();
    for chunk in chunks {
        answer.push_str(&format!("{:x}\r\n{chunk}\r\n", chunk.len()));
    }
    answer.push_str("0\r\n\r\n");
    answer.into_bytes()
}

/// One in chunks whose end does not come.
pub(in crate::upstream) fn begun(chunk: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{chunk}\r\n", chunk.len()).into_bytes()
}

/// A compressed one.
pub(in crate::upstream) fn encoded(encoding: &str, packed: &[u8]) -> Vec<u8> {
    let length = packed.len();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: {encoding}\r\ncontent-length: {length}\r\n\r\n");
    [head.as_bytes(), packed].concat()
}
