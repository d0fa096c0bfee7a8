//! `tooluse`, which makes a model use its tools, and `enhancetool`, which repairs what it calls them with.

use gateway_tests::upstream::openai;
use gateway_tests::{Script, Story};
use serde_json::{Value, json};

use super::{Bench, add, asking};

#[tokio::test]
async fn tooluse() {
    let bench = Bench::new(json!({"use": ["tooluse"]})).await;
    for stream in [false, true] {
        let request = asking(json!({"stream": stream, "tools": [add()]}));
        let call = Story::default().and_calls("kT3vQz8wLm01", "add", json!({"a": 1}));
        let exchange = bench.tell(&request, &call).await;
        assert_eq!(exchange.sent["tool_choice"], "required");
        let tools = exchange.sent["tools"].as_array().unwrap().iter().map(|tool| tool["function"]["name"].as_str());
        assert!(tools.eq([Some("add"), Some("ExitTool")]), "{}", exchange.sent);
        assert_eq!(exchange.sent["messages"][0]["role"], "system");
        assert_eq!(exchange.message["stop_reason"], "tool_use");
        assert_eq!(exchange.message["content"][0]["input"], json!({"a": 1}));

        let exit = Story::default().and_calls("kT3vQz8wLm01", "ExitTool", json!({"response": "It is \"3\" – 🦀."}));
        let message = bench.tell(&request, &exit).await.message;
        assert_eq!(message["content"], json!([{"type": "text", "text": "It is \"3\" – 🦀."}]));
        assert_eq!(message["stop_reason"], "end_turn");
    }
    let sent = bench.sent(&asking(json!({}))).await;
    assert_eq!((sent.get("tools"), sent.get("tool_choice")), (None, None), "there is nothing to choose from");
}

/// A call with these arguments, whole and streamed in two pieces, ended for this reason.
fn call(arguments: &str, reason: &str) -> [(bool, Script); 2] {
    let function = |text: &str| json!({"name": "add", "arguments": text});
    let whole = json!({"id": "call_kT3vQz8wLm01", "type": "function", "function": function(arguments)});
    let message = json!({"role": "assistant", "content": null, "tool_calls": [whole]});
    let (first, second) = arguments.split_at(arguments.len() / 2);
    let head = json!({"index": 0, "id": "call_kT3vQz8wLm01", "type": "function", "function": function(first)});
    let more = json!({"index": 0, "function": {"arguments": second}});
    let chunks = [head, more].map(|call| openai::chunk(json!({"tool_calls": [call]})));
    [(false, Script::json(200, &openai::completion(message, reason))), (true, openai::stream(&chunks, reason))]
}

#[tokio::test]
async fn enhancetool() {
    let bench = Bench::new(json!({"use": ["enhancetool"]})).await;
    let plain = Bench::new(json!({})).await;
    let asks = |stream: bool| asking(json!({"stream": stream, "tools": [add()]}));
    for broken in ["{'a': 1, 'b': 2,}", "{a: 1, b: 2}", "```json\n{\"a\": 1, \"b\": 2}\n```", "{\"a\": 1, \"b\": 2"] {
        for (stream, script) in call(broken, "tool_calls") {
            let exchange = bench.play(&asks(stream), script.clone()).await;
            let message = exchange.message;
            assert_eq!(
                message["content"][0]["input"],
                json!({"a": 1, "b": 2}),
                "{broken}, streamed: {stream}: {message}"
            );
            assert_eq!(message["stop_reason"], "tool_use", "{broken}");
            assert!(exchange.sent.get("ccr").is_none(), "the wish stays here: {}", exchange.sent);
            plain.fails(&asks(stream), script).await;
        }
    }
}

#[tokio::test]
async fn enhancetool_mends_nothing_that_the_limit_has_cut() {
    let bench = Bench::new(json!({"use": ["enhancetool"]})).await;
    for (stream, script) in call("{\"a\": 1, \"b\": ", "length") {
        let texts = bench.raw(&asking(json!({"stream": stream, "tools": [add()]})), script).await;
        assert!(texts.contains("\"max_tokens\""), "{texts}");
        // Neither a whole input nor the pieces of one: what there is of it stays open.
        let pieces: String = texts
            .lines()
            .filter_map(|line| line.strip_prefix("data: "))
            .filter_map(|data| serde_json::from_str::<Value>(data).ok())
            .filter_map(|event| event["delta"]["partial_json"].as_str().map(str::to_owned))
            .collect();
        assert!(serde_json::from_str::<Value>(&pieces).is_err(), "a call that was cut off looks whole: {texts}");
        if !stream {
            let message: Value = serde_json::from_str(&texts).unwrap();
            let calls = message["content"].as_array().unwrap().iter().filter(|block| block["type"] == "tool_use");
            assert_eq!(calls.count(), 0, "{message}");
        }
    }
}
