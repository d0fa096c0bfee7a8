//! Requests of plugins to hosts that are no providers, over the gateway's own connections: any method, any answer, read whole
//! and within bounds. Who may ask whom for what is decided in [`crate::plugins`].

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, StatusCode, header};
use url::Url;

use super::Upstreams;
use super::decompress::Decoder;
use super::request::ACCEPT_ENCODING;
use super::side::SideError;

/// What belongs to the connection, and says nothing to whoever asked.
const HOP_BY_HOP: [HeaderName; 4] =
    [header::CONNECTION, header::TRANSFER_ENCODING, header::UPGRADE, HeaderName::from_static("keep-alive")];

/// A request.
pub struct Outgoing {
    pub method: Method,
    pub url: Url,
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
        let head_only = outgoing.method == Method::HEAD;
        let way = self.way(&outgoing.url, false, outgoing.public)?;
        let mut request = reqwest::Request::new(outgoing.method, outgoing.url);
        *request.headers_mut() = outgoing.headers;
        request.headers_mut().insert(header::ACCEPT_ENCODING, ACCEPT_ENCODING);
        *request.body_mut() = outgoing.body.map(Into::into);
        let mut response = self.send_beside(way, request).await?;
        let status = response.status();
        let mut headers = std::mem::take(response.headers_mut());
        if headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum::<usize>() > bounds.headers {
            return Err(Failed::LargeHead);
        }
        let has_body = !head_only && !matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        let decoder = if has_body { unpacked(&mut headers)? } else { None };
        for name in &HOP_BY_HOP {
            headers.remove(name);
        }
        let body = self.read_beside(response, decoder, bounds.body).await?;
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

impl From<SideError> for Failed {
    fn from(error: SideError) -> Self {
        match error {
            SideError::Private => Self::Private,
            SideError::TooLarge => Self::LargeBody,
            SideError::Other(reason) => Self::Other(reason),
        }
    }
}
