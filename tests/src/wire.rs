//! Just enough of HTTP/1.1 to read messages, for the upstream's and the client's side alike.

use std::io::{Error, ErrorKind, Result};

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Header fields in their order, names in lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// The first value of a header, by its lower-case name.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut same = self.0.iter().filter(|(known, _)| known == name);
        same.next().map(|(_, value)| value.as_str())
    }

    /// Every value of a header, by its lower-case name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let same = self.0.iter().filter(move |(known, _)| known == name);
        same.map(|(_, value)| value.as_str())
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    fn says(&self, name: &str, word: &str) -> bool {
        self.all(name).flat_map(|value| value.split(',')).any(|part| part.trim().eq_ignore_ascii_case(word))
    }
}

/// A message's first line and headers.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) first_line: String,
    pub(crate) headers: Headers,
}

/// Where a message's body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Body {
    /// After so many more bytes.
    Length(u64),
    /// Within a chunk with so many bytes left; 0 is before the next chunk's size.
    Chunked(u64),
    /// With the connection.
    ToClose,
    /// Here.
    Ended,
}

impl Body {
    /// What follows a request's head.
    pub(crate) fn of_request(headers: &Headers) -> Self {
        Self::framed(headers).unwrap_or(Self::Ended)
    }

    /// What follows a response's head.
    pub(crate) fn of_response(method: &str, status: u16, headers: &Headers) -> Self {
        if method == "HEAD" || status < 200 || matches!(status, 204 | 304) {
            return Self::Ended;
        }
        Self::framed(headers).unwrap_or(Self::ToClose)
    }

    fn framed(headers: &Headers) -> Option<Self> {
        if headers.says("transfer-encoding", "chunked") {
            return Some(Self::Chunked(0));
        }
        let length = headers.get("content-length")?;
        let length = length.parse().expect("a content-length is a number");
        Some(if length == 0 { Self::Ended } else { Self::Length(length) })
    }
}

/// The reading side of a connection.
#[derive(Debug)]
pub(crate) struct Reader<R> {
    source: R,
    waiting: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Reader<R> {
    pub(crate) fn new(source: R) -> Self {
        Self { source, waiting: Vec::new() }
    }

    /// Reads more; 0 at the end. Nothing is lost if this is dropped while it waits.
    pub(crate) async fn more(&mut self) -> Result<usize> {
        self.source.read_buf(&mut self.waiting).await
    }

    /// The next message's head; `None` if the connection ends before it begins.
    pub(crate) async fn head(&mut self) -> Result<Option<Head>> {
        loop {
            if let Some(end) = find(&self.waiting, b"\r\n\r\n") {
                let text = String::from_utf8_lossy(&self.waiting[..end]).into_owned();
                self.waiting.drain(..end + 4);
                return Ok(Some(parse_head(&text)));
            }
            if self.more().await? == 0 {
                return match self.waiting.is_empty() {
                    true => Ok(None),
                    false => Err(cut()),
                };
            }
        }
    }

    /// The next bytes of a body, as they come; `None` at its end, an error if the connection ends before that.
    pub(crate) async fn piece(&mut self, body: &mut Body) -> Result<Option<Vec<u8>>> {
        match body {
            Body::Ended => Ok(None),
            Body::ToClose => {
                if self.waiting.is_empty() && self.more().await? == 0 {
                    *body = Body::Ended;
                    return Ok(None);
                }
                Ok(Some(std::mem::take(&mut self.waiting)))
            }
            Body::Length(left) => {
                let piece = self.up_to(*left).await?;
                *left -= piece.len() as u64;
                if *left == 0 {
                    *body = Body::Ended;
                }
                Ok(Some(piece))
            }
            Body::Chunked(left) => {
                if *left == 0 {
                    *left = self.chunk_size().await?;
                    if *left == 0 {
                        while !self.line().await?.is_empty() {}
                        *body = Body::Ended;
                        return Ok(None);
                    }
                }
                let piece = self.up_to(*left).await?;
                *left -= piece.len() as u64;
                if *left == 0 {
                    self.line().await?;
                }
                Ok(Some(piece))
            }
        }
    }

    /// A whole body.
    pub(crate) async fn all(&mut self, mut body: Body) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        while let Some(piece) = self.piece(&mut body).await? {
            bytes.extend(piece);
        }
        Ok(bytes)
    }

    async fn up_to(&mut self, most: u64) -> Result<Vec<u8>> {
        if self.waiting.is_empty() && self.more().await? == 0 {
            return Err(cut());
        }
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let rest = self.waiting.split_off(most.min(self.waiting.len()));
        Ok(std::mem::replace(&mut self.waiting, rest))
    }

    async fn line(&mut self) -> Result<String> {
        loop {
            if let Some(end) = find(&self.waiting, b"\r\n") {
                let line = String::from_utf8_lossy(&self.waiting[..end]).into_owned();
                self.waiting.drain(..end + 2);
                return Ok(line);
            }
            if self.more().await? == 0 {
                return Err(cut());
            }
        }
    }

    async fn chunk_size(&mut self) -> Result<u64> {
        let line = self.line().await?;
        let digits = line.split(';').next().unwrap_or_default().trim();
        u64::from_str_radix(digits, 16).map_err(|_| Error::new(ErrorKind::InvalidData, line))
    }
}

fn parse_head(text: &str) -> Head {
    let mut lines = text.split("\r\n");
    let first_line = lines.next().unwrap_or_default().to_owned();
    let fields = lines.map(|line| line.split_once(':').unwrap_or((line, "")));
    let headers = fields.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()));
    Head { first_line, headers: Headers(headers.collect()) }
}

fn cut() -> Error {
    Error::new(ErrorKind::UnexpectedEof, "the connection ended within a message")
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::{Body, Reader};

    async fn body_of(text: &str, framing: Body) -> Option<String> {
        let bytes = Reader::new(text.as_bytes()).all(framing).await.ok()?;
        Some(String::from_utf8(bytes).expect("text"))
    }

    #[tokio::test]
    async fn a_head_and_the_body_after_it_are_told_apart() {
        let text = "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcrest";
        let mut reader = Reader::new(text.as_bytes());
        let head = reader.head().await.expect("whole").expect("there");
        assert_eq!(head.first_line, "POST /x HTTP/1.1");
        assert_eq!(head.headers.get("host"), Some("a"));
        let framing = Body::of_request(&head.headers);
        assert_eq!(reader.all(framing).await.expect("whole"), b"abc");
    }

    #[tokio::test]
    async fn every_framing_is_read_to_its_end_and_no_further() {
        let chunked = Body::Chunked(0);
        assert_eq!(body_of("3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\nnext", chunked).await.as_deref(), Some("abcde"));
        assert_eq!(body_of("0\r\n\r\n", chunked).await.as_deref(), Some(""));
        assert_eq!(body_of("abc", Body::ToClose).await.as_deref(), Some("abc"));
        assert_eq!(body_of("abc", Body::Ended).await.as_deref(), Some(""));
    }

    #[tokio::test]
    async fn a_body_that_is_cut_is_an_error() {
        assert_eq!(body_of("ab", Body::Length(3)).await, None);
        assert_eq!(body_of("3\r\nabc\r\n", Body::Chunked(0)).await, None);
        assert_eq!(body_of("3\r\nab", Body::Chunked(0)).await, None);
    }
}
