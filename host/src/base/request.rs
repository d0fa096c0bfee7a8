//! Step 3, read: the client's body as the request in the inner form, which every later step edits a copy of.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use ccr_messages::json::{self, Document, Splice};
use ccr_messages::request::{Block, MessagesRequest, Thinking};
use http::HeaderMap;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use super::error::GatewayError;

/// Largest body that is read: claude-code-router's limit, which people's long conversations with images rely on.
pub const MAX_BODY: usize = 50 * 1024 * 1024;

/// What stays the same of a request, whatever is edited.
#[derive(Debug, Clone)]
pub struct About {
    /// The gateway's id of the request.
    pub id: String,
    /// The model's name as the client asked for it.
    pub model: String,
    /// The client wants a stream.
    pub streaming: bool,
    /// The session that the client names.
    pub session: Option<Arc<str>>,
    /// The client's headers, without credentials and cookies.
    pub headers: HeaderMap,
    /// The query string of the client's request.
    pub query: Option<String>,
}

/// A request in the inner form: Anthropic Messages JSON, kept as the client's own bytes until something edits it.
#[derive(Debug, Clone)]
pub struct InnerRequest {
    about: Arc<About>,
    document: Arc<Document<'static>>,
}

/// Figures of a request that are found by a walk over it, not by reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// Number of messages.
    pub messages: u32,
    /// Number of tools.
    pub tools: u32,
    /// Some message holds an image, also inside a tool result.
    pub has_images: bool,
    /// Thinking is asked for.
    pub thinking: bool,
    /// `max_tokens`.
    pub max_tokens: Option<u64>,
}

impl InnerRequest {
    /// Checks a body's shape. `id`, `headers` and `query` come from the request's head.
    pub fn parse(body: Vec<u8>, id: &str, headers: HeaderMap, query: Option<String>) -> Result<Self, GatewayError> {
        let document = Document::from_vec(without_byte_order_mark(body))
            .map_err(|error| GatewayError::invalid(format!("the request body is not valid JSON: {error}")))?;
        let document = json::edit::remove(&document, HINTS).unwrap_or(document);
        let view = view(&document)?;
        let about = About {
            id: id.to_owned(),
            model: view.model().decode().into_owned(),
            streaming: view.stream(),
            session: session_header(&headers).or_else(|| view.session_id().map(|id| id.as_ref().into())),
            headers,
            query,
        };
        Ok(Self { about: Arc::new(about), document: Arc::new(document) })
    }

    /// A request that an agent makes, for the session of the client's request. It is answered in one piece.
    pub fn of_agent(body: String, id: &str, session: Option<&Arc<str>>) -> Result<Self, GatewayError> {
        if body.len() > MAX_BODY {
            return Err(GatewayError::TooLarge { limit: MAX_BODY });
        }
        let mut headers = HeaderMap::new();
        if let Some(session) = session.and_then(|session| http::HeaderValue::from_str(session).ok()) {
            headers.insert(SESSION_HEADERS[0], session);
        }
        let mut request = Self::parse(body.into_bytes(), id, headers, None)?;
        if request.about.streaming {
            request.remove("/stream");
            Arc::make_mut(&mut request.about).streaming = false;
        }
        Ok(request)
    }

    /// A request that a component has turned into the inner form. `Err` is the component's fault.
    pub fn translated(body: Vec<u8>, id: &str, headers: HeaderMap, streaming: bool) -> Result<Self, String> {
        let document = Document::from_vec(body).map_err(|error| format!("its request is not valid JSON: {error}"))?;
        let view = MessagesRequest::parse(&document).map_err(|error| format!("its request is not legal: {error}"))?;
        let about = About {
            id: id.to_owned(),
            model: view.model().decode().into_owned(),
            streaming,
            session: session_header(&headers).or_else(|| view.session_id().map(|id| id.as_ref().into())),
            headers,
            query: None,
        };
        Ok(Self { about: Arc::new(about), document: Arc::new(document) })
    }

    /// What stays the same whatever is edited.
    pub fn about(&self) -> &Arc<About> {
        &self.about
    }

    /// The JSON of the request as it is now.
    pub fn document(&self) -> &Document<'static> {
        &self.document
    }

    /// The bytes of the request as it is now.
    pub fn text(&self) -> &str {
        self.document.text()
    }

    /// Whether both have the same text because neither was edited since one was made from the other.
    pub fn is_same_text(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.document, &other.document)
    }

    /// The bytes, shared with this request instead of copied.
    pub fn shared_text(&self) -> Bytes {
        Bytes::from_owner(SharedText(Arc::clone(&self.document)))
    }

    /// The JSON text of the value at a pointer.
    pub fn get(&self, pointer: &str) -> Option<&str> {
        self.document.root().pointer(pointer).map(json::Value::raw)
    }

    /// Replaces or adds the value at a pointer.
    pub fn set(&mut self, pointer: &str, json: &str) -> Result<(), String> {
        if json.starts_with('\u{feff}') {
            return Err("the value begins with a byte order mark, which is not valid JSON within a text".into());
        }
        self.document = Arc::new(json::edit::set(&self.document, pointer, json).map_err(|error| error.to_string())?);
        Ok(())
    }

    /// Removes the value at a pointer; nothing happens where there is none.
    pub fn remove(&mut self, pointer: &str) {
        if let Some(edited) = json::edit::remove(&self.document, pointer) {
            self.document = Arc::new(edited);
        }
    }

    /// Makes several edits at once.
    pub fn splice(&mut self, edits: Splice<'_>) -> Result<(), String> {
        let edited = edits.apply(self.document.text().as_bytes()).map_err(|error| error.to_string())?;
        self.document = Arc::new(Document::from_vec(edited).map_err(|error| error.to_string())?);
        Ok(())
    }

    /// Changes the client's headers, for this request alone.
    pub fn edit_headers(&mut self, edit: impl FnOnce(&mut HeaderMap)) {
        edit(&mut Arc::make_mut(&mut self.about).headers);
    }

    /// Whether it is a legal request still; `Err` says what is wrong.
    pub fn check(&self) -> Result<(), String> {
        MessagesRequest::parse(&self.document).map(drop).map_err(|error| error.to_string())
    }

    /// Counts what can be counted without reading.
    pub fn figures(&self) -> Figures {
        let Ok(view) = MessagesRequest::parse(&self.document) else {
            return Figures { messages: 0, tools: 0, has_images: false, thinking: false, max_tokens: None };
        };
        Figures {
            messages: count(view.messages().count()),
            tools: count(view.tools().count()),
            has_images: view.messages().flat_map(|message| message.content()).any(holds_image),
            thinking: view.thinking().is_some_and(|thinking| !matches!(thinking, Thinking::Disabled)),
            max_tokens: view.max_tokens(),
        }
    }
}

/// The member in which transformers leave hints for the protocol (`plugins/lib/protocols/src/openai/README.md`). It is not the client's to set.
pub const HINTS: &str = "/ccr";

fn view<'d>(document: &'d Document<'static>) -> Result<MessagesRequest<'d>, GatewayError> {
    MessagesRequest::parse(document).map_err(|error| GatewayError::invalid(error.to_string()))
}

fn holds_image(block: Block<'_>) -> bool {
    match block {
        Block::Image { .. } => true,
        Block::ToolResult(result) => result.content().any(|inner| matches!(inner, Block::Image { .. })),
        _ => false,
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// The headers in which clients name their session: Claude Code's (newer than the id within `metadata.user_id`, and cheaper to
/// read), Codex's, and one that others use.
const SESSION_HEADERS: [&str; 3] = ["x-claude-code-session-id", "session_id", "x-session-id"];

fn session_header(headers: &HeaderMap) -> Option<Arc<str>> {
    let mut values = SESSION_HEADERS.iter().filter_map(|name| headers.get(*name)?.to_str().ok());
    values.find(|value| !value.is_empty()).map(Arc::from)
}

fn without_byte_order_mark(mut body: Vec<u8>) -> Vec<u8> {
    if body.starts_with("\u{feff}".as_bytes()) {
        body.drain(..3);
    }
    body
}

/// Lets `Bytes` share a document's text.
pub(crate) struct SharedText(pub(crate) Arc<Document<'static>>);

impl AsRef<[u8]> for SharedText {
    fn as_ref(&self) -> &[u8] {
        self.0.text().as_bytes()
    }
}

/// Reads a client's body, within bounds of size and time; `silence` is how long nothing may come.
pub async fn read_body(headers: &HeaderMap, mut body: Incoming, silence: Duration) -> Result<Vec<u8>, GatewayError> {
    let announced = headers
        .get(http::header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok())
        .unwrap_or_default();
    if announced > MAX_BODY {
        return Err(GatewayError::TooLarge { limit: MAX_BODY });
    }
    // What a client announces is memory before it has sent a byte: believe it up to a megabyte, then grow.
    let mut read = BytesMut::with_capacity(announced.min(1024 * 1024));
    loop {
        let frame =
            tokio::time::timeout(silence, body.frame()).await.map_err(|_| GatewayError::ClientTooSlow { silence })?;
        let Some(frame) = frame else { return Ok(read.into()) };
        let frame = frame.map_err(|_| GatewayError::ClientGone)?;
        if let Some(data) = frame.data_ref() {
            if read.len() + data.len() > MAX_BODY {
                return Err(GatewayError::TooLarge { limit: MAX_BODY });
            }
            read.extend_from_slice(data);
        }
    }
}

/// The client's headers without what no plugin, log or upstream may see: credentials, cookies, and who sent it from where.
pub fn visible_headers(headers: &HeaderMap) -> HeaderMap {
    let mut visible = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        if !is_secret(name.as_str()) {
            visible.append(name.clone(), value.clone());
        }
    }
    visible
}

/// The beginning of a text, cut between characters.
pub fn shortened(mut text: String, bytes: usize) -> String {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}

/// Whether a header may carry a credential. By parts of the name, as new ones appear faster than lists are kept.
pub fn is_secret(name: &str) -> bool {
    const PARTS: [&str; 11] = [
        "auth",
        "authorization",
        "key",
        "apikey",
        "token",
        "cookie",
        "cookie2",
        "secret",
        "credential",
        "signature",
        "jwt",
    ];
    let session_name = name == "x-claude-code-session-id";
    !session_name && name.split(['-', '_', '.']).any(|part| PARTS.contains(&part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_told_from_other_headers() {
        for secret in ["authorization", "x-api-key", "cookie", "proxy-authorization", "x-goog-api-key", "x-auth-token"]
        {
            assert!(is_secret(secret), "{secret}");
        }
        for plain in ["anthropic-version", "anthropic-beta", "user-agent", "x-claude-code-session-id", "content-type"] {
            assert!(!is_secret(plain), "{plain}");
        }
    }

    #[test]
    fn edits_leave_the_original_alone() {
        let body = br#"{"model":"m","messages":[{"role":"user","content":"hi"}],"max_tokens":5}"#.to_vec();
        let original = InnerRequest::parse(body, "req", HeaderMap::new(), None).expect("legal");
        let mut copy = original.clone();
        copy.set("/max_tokens", "7").expect("legal");
        assert_eq!(original.get("/max_tokens"), Some("5"));
        assert_eq!(copy.get("/max_tokens"), Some("7"));
    }

    #[test]
    fn hints_of_a_client_are_not_taken() {
        let body = br#"{"ccr":{"extra":{"x":1}},"model":"m","messages":[{"role":"user","content":"hi"}]}"#.to_vec();
        let request = InnerRequest::parse(body, "req", HeaderMap::new(), None).expect("legal");
        assert_eq!(request.get(HINTS), None);
    }

    #[test]
    fn a_byte_order_mark_is_not_sent_on() {
        let body =
            "\u{feff}{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}".as_bytes().to_vec();
        let request = InnerRequest::parse(body, "req", HeaderMap::new(), None).expect("legal");
        assert!(request.text().starts_with('{'));
    }
}
