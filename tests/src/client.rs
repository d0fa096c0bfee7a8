//! A client that can do what well-behaved ones do not: send requests byte by byte, leave headers out, hang up in mid-answer.
//!
//! One connection per request, unless a test holds on to a [`Connection`] itself.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use crate::sse::{Event, SseReader};
use crate::time::within;
use crate::transcript::Transcript;
use crate::wire::{Body, Headers, Reader};

/// Knows where the gateway is and which headers go with each request.
#[derive(Debug, Clone)]
pub struct Client {
    address: SocketAddr,
    headers: Vec<(String, String)>,
}

/// A request that is being put together.
#[derive(Debug, Clone)]
pub struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Option<Payload>,
}

#[derive(Debug, Clone)]
enum Payload {
    Whole(Vec<u8>),
    Chunks(Vec<Vec<u8>>),
}

impl Request {
    /// A request without headers of its own and without a body.
    pub fn new(method: &str, target: &str) -> Self {
        Self { method: method.to_owned(), target: target.to_owned(), headers: Vec::new(), body: None }
    }

    /// `GET`.
    pub fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    /// `POST` of a JSON value.
    pub fn post(target: &str, body: &Value) -> Self {
        Self::new("POST", target).body(body.to_string())
    }

    /// `POST /v1/messages`.
    pub fn messages(body: &Value) -> Self {
        Self::post("/v1/messages", body)
    }

    /// Adds a header; `host` takes the place of the one that is sent by itself.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the body, with its length announced.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(Payload::Whole(body.into()));
        self
    }

    /// Sets a body that is sent in chunks, its length unannounced.
    #[must_use]
    pub fn chunks(mut self, chunks: impl IntoIterator<Item = Vec<u8>>) -> Self {
        self.body = Some(Payload::Chunks(chunks.into_iter().collect()));
        self
    }

    /// The bytes as they go over the wire.
    pub fn to_bytes(&self, host: &str) -> Vec<u8> {
        self.render(host, &[])
    }

    fn render(&self, host: &str, defaults: &[(String, String)]) -> Vec<u8> {
        let mut text = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        let own = |name: &str| self.headers.iter().any(|(known, _)| known == name);
        if !own("host") {
            text += &format!("host: {host}\r\n");
        }
        for (name, value) in defaults.iter().chain(&self.headers) {
            text += &format!("{name}: {value}\r\n");
        }
        match &self.body {
            None => (text + "\r\n").into_bytes(),
            Some(Payload::Whole(body)) => {
                text += &format!("content-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
                [text.as_bytes(), body].concat()
            }
            Some(Payload::Chunks(chunks)) => {
                text += "content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
                let mut bytes = text.into_bytes();
                for chunk in chunks {
                    bytes.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
                    bytes.extend(chunk);
                    bytes.extend(b"\r\n");
                }
                bytes.extend(b"0\r\n\r\n");
                bytes
            }
        }
    }
}

impl Client {
    /// A client of the gateway at this address.
    pub fn new(address: SocketAddr) -> Self {
        Self { address, headers: Vec::new() }
    }

    /// A header that goes with each request.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sends a request and waits for the head of its answer.
    pub async fn send(&self, request: &Request) -> Answer {
        let answer = self.try_send(request).await;
        answer.expect("an answer, not a connection closed without one")
    }

    /// As [`Client::send`]; `None` if the gateway closes the connection instead.
    pub async fn try_send(&self, request: &Request) -> Option<Answer> {
        let bytes = request.render(&self.address.to_string(), &self.headers);
        let connection = self.connect().await?;
        connection.exchange(&bytes, &request.method).await
    }

    /// `GET`.
    pub async fn get(&self, target: &str) -> Answer {
        self.send(&Request::get(target)).await
    }

    /// `POST /v1/messages`.
    pub async fn messages(&self, body: &Value) -> Answer {
        self.send(&Request::messages(body)).await
    }

    /// Opens a connection and sends nothing; `None` if it is refused.
    pub async fn connect(&self) -> Option<Connection> {
        let stream = within("a connection", TcpStream::connect(self.address)).await;
        let stream = stream.ok()?;
        stream.set_nodelay(true).ok()?;
        let (reader, writer) = stream.into_split();
        Some(Connection { reader: Reader::new(reader), writer })
    }
}

/// One connection to the gateway.
#[derive(Debug)]
pub struct Connection {
    reader: Reader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
}

impl Connection {
    /// Sends bytes as they are; false if the gateway has closed the connection.
    pub async fn write(&mut self, bytes: &[u8]) -> bool {
        within("sending", self.writer.write_all(bytes)).await.is_ok()
    }

    /// Sends a request's bytes and waits for the head of its answer, which may come before all is sent.
    pub async fn exchange(mut self, bytes: &[u8], method: &str) -> Option<Answer> {
        let head = {
            let (reader, writer) = (&mut self.reader, &mut self.writer);
            let sending = async {
                // A gateway that refuses a request need not read it: the answer tells.
                let _ = writer.write_all(bytes).await;
                std::future::pending::<()>().await;
            };
            let exchange = async {
                tokio::select! {
                    head = reader.head() => head,
                    () = sending => unreachable!("it never ends"),
                }
            };
            within("an answer's head", exchange).await.ok()??
        };
        let status = head.first_line.split(' ').nth(1)?.parse().ok()?;
        let body = Body::of_response(method, status, &head.headers);
        Some(Answer { status, headers: head.headers, connection: self, body, events: SseReader::default(), cut: false })
    }

    /// Waits until the gateway closes the connection; what it sends before that is thrown away.
    pub async fn closed(&mut self) {
        within("the gateway closing a connection", async { while matches!(self.reader.more().await, Ok(1..)) {} })
            .await;
    }
}

/// An answer whose body is read as it comes. Dropping it hangs up.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: Headers,
    connection: Connection,
    body: Body,
    events: SseReader,
    cut: bool,
}

impl Answer {
    /// The answer, if it has this status; fails the test with the answer's text otherwise.
    pub async fn expect(self, status: u16) -> Self {
        let seen = self.status;
        if seen != status {
            panic!("status {seen} instead of {status}: {}", self.text().await);
        }
        self
    }

    /// A header's value by its lower-case name; fails the test if it is not there.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.unwrap_or_else(|| panic!("no header {name} in {:?}", self.headers))
    }

    /// The next bytes of the body; `None` at its end. A body that is cut ends, too, and is noted.
    pub async fn piece(&mut self) -> Option<Vec<u8>> {
        let piece = self.connection.reader.piece(&mut self.body);
        match within("the next bytes of an answer", piece).await {
            Ok(piece) => piece,
            Err(_) => {
                self.cut = true;
                None
            }
        }
    }

    /// The whole body. Fails the test if it is cut.
    pub async fn bytes(mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while let Some(piece) = self.piece().await {
            bytes.extend(piece);
        }
        assert!(!self.cut, "the connection ended within the body");
        bytes
    }

    /// The whole body as text.
    pub async fn text(self) -> String {
        String::from_utf8(self.bytes().await).expect("the body is UTF-8")
    }

    /// The whole body as JSON.
    pub async fn json(self) -> Value {
        let text = self.text().await;
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// The whole body as an error of Anthropic's API: its type and message. Fails the test if it is anything else, or if its
    /// `request_id` is not that of the header.
    pub async fn error(self) -> (String, String) {
        let id = self.headers.get("x-ccr-request-id").map(str::to_owned);
        let body = self.json().await;
        // An answer that is none may be of megabytes.
        let begin: String = body.to_string().chars().take(500).collect();
        assert_eq!(body["type"].as_str(), Some("error"), "{begin}");
        let request_id = body["request_id"].as_str();
        assert!(request_id.is_some_and(|id| !id.is_empty()), "{body}");
        if id.is_some() {
            assert_eq!(request_id, id.as_deref(), "{body}");
        }
        let part = |name: &str| {
            let text = body["error"][name].as_str();
            text.unwrap_or_else(|| panic!("no error.{name} in {body}")).to_owned()
        };
        (part("type"), part("message"))
    }

    /// The next event of a streamed answer; `None` at its end.
    pub async fn event(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.events.next_event() {
                return Some(event);
            }
            let Some(piece) = self.piece().await else {
                let rest = String::from_utf8_lossy(self.events.rest());
                assert!(rest.is_empty() || self.cut, "half an event: {rest}");
                return None;
            };
            self.events.feed(&piece);
        }
    }

    /// All events that are left.
    pub async fn transcript(mut self) -> Transcript {
        let mut events = Vec::new();
        while let Some(event) = self.event().await {
            events.push(event);
        }
        Transcript::of(events, self.cut)
    }

    /// Reads the rest and gives the connection back, for another request.
    pub async fn into_connection(mut self) -> Connection {
        while self.piece().await.is_some() {}
        assert!(!self.cut, "the connection ended within the body");
        self.connection
    }

    /// Closes the connection now, in the middle of the answer.
    pub fn hang_up(self) {
        drop(self);
    }
}
