//! A plugin's HTTP request, checked and made one that can be sent: who is asked, what it may say, and the secrets in it.

use std::borrow::Cow;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use url::{Position, Url};

use super::HttpGrant;
use super::secrets::Marked;
use crate::config::HostPort;
use crate::plugins::bindings::imports::ccr::plugin::http::HttpRequest;
use crate::plugins::bindings::{Fault, Header};
use crate::plugins::capabilities::config_line;
use crate::upstream::outside::Outgoing;

/// Longest URL: servers take 8 KiB as a rule, some twice that.
const MAX_URL: usize = 16 * 1024;

/// Longest name of a host (RFC 1035, 2.3.4).
const MAX_HOST: usize = 255;

/// Most headers: browsers send some twenty.
const MAX_HEADERS: usize = 64;

/// Most bytes of them, names included: what servers that take much take.
const MAX_HEADER_BYTES: usize = 32 * 1024;

/// Largest body: an image as models' providers take it, with some room for what is around it.
const MAX_BODY: usize = 8 * 1024 * 1024;

/// Longest name of a secret that a message repeats.
const MAX_NAME: usize = 64;

const METHODS: [Method; 6] = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::HEAD];

/// Headers that are the connection's, or the host's own work. With them a request could be made to look like two.
const REFUSED: [HeaderName; 10] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    header::TE,
    header::TRAILER,
    header::UPGRADE,
    header::EXPECT,
    // The host undoes compression.
    header::ACCEPT_ENCODING,
    HeaderName::from_static("keep-alive"),
];

/// Checks a request and makes it one that can be sent. No error text has more of the URL in it than the host.
pub(super) fn build(grant: &HttpGrant, request: HttpRequest) -> Result<(HostPort, Outgoing), Fault> {
    let own = |reason: &str| Fault::Other(reason.to_owned());
    let method = METHODS.into_iter().find(|method| method.as_str() == request.method);
    let method = method
        .ok_or_else(|| own("the method of an HTTP request is GET, POST, PUT, PATCH, DELETE or HEAD, in capitals"))?;
    if request.url.len() > MAX_URL {
        return Err(Fault::Denied(format!("the URL of an HTTP request may have {MAX_URL} bytes")));
    }
    // They would be left out without a word.
    if request.url.contains(|character: char| character.is_ascii_control()) {
        return Err(own("the URL has line ends or other control characters in it"));
    }
    let marked = Marked::of(&request.url);
    let url = Url::parse(&marked.text).map_err(|error| Fault::Other(format!("the URL cannot be read: {error}")))?;
    let host = HostPort::of(&url).ok_or_else(|| own("the URL must begin with https:// or http://"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(own("the URL has a user in it; send an `authorization` header instead"));
    }
    if marked.is_in(&host.host) {
        return Err(own("secrets may stand in a URL's path and query only"));
    }
    if host.host.len() > MAX_HOST {
        return Err(own("the URL's host is longer than any name"));
    }
    granted(grant, &host)?;
    let url = filled(grant, url, &marked)?;
    let headers = headers(grant, &request.headers)?;
    if request.body.as_ref().is_some_and(|body| body.len() > MAX_BODY) {
        return Err(Fault::Denied(format!("the body of an HTTP request may have {} MiB", MAX_BODY >> 20)));
    }
    let body = request.body.map(Bytes::from);
    Ok((host, Outgoing { method, url, headers, body, public: !grant.private_network }))
}

/// Scheme and port are part of a grant, so a secret goes without TLS only where the operator wrote `http://`.
fn granted(grant: &HttpGrant, host: &HostPort) -> Result<(), Fault> {
    if grant.hosts.contains(host) {
        return Ok(());
    }
    Err(Fault::Denied(if grant.asks.covers(host) {
        let line = config_line(&grant.plugin, &format!("http: [\"{host}\"]"));
        format!("the host `{host}` is not granted; the config would allow it with {line}")
    } else {
        format!("the host `{host}` is not among those that plugin `{}` asks for in `describe`", grant.plugin)
    }))
}

/// The URL with its secrets in it.
fn filled(grant: &HttpGrant, mut url: Url, marked: &Marked<'_>) -> Result<Url, Fault> {
    let part = &url[Position::BeforePath..Position::AfterQuery];
    let part = grant.secrets.put(part, marked).map_err(|name| unknown_secret(grant, name))?;
    let part: PathAndQuery = part.parse().map_err(|_| Fault::Other("the URL cannot be sent".into()))?;
    url.set_path(part.path());
    url.set_query(part.query());
    url.set_fragment(None);
    Ok(url)
}

fn headers(grant: &HttpGrant, given: &[Header]) -> Result<HeaderMap, Fault> {
    let bytes: usize = given.iter().map(|header| header.name.len() + header.value.len()).sum();
    if given.len() > MAX_HEADERS || bytes > MAX_HEADER_BYTES {
        return Err(Fault::Denied(format!(
            "an HTTP request may have {MAX_HEADERS} headers of {} KiB together",
            MAX_HEADER_BYTES >> 10
        )));
    }
    let mut headers = HeaderMap::with_capacity(given.len());
    for (index, Header { name, value }) in given.iter().enumerate() {
        let name: HeaderName =
            name.parse().map_err(|_| Fault::Other(format!("the name of header {index} is not legal")))?;
        if REFUSED.contains(&name) || name.as_str().starts_with("proxy-") {
            return Err(Fault::Other(format!("the header `{name}` is set by the host alone")));
        }
        let filled = grant.secrets.fill(value);
        let filled = filled.map_err(|unknown| unknown_secret(grant, unknown))?;
        let mut value = HeaderValue::from_str(&filled)
            .map_err(|_| Fault::Other(format!("the value of header `{name}` is not legal")))?;
        value.set_sensitive(matches!(filled, Cow::Owned(_)));
        headers.append(name, value);
    }
    Ok(headers)
}

fn unknown_secret(grant: &HttpGrant, name: &str) -> Fault {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(legal) {
        return Fault::Other("the name of a secret has letters, digits, `_` and `-`".into());
    }
    let line = config_line(&grant.plugin, &format!("secrets: {{{name}: \"…\"}}"));
    Fault::Denied(format!("there is no secret `{name}`; the config would have it with {line}"))
}
