//! What a failure says about the next try: whether the same target may do better in a moment, another one may, or none will.

use std::time::Duration;

use ccr_messages::event::{ErrorKind, Failure};

use crate::base::error::{GatewayError, PluginFault};

/// Where a failed request may go next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Anywhere, and in a moment to the same target again: it is down, overloaded, or lost the answer.
    Transient,
    /// To another key of the same provider, then to another target, and in a moment here again: too many requests.
    Limited,
    /// To another key of the same provider, then to another target: this one is refused.
    KeyRefused,
    /// To another target: this one does not serve such requests.
    TargetUnfit,
    /// To another key of the same provider, then to another target: nothing was sent, because something is not set up.
    Unavailable,
    /// To a target with a longer context, if there is one; otherwise the client has to shorten the conversation.
    TooLong,
    /// Nowhere: the request is wrong, or nobody waits any more.
    Fatal,
}

impl Class {
    /// As records and headers name it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Transient => "transient",
            Self::Limited => "limited",
            Self::KeyRefused => "key_refused",
            Self::TargetUnfit => "target_unfit",
            Self::Unavailable => "unavailable",
            Self::TooLong => "too_long",
            Self::Fatal => "fatal",
        }
    }

    /// Whether the same target may do better in a moment.
    pub(super) fn may_pass(self) -> bool {
        matches!(self, Self::Transient | Self::Limited)
    }

    /// The class of an error; `statuses` are those that the config sends to the next target whatever they mean.
    pub(super) fn of(error: &GatewayError, statuses: &[u16]) -> Self {
        match error {
            GatewayError::Connect { .. } | GatewayError::BadAnswer { .. } => Self::Transient,
            GatewayError::UpstreamTimeout { .. } => Self::Transient,
            GatewayError::Unavailable(_) => Self::Unavailable,
            GatewayError::Upstream(failure) => Self::of_failure(failure, statuses),
            GatewayError::Plugin(failure) => match &failure.fault {
                PluginFault::InvalidRequest
                | PluginFault::Denied
                | PluginFault::BadAnswer
                | PluginFault::Upstream(_) => Self::Fatal,
                _ => Self::TargetUnfit,
            },
            _ => Self::Fatal,
        }
    }

    fn of_failure(failure: &Failure, statuses: &[u16]) -> Self {
        if is_too_long(failure) {
            return Self::TooLong;
        }
        if failure.status.is_some_and(|status| statuses.contains(&status)) {
            return Self::TargetUnfit;
        }
        match failure.kind {
            // Some formats have no type of error for "not now", only the status.
            ErrorKind::InvalidRequest if matches!(failure.status, Some(408 | 409 | 425)) => Self::Transient,
            ErrorKind::InvalidRequest | ErrorKind::TooLarge => Self::Fatal,
            ErrorKind::RateLimit => Self::Limited,
            ErrorKind::Authentication | ErrorKind::Billing | ErrorKind::Permission => Self::KeyRefused,
            ErrorKind::NotFound => Self::TargetUnfit,
            ErrorKind::Api | ErrorKind::Timeout | ErrorKind::Overloaded => Self::Transient,
        }
    }
}

/// The words by which Claude Code knows that it has to shorten the conversation. Protocols put them before what providers say.
const TOO_LONG: &str = "prompt is too long";

fn is_too_long(failure: &Failure) -> bool {
    failure.status == Some(413) || failure.kind == ErrorKind::TooLarge || failure.message.contains(TOO_LONG)
}

/// The error that makes Claude Code shorten the conversation.
pub(super) fn as_too_long(error: GatewayError) -> GatewayError {
    let mut failure = error.into_failure();
    if !failure.message.contains(TOO_LONG) {
        failure.message = format!("{TOO_LONG}: {}", failure.message);
    }
    GatewayError::Upstream(Failure { kind: ErrorKind::InvalidRequest, status: Some(400), ..failure })
}

/// How long the upstream asks to wait.
pub(super) fn asked_wait(error: &GatewayError) -> Option<Duration> {
    match error {
        GatewayError::Upstream(failure) => failure.retry_after_ms.map(Duration::from_millis),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(status: u16, kind: ErrorKind, message: &str) -> GatewayError {
        let message = message.to_owned();
        GatewayError::Upstream(Failure { kind, message, status: Some(status), retry_after_ms: None })
    }

    #[test]
    fn each_status_has_its_class() {
        use Class as C;
        for (status, class) in [
            (400, C::Fatal),
            (401, C::KeyRefused),
            (402, C::KeyRefused),
            (403, C::KeyRefused),
            (404, C::TargetUnfit),
            (408, C::Transient),
            (409, C::Transient),
            (413, C::TooLong),
            (422, C::Fatal),
            (429, C::Limited),
            (500, C::Transient),
            (502, C::Transient),
            (503, C::Transient),
            (504, C::Transient),
            (529, C::Transient),
        ] {
            let error = failure(status, ErrorKind::from_status(status), "x");
            assert_eq!(Class::of(&error, &[]), class, "{status}");
        }
    }

    #[test]
    fn the_config_can_send_a_status_on() {
        let error = failure(400, ErrorKind::InvalidRequest, "bad schema");
        assert_eq!(Class::of(&error, &[400]), Class::TargetUnfit);
        let error = failure(400, ErrorKind::InvalidRequest, "prompt is too long: 9 tokens > 8 maximum");
        assert_eq!(Class::of(&error, &[400]), Class::TooLong);
    }

    #[test]
    fn a_body_that_is_too_large_becomes_a_prompt_that_is_too_long() {
        let error = as_too_long(failure(413, ErrorKind::TooLarge, "Request Entity Too Large"));
        assert_eq!(error.status().as_u16(), 400);
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert_eq!(error.to_string(), "prompt is too long: Request Entity Too Large");
    }
}
