//! `tooluse`, which makes a model use its tools.

use gateway_tests::Story;
use serde_json::json;

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
