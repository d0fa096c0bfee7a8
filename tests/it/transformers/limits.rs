//! Those that change parameters and leave marks out.

use serde_json::json;

use super::{Bench, add, asking};

#[tokio::test]
async fn maxtoken() {
    let bench = Bench::new(json!({"use": [["maxtoken", {"max_tokens": 50}]]})).await;
    assert_eq!(bench.sent(&asking(json!({}))).await["max_tokens"], 50);
    assert_eq!(bench.sent(&asking(json!({"max_tokens": 20}))).await["max_tokens"], 20);
}

#[tokio::test]
async fn maxcompletiontokens() {
    let bench = Bench::new(json!({"use": ["maxcompletiontokens"]})).await;
    let sent = bench.sent(&asking(json!({}))).await;
    assert_eq!((&sent["max_completion_tokens"], sent.get("max_tokens")), (&json!(100), None));
}

#[tokio::test]
async fn sampling() {
    let options = json!({"max_tokens": 60, "temperature": 0.25, "top_p": 0.5, "top_k": 3, "repetition_penalty": 1.5});
    let bench = Bench::new(json!({"use": [["sampling", options]]})).await;
    let sent = bench.sent(&asking(json!({"temperature": 1}))).await;
    for (name, value) in options.as_object().unwrap() {
        assert_eq!(&sent[name], value, "{name}");
    }
}

#[tokio::test]
async fn customparams() {
    let options = json!({"seed": 7, "temperature": 0.1, "chat_template_kwargs": {"enable_thinking": false}});
    let bench = Bench::new(json!({"use": [["customparams", options]]})).await;
    let sent = bench.sent(&asking(json!({"temperature": 1}))).await;
    assert_eq!(sent["seed"], 7);
    assert_eq!(sent["temperature"], 1, "what the request has stays");
    assert_eq!(sent["chat_template_kwargs"], json!({"enable_thinking": false}));
}

#[tokio::test]
async fn streamoptions() {
    // Without it, because the protocol asks for the counts itself unless it is told not to.
    let silent = json!(["openai", {"include_usage": false}]);
    let bench = Bench::new(json!({"use": [silent], "loud": {"use": ["streamoptions"]}})).await;
    let streaming = json!({"stream": true});
    assert_eq!(bench.sent(&asking(streaming.clone())).await.get("stream_options"), None);
    let sent = bench.sent(&super::to("loud", streaming)).await;
    assert_eq!(sent["stream_options"], json!({"include_usage": true}));
    assert_eq!(bench.sent(&super::to("loud", json!({}))).await.get("stream_options"), None);
}

#[tokio::test]
async fn groq() {
    let bench = Bench::new(json!({"use": ["groq"]})).await;
    let mut tool = add();
    tool["cache_control"] = json!({"type": "ephemeral"});
    tool["input_schema"]["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    tool["input_schema"]["properties"]["$schema"] = json!({"type": "string"});
    let sent = bench.sent(&asking(json!({"tools": [tool]}))).await;
    let schema = &sent["tools"][0]["function"]["parameters"];
    assert_eq!(schema.get("$schema"), None);
    assert_eq!(schema["properties"]["$schema"], json!({"type": "string"}), "a property that is only called so stays");
    assert!(!sent.to_string().contains("cache_control"), "{sent}");
}

#[tokio::test]
async fn cleancache() {
    let bench = Bench::new(json!({"use": ["Anthropic", "cleancache"]})).await;
    let mark = json!({"type": "ephemeral"});
    let block = json!({"type": "text", "text": "hi", "cache_control": mark});
    let request = asking(json!({"system": [block], "messages": [{"role": "user", "content": [block]}]}));
    let script = gateway_tests::Script::json(200, &gateway_tests::upstream::anthropic::message("ok"));
    let exchange = bench.play(&request, script).await;
    let clean = json!({"type": "text", "text": "hi"});
    assert_eq!(exchange.sent["system"], json!([clean]));
    assert_eq!(exchange.sent["messages"][0]["content"], json!([clean]));
    assert_eq!(exchange.dropped, "cache_control");
}
