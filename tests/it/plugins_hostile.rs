//! Plugins that misbehave: each is stopped at its limit, named in the answer, and alone in its trouble.

use std::time::{Duration, Instant};

use gateway_tests::gateway::openai_config;
use gateway_tests::upstream::openai;
use gateway_tests::{FakeUpstream, LIMIT, Script, Setup, TestGateway};
use serde_json::{Value, json};

use crate::support::{ask, ask_model, text_of, two_providers, with};

/// A gateway whose provider `bent` goes through a hostile transformer with these options.
async fn bent(upstream: &FakeUpstream, plugin: &str, options: Value) -> TestGateway {
    let config = two_providers(upstream, json!([[plugin, options], "openai"]));
    Setup::config(&config).plugin(&format!("hostile/{plugin}")).start().await
}

async fn upstream() -> FakeUpstream {
    let upstream = FakeUpstream::start().await;
    upstream.otherwise(|request| {
        // What a hostile protocol sends need not be JSON.
        let streaming = serde_json::from_slice(&request.body).is_ok_and(|body: Value| body["stream"] == true);
        match streaming {
            true => openai::text_stream(&["all ", "well"]),
            false => openai::text("all well"),
        }
    });
    upstream
}

/// A request that does not use the plugin, beside one that does.
async fn beside(gateway: &TestGateway, body: &Value) -> gateway_tests::Answer {
    let healthy = async {
        let answer = gateway.messages(&ask_model("up,m", true)).await;
        assert_eq!(answer.status, 200);
        assert_eq!(text_of(&answer.transcript().await.message()), "all well");
    };
    let client = gateway.client();
    let (answer, ()) = tokio::join!(client.messages(body), healthy);
    answer
}

/// Asks through the plugin where it misbehaves on the request's side; the message.
async fn refused(gateway: &TestGateway, plugin: &str) -> String {
    let answer = beside(gateway, &ask_model("bent,m", false)).await;
    let status = answer.status;
    let (kind, message) = answer.error().await;
    assert!(matches!(status, 500..=503), "{status}: {message}");
    assert_eq!(kind, "api_error");
    assert!(message.contains(plugin), "{message}");
    message
}

#[tokio::test]
async fn one_that_spins_is_stopped_at_its_time() {
    for hook in ["inner", "wire"] {
        let upstream = upstream().await;
        let gateway = bent(&upstream, "hostile-spin", json!({"where": hook})).await;
        let message = refused(&gateway, "hostile-spin").await;
        assert!(message.contains("250 ms"), "{message}");
        let stopped = gateway.stop().await;
        let record = stopped.messages().into_iter().find(|record| record["provider"] == "bent").unwrap();
        assert_eq!(record["outcome"], "failed");
        assert!(record["error"]["message"].as_str().unwrap().contains("hostile-spin"), "{record}");
    }
}

#[tokio::test]
async fn one_that_traps_is_named() {
    for hook in ["inner", "wire"] {
        let upstream = upstream().await;
        let gateway = bent(&upstream, "hostile-trap", json!({"where": hook})).await;
        refused(&gateway, "hostile-trap").await;
    }
}

#[tokio::test]
async fn one_that_takes_all_memory_is_stopped_at_its_limit() {
    let upstream = upstream().await;
    let gateway = bent(&upstream, "hostile-allocate", json!({"where": "inner"})).await;
    let message = refused(&gateway, "hostile-allocate").await;
    assert!(message.contains("64 MiB"), "{message}");
}

/// Streams through a plugin that misbehaves on the answer's side, and fails the test if that looks finished.
async fn breaks_the_answer(plugin: &str) {
    let upstream = upstream().await;
    let gateway = bent(&upstream, plugin, json!({"where": "events"})).await;
    let answer = beside(&gateway, &ask_model("bent,m", true)).await;
    if answer.status == 200 {
        let transcript = answer.transcript().await;
        let error = transcript.broken();
        assert!(error["message"].as_str().unwrap().contains(plugin), "{error}");
    } else {
        let (_, message) = answer.error().await;
        assert!(message.contains(plugin), "{message}");
    }
    let whole = gateway.messages(&ask_model("bent,m", false)).await;
    assert!(matches!(whole.status, 500..=503));
    assert!(whole.error().await.1.contains(plugin));
    let stopped = gateway.stop().await;
    for record in stopped.messages() {
        assert_eq!(record["outcome"] == "completed", record["provider"] == "up", "{record}");
    }
}

#[tokio::test]
async fn one_that_misbehaves_in_mid_answer_breaks_that_answer_only() {
    for plugin in ["hostile-spin", "hostile-trap", "hostile-allocate"] {
        breaks_the_answer(plugin).await;
    }
}

#[tokio::test]
async fn limits_are_what_the_config_says() {
    let upstream = upstream().await;
    let mut config = two_providers(&upstream, json!(["hostile-spin", "openai"]));
    config["plugins"] = json!([{"name": "hostile-spin", "timeouts": {"request_ms": 20}}]);
    let gateway = Setup::config(&config).plugin("hostile/hostile-spin").start().await;
    let message = refused(&gateway, "hostile-spin").await;
    assert!(message.contains("20 ms") && !message.contains("250"), "{message}");

    config = two_providers(&upstream, json!(["hostile-allocate", "openai"]));
    config["plugins"] = json!([{"name": "hostile-allocate", "memory_mb": 8}]);
    let gateway = Setup::config(&config).plugin("hostile/hostile-allocate").start().await;
    let message = refused(&gateway, "hostile-allocate").await;
    assert!(message.contains("8 MiB"), "{message}");
}

#[tokio::test]
async fn a_plugin_that_may_fail_open_is_left_out() {
    let upstream = upstream().await;
    let mut config = two_providers(&upstream, json!(["hostile-trap", "openai"]));
    config["plugins"] = json!([{"name": "hostile-trap", "fail": "open"}]);
    let gateway = Setup::config(&config).plugin("hostile/hostile-trap").start().await;
    let answer = gateway.messages(&ask_model("bent,m", false)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(text_of(&answer.json().await), "all well");
}

#[tokio::test]
async fn one_that_fails_again_and_again_is_left_alone() {
    let upstream = upstream().await;
    let gateway = bent(&upstream, "hostile-trap", json!({})).await;
    for _ in 0..3 {
        refused(&gateway, "hostile-trap").await;
    }
    let answer = gateway.messages(&ask_model("bent,m", false)).await;
    assert_eq!(answer.status, 503);
    let (_, message) = answer.error().await;
    assert!(message.contains("hostile-trap") && message.contains("too often"), "{message}");
    assert_eq!(gateway.messages(&ask_model("up,m", false)).await.status, 200);
}

#[tokio::test]
async fn many_that_spin_do_not_delay_those_that_do_not() {
    let upstream = upstream().await;
    let mut config = two_providers(&upstream, json!([["hostile-spin", {"where": "inner"}], "openai"]));
    config["plugins"] = json!([{"name": "hostile-spin", "timeouts": {"request_ms": 3000}}]);
    let gateway = Setup::config(&config).plugin("hostile/hostile-spin").start().await;
    let spinning: Vec<_> = (0..8)
        .map(|_| {
            let client = gateway.client();
            tokio::spawn(async move { client.messages(&ask_model("bent,m", false)).await.status })
        })
        .collect();
    let started = Instant::now();
    let mut healthy = 0;
    while spinning.iter().any(|task| !task.is_finished()) && started.elapsed() < LIMIT {
        assert_eq!(gateway.messages(&ask_model("up,m", false)).await.status, 200);
        healthy += 1;
    }
    // One after the other while eight of them hold the cores for three seconds: each waits for turns of the scheduler, not for
    // the others' ends, between which there would be time for one or two.
    assert!(healthy >= 3, "only {healthy} were served");
    for task in spinning {
        assert!(matches!(task.await.unwrap(), 500..=503));
    }
}

#[tokio::test]
async fn one_that_does_not_come_up_is_named_and_the_rest_serves() {
    let upstream = upstream().await;
    let config = two_providers(&upstream, json!(["hostile-spin-init", "openai"]));
    let started = Instant::now();
    let gateway = Setup::config(&config).plugin("hostile/hostile-spin-init").start().await;
    assert!(started.elapsed() < Duration::from_secs(20));
    let health = gateway.health().await;
    assert_eq!(health["status"], "degraded");
    let plugins = health["plugins"].as_array().unwrap();
    let broken = plugins.iter().find(|plugin| plugin["name"] == "hostile-spin-init").unwrap();
    assert_ne!(broken["state"], "ready");
    let answer = gateway.messages(&ask_model("bent,m", false)).await;
    assert_eq!(answer.status, 503);
    assert!(answer.error().await.1.contains("hostile-spin-init"));
    assert_eq!(gateway.messages(&ask_model("up,m", false)).await.status, 200);
    let stopped = gateway.stop().await;
    assert!(stopped.log.contains("hostile-spin-init"), "{}", stopped.log);
}

#[tokio::test]
async fn files_that_are_no_components_are_named_and_the_rest_serves() {
    let upstream = upstream().await;
    let folder = tempfile::tempdir().unwrap();
    let mut setup = Setup::config(&two_providers(&upstream, json!(["text", "openai"])));
    let whole = std::fs::read(gateway_tests::artifacts::component("maxtoken")).unwrap();
    for (name, bytes) in [
        ("empty.wasm", &b""[..]),
        ("text.wasm", b"hello"),
        ("module.wasm", b"\0asm\x01\0\0\0"),
        ("half.wasm", &whole[..whole.len() / 2]),
        ("notes.txt", b"not looked at"),
    ] {
        let file = folder.path().join(name);
        std::fs::write(&file, bytes).unwrap();
        setup = setup.plugin_file(&file, name);
    }
    let gateway = setup.start().await;
    let health = gateway.health().await;
    for name in ["empty", "text", "module", "half"] {
        let plugins = health["plugins"].as_array().unwrap();
        assert!(plugins.iter().any(|plugin| plugin["name"] == name), "{name} is not in {health}");
    }
    assert!(!health.to_string().contains("notes"));
    assert!(!health.to_string().contains(folder.path().to_str().unwrap()));
    let answer = gateway.messages(&ask_model("bent,m", false)).await;
    assert_eq!(answer.status, 503);
    assert!(answer.error().await.1.contains("text"));
    assert_eq!(gateway.messages(&ask_model("up,m", false)).await.status, 200);
}

/// A gateway whose provider `bent` speaks a hostile protocol.
async fn protocol(upstream: &FakeUpstream, plugin: &str, what: &str) -> TestGateway {
    let config = two_providers(upstream, json!([[plugin, {"what": what}]]));
    Setup::config(&config).plugin(&format!("hostile/{plugin}")).start().await
}

/// A protocol whose request is unusable: nothing of it reaches the upstream.
async fn bad_request(plugin: &str) {
    let upstream = upstream().await;
    let gateway = protocol(&upstream, plugin, "request").await;
    refused(&gateway, plugin).await;
    let paths: Vec<_> = upstream.requests().into_iter().map(|request| request.target).collect();
    assert_eq!(paths, ["/v1/chat/completions"], "it reached the upstream");
}

/// A protocol whose reading of the answer is unusable: nothing of it reaches the client.
async fn bad_answer(plugin: &str) {
    let upstream = upstream().await;
    let gateway = protocol(&upstream, plugin, "answer").await;
    let message = refused(&gateway, plugin).await;
    assert!(message.len() < 1000, "{} bytes", message.len());
    let streamed = gateway.messages(&ask_model("bent,m", true)).await;
    if streamed.status == 200 {
        let transcript = streamed.transcript().await;
        let message = transcript.broken()["message"].as_str().unwrap().to_owned();
        assert!(message.contains(plugin), "{message}");
    } else {
        assert!(streamed.error().await.1.contains(plugin));
    }
}

#[tokio::test]
async fn a_huge_request_is_not_sent() {
    bad_request("hostile-huge-output").await;
}

#[tokio::test]
async fn a_request_that_is_no_json_is_not_sent() {
    bad_request("hostile-wrong-json").await;
}

#[tokio::test]
async fn a_huge_answer_is_not_passed_on() {
    bad_answer("hostile-huge-output").await;
}

#[tokio::test]
async fn a_block_that_is_no_json_is_not_passed_on() {
    bad_answer("hostile-wrong-json").await;
}

#[tokio::test]
async fn an_error_message_of_megabytes_is_cut() {
    let upstream = FakeUpstream::always(Script::text(500, "text/plain", "no")).await;
    let gateway = protocol(&upstream, "hostile-huge-output", "answer").await;
    let answer = gateway.messages(&ask_model("bent,m", false)).await;
    assert!(answer.status >= 500);
    let length = answer.text().await.len();
    assert!(length < 100_000, "{length} bytes");
}

#[tokio::test]
async fn illegal_edits_are_refused_one_by_one() {
    let upstream = upstream().await;
    let gateway = bent(&upstream, "hostile-wrong-edit", json!({})).await;
    let answer = gateway.messages(&ask_model("bent,m", false)).await;
    answer.expect(200).await;
    let seen = upstream.request().await;
    assert_eq!(seen.json()["messages"][0]["content"], "passed: ");
    assert_eq!(seen.target, "/v1/chat/completions");
    assert_eq!(seen.headers.get("x-injected"), None);
    assert_eq!(seen.header("authorization"), "Bearer sk-upstream-secret");
}

#[tokio::test]
async fn one_that_reaches_for_more_than_it_has_gets_nothing() {
    let upstream = upstream().await;
    let forbidden = FakeUpstream::start().await;
    let mut config = openai_config(&upstream.base_url());
    config["APIKEY"] = json!("the-clients-own");
    config["Providers"][0]["transformer"] = json!({"use": ["hostile-reach", "openai"]});
    let written = tempfile::tempdir().unwrap();
    let file = written.path().join("was-here");
    config["plugins"] = json!([{"name": "hostile-reach", "options": {"url": forbidden.base_url(), "file": file}}]);
    let setup = Setup::config(&config).plugin("hostile/hostile-reach");
    let gateway = setup.variable("UPSTREAM_KEY", "sk-variable").start().await;
    let client = gateway.client().with_header("x-api-key", "the-clients-own").with_header("cookie", "c=d");
    let answer = client.messages(&ask("hi")).await;
    answer.expect(200).await;
    let seen = upstream.request().await.json();
    let got: Value = serde_json::from_str(seen["messages"][0]["content"].as_str().unwrap()).unwrap();
    for reached in ["files", "network", "variables", "keys"] {
        assert_eq!(got[reached], json!([]), "{got}");
    }
    for (capability, outcome) in got["granted"].as_object().unwrap() {
        assert_eq!(outcome, "denied", "{capability}");
    }
    for secret in ["sk-upstream-secret", "sk-variable", "the-clients-own", "127.0.0.1"] {
        assert!(!got.to_string().contains(secret), "{secret} is in {got}");
    }
    assert!(forbidden.requests().is_empty());
    assert!(!file.exists() && !gateway.home().join("was-here").exists());
}

#[tokio::test]
async fn a_plugin_that_is_switched_off_is_not_loaded() {
    let upstream = upstream().await;
    let config =
        with(openai_config(&upstream.base_url()), "plugins", json!([{"name": "hostile-spin-init", "enabled": false}]));
    let gateway = Setup::config(&config).plugin("hostile/hostile-spin-init").start().await;
    let health = gateway.health().await;
    assert_eq!(health["status"], "ok", "{health}");
}
