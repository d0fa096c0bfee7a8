//! Several targets behind one name.

use gateway_tests::upstream::openai;
use gateway_tests::{FakeUpstream, Gate, Script, Setup};
use serde_json::{Value, json};

use super::{good, provider, refusing};
use crate::support::{ask, with};

/// Two providers behind `fast`, where everything goes.
fn aliased(up: &FakeUpstream, spare: &FakeUpstream, alias: Value) -> Setup {
    Setup::config(&json!({
        "Providers": [provider("up", &up.base_url()), provider("spare", &spare.base_url())],
        "Router": {"default": "fast", "aliases": {"fast": alias}},
    }))
}

#[tokio::test]
async fn a_name_stands_wherever_a_target_may() {
    let (up, spare) = (good().await, good().await);
    let gateway = aliased(&up, &spare, json!([{"target": "up,m"}, {"target": "spare,n", "priority": 1}])).start().await;
    for model in ["claude-test", "fast", "Fast[1m]"] {
        let answer = gateway.messages(&with(ask("hi"), "model", json!(model))).await;
        assert_eq!((answer.status, answer.header("x-ccr-provider"), answer.header("x-ccr-model")), (200, "up", "m"));
    }
    let models = gateway.client().get("/v1/models").await.json().await;
    assert!(models["data"].as_array().unwrap().iter().any(|model| model["id"] == "fast"), "{models}");

    up.otherwise(|_| refusing(500));
    let answer = gateway.messages(&ask("hi")).await;
    assert_eq!((answer.header("x-ccr-provider"), answer.header("x-ccr-model")), ("spare", "n"));
}

#[tokio::test]
async fn sessions_are_spread_and_stay() {
    for strategy in ["weighted", "least_busy", "lowest_latency"] {
        let (up, spare) = (good().await, good().await);
        let gateway = aliased(&up, &spare, json!({"strategy": strategy, "targets": ["up,m", "spare,m"]})).start().await;
        let mut seen = Vec::new();
        for session in 0..12 {
            let client = gateway.client().with_header("x-claude-code-session-id", &format!("session-{session}"));
            let mut served = Vec::new();
            for _ in 0..3 {
                let answer = client.messages(&ask("hi")).await.expect(200).await;
                served.push(answer.header("x-ccr-provider").to_owned());
                answer.json().await;
            }
            assert!(served.iter().all(|provider| *provider == served[0]), "{strategy}: {served:?}");
            seen.push(served.remove(0));
        }
        assert!(seen.iter().any(|it| it == "up") && seen.iter().any(|it| it == "spare"), "{strategy}: {seen:?}");
    }
}

#[tokio::test]
async fn the_least_busy_is_asked() {
    let (up, spare) = (good().await, good().await);
    let gate = Gate::new();
    let slow = Script::stream().data(&openai::text_chunk("slow")).wait(&gate);
    let gateway = aliased(&up, &spare, json!({"strategy": "least_busy", "targets": ["up,m", "spare,m"]})).start().await;
    for upstream in [&up, &spare] {
        upstream.next(openai::ending(slow.clone(), "stop"));
    }
    // Whoever gets the first is busy then.
    let first = gateway.messages(&crate::support::ask_stream("hi")).await;
    let busy = first.header("x-ccr-provider").to_owned();
    let other = if busy == "up" { &spare } else { &up };
    other.requests();
    let second = gateway.messages(&crate::support::ask_stream("hi")).await;
    assert_ne!(second.header("x-ccr-provider"), busy);
    gate.open();
    first.transcript().await.message();
    second.transcript().await.message();
}

#[tokio::test]
async fn a_stream_that_begins_before_its_answer_names_the_member() {
    let (up, spare) = (good().await, good().await);
    let mut config = json!({
        "Providers": [provider("up", &up.base_url()), provider("spare", &spare.base_url())],
        "Router": {"default": "fast", "aliases": {"fast": [{"target": "up,m"}, {"target": "spare,n", "priority": 1}]}},
    });
    config["PING_INTERVAL_MS"] = json!(20);
    let gateway = Setup::config(&config).start().await;
    let gate = Gate::new();
    up.next(refusing(500));
    spare.next(Script::new().wait(&gate).then(openai::text_stream(&["served"])));
    let answer = gateway.messages(&crate::support::ask_stream("hi")).await;
    assert_eq!((answer.header("x-ccr-provider"), answer.header("x-ccr-model")), ("spare", "n"));
    assert_eq!(answer.header("x-ccr-attempts"), "2");
    gate.open();
    answer.transcript().await.message();
}

#[tokio::test]
async fn the_cheapest_goes_first() {
    let (up, spare) = (good().await, good().await);
    let targets = json!([{"target": "up,m", "price": 3}, {"target": "spare,m", "price": 0.5}]);
    let gateway = aliased(&up, &spare, json!({"strategy": "lowest_price", "targets": targets})).start().await;
    for _ in 0..3 {
        assert_eq!(gateway.messages(&ask("hi")).await.header("x-ccr-provider"), "spare");
    }
    spare.otherwise(|_| refusing(503));
    assert_eq!(gateway.messages(&ask("hi")).await.header("x-ccr-provider"), "up");
}
