//! What an upstream does with one request, step by step.

use std::io::Write as _;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::Semaphore;

/// A point at which a script waits until the test lets it go on.
#[derive(Debug, Clone)]
pub struct Gate(Arc<Semaphore>);

impl Default for Gate {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }
}

impl Gate {
    /// A closed gate.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets everybody through, now and later.
    pub fn open(&self) {
        self.0.close();
    }

    pub(super) async fn pass(&self) {
        // There are no permits to be had: what ends the wait is that the semaphore is closed.
        let _ = self.0.acquire().await;
    }
}

#[derive(Debug, Clone)]
enum Step {
    Write(Vec<u8>),
    Wait(Gate),
    Close,
    Reset,
    Silence,
}

/// The steps. Without an ending of another kind the connection stays open for the next request.
#[derive(Debug, Clone, Default)]
pub struct Script(Vec<Step>);

impl Script {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A whole answer with its length.
    pub fn text(status: u16, content_type: &str, body: &str) -> Self {
        Self::whole(status, &[("content-type", content_type)], body.as_bytes())
    }

    /// A whole answer of JSON.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::text(status, "application/json", &body.to_string())
    }

    /// A whole answer with headers of the test's own and its length.
    pub fn whole(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Self {
        let length = body.len().to_string();
        let headers = [headers, &[("content-length", length.as_str())]].concat();
        Self::new().head(status, &headers).bytes(body)
    }

    /// A whole answer of JSON, compressed with gzip.
    pub fn gzip_json(status: u16, body: &Value) -> Self {
        let headers = [("content-type", "application/json"), ("content-encoding", "gzip")];
        Self::whole(status, &headers, &gzip(&body.to_string()))
    }

    /// A whole stream of this text, compressed with gzip, in chunks of a few bytes.
    pub fn gzip_stream(text: &str) -> Self {
        let headers =
            [("content-type", "text/event-stream"), ("content-encoding", "gzip"), ("transfer-encoding", "chunked")];
        let head = Self::new().head(200, &headers);
        gzip(text).chunks(9).fold(head, |script, piece| script.chunk(piece)).end()
    }

    /// The head of an answer in chunks, and nothing after it yet.
    pub fn stream() -> Self {
        let headers = [("content-type", "text/event-stream"), ("transfer-encoding", "chunked")];
        Self::new().head(200, &headers)
    }

    /// A head as it is given.
    #[must_use]
    pub fn head(self, status: u16, headers: &[(&str, &str)]) -> Self {
        // The reason phrase means nothing to anybody.
        let mut text = format!("HTTP/1.1 {status} Scripted\r\n");
        for (name, value) in headers {
            text += &format!("{name}: {value}\r\n");
        }
        self.bytes(text + "\r\n")
    }

    /// Bytes as they are.
    #[must_use]
    pub fn bytes(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.0.push(Step::Write(bytes.as_ref().to_vec()));
        self
    }

    /// One chunk of the chunked coding, in one write.
    #[must_use]
    pub fn chunk(self, bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref();
        let size = format!("{:x}\r\n", bytes.len());
        self.bytes([size.as_bytes(), bytes, b"\r\n"].concat())
    }

    /// One event without a name, as OpenAI sends them.
    #[must_use]
    pub fn data(self, data: &Value) -> Self {
        self.chunk(format!("data: {data}\n\n"))
    }

    /// One event with its type for a name, as Anthropic sends them.
    #[must_use]
    pub fn event(self, data: &Value) -> Self {
        let name = data["type"].as_str().expect("an event has a type");
        self.chunk(format!("event: {name}\ndata: {data}\n\n"))
    }

    /// The end of the chunked coding.
    #[must_use]
    pub fn end(self) -> Self {
        self.bytes("0\r\n\r\n")
    }

    /// Waits for the test.
    #[must_use]
    pub fn wait(mut self, gate: &Gate) -> Self {
        self.0.push(Step::Wait(gate.clone()));
        self
    }

    /// The steps of another script.
    #[must_use]
    pub fn then(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Closes the connection in an orderly way.
    #[must_use]
    pub fn close(mut self) -> Self {
        self.0.push(Step::Close);
        self
    }

    /// Resets the connection.
    #[must_use]
    pub fn reset(mut self) -> Self {
        self.0.push(Step::Reset);
        self
    }

    /// Says nothing more, and keeps the connection open for as long as the gateway does.
    #[must_use]
    pub fn silence(mut self) -> Self {
        self.0.push(Step::Silence);
        self
    }

    /// Plays the script; whether the connection may be used again.
    pub(super) async fn play(self, writer: &mut OwnedWriteHalf) -> bool {
        for step in self.0 {
            match step {
                Step::Write(bytes) => {
                    if writer.write_all(&bytes).await.is_err() {
                        return false;
                    }
                }
                Step::Wait(gate) => gate.pass().await,
                Step::Close => return false,
                Step::Reset => {
                    // Closing with no time to linger is what makes the system send a reset.
                    let _ = writer.as_ref().set_zero_linger();
                    return false;
                }
                Step::Silence => std::future::pending().await,
            }
        }
        true
    }
}

fn gzip(text: &str) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(text.as_bytes()).expect("memory takes it");
    gzip.finish().expect("memory takes it")
}
