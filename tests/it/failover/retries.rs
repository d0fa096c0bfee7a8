//! Retries of the same target: how many, after which pause, and what ends them; and rest for targets that fail again and again.

use gateway_tests::gateway::openai_config;
use gateway_tests::upstream::openai;
use gateway_tests::{FakeUpstream, Gate, Request, Script, Setup};
use serde_json::{Value, json};

use super::{chain, classes, good, refusing, refusing_for, served, with_fallback};
use crate::support::{ask, ask_stream, text_of};

/// One provider that retries after at most some milliseconds.
fn retrying(upstream: &FakeUpstream, count: u32) -> Setup {
    with_fallback(openai_config(&upstream.base_url()), json!({"mode": "retry", "retryCount": count, "backoffMs": 4}))
}

#[tokio::test]
async fn a_failure_of_a_moment_is_not_seen_by_the_client() {
    for failure in [refusing(500), refusing(529), Script::new().close(), Script::stream().end()] {
        let upstream = good().await;
        upstream.next(failure.clone());
        upstream.next(failure);
        let gateway = retrying(&upstream, 2).start().await;
        let answer = gateway.messages(&ask("hi")).await;
        assert_eq!(answer.header("x-ccr-attempts"), "3");
        assert_eq!(text_of(&answer.json().await), "served");
        let stopped = gateway.stop().await;
        let record = stopped.record();
        assert_eq!(classes(record), ["transient", "transient"]);
        assert_eq!(record["attempts"][0]["waited_ms"], 0.0);
    }
}

#[tokio::test]
async fn the_count_bounds_them() {
    let upstream = FakeUpstream::always(refusing(500)).await;
    let gateway = retrying(&upstream, 2).start().await;
    let answer = gateway.messages(&ask("hi")).await.expect(500).await;
    assert_eq!(answer.header("x-ccr-attempts"), "3");
    assert_eq!(upstream.requests().len(), 3);
    // Without a mode there are none.
    let gateway = Setup::openai(&upstream).start().await;
    gateway.messages(&ask("hi")).await.expect(500).await;
    assert_eq!(upstream.requests().len(), 4);
}

#[tokio::test]
async fn what_will_not_pass_is_not_retried() {
    for status in [400, 401, 403, 404] {
        let upstream = FakeUpstream::always(refusing(status)).await;
        let gateway = retrying(&upstream, 3).start().await;
        gateway.messages(&ask("hi")).await.expect(status).await;
        assert_eq!(upstream.requests().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn the_wait_that_the_provider_asks_for_is_kept_up_to_a_bound() {
    let upstream = good().await;
    upstream.next(refusing_for(429, 1));
    let gateway = retrying(&upstream, 1).start().await;
    assert_eq!(gateway.messages(&ask("hi")).await.status, 200);
    let stopped = gateway.stop().await;
    let waited = stopped.record()["attempts"][1]["waited_ms"].as_f64().unwrap();
    assert!((900.0..=1000.0).contains(&waited), "{waited}");

    let upstream = good().await;
    upstream.next(refusing_for(429, 61));
    let gateway = retrying(&upstream, 1).start().await;
    let answer = gateway.messages(&ask("hi")).await.expect(429).await;
    assert_eq!(answer.header("retry-after"), "61");
    assert_eq!(upstream.requests().len(), 1);
}

#[tokio::test]
async fn an_outage_is_not_amplified() {
    let upstream = FakeUpstream::always(refusing(500)).await;
    let gateway = retrying(&upstream, 5).start().await;
    for _ in 0..20 {
        gateway.messages(&ask("hi")).await.expect(500).await;
    }
    // Ten were saved up, and each request earns a fifth of one.
    let sent = upstream.requests().len();
    assert!((30..=34).contains(&sent), "{sent}");
}

#[tokio::test]
async fn the_client_hears_pings_meanwhile() {
    let upstream = good().await;
    upstream.next(refusing_for(503, 1));
    let mut config = openai_config(&upstream.base_url());
    config["PING_INTERVAL_MS"] = json!(20);
    let gateway = with_fallback(config, json!({"mode": "retry", "backoffMs": 4})).start().await;
    let answer = gateway.messages(&ask_stream("hi")).await;
    assert_eq!(answer.status, 200);
    let transcript = answer.transcript().await;
    assert_eq!(text_of(&transcript.message()), "served");
    let stopped = gateway.stop().await;
    assert_eq!(stopped.record()["outcome"], "completed");
    assert_eq!(classes(stopped.record()), ["transient"]);
}

#[tokio::test]
async fn a_client_that_hangs_up_ends_the_wait() {
    for body in [ask("hi"), ask_stream("hi")] {
        let upstream = good().await;
        upstream.next(refusing_for(429, 50));
        let gateway = retrying(&upstream, 1).start().await;
        let mut connection = gateway.client().connect().await.unwrap();
        assert!(connection.write(&Request::messages(&body).to_bytes("localhost")).await);
        upstream.request().await;
        gateway.healthy("the key cooling down", |health| !health["targets"].as_array().unwrap().is_empty()).await;
        drop(connection);
        // It stops only after all requests have ended, which would be in 50 s.
        let stopped = gateway.stop().await;
        let record = stopped.record();
        assert_eq!(record["outcome"], "client_gone", "{record}");
        assert_eq!(upstream.requests().len(), 1);
    }
}

fn states(health: &Value) -> Vec<&str> {
    let targets = health["targets"].as_array().unwrap();
    targets.iter().filter_map(|target| target["state"].as_str()).collect()
}

#[tokio::test]
async fn a_target_that_fails_again_and_again_rests_until_a_probe_succeeds() {
    let (upstream, spare) = (FakeUpstream::start().await, good().await);
    upstream.otherwise(|_| refusing(500));
    let rest = json!({"breakerFailures": 2, "breakerRestMs": 1});
    let long = json!({"breakerFailures": 2, "breakerRestMs": 60000});
    let gateway = with_fallback(chain(&upstream.base_url(), &spare.base_url()), long).start().await;
    for expected in ["2", "2", "1", "1"] {
        let answer = gateway.messages(&ask("hi")).await;
        assert_eq!((answer.status, answer.header("x-ccr-attempts")), (200, expected));
    }
    assert_eq!(upstream.requests().len(), 2);
    let health = gateway.health().await;
    assert_eq!(states(&health), ["open"]);
    assert_eq!(health["targets"][0]["provider"], "up");
    assert_eq!(health["targets"][0]["key"], "1");
    assert!(!health.to_string().contains("sk-secret"), "{health}");

    let gateway = with_fallback(chain(&upstream.base_url(), &spare.base_url()), rest).start().await;
    for _ in 0..2 {
        gateway.messages(&ask("hi")).await;
    }
    gateway.healthy("the end of the rest", |health| states(health) == ["half-open"]).await;
    // While one finds out, the others go elsewhere.
    let gate = Gate::new();
    let waits = openai::text("served");
    upstream.otherwise({
        let gate = gate.clone();
        move |_| Script::new().wait(&gate).then(waits.clone())
    });
    let seen = upstream.requests().len();
    let client = gateway.client();
    let probe = tokio::spawn(async move { client.messages(&ask("hi")).await.header("x-ccr-provider").to_owned() });
    gateway_tests::eventually("the probe", async || (upstream.requests().len() > seen).then_some(())).await;
    assert_eq!(gateway.messages(&ask("hi")).await.header("x-ccr-provider"), "spare");
    gate.open();
    assert_eq!(probe.await.unwrap(), "up");
    upstream.otherwise(served);
    assert_eq!(states(&gateway.health().await), [""; 0]);
    assert_eq!(gateway.messages(&ask("hi")).await.header("x-ccr-provider"), "up");
}

#[tokio::test]
async fn a_target_without_another_is_asked_although_it_rests() {
    let upstream = good().await;
    for _ in 0..3 {
        upstream.next(refusing(500));
    }
    let long = json!({"breakerFailures": 2, "breakerRestMs": 60000});
    let gateway = with_fallback(openai_config(&upstream.base_url()), long).start().await;
    for status in [500, 500, 500, 200] {
        assert_eq!(gateway.messages(&ask("hi")).await.status, status);
    }
    assert_eq!(states(&gateway.health().await), [""; 0]);
}
