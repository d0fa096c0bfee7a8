//! Just enough HTTP/1.1 for a measuring rig: keep-alive, `content-length` and chunked bodies, both directions.
//!
//! Written by hand because the rig shares a core with nothing but itself, and every microsecond it
//! spends lowers what the gateway can be shown to do. It trusts its peer: not for use as a server elsewhere.

use std::io::{Error, ErrorKind, Result};

use memchr::memmem;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// One read takes at most this much: a streamed answer's burst or a large part of a 440 kB request.
const READ_SIZE: usize = 256 * 1024;
/// Heads beyond this are a mistake of the peer, not something to wait for.
const MAX_HEAD: usize = 64 * 1024;

/// How the end of a message's body is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    Length(usize),
    Chunked,
    /// Neither was given: nothing after a request, and everything until the end after an answer.
    Unstated,
}

/// The first line of a message and what its headers say about the body.
#[derive(Debug, PartialEq, Eq)]
pub struct Head {
    pub line: String,
    pub framing: Framing,
    pub close: bool,
}

impl Head {
    /// The second word of the first line: a request's target, an answer's status.
    pub fn second_word(&self) -> &str {
        self.line.split(' ').nth(1).unwrap_or("")
    }

    fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let mut lines = text.split("\r\n");
        let line = lines.next().unwrap_or("").to_owned();
        let (mut framing, mut close) = (Framing::Unstated, false);
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            let value = value.trim();
            if name.eq_ignore_ascii_case("content-length") {
                framing = value.parse().map_or(framing, Framing::Length);
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                framing = Framing::Chunked;
            } else if name.eq_ignore_ascii_case("connection") {
                close = value.eq_ignore_ascii_case("close");
            }
        }
        Self { line, framing, close }
    }
}

/// The reading side of one connection: bytes that came but were not used wait in `buffer[at..]`.
#[derive(Default)]
pub struct Reader {
    buffer: Vec<u8>,
    at: usize,
}

impl Reader {
    /// The next message's head, or `None` if the peer closed between two messages.
    pub async fn head(&mut self, stream: &mut TcpStream) -> Result<Option<Head>> {
        loop {
            let waiting = &self.buffer[self.at..];
            if let Some(end) = memmem::find(waiting, b"\r\n\r\n") {
                let head = Head::parse(&waiting[..end]);
                self.at += end + 4;
                return Ok(Some(head));
            }
            if waiting.len() > MAX_HEAD {
                return Err(Error::new(ErrorKind::InvalidData, "the head is too long"));
            }
            let fresh = waiting.is_empty();
            if self.fill(stream).await? == 0 {
                return if fresh { Ok(None) } else { Err(ErrorKind::UnexpectedEof.into()) };
            }
        }
    }

    /// Passes the body's bytes to `sink` as they come, without the chunk framing.
    pub async fn body(&mut self, stream: &mut TcpStream, framing: Framing, mut sink: impl FnMut(&[u8])) -> Result<()> {
        match framing {
            Framing::Length(length) => self.exactly(stream, length, &mut sink).await,
            Framing::Chunked => loop {
                let size = self.chunk_size(stream).await?;
                self.exactly(stream, size, &mut sink).await?;
                // The line end after the data; after the last chunk (no trailers here) the empty line.
                self.exactly(stream, 2, &mut |_| {}).await?;
                if size == 0 {
                    return Ok(());
                }
            },
            Framing::Unstated => loop {
                sink(&self.buffer[self.at..]);
                self.at = self.buffer.len();
                if self.fill(stream).await? == 0 {
                    return Ok(());
                }
            },
        }
    }

    async fn exactly(&mut self, stream: &mut TcpStream, mut left: usize, sink: &mut impl FnMut(&[u8])) -> Result<()> {
        while left > 0 {
            if self.at == self.buffer.len() && self.fill(stream).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            let waiting = &self.buffer[self.at..];
            let part = &waiting[..left.min(waiting.len())];
            sink(part);
            left -= part.len();
            self.at += part.len();
        }
        Ok(())
    }

    async fn chunk_size(&mut self, stream: &mut TcpStream) -> Result<usize> {
        loop {
            let waiting = &self.buffer[self.at..];
            if let Some(end) = memchr::memchr(b'\n', waiting) {
                let text = String::from_utf8_lossy(&waiting[..end]);
                let digits = text.split(';').next().unwrap_or("").trim();
                let size = usize::from_str_radix(digits, 16)
                    .map_err(|_| Error::new(ErrorKind::InvalidData, "a chunk without a size"))?;
                self.at += end + 1;
                return Ok(size);
            }
            if self.fill(stream).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Reads once. Used bytes are dropped first, so the buffer grows no further than one read and one head.
    async fn fill(&mut self, stream: &mut TcpStream) -> Result<usize> {
        self.buffer.drain(..self.at);
        self.at = 0;
        self.buffer.reserve(READ_SIZE);
        stream.read_buf(&mut self.buffer).await
    }
}

#[cfg(test)]
mod tests {
    use super::{Framing, Head, Reader};
    use tokio::io::AsyncWriteExt;
    use tokio::net::{TcpListener, TcpStream};

    #[test]
    fn a_head_tells_how_the_body_ends() {
        let head = Head::parse(b"POST /v1/messages HTTP/1.1\r\nContent-Length: 12\r\nConnection: close");
        assert_eq!(head.second_word(), "/v1/messages");
        assert_eq!((head.framing, head.close), (Framing::Length(12), true));
        assert_eq!(Head::parse(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked").framing, Framing::Chunked);
        assert_eq!(Head::parse(b"HTTP/1.1 200 OK").framing, Framing::Unstated);
    }

    async fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (client, served) = tokio::join!(TcpStream::connect(address), listener.accept());
        (client.unwrap(), served.unwrap().0)
    }

    #[tokio::test]
    async fn two_messages_on_one_connection_in_any_pieces() {
        let (mut sender, mut receiver) = pair().await;
        let sent = b"A 1 x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\nB 2 x\r\ncontent-length: 2\r\n\r\nhi";
        let writer = tokio::spawn(async move {
            for piece in sent.chunks(7) {
                sender.write_all(piece).await.unwrap();
                tokio::task::yield_now().await;
            }
        });
        let mut reader = Reader::default();
        for (word, text) in [("1", "abcde"), ("2", "hi")] {
            let head = reader.head(&mut receiver).await.unwrap().unwrap();
            let mut body = Vec::new();
            reader.body(&mut receiver, head.framing, |part| body.extend_from_slice(part)).await.unwrap();
            assert_eq!((head.second_word(), body.as_slice()), (word, text.as_bytes()));
        }
        writer.await.unwrap();
        assert_eq!(reader.head(&mut receiver).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_body_that_stops_early_is_an_error() {
        let (mut sender, mut receiver) = pair().await;
        sender.write_all(b"A 1 x\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab").await.unwrap();
        drop(sender);
        let mut reader = Reader::default();
        let head = reader.head(&mut receiver).await.unwrap().unwrap();
        assert!(reader.body(&mut receiver, head.framing, |_| {}).await.is_err());
    }
}
