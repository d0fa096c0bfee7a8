//! Agents that ask models themselves, through the whole gateway and within the client's bounds.

use gateway_tests::Story;
use serde_json::{Value, json};

use super::{FORMATS, Stage, ask, echo, pair, text};

/// A call of the tool that asks a model.
fn asks(id: &str, tool: &str, more: Value) -> Story {
    let mut input = json!({"request": {
        "model": "claude-test", "max_tokens": 10, "messages": [{"role": "user", "content": "inner"}],
    }});
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Story::default().and_calls(id, tool, input)
}

fn both(first: &[&str], second: &[&str]) -> Value {
    json!([["test-agent", {"tools": first}], ["other-agent", {"tools": second}]])
}

#[tokio::test]
async fn another_agent_has_a_part_in_its_call() {
    for format in FORMATS {
        for stream in [false, true] {
            let stage = Stage::new(format, both(&["asks"], &["echo"])).await;
            let stories = [
                asks("call-A1", "asks", json!({})),
                echo("call-B1"),
                Story::says(&["inner words"]),
                Story::says(&["Outer."]),
            ];
            let told = stage.tell(&ask(stream), stories).await;
            assert_eq!(told.content(), json!([text("Outer.")]));
            assert_eq!(told.turns(), 4);
            let streaming: Vec<_> = (0..4).map(|turn| told.asked(turn).streaming).collect();
            assert_eq!(streaming, [stream, false, false, stream]);
            assert_eq!(told.asked(0).tools, ["Read", "Write", "asks", "echo"]);
            // Nobody is asked within its own call.
            assert_eq!(told.asked(1).tools, ["echo"]);
            assert_eq!(told.asked(1).prompt(), "inner");
            assert_eq!(told.asked(2).results, [pair("call-B1", "other-agent heard {\"x\":1}")]);
            assert_eq!(told.asked(3).results, [pair("call-A1", "the model said: inner words")]);

            let stopped = stage.gateway.stop().await;
            let records = stopped.messages();
            assert_eq!(records.len(), 2);
            let (inner, outer) = (records[0], records[1]);
            assert_eq!(inner["parent"], outer["id"]);
            assert_eq!(inner["client"], "agent test-agent");
            assert_eq!(inner["agents"], json!(["other-agent"]));
            assert_eq!(inner["agent_calls"][0]["agent"], "other-agent");
            assert_eq!((&inner["turns"], &inner["outcome"]), (&json!(2), &json!("completed")));
            assert_eq!(outer.get("parent"), None);
            assert_eq!(outer["agents"], json!(["test-agent", "other-agent"]));
            assert_eq!(outer["agent_calls"][0]["tool"], "asks");
            assert_eq!((&outer["turns"], &outer["outcome"]), (&json!(2), &json!("completed")));
        }
    }
}

#[tokio::test]
async fn one_that_would_call_itself_is_not_asked_there() {
    for format in FORMATS {
        let stage = Stage::new(format, json!([["test-agent", {"tools": ["asks"]}]])).await;
        // The model calls its tool all the same; there it is nobody's.
        let stories = [asks("call-A1", "asks", json!({})), asks("call-B1", "asks", json!({})), Story::says(&["Done."])];
        let told = stage.tell(&ask(true), stories).await;
        assert_eq!(told.content(), json!([text("Done.")]));
        assert_eq!(told.turns(), 3);
        assert!(told.asked(1).tools.is_empty());
    }
}

#[tokio::test]
async fn the_bounds_hold_for_all_that_they_call() {
    for (limits, tool, named) in [
        (json!({"model_calls": 5}), "asks_often", "agentLimits.model_calls is 5"),
        (json!({"tokens": 100}), "asks_often", "agentLimits.tokens is 100"),
        (json!({"depth": 0}), "asks", "agentLimits.depth is 0"),
    ] {
        for format in FORMATS {
            let agents = json!([["test-agent", {"tools": [tool]}]]);
            let stage = Stage::with(format, agents, |config| config["agentLimits"] = limits.clone()).await;
            let often = asks("call-A1", tool, json!({"times": 1000}));
            let inner = std::iter::repeat_with(|| Story::says(&["Yes."])).take(20);
            let told = stage.tell(&ask(true), [often].into_iter().chain(inner)).await;
            assert_eq!(told.content(), json!([text("Yes.")]));
            let (_, result) = told.asked(told.turns() - 1).results[0].clone();
            assert!(result.contains(named), "{result}");
            // Of 25 tokens each, the first of which was the turn's.
            let calls = told.turns() - 2;
            assert_eq!(
                calls,
                if named.contains("model_calls") {
                    5
                } else if tool == "asks" {
                    0
                } else {
                    3
                }
            );
        }
    }
}

#[tokio::test]
async fn one_agents_call_within_anothers_is_as_deep_as_the_config_says() {
    let format = FORMATS[0];
    let agents = both(&["asks"], &["asks"]);
    let stage = Stage::with(format, agents, |config| config["agentLimits"] = json!({"depth": 1})).await;
    let outer = asks("call-A1", "asks", json!({}));
    let inner = asks("call-B1", "asks", json!({}));
    let told = stage.tell(&ask(false), [outer, inner, Story::says(&["inner"]), Story::says(&["Outer."])]).await;
    assert_eq!(told.content(), json!([text("Outer.")]));
    let (_, result) = told.asked(2).results[0].clone();
    assert!(result.contains("agentLimits.depth is 1"), "{result}");
}

#[tokio::test]
async fn without_the_grant_it_is_told_so() {
    for grants in [json!({}), json!({"kv": true})] {
        let stage = Stage::with(FORMATS[0], json!([["test-agent", {"tools": ["asks"]}]]), |config| {
            config["plugins"] = json!([{"name": "test-agent", "grants": grants}]);
        });
        let stage = stage.await;
        let told = stage.tell(&ask(true), [asks("call-A1", "asks", json!({})), Story::says(&["A pity."])]).await;
        assert_eq!(told.content(), json!([text("A pity.")]));
        assert_eq!(told.turns(), 2);
        let (_, result) = told.asked(1).results[0].clone();
        assert!(result.contains("grants: {model: true}"), "{result}");
        let stopped = stage.gateway.stop().await;
        assert!(stopped.record()["agent_calls"][0]["error"].is_string());
    }
}

#[tokio::test]
async fn what_goes_wrong_with_its_request_is_told_to_it() {
    let stage = Stage::new(FORMATS[0], json!([["test-agent", {"tools": ["asks"]}]])).await;
    let wrong = Story::default().and_calls("call-A1", "asks", json!({"request": {"model": "x", "messages": 7}}));
    let told = stage.tell(&ask(true), [wrong, Story::says(&["A pity."])]).await;
    assert!(told.asked(1).results[0].1.contains("messages"), "{:?}", told.asked(1).results);
    let refused = [asks("call-A1", "asks", json!({})), Story::refuses(400, "not this"), Story::says(&["A pity."])];
    let told = stage.tell(&ask(true), refused).await;
    assert!(told.asked(2).results[0].1.contains("not this"), "{:?}", told.asked(2).results);
    let stopped = stage.gateway.stop().await;
    let inner: Vec<_> = stopped.messages().into_iter().filter(|record| record["parent"].is_string()).collect();
    assert_eq!(inner.len(), 2);
    assert!(inner.iter().all(|record| record["outcome"] == "failed"), "{inner:?}");
}
