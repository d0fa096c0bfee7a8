//! Connections that may lead to the public internet only: those of plugins whose operator has not opened the private network
//! to them. A name that anybody can choose may lead anywhere, so it is looked up first, its addresses are checked, and the
//! connection is made to an address that was checked: a second look-up might say something else.
//!
//! Through a proxy it is the proxy that looks names up, often because this machine cannot. What a public name leads to is then
//! the proxy's to decide, as it is for everything else that goes through it; here only addresses, and names that say
//! themselves that they are private, are refused. A `socks5` proxy is given an address, which is looked up and checked here.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Addresses of a name that are tried: two of each family. A name with hundreds would be a way to scan what is there.
const MOST_ADDRESSES: usize = 4;

/// Looks names up, and leaves out what they lead to in private networks.
pub(super) struct Checked {
    /// Which addresses a connection may lead to.
    pub(super) may_reach: fn(IpAddr) -> bool,
    /// The proxy on the way, by name: the operator's own choice, which may be anywhere.
    pub(super) proxy: Option<Box<str>>,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let (may_reach, is_proxy) = (self.may_reach, self.proxy.as_deref() == Some(name.as_str()));
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let reached = found.filter(|address| is_proxy || may_reach(address.ip()));
            let reached: Vec<SocketAddr> = reached.take(MOST_ADDRESSES).collect();
            match reached.is_empty() {
                true => Err(Private.into()),
                false => Ok(Box::new(reached.into_iter()) as Addrs),
            }
        })
    }
}

/// A name leads into a private network only.
#[derive(Debug)]
pub(super) struct Private;

impl fmt::Display for Private {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it leads into a private network")
    }
}

impl std::error::Error for Private {}

/// Names that no public name server knows: single words, and what RFC 6761, 6762, 8375 and ICANN set aside for private use.
pub(super) fn is_private_name(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let set_aside = ["localhost", "local", "internal", "home.arpa"];
    !host.contains('.')
        || set_aside.iter().any(|suffix| host.strip_suffix(suffix).is_some_and(|rest| rest.ends_with('.')))
}

/// Whether an address belongs to the public internet, whatever form it is written in.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match embedded(address) {
            Some(embedded) => is_public_v4(embedded),
            None => is_public_v6(address),
        },
    }
}

/// After IANA's registry of special-purpose addresses.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        // "This network", private, shared by a carrier's customers, this machine.
        (0 | 10 | 127, ..) | (100, 64..=127, _) => true,
        // Link-local; cloud machines' metadata is at 169.254.169.254.
        (169, 254, _) | (172, 16..=31, _) | (192, 168, _) => true,
        // Protocol assignments, documentation, the old relays to IPv6, benchmarks.
        (192, 0, 0 | 2) | (198, 51, 100) | (203, 0, 113) | (192, 88, 99) | (198, 18 | 19, _) => true,
        // Multicast, reserved, broadcast.
        (224.., ..) => true,
        _ => false,
    };
    // Azure's machines are told their secrets by an address that is nobody's special one.
    const AZURE: Ipv4Addr = Ipv4Addr::new(168, 63, 129, 16);
    !special && address != AZURE
}

/// What is not global unicast, 2000::/3, is refused: loopback, link-local, unique-local (metadata at fd00:ec2::254), multicast, all
/// that is reserved, and all old forms of IPv4 addresses that [`embedded`] does not take out.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    let special = match (a, b) {
        // Protocol assignments, Teredo among them; documentation.
        (0x2001, 0..=0x1ff | 0x0db8) => true,
        (0x3fff, 0..=0x0fff) => true,
        _ => false,
    };
    a & 0xe000 == 0x2000 && !special
}

/// The IPv4 address that an IPv6 address stands for: mapped, translated (RFC 2765), through NAT64 (RFC 6052) or 6to4 (RFC 3056).
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let (high, low) = match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] => (high, low),
        [0, 0, 0, 0, 0xffff, 0, high, low] => (high, low),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => (high, low),
        [0x2002, high, low, ..] => (high, low),
        _ => return None,
    };
    let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
    Some(Ipv4Addr::new(a, b, c, d))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRIVATE: &[&str] = &[
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.100.100.200",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.254",
        "168.63.129.16",
        "169.254.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::10.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.1.2.3",
        "::ffff:169.254.169.254",
        "::ffff:0:192.168.0.1",
        "64:ff9b::127.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:0:7f00:1::",
        "2001:2::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:a00:1::1",
        "2002:a9fe:a9fe::",
        "3fff::1",
        "3fff:fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fd20:ce::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "ffff::1",
        "4000::1",
    ];

    #[test]
    fn private_addresses_are_known_in_all_their_forms() {
        for private in PRIVATE {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
    }

    #[test]
    fn public_addresses_are_let_through() {
        for public in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.1",
            "100.63.255.255",
            "100.128.0.1",
            "126.0.0.1",
            "128.0.0.1",
            "168.63.129.17",
            "169.253.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "192.167.0.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2606:4700::1111",
            "2002:808:808::1",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "3ffe::1",
            "3fff:1000::1",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn names_may_say_themselves_that_they_are_private() {
        for private in [
            "localhost",
            "LOCALHOST.",
            "a.localhost",
            "nas",
            "nas.",
            "printer.local",
            "x.internal",
            "metadata.google.internal",
            "router.home.arpa",
            "a.b.Internal.",
        ] {
            assert!(is_private_name(private), "{private}");
        }
        for public in ["example.com", "local.example.com", "notlocal.com", "xlocal.io", "internal.example"] {
            assert!(!is_private_name(public), "{public}");
        }
    }
}
