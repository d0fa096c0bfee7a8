//! Where under a provider's base URL its endpoint lies.

/// The path and query for an endpoint under a configured base, which may be the endpoint itself, with or without a trailing
/// slash and a query string (claude-code-router#760): `("/v1/?x=1", "/messages")` gives `/v1/messages?x=1`.
#[must_use]
pub fn join(base: &str, endpoint: &str) -> String {
    let (path, query) = match base.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (base, None),
    };
    let path = path.trim_end_matches('/');
    let mut joined = String::with_capacity(base.len() + endpoint.len() + 1);
    joined.push_str(path);
    if !path.ends_with(endpoint) {
        joined.push_str(endpoint);
    }
    if let Some(query) = query {
        joined.push('?');
        joined.push_str(query);
    }
    joined
}

/// The path and query of Anthropic's `messages` under a configured base. As Anthropic's own clients do with
/// `ANTHROPIC_BASE_URL`, `/v1` is put between, unless the base ends in a version or is the endpoint itself:
/// `/anthropic` gives `/anthropic/v1/messages`.
#[must_use]
pub fn anthropic(base: &str) -> String {
    const ENDPOINT: &str = "/messages";
    let path = base.split('?').next().unwrap_or_default().trim_end_matches('/');
    let last = path.rsplit('/').next().unwrap_or_default();
    let versioned = last.strip_prefix('v').is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()));
    if versioned || path.ends_with(ENDPOINT) {
        return join(base, ENDPOINT);
    }
    join(base, "/v1/messages")
}

#[cfg(test)]
mod tests {
    use super::{anthropic, join};

    #[test]
    fn anthropics_version_is_put_between_where_it_is_missing() {
        for (base, joined) in [
            ("", "/v1/messages"),
            ("/", "/v1/messages"),
            ("/?a=b", "/v1/messages?a=b"),
            ("/v1", "/v1/messages"),
            ("/v1/", "/v1/messages"),
            ("/v1/messages", "/v1/messages"),
            ("/anthropic", "/anthropic/v1/messages"),
            ("/api/anthropic/?a=b", "/api/anthropic/v1/messages?a=b"),
            ("/anthropic/v1", "/anthropic/v1/messages"),
            ("/anthropic/v1beta2/messages/", "/anthropic/v1beta2/messages"),
            ("/custom/messages", "/custom/messages"),
            ("/very", "/very/v1/messages"),
        ] {
            assert_eq!(anthropic(base), joined, "{base}");
        }
    }

    #[test]
    fn base_and_endpoint_are_both_taken() {
        for (base, joined) in [
            ("", "/messages"),
            ("/", "/messages"),
            ("/v1", "/v1/messages"),
            ("/v1/", "/v1/messages"),
            ("/v1/messages", "/v1/messages"),
            ("/v1/messages/", "/v1/messages"),
            ("/v1?api-version=2", "/v1/messages?api-version=2"),
            ("/v1/messages?api-version=2", "/v1/messages?api-version=2"),
        ] {
            assert_eq!(join(base, "/messages"), joined, "{base}");
        }
    }
}
