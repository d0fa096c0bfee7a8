//! Step 2, authenticate: who may use the gateway.
//!
//! With a key configured, whoever shows it. Without one, only programs on this machine: the listener is on loopback, and the
//! `Host` and `Origin` headers are checked, because a web page in the user's browser reaches loopback, too (GHSA-8hmm-4crw-vm2c,
//! DNS rebinding).

use http::{HeaderMap, Uri, header};
use subtle::ConstantTimeEq as _;

use crate::base::error::GatewayError;
use crate::config::Config;

/// Who sent a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The name of the key; none on a loopback gateway without keys.
    pub key_name: Option<String>,
}

/// Checks a request's head.
pub fn authenticate(config: &Config, headers: &HeaderMap, uri: &Uri) -> Result<Caller, GatewayError> {
    authenticate_client(config, headers, uri, None)
}

/// As [`authenticate`], for a format whose clients may show their key in this query parameter as well.
pub fn authenticate_client(
    config: &Config,
    headers: &HeaderMap,
    uri: &Uri,
    key_parameter: Option<&str>,
) -> Result<Caller, GatewayError> {
    check_origin(config, headers, uri)?;
    let Some(expected) = &config.api_key else {
        check_host(config, headers, uri)?;
        return Ok(Caller { key_name: None });
    };
    let in_query = key_parameter.and_then(|name| query_value(uri, name));
    let mut shown = keys(headers).chain(in_query.as_deref().map(str::as_bytes)).peekable();
    if shown.peek().is_none() {
        return Err(GatewayError::Unauthenticated(
            "this gateway wants a key: send it as `x-api-key` or as `Authorization: Bearer` (Claude Code: ANTHROPIC_AUTH_TOKEN)",
        ));
    }
    // Every key that is shown must be right: two that differ are a mistake, and picking one would hide it.
    let expected = expected.expose().as_bytes();
    if shown.all(|key| bool::from(key.ct_eq(expected))) {
        Ok(Caller { key_name: Some("default".into()) })
    } else {
        Err(GatewayError::Unauthenticated("the key is not the one of this gateway (its config says it under APIKEY)"))
    }
}

/// The keys that a request shows.
fn keys(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let bearers = headers.get_all(header::AUTHORIZATION).iter().map(|value| bearer(value.as_bytes()));
    let keys = KEY_HEADERS.iter().flat_map(|name| headers.get_all(*name)).map(http::HeaderValue::as_bytes);
    bearers.chain(keys)
}

/// Where clients show a bare key: Anthropic's, Google's, Azure's.
const KEY_HEADERS: [&str; 3] = ["x-api-key", "x-goog-api-key", "api-key"];

/// The value of a query parameter, decoded.
fn query_value(uri: &Uri, name: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(uri.query()?.as_bytes());
    pairs.find_map(|(key, value)| (key == name).then(|| value.into_owned()))
}

/// The key of an `Authorization` header. claude-code-router takes it bare as well.
fn bearer(value: &[u8]) -> &[u8] {
    const SCHEME: &[u8] = b"bearer ";
    match value.split_at_checked(SCHEME.len()) {
        Some((scheme, key)) if scheme.eq_ignore_ascii_case(SCHEME) => key.trim_ascii(),
        _ => value,
    }
}

/// A page of another site must not use the gateway through its visitor's browser.
fn check_origin(config: &Config, headers: &HeaderMap, uri: &Uri) -> Result<(), GatewayError> {
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().unwrap_or_default().to_ascii_lowercase();
    // The gateway's own pages: same name, same port. Another port on this machine is somebody else's page.
    let host = requested_host(headers, uri);
    let own = origin.strip_prefix("http://") == Some(host.as_str()) && is_own_host(config, &host);
    if own || config.allowed_origins.contains(&origin) {
        return Ok(());
    }
    Err(GatewayError::Forbidden(
        "web pages of this origin may not use the gateway; the config can allow it under ALLOWED_ORIGINS".into(),
    ))
}

/// A name that an attacker's DNS points to loopback is not ours.
fn check_host(config: &Config, headers: &HeaderMap, uri: &Uri) -> Result<(), GatewayError> {
    if is_own_host(config, &requested_host(headers, uri)) {
        return Ok(());
    }
    Err(GatewayError::Forbidden(
        "this gateway has no key, so it answers to local names only (localhost, 127.0.0.1); \
         set APIKEY, or list the name under ALLOWED_HOSTS"
            .into(),
    ))
}

/// The name that the client used for the gateway, lower case. HTTP/2 has it in the URI.
fn requested_host(headers: &HeaderMap, uri: &Uri) -> String {
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok());
    host.or_else(|| uri.authority().map(|it| it.as_str())).unwrap_or_default().to_ascii_lowercase()
}

fn is_own_host(config: &Config, host: &str) -> bool {
    let name = without_port(host);
    let loopback = name == "localhost"
        || name.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    loopback || config.allowed_hosts.iter().any(|allowed| allowed == host || allowed == name)
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().expect("legal"))).collect()
    }

    fn with_key() -> Config {
        Config { api_key: Some(Secret::new("right")), ..Config::default() }
    }

    fn ask(config: &Config, pairs: &[(&'static str, &str)]) -> Result<Caller, GatewayError> {
        authenticate(config, &headers(pairs), &Uri::from_static("/"))
    }

    #[test]
    fn the_key_is_taken_in_both_headers_and_nowhere_else() {
        let config = with_key();
        assert!(ask(&config, &[("x-api-key", "right")]).is_ok());
        assert!(ask(&config, &[("authorization", "Bearer right")]).is_ok());
        assert!(ask(&config, &[("authorization", "bearer  right ")]).is_ok());
        assert!(ask(&config, &[("authorization", "right"), ("x-api-key", "right")]).is_ok());
        for wrong in ["", "Bearer ", "Bearer wrong", "rightt", "righ"] {
            assert!(ask(&config, &[("authorization", wrong)]).is_err(), "{wrong}");
        }
        assert!(ask(&config, &[("authorization", "right"), ("x-api-key", "wrong")]).is_err());
        assert!(ask(&config, &[]).is_err());
    }

    #[test]
    fn without_a_key_only_local_names_are_answered() {
        let config = Config::default();
        for good in ["localhost", "localhost:3456", "127.0.0.1:1", "[::1]:3456", "127.9.9.9"] {
            assert!(ask(&config, &[("host", good)]).is_ok(), "{good}");
        }
        for bad in ["evil.example", "localhost.evil.example:3456", "", "10.0.0.1", "127.0.0.1.evil.example"] {
            assert!(ask(&config, &[("host", bad)]).is_err(), "{bad}");
        }
        let config = Config { allowed_hosts: vec!["gateway.local".into()], ..Config::default() };
        assert!(ask(&config, &[("host", "Gateway.local:3456")]).is_ok());
    }

    #[test]
    fn a_foreign_page_is_refused_with_and_without_a_key() {
        let local = [("host", "localhost:3456"), ("x-api-key", "right")];
        for config in [Config::default(), with_key()] {
            for (origin, allowed) in [
                ("https://evil.example", false),
                ("null", false),
                ("http://localhost:3456", true),
                ("http://localhost:1", false),
            ] {
                let mut pairs = local.to_vec();
                pairs.push(("origin", origin));
                assert_eq!(ask(&config, &pairs).is_ok(), allowed, "{origin}");
            }
        }
    }
}
