//! What can go wrong with a request, sorted by whose fault it is, and the one place that turns it into an answer.

use std::time::Duration;

use bytes::Bytes;
use ccr_messages::event::{ErrorKind, Failure};
use ccr_messages::json::Writer;
use http::{HeaderValue, Response, StatusCode};

use super::body::{self, Body};
use super::secret::Secret;

/// Everything that ends a request without an answer. Messages are for the user: they say what to do, and hold no secrets.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    // The client's.
    /// No key, or a wrong one.
    #[error("{0}")]
    Unauthenticated(&'static str),
    /// A web page or a host name that may not use this gateway.
    #[error("{0}")]
    Forbidden(String),
    /// The request is wrong.
    #[error("{0}")]
    InvalidRequest(String),
    /// As `InvalidRequest`, with `error.details.error_code` for clients that know it.
    #[error("{message}")]
    Unsupported {
        /// A code from Anthropic's list, which clients act on.
        code: &'static str,
        /// What is not supported, and what to do instead.
        message: String,
    },
    /// The body is too large.
    #[error("the request body is larger than {} MiB, the most that this gateway reads", limit / (1024 * 1024))]
    TooLarge {
        /// The most bytes that are read.
        limit: usize,
    },
    /// The client stopped sending in the middle of its body.
    #[error("nothing more of the request body came for {} s", silence.as_secs())]
    ClientTooSlow {
        /// How long nothing has come.
        silence: Duration,
    },
    /// The client hung up.
    #[error("the client hung up")]
    ClientGone,
    /// Nothing is served at this path.
    #[error("{0}")]
    NotFound(String),
    /// The path is there, the method is not.
    #[error("{0}")]
    MethodNotAllowed(String),

    // The operator's: config and plugins.
    /// No target for the request.
    #[error("{0}")]
    NoRoute(String),
    /// The target cannot be used as it is configured.
    #[error("{0}")]
    Unavailable(String),
    /// A plugin on the request's way did not do its work.
    #[error("{}", .0.message)]
    Plugin(PluginFailure),

    // The upstream's.
    /// It cannot be reached.
    #[error("provider `{provider}` cannot be reached: {reason}")]
    Connect {
        /// The provider, by its name in the config.
        provider: String,
        /// Why not, without addresses that hold credentials.
        reason: String,
    },
    /// It does not answer.
    #[error("provider `{provider}` {what} within {} s", limit.as_secs_f32())]
    UpstreamTimeout {
        /// The provider, by its name in the config.
        provider: String,
        /// What it failed to do.
        what: &'static str,
        /// The time-out of the config that it exceeded.
        limit: Duration,
    },
    /// It answered with an error.
    #[error("{}", .0.message)]
    Upstream(Failure),
    /// It answered something that is no answer.
    #[error("provider `{provider}` {reason}")]
    BadAnswer {
        /// The provider, by its name in the config.
        provider: String,
        /// What it did; goes on after the provider's name.
        reason: String,
    },

    // Ours.
    /// Too much to do.
    #[error("{0}")]
    Overloaded(String),
}

/// How a plugin failed, without anything of the plugin itself.
#[derive(Debug)]
pub struct PluginFailure {
    /// Which plugin, in which step, and why.
    pub message: String,
    /// What it means for the request.
    pub fault: PluginFault,
}

/// What a plugin's failure means for the request.
#[derive(Debug)]
pub enum PluginFault {
    /// It says that the request is wrong.
    InvalidRequest,
    /// It cannot express what the request asks for.
    Unsupported,
    /// It says that something is not allowed.
    Denied,
    /// It says that something it needs is not there.
    Unavailable,
    /// It reports what the upstream said.
    Upstream(Failure),
    /// It says that the upstream's answer cannot be read.
    BadAnswer,
    /// It gives up for a reason of its own.
    Other,
    /// All of its instances are in use.
    Busy,
    /// It is not loaded, or rests after failures.
    NotReady,
    /// It did not do its work: it trapped, took too long, or answered what it must not.
    Broken,
}

impl PluginFault {
    fn status(&self) -> StatusCode {
        match self {
            Self::InvalidRequest | Self::Unsupported => StatusCode::BAD_REQUEST,
            Self::Upstream(failure) => upstream_status(failure),
            Self::Unavailable | Self::Busy | Self::NotReady => StatusCode::SERVICE_UNAVAILABLE,
            Self::BadAnswer => StatusCode::BAD_GATEWAY,
            Self::Denied | Self::Other | Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::InvalidRequest | Self::Unsupported => ErrorKind::InvalidRequest,
            Self::Upstream(failure) => failure.kind,
            Self::Busy => ErrorKind::Overloaded,
            Self::Denied | Self::Unavailable | Self::BadAnswer | Self::Other | Self::NotReady | Self::Broken => {
                ErrorKind::Api
            }
        }
    }
}

impl GatewayError {
    /// A request that is wrong.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::InvalidRequest(message.into())
    }

    /// The status that the client gets.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Unauthenticated(_) => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::InvalidRequest(_) | Self::Unsupported { .. } => StatusCode::BAD_REQUEST,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::ClientTooSlow { .. } => StatusCode::REQUEST_TIMEOUT,
            // nginx's status for it; nobody reads it but the record.
            Self::ClientGone => status(499),
            Self::NotFound(_) | Self::NoRoute(_) => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Unavailable(_) | Self::Overloaded(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Plugin(failure) => failure.fault.status(),
            Self::Connect { .. } | Self::BadAnswer { .. } => StatusCode::BAD_GATEWAY,
            Self::UpstreamTimeout { .. } => StatusCode::GATEWAY_TIMEOUT,
            Self::Upstream(failure) => upstream_status(failure),
        }
    }

    /// Anthropic's type of the error.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Unauthenticated(_) => ErrorKind::Authentication,
            Self::Forbidden(_) => ErrorKind::Permission,
            Self::InvalidRequest(_) | Self::Unsupported { .. } | Self::ClientTooSlow { .. } | Self::ClientGone => {
                ErrorKind::InvalidRequest
            }
            Self::TooLarge { .. } => ErrorKind::TooLarge,
            Self::NotFound(_) | Self::NoRoute(_) => ErrorKind::NotFound,
            Self::MethodNotAllowed(_) => ErrorKind::InvalidRequest,
            Self::Overloaded(_) => ErrorKind::Overloaded,
            Self::Plugin(failure) => failure.fault.kind(),
            Self::UpstreamTimeout { .. } => ErrorKind::Timeout,
            Self::Upstream(failure) => failure.kind,
            Self::Unavailable(_) | Self::Connect { .. } | Self::BadAnswer { .. } => ErrorKind::Api,
        }
    }

    /// How long the client shall wait, if the upstream said so.
    fn retry_after_ms(&self) -> Option<u64> {
        match self {
            Self::Upstream(failure) => failure.retry_after_ms,
            // Short: what overloads a gateway is a burst.
            Self::Overloaded(_) => Some(1000),
            _ => None,
        }
    }

    /// The error without the credentials that went along: some providers repeat the key that they refuse.
    pub fn redacted(self, keys: &[Secret]) -> Self {
        match self {
            Self::Upstream(failure) => Self::Upstream(Failure { message: redact(failure.message, keys), ..failure }),
            Self::BadAnswer { provider, reason } => Self::BadAnswer { provider, reason: redact(reason, keys) },
            other => other,
        }
    }

    /// The error as an upstream-like failure, for the end of a stream that has begun.
    pub fn into_failure(self) -> Failure {
        self.as_failure()
    }

    /// The error as a failure, for another format to write.
    pub fn as_failure(&self) -> Failure {
        Failure {
            kind: self.kind(),
            message: self.to_string(),
            status: Some(self.status().as_u16()),
            retry_after_ms: self.retry_after_ms(),
        }
    }

    /// The whole answer, in Anthropic's form.
    pub fn render(&self, request_id: &str) -> Response<Body> {
        let mut response = Response::new(body::full(Bytes::from(self.json(request_id))));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(milliseconds) = self.retry_after_ms() {
            headers.insert(http::header::RETRY_AFTER, HeaderValue::from(milliseconds.div_ceil(1000)));
        }
        if matches!(self, Self::TooLarge { .. } | Self::ClientTooSlow { .. }) {
            // The rest of the body is not read, so the connection cannot serve another request.
            headers.insert(http::header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    fn json(&self, request_id: &str) -> String {
        let mut json = Writer::with_capacity(256);
        json.begin_object().key("type").string("error").key("error").begin_object();
        json.key("type").string(self.kind().as_str()).key("message").string(&self.to_string());
        if let Self::Unsupported { code, .. } = self {
            json.key("details").begin_object().key("error_code").string(code).end_object();
        }
        json.end_object().key("request_id").string(request_id).end_object();
        json.into_string()
    }
}

/// A text of a provider without its credentials. Short ones are left: they are no keys, and would cut words apart.
pub fn redact(text: String, keys: &[Secret]) -> String {
    const SHORTEST_KEY: usize = 8;
    keys.iter()
        .map(Secret::expose)
        .filter(|key| key.len() >= SHORTEST_KEY)
        .fold(text, |text, key| if text.contains(key) { text.replace(key, "[redacted]") } else { text })
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_GATEWAY)
}

fn upstream_status(failure: &Failure) -> StatusCode {
    match failure.status {
        Some(code @ 400..=599) => status(code),
        _ => match failure.kind {
            ErrorKind::InvalidRequest => StatusCode::BAD_REQUEST,
            ErrorKind::Authentication => StatusCode::UNAUTHORIZED,
            ErrorKind::Billing => StatusCode::PAYMENT_REQUIRED,
            ErrorKind::Permission => StatusCode::FORBIDDEN,
            ErrorKind::NotFound => StatusCode::NOT_FOUND,
            ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            ErrorKind::RateLimit => StatusCode::TOO_MANY_REQUESTS,
            ErrorKind::Api => StatusCode::BAD_GATEWAY,
            ErrorKind::Timeout => StatusCode::GATEWAY_TIMEOUT,
            ErrorKind::Overloaded => status(529),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_anthropics_json_with_the_request_id() {
        let error = GatewayError::invalid("say \"hi\"\n");
        let json: serde_json::Value = serde_json::from_str(&error.json("req_1")).expect("JSON");
        let expected = serde_json::json!({
            "type": "error",
            "error": { "type": "invalid_request_error", "message": "say \"hi\"\n" },
            "request_id": "req_1",
        });
        assert_eq!(json, expected);
    }

    #[test]
    fn a_wait_is_rounded_up_to_whole_seconds() {
        let failure = Failure {
            kind: ErrorKind::RateLimit,
            message: "slow down".into(),
            status: Some(429),
            retry_after_ms: Some(1200),
        };
        let response = GatewayError::Upstream(failure).render("req_1");
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.headers()["retry-after"], "2");
    }

    #[test]
    fn a_status_that_is_no_error_is_not_passed_on() {
        let failure =
            Failure { kind: ErrorKind::Overloaded, message: String::new(), status: Some(200), retry_after_ms: None };
        assert_eq!(GatewayError::Upstream(failure).status().as_u16(), 529);
    }
}
