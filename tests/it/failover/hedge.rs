//! Hedged requests: a second target is asked while the first says nothing, and only one of them answers.

use gateway_tests::upstream::openai;
use gateway_tests::{FakeUpstream, Gate, Script};
use serde_json::{Value, json};

use super::{chain, good, refusing, with_fallback};
use crate::support::{ask, ask_stream, text_of};

/// Longer than a local answer takes, even on a busy machine, and short enough to wait for.
const SILENCE: u64 = 300;

fn hedged(up: &FakeUpstream, spare: &FakeUpstream) -> gateway_tests::Setup {
    with_fallback(chain(&up.base_url(), &spare.base_url()), json!({"hedgeMs": SILENCE}))
}

/// An upstream that says nothing before the gate opens.
async fn silent(gate: &Gate, then: Script) -> FakeUpstream {
    FakeUpstream::always(Script::new().wait(gate).then(then)).await
}

fn attempts(record: &Value) -> Vec<(String, Value)> {
    let attempts = record["attempts"].as_array().unwrap();
    attempts.iter().map(|it| (it["provider"].as_str().unwrap().to_owned(), it["class"].clone())).collect()
}

#[tokio::test]
async fn the_second_answers_where_the_first_is_silent_and_the_first_is_dropped() {
    let gate = Gate::new();
    let (up, spare) = (silent(&gate, openai::text_stream(&["late"])).await, good().await);
    let gateway = hedged(&up, &spare).start().await;
    let answer = gateway.messages(&ask_stream("hi")).await;
    assert_eq!((answer.header("x-ccr-provider"), answer.header("x-ccr-attempts")), ("spare", "2"));
    assert_eq!(text_of(&answer.transcript().await.message()), "served");
    up.request().await.gone().await;
    // Nobody failed.
    assert_eq!(gateway.health().await["targets"], json!([]));
    let stopped = gateway.stop().await;
    let record = stopped.record();
    assert_eq!(attempts(record), [("up".into(), json!("outrun")), ("spare".into(), Value::Null)]);
    assert_eq!((&record["provider"], &record["outcome"]), (&json!("spare"), &json!("completed")));
    assert_eq!(record["usage"]["output_tokens"].as_u64().map(|tokens| tokens > 0), Some(true), "{record}");
}

#[tokio::test]
async fn the_first_answers_where_it_begins_before_the_second() {
    let (gate, never) = (Gate::new(), Gate::new());
    let up = silent(&gate, openai::text_stream(&["late"])).await;
    let spare = silent(&never, openai::text_stream(&["later"])).await;
    let gateway = hedged(&up, &spare).start().await;
    let client = gateway.client();
    let asking = tokio::spawn(async move { client.messages(&ask_stream("hi")).await });
    let second = spare.request().await;
    gate.open();
    let answer = asking.await.unwrap();
    assert_eq!(answer.header("x-ccr-provider"), "up");
    assert_eq!(text_of(&answer.transcript().await.message()), "late");
    second.gone().await;
    let stopped = gateway.stop().await;
    assert_eq!(attempts(stopped.record()), [("spare".into(), json!("outrun")), ("up".into(), Value::Null)]);
}

#[tokio::test]
async fn where_one_fails_the_other_is_waited_for() {
    for second_fails in [true, false] {
        let gate = Gate::new();
        let (late, fails) = (openai::text_stream(&["late"]), refusing(500));
        let up = silent(&gate, if second_fails { late.clone() } else { fails.clone() }).await;
        let other = Gate::new();
        let spare = if second_fails { FakeUpstream::always(fails).await } else { silent(&other, late).await };
        let gateway = hedged(&up, &spare).start().await;
        let client = gateway.client();
        let asking = tokio::spawn(async move { client.messages(&ask_stream("hi")).await });
        spare.request().await;
        if !second_fails {
            gate.open();
        }
        gateway.healthy("the failure", |health| health["targets"][0]["failures"] == 1).await;
        gate.open();
        other.open();
        let answer = asking.await.unwrap();
        assert_eq!(text_of(&answer.transcript().await.message()), "late");
        let stopped = gateway.stop().await;
        let (failed, served) = if second_fails { ("spare", "up") } else { ("up", "spare") };
        let expected = [(failed.to_owned(), json!("transient")), (served.to_owned(), Value::Null)];
        assert_eq!(attempts(stopped.record()), expected);
    }
}

#[tokio::test]
async fn whole_answers_and_quick_ones_are_asked_for_once() {
    let gate = Gate::new();
    let (up, spare) = (good().await, good().await);
    let gateway = hedged(&up, &spare).start().await;
    assert_eq!(gateway.messages(&ask_stream("hi")).await.header("x-ccr-attempts"), "1");
    let at_once = json!({"hedgeMs": 1});
    let gateway = with_fallback(chain(&up.base_url(), &spare.base_url()), at_once).start().await;
    up.next(Script::new().wait(&gate).then(openai::text("late")));
    let client = gateway.client();
    let asking = tokio::spawn(async move { client.messages(&ask("hi")).await });
    up.request().await;
    up.request().await;
    // Some milliseconds.
    for _ in 0..10 {
        gateway.health().await;
    }
    gate.open();
    assert_eq!(text_of(&asking.await.unwrap().json().await), "late");
    assert!(spare.requests().is_empty());
}

#[tokio::test]
async fn hedges_are_a_share_of_the_requests() {
    let gate = Gate::new();
    let (up, spare) = (silent(&gate, openai::text_stream(&["late"])).await, good().await);
    let config = json!({"hedgeMs": 100, "retryPercent": 0});
    let gateway = with_fallback(chain(&up.base_url(), &spare.base_url()), config).start().await;
    // Ten are saved up.
    for _ in 0..10 {
        assert_eq!(gateway.messages(&ask_stream("hi")).await.header("x-ccr-provider"), "spare");
    }
    let client = gateway.client();
    let asking = tokio::spawn(async move { client.messages(&ask_stream("hi")).await });
    for _ in 0..11 {
        up.request().await;
    }
    gate.open();
    assert_eq!(asking.await.unwrap().header("x-ccr-provider"), "up");
    assert_eq!(spare.requests().len(), 10);
}
