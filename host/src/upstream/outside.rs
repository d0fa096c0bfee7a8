//! Requests of plugins to hosts that are no providers, over the gateway's own connections: any method, any answer, read whole
//! and within bounds. Who may ask whom for what is decided in [`crate::plugins`].

use std::sync::Arc;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use url::Url;

use super::body::{ReadError, UpstreamBody};
use super::connect::ConnectError;
use super::decompress::Decoder;
use super::request::{ACCEPT_ENCODING, Origin, Pieces};
use super::{SendError, Upstreams};

/// What belongs to the connection, and says nothing to whoever asked.
const HOP_BY_HOP: [HeaderName; 4] =
    [header::CONNECTION, header::TRANSFER_ENCODING, header::UPGRADE, HeaderName::from_static("keep-alive")];

/// A request.
pub struct Outgoing {
    pub method: Method,
    /// Scheme, host and port count.
    pub url: Url,
    pub path: PathAndQuery,
    /// Those of the connection and of the body's length are added.
    pub headers: HeaderMap,
    pub body: Option<Bytes>,
    /// It must not lead into a private network.
    pub public: bool,
}

/// A whole answer, whatever its status; a redirect is one, too.
#[derive(Debug)]
pub struct Incoming {
    pub status: u16,
    /// Without those that only describe how it was packed.
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// How large an answer may be.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Names and values together.
    pub headers: usize,
    /// Decompressed.
    pub body: usize,
}

/// Why there is no answer. No text has addresses in it.
#[derive(Debug, PartialEq, Eq)]
pub enum Failed {
    /// The host leads into a private network.
    Private,
    /// The headers exceed their bound.
    LargeHead,
    /// The body exceeds its bound.
    LargeBody,
    /// In words that go on after "the host".
    Other(String),
}

impl Upstreams {
    /// Sends a request and reads the answer. How long that may take is for the caller to say.
    pub async fn fetch(&self, outgoing: Outgoing, bounds: Bounds) -> Result<Incoming, Failed> {
        let no_url = || Failed::Other("has an address that makes no URL".into());
        let mut origin = Origin::of(&outgoing.url).ok_or_else(no_url)?;
        // Never a connection that was opened for somebody who may reach more.
        let key = if outgoing.public { format!("public {}", origin.key) } else { origin.key.to_owned() };
        origin.key = &key;
        origin.public = outgoing.public;
        let head_only = outgoing.method == Method::HEAD;
        let mut request = Request::new(Pieces::new(outgoing.body.into_iter().collect()));
        *request.method_mut() = outgoing.method;
        *request.uri_mut() = outgoing.path.into();
        *request.headers_mut() = outgoing.headers;
        let host = HeaderValue::from_str(origin.authority()).map_err(|_| no_url())?;
        request.headers_mut().insert(header::HOST, host);
        request.headers_mut().insert(header::ACCEPT_ENCODING, ACCEPT_ENCODING);
        let begun = self.send(&origin, request).await.map_err(failed)?;
        let (status, mut headers) = (begun.head.status, begun.head.headers);
        if headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum::<usize>() > bounds.headers {
            return Err(Failed::LargeHead);
        }
        let has_body = !head_only && !matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        let decoder = if has_body { unpacked(&mut headers)? } else { None };
        for name in &HOP_BY_HOP {
            headers.remove(name);
        }
        let body = UpstreamBody::new(begun.source, decoder, Arc::from(""), self.timeouts.idle);
        let body = body.read_all(bounds.body).await.map_err(unread)?;
        Ok(Incoming { status: status.as_u16(), headers, body })
    }
}

/// What undoes the body's compression. One that cannot be undone is refused: what is in it could not be looked at.
fn unpacked(headers: &mut HeaderMap) -> Result<Option<Decoder>, Failed> {
    let mut encodings = headers.get_all(header::CONTENT_ENCODING).iter();
    let (Some(encoding), None) = (encodings.next(), encodings.next()) else {
        return match headers.contains_key(header::CONTENT_ENCODING) {
            true => Err(unknown_encoding()),
            false => Ok(None),
        };
    };
    if encoding.as_bytes().eq_ignore_ascii_case(b"identity") {
        return Ok(None);
    }
    let decoder = Decoder::of(encoding).ok_or_else(unknown_encoding)?;
    headers.remove(header::CONTENT_ENCODING);
    headers.remove(header::CONTENT_LENGTH);
    Ok(Some(decoder))
}

fn unknown_encoding() -> Failed {
    Failed::Other("packed its answer in a way that was not asked for".into())
}

fn failed(error: SendError) -> Failed {
    match error {
        SendError::Connect(ConnectError::Private) => Failed::Private,
        SendError::Connect(ConnectError::TimedOut) => Failed::Other("could not be connected with in time".into()),
        SendError::Connect(ConnectError::Failed(reason)) => Failed::Other(format!("cannot be reached: {reason}")),
        SendError::Http(error) => Failed::Other(super::http_reason(&error)),
    }
}

fn unread(error: ReadError) -> Failed {
    match error {
        ReadError::TooLarge => Failed::LargeBody,
        ReadError::Broken(reason) => Failed::Other(format!("broke off in the middle of its answer ({reason})")),
        ReadError::Idle(limit) => Failed::Other(format!("sent nothing more within {} s", limit.as_secs_f32())),
    }
}
