//! The closed loop: each connection sends a request, reads the whole answer, checks it, and goes on.
//! Connections are kept between phases, so that warming up and measuring use the same ones.

use std::io::{Error, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use memchr::memmem;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::http1::Reader;

/// When a phase ends: after so many requests or so much time, whichever comes first.
#[derive(Clone, Copy)]
pub struct Until {
    pub requests: u64,
    pub time: Duration,
}

/// What one request looked like from outside.
#[derive(Clone, Copy)]
pub struct Sample {
    /// Until the first byte of the answer's *body*: a head alone tells the user nothing.
    pub first_byte: Duration,
    pub whole: Duration,
    /// Text events in the answer, if it was streamed.
    pub chunks: usize,
}

/// What all connections of a phase saw.
#[derive(Default)]
pub struct Seen {
    pub samples: Vec<Sample>,
    /// What went wrong, one line for each connection that gave up.
    pub failures: Vec<String>,
    pub time: Duration,
}

/// One kept-alive connection and the request it repeats.
pub struct Connection {
    stream: TcpStream,
    reader: Reader,
    request: Arc<Vec<u8>>,
    streamed: bool,
    answer: Vec<u8>,
}

impl Connection {
    /// Connects to `authority` (`host:port`); `request` is head and body, ready to be written.
    pub async fn open(authority: &str, request: Arc<Vec<u8>>, streamed: bool) -> std::io::Result<Self> {
        let stream = TcpStream::connect(authority).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, reader: Reader::default(), request, streamed, answer: Vec::new() })
    }

    async fn exchange(&mut self) -> std::io::Result<Sample> {
        let began = Instant::now();
        self.answer.clear();
        self.stream.write_all(&self.request).await?;
        let closed = || Error::new(ErrorKind::UnexpectedEof, "the connection was closed before an answer");
        let head = self.reader.head(&mut self.stream).await?.ok_or_else(closed)?;
        let (mut first_byte, answer) = (None, &mut self.answer);
        let sink = |part: &[u8]| {
            first_byte.get_or_insert_with(|| began.elapsed());
            answer.extend_from_slice(part);
        };
        self.reader.body(&mut self.stream, head.framing, sink).await?;
        let whole = began.elapsed();
        if head.second_word() != "200" || !is_complete(&self.answer, self.streamed) {
            return Err(Error::new(ErrorKind::InvalidData, complaint(&head.line, &self.answer)));
        }
        let chunks = memmem::find_iter(&self.answer, b"event: content_block_delta").count();
        Ok(Sample { first_byte: first_byte.unwrap_or(whole), whole, chunks })
    }
}

/// Whether an Anthropic answer is all there: a stream ends with `message_stop`, a message has a stop reason and closes.
fn is_complete(answer: &[u8], streamed: bool) -> bool {
    let answer = answer.trim_ascii_end();
    if streamed {
        let last = memmem::rfind(answer, b"\nevent: ").map_or(answer, |at| &answer[at + 1..]);
        last.starts_with(b"event: message_stop\n")
    } else {
        answer.ends_with(b"}") && memmem::find(answer, b"\"stop_reason\":\"").is_some()
    }
}

/// The status line and the end of the answer, where a broken stream says why.
fn complaint(line: &str, answer: &[u8]) -> String {
    let tail = &answer[answer.len().saturating_sub(300)..];
    format!("not a complete answer: {line} … {}", String::from_utf8_lossy(tail).trim())
}

/// Runs every connection until the phase ends; those that fail are dropped and named.
pub async fn run(connections: Vec<Connection>, until: Until) -> (Vec<Connection>, Seen) {
    let began = Instant::now();
    let tickets = Arc::new(AtomicU64::new(until.requests));
    let tasks: Vec<_> = connections
        .into_iter()
        .map(|connection| tokio::spawn(repeat(connection, Arc::clone(&tickets), began + until.time)))
        .collect();
    let (mut kept, mut seen) = (Vec::new(), Seen::default());
    for task in tasks {
        match task.await {
            Ok((connection, samples, failure)) => {
                seen.samples.extend(samples);
                match failure {
                    None => kept.push(connection),
                    Some(failure) => seen.failures.push(failure),
                }
            }
            Err(panic) => seen.failures.push(panic.to_string()),
        }
    }
    seen.time = began.elapsed();
    (kept, seen)
}

async fn repeat(
    mut connection: Connection,
    tickets: Arc<AtomicU64>,
    deadline: Instant,
) -> (Connection, Vec<Sample>, Option<String>) {
    let mut samples = Vec::new();
    let take = |left: u64| left.checked_sub(1);
    while Instant::now() < deadline && tickets.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {
        match connection.exchange().await {
            Ok(sample) => samples.push(sample),
            Err(error) => return (connection, samples, Some(error.to_string())),
        }
    }
    (connection, samples, None)
}

#[cfg(test)]
mod tests {
    use super::is_complete;

    #[test]
    fn only_a_stream_that_ends_with_message_stop_is_complete() {
        let stop = b"event: message_delta\ndata: {}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
        assert!(is_complete(stop, true));
        assert!(!is_complete(&stop[..40], true));
        assert!(!is_complete(b"event: message_stop\ndata: {}\n\nevent: error\ndata: {}\n\n", true));
    }

    #[test]
    fn only_a_message_with_a_stop_reason_is_complete() {
        assert!(is_complete(br#"{"content":[],"stop_reason":"end_turn"}"#, false));
        assert!(!is_complete(br#"{"content":[],"stop_reason":null}"#, false));
        assert!(!is_complete(br#"{"content":[],"stop_reason":"end_turn""#, false));
    }
}
