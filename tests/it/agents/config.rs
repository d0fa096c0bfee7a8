//! Agents that are none.

use gateway_tests::{FakeUpstream, Format};
use serde_json::json;

use super::setup;

#[tokio::test]
async fn an_agent_that_is_not_there_or_is_none_is_named() {
    let upstream = FakeUpstream::start().await;
    for (agents, named) in [
        (json!(["nope"]), ["agents[0]", "`nope`"]),
        (json!(["test-agent", "maxtoken"]), ["agents[1]", "not an agent"]),
        (json!("nope"), ["agents", "nope"]),
    ] {
        let (code, said) = setup(&super::config(Format::Messages, &upstream, agents)).fails().await;
        assert_eq!(code, Some(64), "{said}");
        assert!(named.iter().all(|name| said.contains(name)), "{named:?}: {said}");
    }
}

#[tokio::test]
async fn limits_that_are_none_are_named() {
    let upstream = FakeUpstream::start().await;
    for (limits, named) in [
        (json!({"turns": 1}), "agentLimits.turns"),
        (json!({"calls_per_turn": 0}), "agentLimits.calls_per_turn"),
        (json!({"tokens": "many"}), "agentLimits.tokens"),
    ] {
        let mut config = super::config(Format::Messages, &upstream, json!(["test-agent"]));
        config["agentLimits"] = limits;
        let (code, said) = setup(&config).fails().await;
        assert_eq!(code, Some(64), "{said}");
        assert!(said.contains(named), "{named}: {said}");
    }
}
