//! Where the agent's calls stand, and what the client and the upstream see of it.

use gateway_tests::{Format, Story, Transcript};
use serde_json::{Value, json};

use super::{FORMATS, HEARD, Stage, ask, calls, echo, go_on, pair, text, thinks, with_tools};

#[tokio::test]
async fn a_call_before_everything_else() {
    for format in FORMATS {
        let stage = Stage::new(format, json!([["test-agent", {"tools": ["echo"], "system": "Be kind."}]])).await;
        for stream in [false, true] {
            let told = stage.tell(&ask(stream), [echo("call-A1"), Story::says(&["It ", "heard."])]).await;
            told.expect(&json!([text("It heard.")]), "end_turn", 2);
            for turn in [0, 1] {
                let asked = told.asked(turn);
                assert_eq!(asked.tools, ["Read", "Write", "echo"]);
                assert_eq!(asked.system, "Be kind.");
                assert_eq!(asked.streaming, stream);
                assert_eq!(asked.forced, None);
            }
            assert_eq!(told.asked(1).results, [pair("call-A1", HEARD)]);
        }
    }
}

#[tokio::test]
async fn what_an_upstream_of_the_same_format_gets() {
    let stage = Stage::new(Format::Messages, with_tools(&["echo"])).await;
    for stream in [false, true] {
        let first =
            Story::thinks("Hm.", "c2lnMQ==").and_says(&["I ", "ask."]).and_calls("call-A1", "echo", json!({"x": 1}));
        let told = stage.tell(&ask(stream), [first, Story::says(&["Done."])]).await;
        let expected = json!([
            {"role": "user", "content": "go"},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "Hm.", "signature": "c2lnMQ=="},
                text("I ask."),
                {"type": "tool_use", "id": "toolu_call-A1", "name": "echo", "input": {"x": 1}},
            ]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_call-A1", "content": [text(HEARD)]}]},
        ]);
        assert_eq!(told.seen[1].json()["messages"], expected);
        let (first, second) = (told.seen[0].json(), told.seen[1].json());
        // What stands before the new messages is the same, so that the provider's cache finds it.
        for member in ["model", "max_tokens", "stream", "tools", "system", "tool_choice"] {
            assert_eq!(first.get(member), second.get(member), "{member}");
        }
        assert_eq!(first["tools"][2]["description"], "Does what its name says: echo.");
        assert_eq!(first["tools"][2]["input_schema"], json!({"type": "object"}));
    }
}

#[tokio::test]
async fn a_call_behind_everything_else() {
    for format in FORMATS {
        let stage = Stage::new(format, with_tools(&["echo"])).await;
        for stream in [false, true] {
            let first = Story::says(&["I ", "ask."]).and_calls("call-A1", "echo", json!({"x": 1}));
            let told = stage.tell(&ask(stream), [first, Story::says(&["It ", "heard."])]).await;
            told.expect(&json!([text("I ask."), text("It heard.")]), "end_turn", 2);
        }
    }
}

#[tokio::test]
async fn the_stream_of_two_turns_is_one() {
    for format in FORMATS {
        let stage = Stage::new(format, with_tools(&["echo"])).await;
        let first = Story::says(&["I ", "ask."]).and_calls("call-A1", "echo", json!({"x": 1}));
        let second = Story::says(&["It ", "heard."]).and_calls("call-C1", "Read", json!({"file": "a"}));
        stage.play([first, second]);
        let transcript = stage.gateway.messages(&ask(true)).await.expect(200).await.transcript().await;
        assert_eq!(golden(&transcript), expected(), "{format:?}");
    }
}

/// The events' data without what is made up.
fn golden(transcript: &Transcript) -> Vec<Value> {
    let events = transcript.events.iter().map(|event| {
        let mut data = event.data.clone();
        for pointer in ["/message/id", "/content_block/id", "/message/usage", "/usage"] {
            if let Some(made_up) = data.pointer_mut(pointer) {
                *made_up = json!("…");
            }
        }
        data
    });
    // How often the input of a call is cut is the upstream's business.
    let mut joined: Vec<Value> = Vec::new();
    for event in events {
        let piece = event["delta"]["partial_json"].as_str().map(str::to_owned);
        match (piece, joined.last_mut().and_then(|last| last.pointer_mut("/delta/partial_json"))) {
            (Some(piece), Some(Value::String(known))) => known.push_str(&piece),
            _ => joined.push(event),
        }
    }
    joined
}

fn expected() -> Vec<Value> {
    let start =
        |index: u32, block: Value| json!({"type": "content_block_start", "index": index, "content_block": block});
    let piece = |index: u32, text: &str| json!({"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": text}});
    let stop = |index: u32| json!({"type": "content_block_stop", "index": index});
    vec![
        json!({"type": "message_start", "message": {
            "id": "…", "type": "message", "role": "assistant", "model": "claude-test", "content": [],
            "stop_reason": null, "stop_sequence": null, "usage": "…",
        }}),
        start(0, text("")),
        piece(0, "I "),
        piece(0, "ask."),
        stop(0),
        start(1, text("")),
        piece(1, "It "),
        piece(1, "heard."),
        stop(1),
        start(2, json!({"type": "tool_use", "id": "…", "name": "Read", "input": {}})),
        json!({"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": "{\"file\":\"a\"}"}}),
        stop(2),
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use", "stop_sequence": null}, "usage": "…"}),
        json!({"type": "message_stop"}),
    ]
}

#[tokio::test]
async fn calls_in_two_turns_even_with_one_id() {
    for format in FORMATS {
        let stage = Stage::new(format, with_tools(&["echo"])).await;
        for stream in [false, true] {
            let again = Story::says(&["Again."]).and_calls("call-A1", "echo", json!({"x": 2}));
            let told = stage.tell(&ask(stream), [echo("call-A1"), again, Story::says(&["Done."])]).await;
            told.expect(&json!([text("Again."), text("Done.")]), "end_turn", 3);
            let results = told.asked(2).results;
            assert_eq!(results[0], pair("call-A1", HEARD));
            assert_eq!(results[1].1, "test-agent heard {\"x\":2}");
            assert_ne!(results[0].0, results[1].0, "one id for two calls");
        }
    }
}

#[tokio::test]
async fn several_calls_at_once() {
    for format in FORMATS {
        let stage = Stage::new(format, with_tools(&["echo"])).await;
        for stream in [false, true] {
            let all = (1..=6).fold(Story::default(), |story, number| {
                story.and_calls(&format!("call-A{number}"), "echo", json!({"n": number}))
            });
            let told = stage.tell(&ask(stream), [all, Story::says(&["Done."])]).await;
            told.expect(&json!([text("Done.")]), "end_turn", 2);
            let expected: Vec<_> =
                (1..=6).map(|n| pair(&format!("call-A{n}"), &format!("test-agent heard {{\"n\":{n}}}"))).collect();
            assert_eq!(told.asked(1).results, expected);
        }
    }
}

#[tokio::test]
async fn thinking_before_and_behind_comes_back_with_its_proof() {
    for format in FORMATS {
        let stage = Stage::new(format, with_tools(&["echo"])).await;
        for stream in [false, true] {
            let first = Story::thinks("Hm.", "c2lnMQ==").and_calls("call-A1", "echo", json!({"x": 1}));
            let second = Story::thinks("Ah.", "c2lnMg==").and_says(&["Again."]).and_calls("call-A2", "echo", json!({}));
            let third = Story::thinks("So.", "c2lnMw==").and_says(&["Done."]);
            let told = stage.tell(&ask(stream), [first.clone(), second.clone(), third]).await;
            let expected = json!([thinks("Hm."), thinks("Ah."), text("Again."), thinks("So."), text("Done.")]);
            told.expect(&expected, "end_turn", 3);
            let proofs = [&first, &second].map(|story| format.proof(&story.parts[0]).unwrap());
            assert_eq!(told.asked(2).proofs, proofs, "{format:?}");
            if format == Format::Messages {
                assert_eq!(told.message["content"][1]["signature"], "c2lnMg==");
            }
        }
    }
}

#[tokio::test]
async fn between_words_of_one_turn() {
    // Chat Completions cannot say in which order these came.
    let stage = Stage::new(Format::Messages, with_tools(&["echo"])).await;
    for stream in [false, true] {
        let first =
            echo("call-A1").and_says(&["One."]).and_calls("call-A2", "echo", json!({"x": 2})).and_says(&["Two."]);
        let told = stage.tell(&ask(stream), [first, Story::says(&["Done."])]).await;
        let words: String =
            told.content().as_array().unwrap().iter().map(|block| block["text"].as_str().unwrap()).collect();
        assert_eq!(words, "One.Two.Done.");
        let sent = &told.seen[1].json()["messages"][1]["content"];
        let kinds: Vec<_> = sent.as_array().unwrap().iter().map(|block| block["type"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["tool_use", "text", "tool_use", "text"]);
    }
}

#[tokio::test]
async fn between_calls_of_the_clients_tools() {
    for format in FORMATS {
        let stage = Stage::new(format, with_tools(&["echo"])).await;
        for stream in [false, true] {
            let mixed = Story::says(&["All at once."]).and_calls("call-C1", "Read", json!({"file": "a"}));
            let mixed = mixed.and_calls("call-A1", "echo", json!({"x": 1})).and_calls("call-C2", "Write", json!({}));
            let request = ask(stream);
            let told = stage.tell(&request, [mixed]).await;
            let visible = json!([text("All at once."), calls("Read", json!({"file": "a"})), calls("Write", json!({}))]);
            told.expect(&visible, "tool_use", 1);

            let result = |at: usize, text: &str| json!({"type": "tool_result", "tool_use_id": told.message["content"][at]["id"], "content": text});
            let next = go_on(&request, &told, json!([result(1, "it reads"), result(2, "written")]));
            let told = stage.tell(&next, [Story::says(&["Done."])]).await;
            told.expect(&json!([text("Done.")]), "end_turn", 1);
            assert_eq!(
                told.asked(0).results,
                [pair("call-A1", HEARD), pair("call-C1", "it reads"), pair("call-C2", "written")]
            );
            if format == Format::Messages {
                let called = &told.seen[0].json()["messages"][1]["content"];
                let names: Vec<_> = called.as_array().unwrap().iter().map(|block| &block["name"]).collect();
                assert_eq!(names, [&Value::Null, &json!("Read"), &json!("echo"), &json!("Write")]);
            }
        }
    }
}

#[tokio::test]
async fn a_mixed_turn_behind_an_agents() {
    for format in FORMATS {
        let stage = Stage::new(format, with_tools(&["echo"])).await;
        for stream in [false, true] {
            let mixed = echo("call-A2").and_calls("call-C1", "Read", json!({}));
            let request = ask(stream);
            let told = stage.tell(&request, [echo("call-A1"), mixed]).await;
            told.expect(&json!([calls("Read", json!({}))]), "tool_use", 2);
            let id = &told.message["content"][0]["id"];
            let result = json!([{"type": "tool_result", "tool_use_id": id, "content": "read"}, text("and now?")]);
            let told = stage.tell(&go_on(&request, &told, result), [echo("call-A3"), Story::says(&["Done."])]).await;
            told.expect(&json!([text("Done.")]), "end_turn", 2);
            let expected =
                [pair("call-A1", HEARD), pair("call-A2", HEARD), pair("call-C1", "read"), pair("call-A3", HEARD)];
            assert_eq!(told.asked(1).results, expected);
        }
    }
}

#[tokio::test]
async fn blocks_that_the_agent_shows() {
    for format in FORMATS {
        let stage = Stage::new(format, with_tools(&["shown"])).await;
        for stream in [false, true] {
            let first = Story::says(&["I search."]).and_calls("call-A1", "shown", json!({}));
            let told = stage.tell(&ask(stream), [first, Story::says(&["Found."])]).await;
            let call = json!({"type": "server_tool_use", "name": "web_search", "input": {"query": "q"}});
            let result = json!({"type": "web_search_tool_result", "content": []});
            told.expect(&json!([text("I search."), call, result, text("Found.")]), "end_turn", 2);
            let ids = ["id", "tool_use_id"].map(|name| {
                let blocks = told.message["content"].as_array().unwrap();
                blocks.iter().find_map(|block| block.get(name)).unwrap()
            });
            assert_eq!(ids[0], ids[1]);
            assert_eq!(told.asked(1).results, [pair("call-A1", "it was shown")]);
        }
    }
}

#[tokio::test]
async fn edits_of_the_answer_go_over_all_turns() {
    for format in FORMATS {
        let stage = Stage::new(format, json!([["test-agent", {"tools": ["echo"], "edits": "upper"}]])).await;
        for stream in [false, true] {
            let first = Story::says(&["I ", "ask."]).and_calls("call-A1", "echo", json!({"x": 1}));
            let told = stage.tell(&ask(stream), [first, Story::says(&["Done."])]).await;
            told.expect(&json!([text("I ASK."), text("DONE.")]), "end_turn", 2);
            // It reads its own words again as it has said them.
            let next = go_on(&ask(stream), &told, json!("more"));
            let told = stage.tell(&next, [Story::says(&["Well."])]).await;
            assert_eq!(told.asked(0).results, [pair("call-A1", HEARD)]);
            assert!(!String::from_utf8_lossy(&told.seen[0].body).contains("I ASK."));
        }
    }
}

#[tokio::test]
async fn names_that_are_taken_are_offered_under_others() {
    for format in FORMATS {
        let agents = json!([["other-agent", {"tools": ["echo"]}], ["test-agent", {"tools": ["echo", "state"]}]]);
        let stage = Stage::new(format, agents).await;
        let mut request = ask(true);
        request["tools"][1]["name"] = json!("echo");
        let all = Story::default().and_calls("call-C1", "test-agent_echo", json!({"a": 1}));
        let all =
            all.and_calls("call-C2", "other-agent_echo", json!({"b": 1})).and_calls("call-C3", "state", json!({}));
        let told = stage.tell(&request, [all, Story::default().and_calls("call-C4", "echo", json!({}))]).await;
        told.expect(&json!([calls("echo", json!({}))]), "tool_use", 2);
        // In the order of the config, behind the client's.
        assert_eq!(told.asked(0).tools, ["Read", "echo", "other-agent_echo", "test-agent_echo", "state"]);
        let model = format.model();
        let expected =
            [("call-C1", "test-agent heard {\"a\":1}"), ("call-C2", "other-agent heard {\"b\":1}"), ("call-C3", model)];
        assert_eq!(told.asked(1).results, expected.map(|(id, text)| pair(id, text)));
        let stopped = stage.gateway.stop().await;
        assert!(stopped.log.contains("other-agent_echo"), "{}", stopped.log);
        let record = stopped.record();
        assert_eq!(record["agents"], json!(["other-agent", "test-agent"]));
        let called = record["agent_calls"].as_array().unwrap();
        let called: Vec<_> = called.iter().map(|call| json!([call["agent"], call["tool"], call["turn"]])).collect();
        assert_eq!(
            called,
            [json!(["test-agent", "echo", 1]), json!(["other-agent", "echo", 1]), json!(["test-agent", "state", 1])]
        );
        assert_eq!(record["turns"], 2);
        assert_eq!(record["outcome"], "completed");
    }
}

#[tokio::test]
async fn an_agent_that_a_request_does_not_concern_leaves_everything_as_it_is() {
    for format in FORMATS {
        let stage = Stage::new(format, json!([["test-agent", {"prepare": "none"}]])).await;
        for stream in [false, true] {
            let told = stage.tell(&ask(stream), [Story::says(&["Hi."])]).await;
            told.expect(&json!([text("Hi.")]), "end_turn", 1);
            assert_eq!(told.asked(0).tools, ["Read", "Write"]);
        }
        let stopped = stage.gateway.stop().await;
        for record in stopped.messages() {
            assert_eq!((record.get("agents"), record.get("turns")), (None, None), "{record}");
        }
    }
}
