//! A wire request as HTTP: where it goes, its headers, the body, and what proves who asks.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderValue, Method, Request, Uri, header};
use http_body::{Body, Frame, SizeHint};
use url::{Position, Url, form_urlencoded};

use super::credentials::Proof;
use crate::base::wire::{Credential, WireRequest};
use crate::config::{Provider, Secret};

/// What [`decompress`](super::decompress) can undo.
pub(super) const ACCEPT_ENCODING: HeaderValue = HeaderValue::from_static("gzip, br, zstd");

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
    proof: &Proof,
    wire: WireRequest,
    streaming: bool,
) -> Result<Request<Pieces>, &'static str> {
    const NO_URL: &str = "its address makes no URL";
    let mut path = wire.path;
    let mut headers = wire.headers;
    headers.insert(header::HOST, HeaderValue::from_str(origin.authority).map_err(|_| NO_URL)?);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    accept(&mut headers, &wire.credential, streaming);
    headers.insert(header::ACCEPT_ENCODING, ACCEPT_ENCODING);
    for (name, value) in &provider.headers {
        headers.insert(name.clone(), value.clone());
    }
    let pieces = wire.body.into_pieces();
    // The last thing that is added: no plugin and no log has seen it.
    add(&mut path, &mut headers, &pieces, proof).map_err(|_| "its api_key has characters that no header can have")?;
    let mut request = Request::new(Pieces::new(pieces));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = PathAndQuery::from_maybe_shared(Bytes::from(path)).map_err(|_| NO_URL)?.into();
    *request.headers_mut() = headers;
    Ok(request)
}

/// AWS streams in frames of its own, and may refuse to answer in what was not asked for. A protocol that knows better says so.
fn accept(headers: &mut HeaderMap, credential: &Credential, streaming: bool) {
    let accept = match credential {
        Credential::Aws(_) if headers.contains_key(header::ACCEPT) => return,
        Credential::Aws(_) if streaming => "application/vnd.amazon.eventstream",
        _ if streaming => "text/event-stream",
        _ => "application/json",
    };
    headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
}

fn add(
    path: &mut String,
    headers: &mut HeaderMap,
    body: &[Bytes],
    proof: &Proof,
) -> Result<(), header::InvalidHeaderValue> {
    match proof {
        Proof::Bearer(key) => bearer(headers, key)?,
        Proof::Header(name, key) => {
            headers.insert(name.clone(), sensitive(key.expose())?);
        }
        Proof::Query(name, key) => {
            path.push(if path.contains('?') { '&' } else { '?' });
            let begun = path.len();
            let whole = std::mem::take(path);
            *path = form_urlencoded::Serializer::for_suffix(whole, begun).append_pair(name, key.expose()).finish();
        }
        Proof::Google(token) => {
            bearer(headers, &token.text)?;
            if let Some(project) = &token.project {
                headers.entry("x-goog-user-project").or_insert(HeaderValue::from_str(project)?);
            }
        }
        Proof::Aws(signer) => signer.sign(path, headers, body)?,
        Proof::None => {}
    }
    Ok(())
}

fn bearer(headers: &mut HeaderMap, key: &Secret) -> Result<(), header::InvalidHeaderValue> {
    headers.insert(header::AUTHORIZATION, sensitive(&format!("Bearer {}", key.expose()))?);
    Ok(())
}

/// A header's value that no log shows.
pub(super) fn sensitive(text: &str) -> Result<HeaderValue, header::InvalidHeaderValue> {
    HeaderValue::from_str(text).map(|mut value| {
        value.set_sensitive(true);
        value
    })
}

/// A body of several pieces whose length is known; the last element goes first.
pub(super) struct Pieces(Vec<Bytes>);

impl Pieces {
    pub(super) fn new(mut pieces: Vec<Bytes>) -> Self {
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
            let proof = Proof::of_key(&Credential::Query("key".into()), Some(&Secret::new("s& é")));
            add(&mut whole, &mut HeaderMap::new(), &[], &proof).unwrap();
            assert_eq!(whole.replace('+', "%20"), expected);
        }
    }

    #[test]
    fn a_key_in_a_header_is_not_shown() {
        let mut headers = HeaderMap::new();
        let proof = |key| Proof::of_key(&Credential::Bearer, Some(&Secret::new(key)));
        add(&mut String::new(), &mut headers, &[], &proof("hush")).unwrap();
        assert_eq!(headers[header::AUTHORIZATION], "Bearer hush");
        assert!(!format!("{headers:?}").contains("hush"));
        assert!(add(&mut String::new(), &mut headers, &[], &proof("a\nb")).is_err());
        headers.clear();
        add(&mut String::new(), &mut headers, &[], &proof("")).unwrap();
        assert!(headers.is_empty());
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
