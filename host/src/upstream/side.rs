//! Small requests of the gateway's own: to token servers, machines' metadata and services that count, over the same connections as everything else.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, header};
use url::{Position, Url};

use super::body::{ReadError, UpstreamBody};
use super::request::{Origin, Pieces};
use super::{SendError, Upstreams};

/// Largest answer that is read: tokens have some kilobytes.
const MAX_ANSWER: usize = 256 * 1024;

/// A request.
pub(crate) struct Ask<'a> {
    pub(crate) method: Method,
    pub(crate) url: &'a Url,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Bytes,
    /// Through no proxy: what is asked is this machine's own surroundings.
    pub(crate) direct: bool,
}

impl<'a> Ask<'a> {
    /// A form, posted.
    pub(super) fn form(url: &'a Url, form: String) -> Self {
        let form_type = HeaderValue::from_static("application/x-www-form-urlencoded");
        let headers = vec![(header::CONTENT_TYPE, form_type)];
        Self { method: Method::POST, url, headers, body: form.into(), direct: false }
    }

    /// What a machine says of itself.
    pub(super) fn metadata(method: Method, url: &'a Url, headers: Vec<(HeaderName, HeaderValue)>) -> Self {
        Self { method, url, headers, body: Bytes::new(), direct: true }
    }
}

/// An answer, whatever its status.
pub(crate) struct Said {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Upstreams {
    /// Asks. `Err` says why there is no answer, without addresses.
    pub(crate) async fn ask(&self, ask: Ask<'_>) -> Result<Said, String> {
        let url = ask.url;
        let mut origin = Origin::of(url).ok_or("its address makes no URL")?;
        origin.direct |= ask.direct;
        let mut request = Request::new(Pieces::new(vec![ask.body]));
        *request.method_mut() = ask.method;
        let path = url[Position::BeforePath..Position::AfterQuery].parse();
        *request.uri_mut() = path.map_err(|_| "its address makes no URL")?;
        let host = HeaderValue::from_str(origin.authority()).map_err(|_| "its address makes no URL")?;
        request.headers_mut().extend(ask.headers);
        request.headers_mut().insert(header::HOST, host);
        request.headers_mut().entry(header::ACCEPT).or_insert(HeaderValue::from_static("application/json"));
        let begun = self.send(&origin, request).await.map_err(SendError::reason)?;
        let status = begun.head.status.as_u16();
        let body = UpstreamBody::new(begun.source, None, Arc::from(""), self.timeouts.idle);
        let body = body.read_all(MAX_ANSWER).await.map_err(|error| match error {
            ReadError::Broken(reason) => format!("it broke off in the middle of its answer ({reason})"),
            ReadError::TooLarge => "it answered more than can be read".into(),
            ReadError::Idle(limit) => format!("it sent nothing more within {} s", limit.as_secs_f32()),
        })?;
        Ok(Said { status, body })
    }
}
