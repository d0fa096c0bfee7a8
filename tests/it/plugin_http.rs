//! HTTP of plugins: what is granted works, all else is refused and said, and nobody else is disturbed.

use gateway_tests::upstream::openai;
use gateway_tests::{FakeUpstream, Gate, Request, Script, Setup, TestGateway};
use serde_json::{Value, json};

use crate::support::{ask_model, text_of, two_providers};

const PLUGIN: &str = "hostile-fetch";

/// A server for plugins: it repeats what it was asked, and does what its path says.
async fn outside() -> FakeUpstream {
    let server = FakeUpstream::start().await;
    server.otherwise(|request| match request.target.split('?').next().unwrap() {
        "/redirect" => Script::whole(302, &[("location", "http://127.0.0.1:1/stolen")], b"over there"),
        "/large" => Script::text(200, "text/plain", &"a".repeat(5 << 20)),
        "/silent" => Script::new().wait(&Gate::new()),
        _ => {
            let headers = format!("{:?}", request.headers);
            let body = String::from_utf8_lossy(&request.body);
            let echo = json!({"target": request.target, "headers": headers, "body": body});
            Script::whole(200, &[("x-echo", &request.target)], echo.to_string().as_bytes())
        }
    });
    server
}

/// The config of a gateway whose provider `bent` goes through the plugin.
fn config(upstream: &FakeUpstream, grants: Value, requests: &[Value]) -> Value {
    let mut config = two_providers(upstream, json!([[PLUGIN, {"requests": requests}], "openai"]));
    config["plugins"] = json!([{"name": PLUGIN, "grants": grants}]);
    config
}

async fn started(upstream: &FakeUpstream, grants: Value, requests: &[Value]) -> TestGateway {
    Setup::config(&config(upstream, grants, requests)).plugin("hostile/hostile-fetch").start().await
}

/// Asks through the plugin, beside a request that does not need it. What came of the plugin's requests.
async fn outcomes(upstream: &FakeUpstream, gateway: &TestGateway) -> Vec<Value> {
    let client = gateway.client();
    let (bent, healthy) = (ask_model("bent,m", false), ask_model("up,m", false));
    let (bent, healthy) = tokio::join!(client.messages(&bent), gateway.messages(&healthy));
    assert_eq!(text_of(&healthy.expect(200).await.json().await), "all well");
    bent.expect(200).await;
    let bent = upstream.requests().into_iter().find_map(|request| {
        let messages = request.json()["messages"].clone();
        (messages[0]["role"] == "system").then(|| messages[0]["content"].as_str().unwrap().to_owned())
    });
    serde_json::from_str(&bent.unwrap()).unwrap()
}

async fn upstream() -> FakeUpstream {
    FakeUpstream::always(openai::text("all well")).await
}

fn to(server: &FakeUpstream, path: &str) -> String {
    format!("http://{}{path}", server.address())
}

#[tokio::test]
async fn a_granted_host_is_asked_and_secrets_are_seen_by_it_alone() {
    let (upstream, server) = (upstream().await, outside().await);
    let grants = json!({
        "http": [to(&server, "")], "private_network": true, "secrets": {"KEY": "hush/hush&hush", "VARIABLE": "$SEARCH_KEY"},
    });
    let requests = [json!({
        "method": "POST",
        "url": to(&server, "/search?q=a%20b&key={{secret:KEY}}"),
        "headers": [["authorization", "Bearer {{secret:VARIABLE}}"], ["x-plain", "plain"]],
        "body_bytes": 100_000,
    })];
    let setup = Setup::config(&config(&upstream, grants, &requests)).plugin("hostile/hostile-fetch");
    let gateway = setup.variable("SEARCH_KEY", "sk-of-the-environment").start().await;
    let seen = outcomes(&upstream, &gateway).await.remove(0);
    let asked = server.request().await;
    assert_eq!((asked.method.as_str(), asked.body.len()), ("POST", 100_000));
    assert_eq!(asked.target, "/search?q=a%20b&key=hush%2Fhush%26hush");
    assert_eq!((asked.header("authorization"), asked.header("x-plain")), ("Bearer sk-of-the-environment", "plain"));
    assert_eq!(asked.header("host"), server.address().to_string());
    assert_eq!(seen["status"], 200, "{seen}");
    let echo = seen.to_string();
    for secret in ["hush", "sk-of-the-environment"] {
        assert!(!echo.contains(secret), "{echo}");
    }
    assert!(echo.contains("x-echo: /search?q=a%20b&key=[redacted]") && echo.contains("plain"), "{echo}");
    assert!(echo.matches("[redacted]").count() >= 3, "{echo}");
    let stopped = gateway.stop().await;
    for secret in ["hush", "sk-of-the-environment"] {
        assert!(!stopped.log.contains(secret), "{}", stopped.log);
    }
}

#[tokio::test]
async fn what_is_not_granted_is_refused_with_the_line_that_would() {
    let (upstream, server, other) = (upstream().await, outside().await, outside().await);
    let grants = json!({"http": [to(&server, "")], "private_network": true, "secrets": {"KEY": "hush-hush"}});
    let requests = [
        json!({"url": to(&other, "/?key={{secret:KEY}}")}),
        json!({"url": format!("http://localhost:{}/", server.address().port())}),
        json!({"url": format!("https://{}/", server.address())}),
        json!({"url": "https://asked.example/"}),
        json!({"url": to(&server, "/{{secret:OTHER}}")}),
    ];
    let gateway = started(&upstream, grants, &requests).await;
    let got = outcomes(&upstream, &gateway).await;
    let (there, port) = (other.address(), server.address().port());
    for (outcome, line) in got.iter().zip([
        format!(r#"{{http: ["http://{there}"]}}"#),
        format!(r#"{{http: ["http://localhost:{port}"]}}"#),
        format!(r#"{{http: ["127.0.0.1:{port}"]}}"#),
        r#"{http: ["asked.example"]}"#.to_owned(),
        r#"{secrets: {OTHER: "…"}}"#.to_owned(),
    ]) {
        assert_eq!(outcome["fault"], "denied");
        let line = format!("plugins: [{{name: \"{PLUGIN}\", grants: {line}}}]");
        assert!(outcome["text"].as_str().unwrap().contains(&line), "{outcome} has no {line}");
    }
    assert!(server.requests().is_empty() && other.requests().is_empty());
    let log = gateway.stop().await.log;
    assert!(
        log.contains("an HTTP request is refused") && !log.contains("hush-hush") && !log.contains("?key="),
        "{log}"
    );
}

#[tokio::test]
async fn private_networks_are_closed_unless_they_are_opened() {
    let (upstream, server) = (upstream().await, outside().await);
    let port = server.address().port();
    let hosts = ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"].map(|host| format!("http://{host}:{port}"));
    let metadata = ["http://169.254.169.254", "http://[fd00:ec2::254]"].map(str::to_owned);
    let hosts: Vec<_> = hosts.into_iter().chain(metadata).collect();
    let requests: Vec<_> = hosts.iter().map(|host| json!({"url": format!("{host}/")})).collect();
    let gateway = started(&upstream, json!({"http": hosts}), &requests).await;
    for outcome in outcomes(&upstream, &gateway).await {
        assert_eq!(outcome["fault"], "denied", "{outcome}");
        assert!(outcome["text"].as_str().unwrap().contains("grants: {private_network: true}"), "{outcome}");
    }
    assert!(server.requests().is_empty());
    // By name it works where it is opened.
    let requests = [json!({"url": format!("http://localhost:{port}/hi")})];
    let grants = json!({"http": [format!("http://localhost:{port}")], "private_network": true});
    let upstream = self::upstream().await;
    let gateway = started(&upstream, grants, &requests).await;
    assert_eq!(outcomes(&upstream, &gateway).await[0]["status"], 200);
    assert_eq!(server.request().await.target, "/hi");
}

#[tokio::test]
async fn redirects_large_and_late_answers_stay_within_bounds() {
    let (upstream, server) = (upstream().await, outside().await);
    let grants = json!({"http": [to(&server, "")], "private_network": true});
    let requests = [
        json!({"url": to(&server, "/redirect")}),
        json!({"url": to(&server, "/large")}),
        json!({"url": to(&server, "/silent"), "timeout_ms": 100}),
        json!({"url": to(&server, "/hi")}),
    ];
    let gateway = started(&upstream, grants, &requests).await;
    let got = outcomes(&upstream, &gateway).await;
    assert_eq!((&got[0]["status"], &got[0]["body"]), (&json!(302), &json!("over there")));
    assert!(got[0]["headers"].to_string().contains("location: http://127.0.0.1:1/stolen"));
    assert!(got[1]["fault"] == "denied" && got[1]["text"].as_str().unwrap().contains("4 MiB"), "{}", got[1]);
    assert!(got[2]["fault"] == "unavailable" && got[2]["text"].as_str().unwrap().contains("0.1 s"), "{}", got[2]);
    assert_eq!(got[3]["status"], 200);
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn what_an_instance_waits_for_is_not_its_own_time() {
    let (upstream, server) = (upstream().await, outside().await);
    // It waits for 600 ms, of which no more than 400 could be its own.
    let requests = [json!({"url": to(&server, "/silent"), "timeout_ms": 200, "times": 3})];
    let mut config = config(&upstream, json!({"http": [to(&server, "")], "private_network": true}), &requests);
    config["plugins"][0]["timeouts"] = json!({"request_ms": 20});
    let gateway = Setup::config(&config).plugin("hostile/hostile-fetch").start().await;
    let got = outcomes(&upstream, &gateway).await;
    assert_eq!(got.len(), 3);
    assert!(got.iter().all(|outcome| outcome["fault"] == "unavailable"), "{got:?}");
    let stopped = gateway.stop().await;
    let record = stopped.messages().into_iter().find(|record| record["provider"] == "bent").unwrap();
    assert!(record["plugin_ms"].as_f64().unwrap() < 600.0, "{record}");
}

#[tokio::test]
async fn a_thousand_requests_are_too_many() {
    let (upstream, server) = (upstream().await, outside().await);
    let grants = json!({"http": [to(&server, "")], "private_network": true});
    let gateway = started(&upstream, grants, &[json!({"url": to(&server, "/"), "times": 1000})]).await;
    let got = outcomes(&upstream, &gateway).await;
    assert_eq!(got.iter().filter(|outcome| outcome["status"] == 200).count(), 32);
    assert!(got[32..].iter().all(|outcome| outcome["fault"] == "denied"), "{}", got[999]);
    assert_eq!(server.requests().len(), 32);
}

#[tokio::test]
async fn no_request_is_made_to_look_like_two() {
    let (upstream, server) = (upstream().await, outside().await);
    let grants = json!({"http": [to(&server, "")], "private_network": true});
    let bad = [
        ("host", "evil.example"),
        ("content-length", "5"),
        ("transfer-encoding", "chunked"),
        ("connection", "keep-alive, x-secret"),
        ("upgrade", "h2c"),
        ("proxy-authorization", "Basic eDp5"),
        ("x-a", "b\r\ncontent-length: 0\r\n\r\nGET /smuggled HTTP/1.1"),
        ("x-a\r\nx-b", "c"),
    ];
    let mut requests: Vec<_> =
        bad.iter().map(|(name, value)| json!({"url": to(&server, "/"), "headers": [[name, value]]})).collect();
    requests.push(json!({"url": to(&server, "/"), "method": "GET / HTTP/1.1\r\nx: y"}));
    requests.push(json!({"url": to(&server, "/"), "method": "CONNECT"}));
    requests.push(json!({"url": format!("http://user:pass@{}/", server.address())}));
    requests.push(json!({"url": to(&server, "/a\r\nx-b: c")}));
    let gateway = started(&upstream, grants, &requests).await;
    for outcome in outcomes(&upstream, &gateway).await {
        assert_eq!(outcome["fault"], "other", "{outcome}");
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn what_is_asked_for_and_granted_is_shown() {
    let upstream = upstream().await;
    let grants = json!({"http": ["api.example:8443"], "secrets": {"KEY": "hush-hush"}, "kv": true});
    let mut config = config(&upstream, grants, &[]);
    config["APIKEY"] = json!("the-clients-own");
    let gateway = Setup::config(&config).plugin("hostile/hostile-fetch").start().await;
    assert_eq!(gateway.client().get("/api/plugins").await.status, 401);
    let get = Request::get("/api/plugins").header("x-api-key", "the-clients-own");
    let told = gateway.client().send(&get).await.expect(200).await.json().await;
    let of = |name: &str| told["plugins"].as_array().unwrap().iter().find(|entry| entry["name"] == name).unwrap();
    let line = format!(r#"plugins: [{{name: "{PLUGIN}", grants: {{http: ["asked.example"]}}}}]"#);
    let expected = json!({
        "http": {
            "asked": ["asked.example", "*"],
            "granted": ["api.example:8443"],
            "private_network": false,
            "secrets": ["KEY"],
        },
        "missing": line,
    });
    assert_eq!(of(PLUGIN)["capabilities"], expected);
    assert_eq!(of("openai")["state"], "ready");
    assert!(of("openai")["capabilities"].get("missing").is_none());
    let health = gateway.health().await.to_string();
    assert!(health.contains(PLUGIN) && !health.contains("api.example"), "{health}");
    let log = gateway.stop().await.log;
    assert_eq!(log.matches("asks for what it is not granted").count(), 1, "{log}");
    assert!(log.contains("asked.example") && !log.contains("hush-hush"), "{log}");
}
