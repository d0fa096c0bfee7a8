//! What a request takes of a key's windows before it is sent, and what is told when they are full.

use std::time::{Duration, SystemTime};

use ccr_messages::event::{ErrorKind, Failure};
use ccr_messages::json::Value;

use super::place::Place;
use super::windows::Taken;
use crate::base::error::GatewayError;
use crate::base::request::InnerRequest;
use crate::config::{Counted, KeyLimit};

/// As much of it as these limits ask for.
pub(super) fn of(request: &InnerRequest, limits: &[KeyLimit]) -> Taken {
    let counts = |what| limits.iter().any(|limit| limit.counts == what);
    Taken {
        at: SystemTime::now(),
        tokens: if counts(Counted::Tokens) { tokens(request) } else { 0 },
        images: if counts(Counted::Images) { images(request) } else { 0 },
    }
}

/// Four bytes a token, as claude-code-router estimates, and all of the answer that it allows.
fn tokens(request: &InnerRequest) -> u64 {
    const BYTES_PER_TOKEN: u64 = 4;
    let answer = request.get("/max_tokens").and_then(|number| number.parse().ok()).unwrap_or(0u64);
    (request.text().len() as u64 / BYTES_PER_TOKEN).saturating_add(answer)
}

/// Those of the whole conversation, since all of it is sent; results of tools included.
fn images(request: &InnerRequest) -> u64 {
    fn within(content: Value<'_>) -> u64 {
        let one =
            |block: Value<'_>| match block.get("type").and_then(Value::as_str).map(|kind| kind.decode()).as_deref() {
                Some("image") => 1,
                Some("tool_result") => block.get("content").map_or(0, within),
                _ => 0,
            };
        content.items().map(one).sum()
    }
    let messages = request.document().root().get("messages").into_iter().flat_map(Value::items);
    messages.filter_map(|message| message.get("content")).map(within).sum()
}

/// The error of a key whose windows are full.
pub(super) fn used_up(place: &Place<'_>, key: &str, wait: Duration) -> GatewayError {
    let (name, path) = (&place.provider.name, &place.provider.path);
    let message = format!(
        "key `{key}` of provider `{name}` is used up for now: wait, raise its `limits` in {path}.credentials, or add a key"
    );
    let retry_after_ms = u64::try_from(wait.as_millis()).ok();
    GatewayError::Upstream(Failure { kind: ErrorKind::RateLimit, message, status: Some(429), retry_after_ms })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use http::HeaderMap;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_request_is_measured_by_what_is_counted() {
        let image = json!({"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}});
        let result =
            json!({"type": "tool_result", "tool_use_id": "t", "content": [image, {"type": "text", "text": "image"}]});
        let body =
            json!({"model": "m", "max_tokens": 1000, "messages": [{"role": "user", "content": [image, result]}]});
        let body = body.to_string().into_bytes();
        let length = body.len() as u64;
        let request = InnerRequest::parse(body, "r", HeaderMap::new(), None).unwrap();
        let limit = |counts| KeyLimit { counts, most: 1, window: Duration::from_secs(1) };
        let taken = |limits: &[KeyLimit]| (of(&request, limits).tokens, of(&request, limits).images);
        assert_eq!(taken(&[limit(Counted::Requests)]), (0, 0));
        assert_eq!(taken(&[limit(Counted::Images)]), (0, 2));
        assert_eq!(taken(&[limit(Counted::Tokens), limit(Counted::Images)]), (length / 4 + 1000, 2));
    }
}
