//! A wire request as HTTP: where it goes, its headers, the key, the body.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderValue, Method, Request, Uri, header};
use http_body::{Body, Frame, SizeHint};
use url::{Position, Url, form_urlencoded};

use crate::config::{Provider, Secret};
use crate::wire::{Credential, WireRequest};

/// What [`decompress`](super::decompress) can undo.
const ACCEPT_ENCODING: HeaderValue = HeaderValue::from_static("gzip, br, zstd");

/// The server that a provider's address names; borrowed from that address, because each request asks for it.
pub(super) struct Origin<'a> {
    /// Scheme, host and port: connections to the same key are the same.
    pub(super) key: &'a str,
    pub(super) https: bool,
    /// IPv6 addresses in brackets.
    pub(super) host: &'a str,
    pub(super) port: u16,
    /// As in `host`: the port only if it is not the scheme's own.
    authority: &'a str,
}

impl<'a> Origin<'a> {
    /// `None` for an address without a host.
    pub(super) fn of(url: &'a Url) -> Option<Self> {
        Some(Self {
            key: &url[..Position::AfterPort],
            https: url.scheme() == "https",
            host: url.host_str()?,
            port: url.port_or_known_default()?,
            authority: &url[Position::BeforeHost..Position::AfterPort],
        })
    }

    /// Whether it is this machine, to which no proxy leads (claude-code-router#602).
    pub(super) fn is_loopback(&self) -> bool {
        let host = self.host.trim_matches(['[', ']']);
        host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// Its address for what opens connections: the port is always told, since a proxy would assume one.
    pub(super) fn address(&self) -> Result<Uri, http::Error> {
        let scheme = if self.https { Scheme::HTTPS } else { Scheme::HTTP };
        Uri::builder().scheme(scheme).authority(format!("{}:{}", self.host, self.port)).path_and_query("/").build()
    }

    /// Makes a request one for HTTP/2, which has the whole address in place of a path and a `host`.
    pub(super) fn complete(&self, request: &mut Request<Pieces>) {
        request.headers_mut().remove(header::HOST);
        let mut parts = std::mem::take(request.uri_mut()).into_parts();
        parts.scheme = Some(if self.https { Scheme::HTTPS } else { Scheme::HTTP });
        parts.authority = Authority::try_from(self.authority).ok();
        if let Ok(uri) = Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
    }
}

/// Writes the request. `Err` says what makes the provider unusable.
pub(super) fn build(
    origin: &Origin<'_>,
    provider: &Provider,
    key: Option<&Secret>,
    wire: WireRequest,
    streaming: bool,
) -> Result<Request<Pieces>, &'static str> {
    const NO_URL: &str = "its address makes no URL";
    let mut path = wire.path;
    let mut headers = wire.headers;
    headers.insert(header::HOST, HeaderValue::from_str(origin.authority).map_err(|_| NO_URL)?);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let accept = if streaming { "text/event-stream" } else { "application/json" };
    headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
    headers.insert(header::ACCEPT_ENCODING, ACCEPT_ENCODING);
    for (name, value) in &provider.headers {
        headers.insert(name.clone(), value.clone());
    }
    if let Some(key) = key.filter(|key| !key.expose().is_empty()) {
        add_key(&mut path, &mut headers, &wire.credential, key)
            .map_err(|_| "its api_key has characters that no header can have")?;
    }
    let mut request = Request::new(Pieces::new(wire.body.into_pieces()));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = PathAndQuery::from_maybe_shared(Bytes::from(path)).map_err(|_| NO_URL)?.into();
    *request.headers_mut() = headers;
    Ok(request)
}

/// The last thing that is added: no plugin and no log has seen it.
fn add_key(
    path: &mut String,
    headers: &mut HeaderMap,
    credential: &Credential,
    key: &Secret,
) -> Result<(), header::InvalidHeaderValue> {
    let sensitive = |text: &str| {
        HeaderValue::from_str(text).map(|mut value| {
            value.set_sensitive(true);
            value
        })
    };
    match credential {
        Credential::Bearer => {
            headers.insert(header::AUTHORIZATION, sensitive(&format!("Bearer {}", key.expose()))?);
        }
        Credential::Header(name) => {
            headers.insert(name.clone(), sensitive(key.expose())?);
        }
        Credential::Query(name) => {
            path.push(if path.contains('?') { '&' } else { '?' });
            let begun = path.len();
            let whole = std::mem::take(path);
            *path = form_urlencoded::Serializer::for_suffix(whole, begun).append_pair(name, key.expose()).finish();
        }
        Credential::None => {}
    }
    Ok(())
}

/// A body of several pieces whose length is known; the last element goes first.
pub(super) struct Pieces(Vec<Bytes>);

impl Pieces {
    fn new(mut pieces: Vec<Bytes>) -> Self {
        pieces.reverse();
        Self(pieces)
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop().map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.iter().map(|piece| piece.len() as u64).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_in_the_query_goes_behind_what_is_there() {
        for (path, expected) in [("/a", "/a?key=s%26%20%C3%A9"), ("/a?b=c", "/a?b=c&key=s%26%20%C3%A9")] {
            let mut whole = path.to_owned();
            let credential = Credential::Query("key".into());
            add_key(&mut whole, &mut HeaderMap::new(), &credential, &Secret::new("s& é")).unwrap();
            assert_eq!(whole.replace('+', "%20"), expected);
        }
    }

    #[test]
    fn a_key_in_a_header_is_not_shown() {
        let mut headers = HeaderMap::new();
        add_key(&mut String::new(), &mut headers, &Credential::Bearer, &Secret::new("hush")).unwrap();
        assert_eq!(headers[header::AUTHORIZATION], "Bearer hush");
        assert!(!format!("{headers:?}").contains("hush"));
        assert!(add_key(&mut String::new(), &mut headers, &Credential::Bearer, &Secret::new("a\nb")).is_err());
    }

    #[test]
    fn an_origin_knows_its_parts() {
        let url: Url = "http://[::1]:8080/v1?x=y".parse().unwrap();
        let origin = Origin::of(&url).unwrap();
        assert_eq!((origin.key, origin.authority, origin.port), ("http://[::1]:8080", "[::1]:8080", 8080));
        assert!(origin.is_loopback() && !origin.https);
        let url: Url = "https://provider.invalid/v1".parse().unwrap();
        let origin = Origin::of(&url).unwrap();
        assert_eq!((origin.authority, origin.port), ("provider.invalid", 443));
        assert_eq!(origin.address().unwrap(), "https://provider.invalid:443/");
        assert!(!origin.is_loopback() && origin.https);
    }
}
