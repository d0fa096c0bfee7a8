//! How far a model may go with agents' tools: turns, calls at once, time.

use gateway_tests::{Story, TestGateway};
use serde_json::{Value, json};

use super::{FORMATS, HEARD, Stage, ask, echo, pair, text, with_tools};

/// A gateway that gives the model three turns.
async fn three_turns(format: gateway_tests::Format) -> Stage {
    Stage::with(format, with_tools(&["echo"]), |config| config["agentLimits"] = json!({"turns": 3})).await
}

async fn record(gateway: TestGateway) -> Value {
    gateway.stop().await.record().clone()
}

#[tokio::test]
async fn in_the_last_turn_the_model_has_no_agents_tools() {
    for format in FORMATS {
        let stage = three_turns(format).await;
        for stream in [false, true] {
            let told = stage.tell(&ask(stream), [echo("call-A1"), echo("call-A2"), Story::says(&["So be it."])]).await;
            told.expect(&json!([text("So be it.")]), "end_turn", 3);
            assert_eq!(told.asked(1).tools, ["Read", "Write", "echo"]);
            assert_eq!(told.asked(2).tools, ["Read", "Write"]);
            assert_eq!(told.asked(2).results, [pair("call-A1", HEARD), pair("call-A2", HEARD)]);
        }
    }
}

#[tokio::test]
async fn where_there_are_only_agents_tools_calls_are_forbidden() {
    for format in FORMATS {
        let stage = three_turns(format).await;
        let mut request = ask(true);
        request.as_object_mut().unwrap().remove("tools");
        let told = stage.tell(&request, [echo("call-A1"), echo("call-A2"), Story::says(&["So be it."])]).await;
        told.expect(&json!([text("So be it.")]), "end_turn", 3);
        // Some providers refuse a history of calls without the tools.
        assert_eq!(told.asked(2).tools, ["echo"]);
        assert_eq!(told.asked(2).forced.as_deref(), Some("none"));
    }
}

#[tokio::test]
async fn a_model_that_calls_for_ever_is_stopped_and_the_tool_is_named() {
    for format in FORMATS {
        for stream in [false, true] {
            let stage = three_turns(format).await;
            let message = stage.fails(&ask(stream), (0..10).map(|n| echo(&format!("call-A{n}")))).await;
            for named in ["echo", "test-agent", "agentLimits", "turns: 3"] {
                assert!(message.contains(named), "{named}: {message}");
            }
            assert_eq!(stage.upstream.requests().len(), 3);
            let record = record(stage.gateway).await;
            assert_eq!(record["turns"], 3);
            assert_eq!(record["agent_calls"].as_array().map(Vec::len), Some(2));
            assert_ne!(record["outcome"], "completed");
            assert!(record["error"]["message"].as_str().unwrap().contains("test-agent"), "{record}");
        }
    }
}

#[tokio::test]
async fn of_forty_calls_at_once_some_are_answered() {
    for format in FORMATS {
        let stage = Stage::new(format, with_tools(&["echo"])).await;
        let forty =
            (0..40).fold(Story::default(), |story, n| story.and_calls(&format!("call-A{n}"), "echo", json!({"x": 1})));
        let told = stage.tell(&ask(true), [forty, Story::says(&["Enough."])]).await;
        told.expect(&json!([text("Enough.")]), "end_turn", 2);
        let results = told.asked(1).results;
        assert_eq!(results.len(), 40);
        for (index, (id, result)) in results.iter().enumerate() {
            assert_eq!(id, &format!("call-A{index}"));
            if index < 16 {
                assert_eq!(result, HEARD);
            } else {
                assert!(result.contains("at most 16"), "{result}");
            }
        }
        let record = record(stage.gateway).await;
        let called = record["agent_calls"].as_array().unwrap();
        assert_eq!(called.iter().filter(|call| call["error"].is_null()).count(), 16);
        assert_eq!(called.len(), 40);
    }
}

#[tokio::test]
async fn the_time_for_everything_bounds_one_call() {
    for format in FORMATS {
        let change = |config: &mut Value| config["agentLimits"] = json!({"time_ms": 300});
        let stage = Stage::with(format, with_tools(&["spins"]), change).await;
        let spins = Story::default().and_calls("call-A1", "spins", json!({}));
        let told = stage.tell(&ask(true), [spins, Story::says(&["Too late."])]).await;
        assert_eq!(told.content(), json!([text("Too late.")]));
        assert!(told.asked(1).results[0].1.contains("agentLimits.time_ms"), "{:?}", told.asked(1).results);
        // There is no time for another.
        assert_eq!(told.asked(1).tools, ["Read", "Write"]);
    }
}
