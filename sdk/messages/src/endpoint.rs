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

#[cfg(test)]
mod tests {
    use super::join;

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
