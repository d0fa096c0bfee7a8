//! `allowed_domains` and `blocked_domains` as Anthropic documents them: `example.com` has its subdomains with it, `docs.example.com`
//! only its own; `example.com/blog` is everything below that path, and a path may have `*` in it. There is no scheme, but
//! one that is there does no harm.

/// Whether a page is within a domain of such a list.
pub(crate) fn covers(domain: &str, url: &str) -> bool {
    let (host, path) = split(domain);
    let (page, below) = split(url);
    !host.is_empty() && is_within(page, host) && leads_to(path, below)
}

/// The host of such an entry.
pub(crate) fn host_of(domain: &str) -> &str {
    split(domain).0
}

/// Host and path of an address or an entry, without scheme, user, port and final slash.
fn split(address: &str) -> (&str, &str) {
    let address = address.trim();
    let address = address.split_once("://").map_or(address, |(_, rest)| rest);
    let end = address.find(['/', '?', '#']).unwrap_or(address.len());
    let (authority, path) = address.split_at_checked(end).unwrap_or((address, ""));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => host,
    };
    (host.trim_end_matches('.'), path.strip_suffix('/').unwrap_or(path))
}

fn is_within(page: &str, host: &str) -> bool {
    let Some(before) = page.len().checked_sub(host.len()) else { return false };
    let ends_so = page.get(before..).is_some_and(|end| end.eq_ignore_ascii_case(host));
    ends_so && (before == 0 || page.get(..before).is_some_and(|prefix| prefix.ends_with('.')))
}

/// Whether `path` is at or below the path of an entry.
fn leads_to(pattern: &str, path: &str) -> bool {
    let (pattern, last) = match pattern.rsplit_once('*') {
        Some((pattern, last)) => (pattern, Some(last)),
        None => (pattern, None),
    };
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|beginning| path.strip_prefix(beginning)) else { return false };
    for part in parts {
        // Anything stands for a star, so the first place that fits will do: what follows is only looked for behind it.
        let Some(at) = rest.find(part) else { return false };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    match last {
        None => ends(rest),
        Some("") => true,
        Some(last) => rest.match_indices(last).any(|(at, _)| rest.get(at + last.len()..).is_some_and(ends)),
    }
}

/// Whether a name of the path ends where `rest` follows.
fn ends(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with(['/', '?', '#'])
}

#[cfg(test)]
mod tests {
    use super::{covers, host_of};
    use proptest::prelude::*;

    #[test]
    fn subdomains_and_paths_are_covered() {
        let yes = [
            ("example.com", "https://example.com"),
            ("example.com", "https://docs.example.com/a?b#c"),
            ("EXAMPLE.com", "http://Example.COM:8080/"),
            ("docs.example.com", "https://docs.example.com/x"),
            ("example.com/blog", "https://example.com/blog"),
            ("example.com/blog/", "https://example.com/blog/post-1"),
            ("example.com/blog", "https://www.example.com/blog?page=2"),
            ("example.com/*", "https://example.com/anything"),
            ("example.com/*/articles", "https://example.com/en/articles/1"),
            ("example.com/*/articles", "https://example.com/en/articles-old/articles"),
            ("https://example.com", "https://example.com/a"),
        ];
        for (domain, url) in yes {
            assert!(covers(domain, url), "{domain} {url}");
        }
    }

    #[test]
    fn neighbours_are_not() {
        let no = [
            ("example.com", "https://notexample.com"),
            ("example.com", "https://example.com.evil.invalid"),
            ("example.com", "https://evil.invalid/example.com"),
            ("example.com", "https://example.com@evil.invalid/"),
            ("docs.example.com", "https://example.com"),
            ("docs.example.com", "https://api.example.com"),
            ("example.com/blog", "https://example.com/blogger"),
            ("example.com/blog", "https://example.com/"),
            ("example.com/*/articles", "https://example.com/articles"),
            ("", "https://example.com"),
            ("com.", "https://examplecom/"),
        ];
        for (domain, url) in no {
            assert!(!covers(domain, url), "{domain} {url}");
        }
    }

    #[test]
    fn services_get_hosts() {
        assert_eq!(host_of("https://example.com/blog"), "example.com");
        assert_eq!(host_of("docs.example.com"), "docs.example.com");
    }

    proptest! {
        #[test]
        fn nothing_traps(domain: String, url: String) {
            let _ = covers(&domain, &url);
        }
    }
}
