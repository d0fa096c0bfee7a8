//! One question to a service, and what the requests of several services have in common.

use crate::options::Options;
use crate::tool::Wanted;
use ccr_plugin::Header;
use ccr_plugin::host::HttpRequest;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// One question to a service.
#[derive(Debug)]
pub(crate) struct Ask<'a> {
    pub(crate) query: &'a str,
    /// How many results are wanted; services may give others.
    pub(crate) count: usize,
    pub(crate) wanted: &'a Wanted,
    pub(crate) options: &'a Options,
}

/// A request as all of them begin: the key in its header, JSON wanted.
pub(super) fn asking(
    ask: &Ask<'_>,
    method: &str,
    url: String,
    key: Option<Header>,
    body: Option<String>,
) -> HttpRequest {
    let mut headers = vec![header("accept", "application/json")];
    if body.is_some() {
        headers.push(header("content-type", "application/json"));
    }
    headers.extend(key);
    HttpRequest {
        method: method.into(),
        url,
        headers,
        body: body.map(String::into_bytes),
        timeout_ms: Some(ask.options.timeout_ms),
    }
}

/// What the host puts the key in the place of.
pub(super) fn secret(ask: &Ask<'_>, usual: &str) -> String {
    ["{{secret:", ask.options.secret.as_deref().unwrap_or(usual), "}}"].concat()
}

pub(super) fn header(name: &str, value: &str) -> Header {
    Header { name: name.into(), value: value.into() }
}

/// RFC 3986's unreserved characters stay; braces are encoded, so that no query can stand for a secret.
const IN_QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Adds a parameter to an address.
pub(super) fn parameter(url: &mut String, name: &str, value: &str) {
    url.extend([if url.contains('?') { "&" } else { "?" }, name, "="]);
    url.extend(utf8_percent_encode(value, IN_QUERY));
}

/// How many domains go into a query: search engines cut longer ones (Google after 32 words). The results are filtered anyway.
const MOST_SITES: usize = 10;

/// The query with the domains as operators, which Google and those who imitate it understand.
pub(super) fn with_sites(ask: &Ask<'_>) -> String {
    let mut query = ask.query.to_owned();
    let Wanted { allowed, blocked, .. } = ask.wanted;
    let hosts = |domains: &[String]| -> Vec<String> {
        let known = domains.iter().map(|domain| crate::domains::host_of(domain).to_ascii_lowercase());
        let mut hosts: Vec<String> = known.filter(|host| is_host(host)).collect();
        hosts.dedup();
        hosts
    };
    let allowed = hosts(allowed);
    if (1..=MOST_SITES).contains(&allowed.len()) {
        let sites: Vec<String> = allowed.iter().map(|host| ["site:", &**host].concat()).collect();
        match sites.as_slice() {
            [site] => query.extend([" ", &**site]),
            sites => query.extend([" (", &*sites.join(" OR "), ")"]),
        }
    }
    for host in hosts(blocked).iter().take(MOST_SITES) {
        query.extend([" -site:", &**host]);
    }
    query
}

/// Whether a text can stand for a host among operators and rules, where spaces and signs have a meaning.
pub(super) fn is_host(host: &str) -> bool {
    !host.is_empty()
        && host.chars().all(|character| character.is_alphanumeric() || matches!(character, '.' | '-' | '_'))
}
