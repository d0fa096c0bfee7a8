//! `Router.rules`: their targets, rewrites and fallback, and what is wrong with them.

use gateway_tests::upstream::openai;
use gateway_tests::{FakeUpstream, Script, Setup};
use serde_json::json;

use super::routed;
use crate::support::{ask, with};

#[tokio::test]
async fn a_rule_sends_a_request_elsewhere_with_its_changes() {
    let (main, other) =
        (FakeUpstream::always(openai::text("hi")).await, FakeUpstream::always(openai::text("hi")).await);
    let rules = json!([{
        "name": "red team",
        "condition": {"left": "request.header.x-team", "operator": "==", "right": "red"},
        "target": "other,m",
        "rewrites": [{"key": "request.body.temperature", "operation": "set", "value": 0.25}],
    }]);
    let router = json!({"default": "main,m", "rules": rules});
    let gateway = Setup::config(&routed(&[("main", &main), ("other", &other)], router)).start().await;
    let red = gateway.client().with_header("x-team", "Red").messages(&ask("hi")).await.expect(200).await;
    assert_eq!(red.header("x-ccr-provider"), "other");
    assert_eq!(red.header("x-ccr-route-reason"), "rule `red team`");
    assert_eq!(other.requests()[0].json()["temperature"], 0.25);
    let blue = gateway.client().with_header("x-team", "blue").messages(&ask("hi")).await.expect(200).await;
    assert_eq!(blue.header("x-ccr-provider"), "main");
    assert_eq!(main.requests()[0].json().get("temperature"), None);
    let stopped = gateway.stop().await;
    let seen = &stopped.records[1]["route"][0];
    assert_eq!(*seen, json!({"rule": "rule `red team`", "matched": false, "seen": "request.header.x-team is `blue`"}));
}

#[tokio::test]
async fn a_rules_own_fallback_is_used_instead_of_the_scenarios() {
    let bad = FakeUpstream::always(Script::json(500, &json!({"error": {"message": "no"}}))).await;
    let good = FakeUpstream::always(openai::text("hi")).await;
    let rules = json!([{"target": "bad,m", "fallback": {"mode": "model-chain", "models": ["good/m"]}}]);
    let mut config = routed(&[("bad", &bad), ("good", &good)], json!({"default": "bad,m", "rules": rules}));
    config["fallback"] = json!({"default": ["bad,other"]});
    let gateway = Setup::config(&config).start().await;
    let answer = gateway.messages(&ask("hi")).await.expect(200).await;
    assert_eq!(answer.header("x-ccr-provider"), "good");
}

#[tokio::test]
async fn a_rule_that_cannot_work_keeps_the_gateway_from_starting() {
    let upstream = FakeUpstream::start().await;
    let rules = json!([{"condition": {"left": "tokens", "operator": ">", "right": "lots"}, "target": "mian,m"}]);
    let config = routed(&[("main", &upstream)], json!({"default": "main,m", "rules": rules}));
    let (code, said) = Setup::config(&config).fails().await;
    assert_eq!(code, Some(64), "{said}");
    for words in ["Router.rules[0].condition", "never matches", "Router.rules[0].target", "did you mean `main`"] {
        assert!(said.contains(words), "{words} is not in:\n{said}");
    }
}

#[tokio::test]
async fn a_rule_says_how_often_its_target_is_tried_and_that_nothing_else_is() {
    let (bad, good) = (FakeUpstream::start().await, FakeUpstream::always(openai::text("hi")).await);
    bad.otherwise(|_| openai::error(500, "down", "x"));
    let rules = json!([
        {"prefix": "again", "target": "bad,m", "fallback": {"mode": "retry", "retryCount": 2}},
        {"prefix": "off", "target": "bad,m", "fallback": {"mode": "off"}},
        {"prefix": "usual", "target": "bad,m"},
    ]);
    let mut router = json!({"default": "bad,m", "rules": rules});
    router["fallback"] = json!({"models": ["good,m"], "backoffMs": 2, "breakerFailures": 0});
    let gateway = Setup::config(&routed(&[("bad", &bad), ("good", &good)], router)).start().await;
    for (model, status, attempts) in [("again", 500, "3"), ("off", 500, "1"), ("usual", 200, "2")] {
        let answer = gateway.messages(&with(ask("hi"), "model", json!(model))).await;
        assert_eq!((answer.status, answer.header("x-ccr-attempts")), (status, attempts), "{model}");
    }
}
