//! What is sent and what is refused, without a network.

use std::collections::BTreeMap;

use super::*;
use crate::config::{Config, Secret};
use crate::upstream::outside::Outgoing;

fn grant(hosts: &[&str]) -> HttpGrant {
    let hosts: Vec<_> = hosts.iter().map(|host| HostPort::parse(host).unwrap()).collect();
    let asks =
        Asked { hosts: [hosts.clone(), vec![HostPort::parse("asked.example").unwrap()]].concat(), ..Asked::default() };
    let secrets = [("KEY", "sk/12&3 4"), ("BROKEN", "line\r\nx-injected: 1")];
    let secrets: BTreeMap<_, _> = secrets.map(|(name, value)| (name.to_owned(), Secret::new(value))).into();
    HttpGrant {
        plugin: "mine".into(),
        asks,
        hosts,
        private_network: false,
        secrets: Secrets::new(secrets),
        turns: Arc::new(Semaphore::new(AT_ONCE)),
        client: Arc::new(Upstreams::new(&Config::default()).unwrap()),
    }
}

fn request(method: &str, url: &str, headers: &[(&str, &str)]) -> HttpRequest {
    let header = |(name, value): &(&str, &str)| Header { name: (*name).to_owned(), value: (*value).to_owned() };
    HttpRequest {
        method: method.to_owned(),
        url: url.to_owned(),
        headers: headers.iter().map(header).collect(),
        body: None,
        timeout_ms: None,
    }
}

fn built(grant: &HttpGrant, request: HttpRequest) -> Result<Outgoing, Fault> {
    request::build(grant, request).map(|(_, outgoing)| outgoing)
}

const HOSTS: [&str; 4] = ["api.example", "api.example:8443", "http://localhost:8888", "[2606:4700::1111]"];

#[tokio::test]
async fn exactly_the_granted_hosts_may_be_asked() {
    let grant = grant(&HOSTS);
    for url in [
        "https://api.example",
        "https://API.example:443/x?y#z",
        "https://api.example:8443/",
        "http://localhost:8888/search",
        "http:\\\\localhost:8888\\search",
        "https://[2606:4700:0::1111]/",
    ] {
        assert!(built(&grant, request("GET", url, &[])).is_ok(), "{url}");
    }
    for url in [
        "http://api.example/",
        "https://localhost:8888/",
        "http://localhost/",
        "https://api.example:444/",
        "https://x.api.example/",
        "https://api.example.evil.example/",
        "https://api.example./",
        "https://evil.example\\@api.example/",
        "https://evil.example/api.example",
        "https://127.0.0.1/",
        "https://0x7f.1/",
    ] {
        let refused = built(&grant, request("GET", url, &[]));
        assert!(matches!(&refused, Err(Fault::Denied(reason)) if reason.contains("`mine`")), "{url}");
    }
}

#[tokio::test]
async fn a_refusal_says_what_the_config_would_have_to_say() {
    let grant = grant(&HOSTS);
    let said = |url: &str, headers: &[(&str, &str)]| match built(&grant, request("GET", url, headers)) {
        Err(Fault::Denied(reason)) => reason,
        other => panic!("{}", other.is_ok()),
    };
    let line = r#"plugins: [{name: "mine", grants: {http: ["asked.example"]}}]"#;
    assert!(said("https://asked.example/", &[]).contains(line));
    let line = r#"plugins: [{name: "mine", grants: {secrets: {OTHER: "…"}}}]"#;
    assert!(said("https://api.example/?a={{secret:OTHER}}", &[]).contains(line));
    assert!(said("https://api.example/{{secret:OTHER}}", &[]).contains(line));
    assert!(said("https://api.example/", &[("authorization", "Bearer {{secret:OTHER}}")]).contains(line));
    let Fault::Denied(reason) = grant.fault(&HostPort::parse("nas").unwrap(), Failed::Private) else { panic!() };
    assert!(reason.contains(r#"plugins: [{name: "mine", grants: {private_network: true}}]"#), "{reason}");
}

#[tokio::test]
async fn what_is_no_request_is_refused() {
    let grant = grant(&HOSTS);
    let bad = |request: HttpRequest| match built(&grant, request) {
        Err(Fault::Other(reason)) => reason,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it would be sent"),
    };
    for method in ["get", "CONNECT", "TRACE", "OPTIONS", "GET / HTTP/1.1\r\nx: y", ""] {
        assert!(bad(request(method, "https://api.example/", &[])).contains("method"), "{method}");
    }
    for url in [
        "",
        "/search",
        "ftp://api.example/",
        "file:///etc/passwd",
        "https://user@api.example/",
        "https://:password@api.example/",
        "https://{{secret:KEY}}@api.example/",
        "https://{{secret:KEY}}.example/",
        "https://api.example:{{secret:KEY}}/",
        "https://api.example/a\r\nx: y",
        "https://api.exa\tmple/",
        "https://api.example/?a={{secret:a b}}",
    ] {
        bad(request("GET", url, &[]));
    }
    for (name, value) in [
        ("host", "evil.example"),
        ("Content-Length", "0"),
        ("transfer-encoding", "chunked"),
        ("Connection", "close"),
        ("keep-alive", "1"),
        ("te", "trailers"),
        ("trailer", "x"),
        ("upgrade", "h2c"),
        ("expect", "100-continue"),
        ("accept-encoding", "compress"),
        ("proxy-authorization", "Basic eDp5"),
        ("Proxy-Connection", "close"),
        (":authority", "evil.example"),
        ("x y", "z"),
        ("", "z"),
        ("x\r\ny", "z"),
        ("x", "y\r\nz: 1"),
        ("x", "y\0"),
        ("x", "{{secret:BROKEN}}"),
    ] {
        let reason = bad(request("GET", "https://api.example/", &[(name, value)]));
        assert!(reason.contains("header") && !reason.contains("injected"), "{reason}");
    }
}

#[tokio::test]
async fn sizes_are_bounded() {
    let grant = grant(&HOSTS);
    let url = "https://api.example/";
    let denied = |request: HttpRequest| matches!(built(&grant, request), Err(Fault::Denied(_)));
    assert!(denied(request("GET", &format!("{url}{}", "a".repeat(16 * 1024)), &[])));
    assert!(denied(request("GET", url, &[("x", "y"); 65])));
    assert!(!denied(request("GET", url, &[("x", "y"); 64])));
    assert!(denied(request("GET", url, &[("x", &"y".repeat(32 * 1024))])));
    for (length, refused) in [(8 << 20, false), ((8 << 20) + 1, true)] {
        assert_eq!(denied(HttpRequest { body: Some(vec![0; length]), ..request("POST", url, &[]) }), refused);
    }
}

#[tokio::test]
async fn secrets_are_put_where_they_stand() {
    let grant = grant(&HOSTS);
    let url = "https://api.example/v1/{{secret:KEY}}/x?key={{secret:KEY}}&q=a%20b";
    let sent = built(&grant, request("POST", url, &[("x-key", "{{secret:KEY}}"), ("x-key", "two")])).unwrap();
    assert_eq!(sent.url.as_str(), "https://api.example/v1/sk%2F12%263%204/x?key=sk%2F12%263%204&q=a%20b");
    let url = "https://api.example/%7B%7Bsecret:KEY%7D%7D?q=%7B%7Bsecret:KEY%7D%7D";
    assert_eq!(built(&grant, request("GET", url, &[])).unwrap().url.as_str(), url);
    let values: Vec<_> = sent.headers.get_all("x-key").iter().collect();
    assert_eq!(values, ["sk/12&3 4", "two"]);
    assert!(sent.public && sent.body.is_none());
    assert!(!format!("{:?} {grant:?}", sent.headers).contains("sk/12"));
}

#[tokio::test]
async fn what_comes_back_has_no_secrets_in_it() {
    let grant = grant(&HOSTS);
    let mut headers = ::http::HeaderMap::new();
    headers.insert("location", "/?key=sk%2F12%263%204&next".parse().unwrap());
    headers.insert("x-odd", ::http::HeaderValue::from_bytes(b"\xff sk/12&3 4").unwrap());
    let body = br#"{"headers":{"x-key":"sk\/12&3 4"}}"#.to_vec();
    let seen = grant.visible(Incoming { status: 302, headers, body });
    assert_eq!(seen.status, 302);
    let values: Vec<_> = seen.headers.iter().map(|header| header.value.as_str()).collect();
    assert_eq!(values, ["/?key=[redacted]&next", "\u{fffd} [redacted]"]);
    assert_eq!(seen.body, br#"{"headers":{"x-key":"[redacted]"}}"#);
    let host = HostPort::parse("api.example").unwrap();
    let fault = grant.fault(&host, Failed::Other("said sk/12&3 4".into()));
    assert!(matches!(fault, Fault::Unavailable(text) if text == "the host `api.example` said [redacted]"));
}

#[test]
fn an_instance_has_so_many_requests_and_so_much_time() {
    let mut used = HttpUse::default();
    for _ in 0..MAX_REQUESTS {
        assert_eq!(used.begin().unwrap(), MAX_TIME);
    }
    assert!(matches!(used.begin(), Err(Fault::Denied(reason)) if reason.contains("32")));
    let mut used = HttpUse { waited: Duration::from_secs(45), ..HttpUse::default() };
    assert_eq!(used.begin().unwrap(), Duration::from_secs(15));
    used.waited = Duration::from_secs(61);
    assert!(matches!(used.begin(), Err(Fault::Denied(reason)) if reason.contains("60 s")));
}

#[tokio::test]
async fn waiting_for_a_turn_ends_with_the_time() {
    let mut grant = grant(&HOSTS);
    grant.turns = Arc::new(Semaphore::new(0));
    let outcome = grant.send(request("GET", "https://api.example/", &[]), Duration::from_millis(1)).await;
    assert!(matches!(outcome, Err(Fault::Unavailable(reason)) if reason.contains("under way")));
}
