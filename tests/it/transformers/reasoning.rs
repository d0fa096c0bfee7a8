//! Those for reasoning: how it is asked for, how it comes, and how it goes back.

use gateway_tests::Story;
use serde_json::{Value, json};

use super::{Bench, after_a_call, asking, thinking, to};

/// The assistant's message of [`after_a_call`], as it was sent.
fn replayed(sent: &Value) -> &Value {
    let messages = sent["messages"].as_array().unwrap();
    messages.iter().find(|message| message["role"] == "assistant").unwrap()
}

/// A thought and a text come as blocks of their own, whole and streamed.
async fn comes_as_thinking(bench: &Bench) {
    for stream in [false, true] {
        let story = Story::thinks("I add.", "").and_says(&["It is ", "3."]);
        let message = bench.tell(&asking(json!({"stream": stream, "thinking": thinking()})), &story).await.message;
        assert_eq!(message["content"][0]["thinking"], "I add.", "{message}");
        let signature = message["content"][0]["signature"].as_str();
        assert!(
            signature.is_some_and(|signature| !signature.is_empty()),
            "clients throw unsigned ones away: {message}"
        );
        assert_eq!(message["content"][1], json!({"type": "text", "text": "It is 3."}));
        assert_eq!(message["content"].as_array().unwrap().len(), 2, "{message}");
    }
}

#[tokio::test]
async fn deepseek() {
    let bench = Bench::new(json!({"use": ["deepseek"]})).await;
    comes_as_thinking(&bench).await;
    // What this gateway did not sign is still the model's own words, and DeepSeek wants some.
    let sent =
        bench.sent(&asking(json!({"messages": after_a_call(), "max_tokens": 8000, "thinking": thinking()}))).await;
    assert!(replayed(&sent)["reasoning_content"].is_string(), "{sent}");
    let sent = bench.sent(&asking(json!({"messages": after_a_call(), "thinking": {"type": "disabled"}}))).await;
    assert_eq!(replayed(&sent).get("reasoning_content"), None, "{sent}");
    assert_eq!(bench.sent(&asking(json!({"max_tokens": 100_000}))).await["max_tokens"], 8192);
}

/// What two aggregators have in common.
async fn aggregates(name: &str) {
    let options = json!({"provider": {"only": ["moonshotai/fp8"]}, "temperature": 0.5});
    let claude = "anthropic/claude-sonnet-4.5";
    let bench = Bench::new(json!({"use": [[name, options]]})).await;
    comes_as_thinking(&bench).await;
    let sent = bench.sent(&asking(json!({"temperature": 1, "max_tokens": 8000, "thinking": thinking()}))).await;
    assert_eq!(sent["provider"], options["provider"]);
    assert_eq!(sent["temperature"], 0.5);
    assert_eq!(sent["reasoning"]["max_tokens"], 2048);
    let block = json!({"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}});
    for (model, kept) in [(claude, true), ("m", false)] {
        let sent = bench.sent(&to(model, json!({"system": [block]}))).await;
        assert_eq!(sent.to_string().contains("cache_control"), kept, "{model}: {sent}");
        assert_eq!(sent["model"], model);
    }
}

#[tokio::test]
async fn openrouter() {
    aggregates("openrouter").await;
}

#[tokio::test]
async fn vercel() {
    aggregates("vercel").await;
}

#[tokio::test]
async fn cerebras() {
    let bench = Bench::new(json!({"use": ["cerebras"]})).await;
    let sent = bench.sent(&asking(json!({}))).await;
    assert_eq!(sent["disable_reasoning"], false);
    let sent = bench.sent(&asking(json!({"thinking": thinking()}))).await;
    assert_eq!((sent.get("disable_reasoning"), sent.get("reasoning")), (None, None));
    let sent = bench.sent(&to("zai-glm-4.7", json!({"thinking": {"type": "disabled"}}))).await;
    assert_eq!(sent["disable_reasoning"], true);
    comes_as_thinking(&bench).await;
}

#[tokio::test]
async fn reasoning() {
    let bench = Bench::new(json!({"use": ["reasoning"], "quiet": {"use": [["reasoning", {"enable": false}]]}})).await;
    let request = json!({"messages": after_a_call(), "max_tokens": 8000, "thinking": thinking()});
    let sent = bench.sent(&asking(request.clone())).await;
    assert_eq!((&sent["thinking"]["type"], &sent["enable_thinking"]), (&json!("enabled"), &json!(true)));
    assert_eq!(sent["thinking"]["budget_tokens"], 2048);
    let sent = bench.sent(&to("quiet", request)).await;
    assert_eq!((&sent["thinking"]["type"], &sent["enable_thinking"]), (&json!("disabled"), &json!(false)));
    assert_eq!(replayed(&sent).get("reasoning_content"), None, "{sent}");
    comes_as_thinking(&bench).await;
}

#[tokio::test]
async fn forcereasoning() {
    let bench = Bench::new(json!({"use": ["forcereasoning"]})).await;
    for stream in [false, true] {
        let pieces = ["<reasoning_", "content>I add.</reasoning", "_content>It is ", "3."];
        let exchange = bench.tell(&asking(json!({"stream": stream})), &Story::says(&pieces)).await;
        let asked = exchange.sent["messages"].as_array().unwrap().last().unwrap();
        assert!(asked["content"].to_string().contains("<reasoning_content>"), "{asked}");
        let content = &exchange.message["content"];
        assert_eq!(content[0]["thinking"].as_str().map(str::trim), Some("I add."), "{content}");
        assert_eq!(content[1]["text"].as_str().map(str::trim), Some("It is 3."), "{content}");
        let history = json!([
            {"role": "user", "content": "What is 1 + 2?"},
            {"role": "assistant", "content": content},
            {"role": "user", "content": "And 2 + 2?"},
        ]);
        let sent = bench.sent(&asking(json!({"messages": history}))).await;
        let earlier = replayed(&sent)["content"].to_string();
        assert!(earlier.contains("<reasoning_content>") && earlier.contains("I add."), "{earlier}");
    }
}
