//! The bodies that the gateway answers with.

use bytes::Bytes;
use http::{HeaderValue, Response, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};

/// Any body. What goes wrong in a stream is told within the stream; only where that is impossible it is [`Cut`].
pub type Body = UnsyncBoxBody<Bytes, Cut>;

/// The connection is closed in the middle of the body, so that what the client has does not look finished.
#[derive(Debug, thiserror::Error)]
#[error("the answer is cut off")]
pub struct Cut;

/// A body that is there as a whole.
pub fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

/// A body without a byte, as for `HEAD`.
pub fn empty() -> Body {
    full(Bytes::new())
}

/// An answer that is a JSON value.
pub fn json_response(value: &serde_json::Value) -> Response<Body> {
    let mut response = Response::new(full(value.to_string()));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
