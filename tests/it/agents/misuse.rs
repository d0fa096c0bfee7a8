//! Agents that misbehave, and models that call them with what they cannot read: the model, or the client, is told who and what;
//! nobody else is disturbed.

use gateway_tests::upstream::openai;
use gateway_tests::{Format, Script, Story};
use serde_json::{Value, json};

use super::{FORMATS, HEALTHY, Stage, ask, pair, text, with_tools};
use crate::support::{ask as ask_plain, text_of};

/// Asks whether all is well, beside something else.
async fn healthy(stage: &Stage) {
    let answer = stage.gateway.messages(&ask_plain(HEALTHY)).await.expect(200).await;
    assert_eq!(text_of(&answer.json().await), "all well");
}

/// Has the model call a tool, and go on with what came of it; the result.
async fn result_of(format: Format, stream: bool, tool: &str) -> String {
    let stage = Stage::with(format, with_tools(&[tool, "echo"]), |config| {
        if tool == "spins" {
            config["plugins"][0]["timeouts"] = json!({"tool_ms": 300});
        }
    });
    let stage = stage.await;
    let first = Story::says(&["I try."]).and_calls("call-A1", tool, json!({}));
    let first = first.and_calls("call-A2", "echo", json!({"x": 1}));
    let request = ask(stream);
    let (told, ()) = tokio::join!(stage.tell(&request, [first, Story::says(&["A pity."])]), healthy_soon(&stage));
    assert_eq!(told.content(), json!([text("I try."), text("A pity.")]), "{tool}");
    let last = told.seen.iter().rfind(|seen| !format.read(seen).results.is_empty()).unwrap();
    let results = format.read(last).results;
    // The call beside it is answered.
    assert_eq!(results[1], pair("call-A2", super::HEARD), "{tool}");
    if format == Format::Messages {
        assert_eq!(last.json()["messages"][2]["content"][0]["is_error"], true, "{tool}");
    }
    let stopped = stage.gateway.stop().await;
    let record = stopped.messages().into_iter().find(|record| record["turns"] == 2).unwrap();
    assert_eq!(record["outcome"], "completed");
    let called = &record["agent_calls"];
    assert_eq!((&called[0]["agent"], &called[0]["tool"]), (&json!("test-agent"), &json!(tool)));
    assert!(called[0]["error"].is_string(), "{called}");
    assert!(called[1]["error"].is_null(), "{called}");
    results[0].1.clone()
}

/// Once the other request has got to the upstream.
async fn healthy_soon(stage: &Stage) {
    stage.upstream.request().await;
    healthy(stage).await;
}

#[tokio::test]
async fn whatever_a_tool_does_becomes_a_result() {
    for (tool, said) in [
        ("fails", "no luck today"),
        ("errors", "try it in another way"),
        ("traps", "test-agent"),
        ("spins", "300 ms"),
        ("allocates", "MiB of memory"),
        ("huge", "test-agent"),
        ("not_blocks", "blocks"),
    ] {
        for (format, stream) in [(Format::Messages, true), (Format::Chat, false)] {
            let result = result_of(format, stream, tool).await;
            assert!(result.contains(said), "{tool}: {result}");
            assert!(tool == "errors" || result.contains("test-agent"), "{tool}: {result}");
            assert!(result.len() < 1000, "{tool}: {} bytes", result.len());
        }
    }
}

#[tokio::test]
async fn input_that_is_no_json_is_the_agents_to_read() {
    // What can be repaired is; the rest comes as it is.
    for (input, read) in [
        ("{\"x\":", "{\"x\":null}"),
        ("{\"x\": nope}", "{\"x\":\"nope\"}"),
        ("[1]", "[1]"),
        ("nonsense", "nonsense"),
        ("", "{}"),
    ] {
        for stream in [false, true] {
            let stage = Stage::new(Format::Chat, with_tools(&["echo"])).await;
            let call = json!({"index": 0, "id": "call_call-A1", "type": "function", "function": {"name": "echo", "arguments": input}});
            let script = match stream {
                true => openai::stream(&[openai::chunk(json!({"tool_calls": [call]}))], "tool_calls"),
                false => {
                    let message = json!({"role": "assistant", "content": null, "tool_calls": [call]});
                    Script::json(200, &openai::completion(message, "tool_calls"))
                }
            };
            stage.upstream.next(script);
            let told = stage.tell(&ask(stream), [Story::says(&["I see."])]).await;
            assert_eq!(told.content(), json!([text("I see.")]), "{input}");
            let (id, result) = told.asked(1).results[0].clone();
            assert_eq!(id, "call-A1");
            let heard = result.strip_prefix("test-agent heard ").unwrap_or_else(|| panic!("{input}: {result}"));
            assert_eq!(heard, read, "{input}, stream {stream}");
        }
    }
}

#[tokio::test]
async fn one_that_fails_as_it_prepares_fails_the_request() {
    for (how, said) in [
        ("spin", "250 ms"),
        ("trap", "trapped"),
        ("refuse", "such a request is not for me"),
        ("illegal-name", "no spaces, please"),
        ("illegal-schema", "echo2"),
        ("illegal-request", "not legal"),
        ("many-tools", "tools"),
        ("large-state", "state"),
    ] {
        let stage = Stage::new(Format::Messages, json!([["test-agent", {"prepare": how}]])).await;
        for stream in [false, true] {
            let answer = stage.gateway.messages(&ask(stream)).await;
            let status = answer.status;
            let (_, message) = answer.error().await;
            assert!(message.contains("test-agent") && message.contains(said), "{how}: {status}: {message}");
            assert_eq!(status < 500, how == "refuse", "{how}: {status}: {message}");
        }
        assert!(stage.upstream.requests().is_empty(), "{how} reached the upstream");
        let stopped = stage.gateway.stop().await;
        assert!(stopped.messages().iter().all(|record| record["outcome"] == "failed"));
    }
}

#[tokio::test]
async fn as_much_state_as_is_promised_reaches_the_call() {
    let stage =
        Stage::new(Format::Messages, json!([["test-agent", {"prepare": "full-state", "tools": ["state"]}]])).await;
    let call = Story::default().and_calls("call-A1", "state", json!({}));
    let told = stage.tell(&ask(true), [call, Story::says(&["Much."])]).await;
    assert_eq!(told.asked(1).results[0].1.len(), 1024 * 1024);
}

#[tokio::test]
async fn one_that_may_fail_open_is_left_out() {
    for how in ["spin", "trap", "illegal-name"] {
        let stage = Stage::with(Format::Messages, json!([["test-agent", {"prepare": how}]]), |config| {
            config["plugins"][0]["fail"] = json!("open");
        });
        let stage = stage.await;
        let told = stage.tell(&ask(true), [Story::says(&["Alone."])]).await;
        told.expect(&json!([text("Alone.")]), "end_turn", 1);
        assert_eq!(told.asked(0).tools, ["Read", "Write"], "{how}");
    }
}

#[tokio::test]
async fn one_that_is_left_out_leaves_the_others_at_work() {
    for format in FORMATS {
        for how in ["spin", "trap"] {
            let agents = json!([["test-agent", {"prepare": how}], ["other-agent", {"tools": ["echo"]}]]);
            let stage = Stage::with(format, agents, |config| config["plugins"][0]["fail"] = json!("open")).await;
            let told = stage.tell(&ask(true), [Story::says(&["Without."])]).await;
            told.expect(&json!([text("Without.")]), "end_turn", 1);
            assert_eq!(told.asked(0).tools, ["Read", "Write", "echo"]);
            let stopped = stage.gateway.stop().await;
            let record = stopped.record();
            assert_eq!(record["agents"], json!(["other-agent"]));
            let dropped: Vec<&str> = record["dropped"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
            assert!(dropped.iter().any(|note| note.contains("test-agent")), "{how}: {dropped:?}");
        }
    }
}

#[tokio::test]
async fn one_that_traps_as_it_edits_breaks_the_answer() {
    for format in FORMATS {
        for stream in [false, true] {
            let stage = Stage::new(format, json!([["test-agent", {"edits": "trap"}]])).await;
            let message = stage.fails(&ask(stream), [Story::says(&["Hi."]), Story::says(&["Hi."])]).await;
            assert!(message.contains("test-agent"), "{message}");
            let stopped = stage.gateway.stop().await;
            assert_ne!(stopped.record()["outcome"], "completed");
        }
    }
}
