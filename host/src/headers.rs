//! The headers that say what the gateway did with a request.

use std::fmt::Write as _;
use std::sync::Arc;

use http::{HeaderName, HeaderValue, Response, header};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::attempts::AttemptLog;
use crate::base::body::Body;
use crate::config::Config;
use crate::record::Attempt;
use crate::routing::Route;
use crate::routing::progress::Progress;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-ccr-request-id");
/// Anthropic's own name for it, which its clients show in their errors.
const ANTHROPIC_REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
const PROVIDER: HeaderName = HeaderName::from_static("x-ccr-provider");
const MODEL: HeaderName = HeaderName::from_static("x-ccr-model");
const SCENARIO: HeaderName = HeaderName::from_static("x-ccr-scenario");
const REASON: HeaderName = HeaderName::from_static("x-ccr-route-reason");
const ATTEMPTS: HeaderName = HeaderName::from_static("x-ccr-attempts");
const FAILURES: HeaderName = HeaderName::from_static("x-ccr-fallback-failures");
const AGENTS: HeaderName = HeaderName::from_static("x-ccr-agents");
const DROPPED: HeaderName = HeaderName::from_static("x-ccr-dropped");

/// Longest list of what was left out; the whole one is in the record.
const MAX_DROPPED: usize = 2048;

/// Adds the request's id.
pub fn with_request_id(mut response: Response<Body>, id: &str) -> Response<Body> {
    if let Ok(value) = HeaderValue::from_str(id) {
        response.headers_mut().insert(ANTHROPIC_REQUEST_ID, value.clone());
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// Says where a routed request went, and what was left out of it.
pub fn describe(response: &mut Response<Body>, route: &Route, log: &AttemptLog) {
    let headers = response.headers_mut();
    let (provider, model) = log.tried.as_ref().map(|(provider, model)| (&**provider, &**model)).unwrap_or_default();
    headers.insert(SCENARIO, HeaderValue::from_static(route.scenario.as_str()));
    headers.insert(PROVIDER, printable(provider));
    headers.insert(MODEL, printable(model));
    headers.insert(REASON, printable(&route.reason));
    headers.insert(ATTEMPTS, HeaderValue::from(log.attempts.len()));
    let failures = failures(&log.attempts);
    if !failures.is_empty() {
        headers.insert(FAILURES, listed(&failures));
    }
    if !log.notes.agents.is_empty() {
        headers.insert(AGENTS, listed(&log.notes.agents));
    }
    headers.insert(DROPPED, listed(&log.notes.dropped));
}

/// Says that a stream of events follows, which nobody on the way may keep or gather.
pub fn event_stream(response: &mut Response<Body>, kind: HeaderValue) {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    // nginx before us would gather the events otherwise.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
}

/// What can be said of a stream whose upstream has not begun to answer.
pub struct EarlyHead(Response<()>, HeaderValue, Arc<Progress>);

/// Makes that head from the route's first target; what is tried when it is sent takes that one's place.
pub fn early(config: &Config, route: &Route, kind: HeaderValue) -> EarlyHead {
    let mut response = Response::new(());
    let headers = response.headers_mut();
    if let Some(target) = route.targets.first() {
        let provider = config.provider(target).map(|provider| &*provider.name).unwrap_or_default();
        headers.insert(PROVIDER, printable(provider));
        headers.insert(MODEL, printable(&target.model));
    }
    headers.insert(SCENARIO, HeaderValue::from_static(route.scenario.as_str()));
    headers.insert(REASON, printable(&route.reason));
    headers.insert(ATTEMPTS, HeaderValue::from(1));
    EarlyHead(response, kind, Arc::clone(&route.progress))
}

impl EarlyHead {
    /// The head with its body.
    pub fn into_response(self, body: Body) -> Response<Body> {
        let mut response = self.0.map(|()| body);
        if let Some(trying) = self.2.trying() {
            let headers = response.headers_mut();
            headers.insert(PROVIDER, printable(&trying.provider));
            headers.insert(MODEL, printable(&trying.model));
            headers.insert(ATTEMPTS, HeaderValue::from(trying.attempts));
        }
        event_stream(&mut response, self.1);
        response
    }
}

/// `provider,model (key): status class` for each attempt that failed; one that was outrun has no status.
fn failures(attempts: &[Attempt]) -> Vec<String> {
    let failed = attempts.iter().filter_map(|attempt| Some((attempt, attempt.class?, attempt.status?)));
    let words = failed.map(|(attempt, class, status)| {
        let key = attempt.key.as_ref().map(|key| format!(" (key {key})")).unwrap_or_default();
        format!("{},{}{key}: {status} {class}", attempt.provider, attempt.model)
    });
    words.collect()
}

fn listed(what: &[String]) -> HeaderValue {
    let mut list = String::new();
    for (index, item) in what.iter().enumerate() {
        if list.len() + item.len() > MAX_DROPPED {
            let _ = write!(list, ", and {} more", what.len() - index);
            break;
        }
        if index > 0 {
            list.push_str(", ");
        }
        list.push_str(item);
    }
    printable(&list)
}

/// What a header's value cannot hold as it is; what is not ASCII is always escaped.
const UNPRINTABLE: &AsciiSet = &CONTROLS.add(b'%');

/// A text as a header value: anything but visible ASCII and spaces is percent-encoded, as in a URL (claude-code-router PR#1489).
pub fn printable(text: &str) -> HeaderValue {
    let plain = |byte: u8| (0x20..0x7f).contains(&byte);
    if text.bytes().all(|byte| plain(byte) && byte != b'%') {
        return HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""));
    }
    let encoded = utf8_percent_encode(text, UNPRINTABLE).to_string();
    HeaderValue::try_from(encoded).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_outside_ascii_are_encoded() {
        assert_eq!(printable("plain, text"), "plain, text");
        assert_eq!(printable("智谱"), "%E6%99%BA%E8%B0%B1");
        assert_eq!(printable("a\r\nx-evil: 1"), "a%0D%0Ax-evil: 1");
        assert_eq!(printable("50%"), "50%25");
    }

    #[test]
    fn a_long_list_is_cut_with_a_count() {
        let many: Vec<String> = (0..1000).map(|index| format!("tools.{index}.cache_control")).collect();
        let value = listed(&many);
        let text = value.to_str().expect("ASCII");
        assert!(text.len() < MAX_DROPPED + 40 && text.contains("more"), "{text}");
        assert_eq!(listed(&[]), "");
    }
}
