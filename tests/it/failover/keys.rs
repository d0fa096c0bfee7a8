//! Several keys of one provider.

use gateway_tests::{FakeUpstream, SeenRequest, Setup};
use serde_json::{Value, json};

use super::{refusing, refusing_for, served};
use crate::support::{ask, with};

const KEYS: [&str; 3] = ["sk-secret-number-one", "sk-secret-number-two", "sk-secret-number-three"];

/// A provider with two or three keys, which go in this order.
fn pool(upstream: &FakeUpstream, keys: usize, limits: Value) -> Value {
    let key = |(at, key): (usize, &&str)| json!({"id": format!("key-{at}"), "api_key": key, "priority": at, "limits": limits});
    json!({
        "Providers": [{
            "name": "up", "api_base_url": upstream.base_url(), "models": ["m", "n"],
            "credentials": KEYS.iter().take(keys).enumerate().map(key).collect::<Vec<_>>(),
        }],
        "Router": {"default": "up,m"},
    })
}

fn key_of(request: &SeenRequest) -> usize {
    KEYS.iter().position(|key| request.header("authorization").ends_with(key)).unwrap()
}

fn used(upstream: &FakeUpstream) -> Vec<usize> {
    upstream.requests().iter().map(key_of).collect()
}

#[tokio::test]
async fn the_next_key_serves_when_one_is_refused_and_the_first_cools_down() {
    for status in [401, 403, 429] {
        let upstream = FakeUpstream::start().await;
        upstream.otherwise(move |request| if key_of(request) == 0 { refusing(status) } else { served(request) });
        let gateway = Setup::config(&pool(&upstream, 2, json!({}))).start().await;
        for attempts in ["2", "1", "1"] {
            let answer = gateway.messages(&ask("hi")).await;
            assert_eq!((answer.status, answer.header("x-ccr-attempts")), (200, attempts), "{status}");
        }
        assert_eq!(used(&upstream), [0, 1, 1, 1], "{status}");
        // What the key may not with one model it may perhaps with another; an unknown key may nothing.
        let answer = gateway.messages(&with(ask("hi"), "model", json!("up,n"))).await;
        assert_eq!(answer.header("x-ccr-attempts"), if status == 401 { "1" } else { "2" }, "{status}");
        let health = gateway.health().await;
        assert_eq!(health["targets"][0]["key"], "key-0");
        assert_eq!(health["targets"][0]["state"], "cooling");
        let stopped = gateway.stop().await;
        let attempts = &stopped.messages()[0]["attempts"];
        assert_eq!((&attempts[0]["key"], &attempts[1]["key"]), (&json!("key-0"), &json!("key-1")));
        let all = stopped.log + &health.to_string() + &stopped.records.iter().map(Value::to_string).collect::<String>();
        assert!(KEYS.iter().all(|key| !all.contains(key)));
    }
}

#[tokio::test]
async fn a_cool_down_ends_when_the_provider_said() {
    let upstream = FakeUpstream::start().await;
    upstream.otherwise(served);
    upstream.next(refusing_for(429, 1));
    let gateway = Setup::config(&pool(&upstream, 2, json!({}))).start().await;
    gateway.messages(&ask("hi")).await;
    gateway.healthy("the end of the wait", |health| health["targets"].as_array().unwrap().is_empty()).await;
    gateway.messages(&ask("hi")).await;
    assert_eq!(used(&upstream), [0, 1, 0]);
}

#[tokio::test]
async fn a_key_that_the_provider_repeats_is_not_shown_whichever_it_is() {
    let upstream = FakeUpstream::start().await;
    upstream.otherwise(|_| gateway_tests::upstream::openai::error(400, &format!("no {} no {}", KEYS[1], KEYS[2]), "x"));
    let gateway = Setup::config(&pool(&upstream, 3, json!({}))).start().await;
    let (_, message) = gateway.messages(&ask("hi")).await.expect(400).await.error().await;
    assert!(message.contains("[redacted]") && !message.contains("sk-secret"), "{message}");
}

#[tokio::test]
async fn a_key_that_is_nearly_used_up_leaves_the_rest_to_others() {
    let upstream = FakeUpstream::start().await;
    upstream.otherwise(served);
    let gateway = Setup::config(&pool(&upstream, 2, json!({"rpd": 5}))).start().await;
    for _ in 0..10 {
        assert_eq!(gateway.messages(&ask("hi")).await.status, 200);
    }
    // Each to four fifths, then both to their ends.
    assert_eq!(used(&upstream), [0, 0, 0, 0, 1, 1, 1, 1, 0, 1]);
    let answer = gateway.messages(&ask("hi")).await.expect(429).await;
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!(wait <= 24 * 60 * 60, "{wait}");
    let (kind, message) = answer.error().await;
    assert_eq!(kind, "rate_limit_error");
    assert!(message.contains("Providers[0].credentials") && message.contains("limits"), "{message}");
    assert_eq!(upstream.requests().len(), 10);
}

#[tokio::test]
async fn tokens_are_counted_by_what_the_answers_cost() {
    let upstream = FakeUpstream::start().await;
    upstream.otherwise(served);
    // Each request is estimated at 100 and some, and costs 25.
    let gateway = Setup::config(&pool(&upstream, 1, json!({"tpd": 190}))).start().await;
    for _ in 0..3 {
        gateway.messages(&ask("hi")).await.expect(200).await.json().await;
    }
    gateway.messages(&ask("hi")).await.expect(429).await;
}

#[tokio::test]
async fn a_session_keeps_its_key() {
    let upstream = FakeUpstream::start().await;
    upstream.otherwise(served);
    let mut config = pool(&upstream, 3, json!({}));
    for key in config["Providers"][0]["credentials"].as_array_mut().unwrap() {
        key["priority"] = json!(0);
    }
    let gateway = Setup::config(&config).start().await;
    let mut seen = Vec::new();
    for session in 0..12 {
        let client = gateway.client().with_header("x-claude-code-session-id", &format!("session-{session}"));
        for _ in 0..2 {
            client.messages(&ask("hi")).await.expect(200).await;
        }
        let used = used(&upstream);
        let [.., before, last] = used.as_slice() else { panic!("{used:?}") };
        assert_eq!(before, last);
        seen.push(*last);
    }
    assert!((0..3).all(|key| seen.contains(&key)), "{seen:?}");
}
