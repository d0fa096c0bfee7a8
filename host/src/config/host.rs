//! A host that plugins may reach over HTTP, as operators write it and plugins ask for it: `api.example.com`,
//! `api.example.com:8443`, or `http://localhost:8888` for one without TLS.

use std::fmt;

use url::{Host, Url};

/// One host: exactly this name and port, no wildcards. Names are compared as `url` writes them, so that `EXAMPLE.com`, `0x7f.1`
/// and their like are what they mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPort {
    /// Lower case; IPv6 addresses in brackets.
    pub host: String,
    pub port: u16,
    /// Without TLS.
    pub plain: bool,
}

impl HostPort {
    /// Reads one; `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let lower = text.to_ascii_lowercase();
        let whole = match lower.starts_with("http://") || lower.starts_with("https://") {
            true => text.to_owned(),
            false => format!("https://{text}"),
        };
        // What a URL may hold beside scheme, host and port means nothing here, and a wildcard would only seem to.
        let url = Url::parse(&whole).ok()?;
        // Line ends and tabs are among what `url` leaves out.
        let strange = |one: char| matches!(one, '@' | '*' | '#' | '\\' | ' ') || one.is_ascii_control();
        let bare = url.path() == "/" && url.query().is_none() && !text.contains(strange);
        if bare { Self::of(&url) } else { None }
    }

    /// The host of a URL; `None` where that is not one for HTTP.
    pub fn of(url: &Url) -> Option<Self> {
        let plain = match url.scheme() {
            "http" => true,
            "https" => false,
            _ => return None,
        };
        Some(Self { host: url.host_str()?.to_owned(), port: url.port_or_known_default()?, plain })
    }

    /// Its address, if it is named by that.
    pub fn literal(&self) -> Option<std::net::IpAddr> {
        match Host::parse(&self.host).ok()? {
            Host::Ipv4(address) => Some(address.into()),
            Host::Ipv6(address) => Some(address.into()),
            Host::Domain(_) => None,
        }
    }
}

/// As it would be written into the config.
impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, usual) = if self.plain { ("http://", 80) } else { ("", 443) };
        write!(f, "{scheme}{}", self.host)?;
        if self.port != usual { write!(f, ":{}", self.port) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_read_and_written() {
        for (text, written, port, plain) in [
            ("API.example.com", "api.example.com", 443, false),
            ("https://api.example.com/", "api.example.com", 443, false),
            ("api.example.com:8443", "api.example.com:8443", 8443, false),
            ("api.example.com:443", "api.example.com", 443, false),
            ("http://localhost:8888", "http://localhost:8888", 8888, true),
            ("HTTP://localhost", "http://localhost", 80, true),
            ("[::1]:8443", "[::1]:8443", 8443, false),
            ("0x7f.1", "127.0.0.1", 443, false),
            ("2130706433", "127.0.0.1", 443, false),
            ("bücher.example", "xn--bcher-kva.example", 443, false),
        ] {
            let host = HostPort::parse(text).unwrap();
            assert_eq!((host.to_string().as_str(), host.port, host.plain), (written, port, plain), "{text}");
            assert_eq!(HostPort::parse(&host.to_string()), Some(host));
        }
        assert!(HostPort::parse("127.0.0.1").unwrap().literal().is_some());
        assert!(HostPort::parse("[::1]").unwrap().literal().is_some());
        assert!(HostPort::parse("localhost").unwrap().literal().is_none());
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for text in [
            "",
            "*",
            "*.b.com",
            "a/b",
            "https://a.com/v1",
            "a?b",
            "a#",
            "u@a.com",
            "ftp://a.com",
            "c.com:99999",
            "a b",
            "http://",
            "a\\b",
            "api.exa\tmple",
        ] {
            assert_eq!(HostPort::parse(text), None, "{text}");
        }
    }
}
