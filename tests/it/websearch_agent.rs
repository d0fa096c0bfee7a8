//! The built-in agent `websearch` in the real binary: Claude's own search tool, served for an upstream that has none by a search
//! service of the test's.

use gateway_tests::upstream::openai;
use gateway_tests::{FakeUpstream, Script, Setup, TestGateway};
use serde_json::{Value, json};

/// The gateway, the model, and the search service.
struct Scene {
    gateway: TestGateway,
    model: FakeUpstream,
    service: FakeUpstream,
}

async fn scene(options: Value) -> Scene {
    let (model, service) = (FakeUpstream::start().await, FakeUpstream::start().await);
    service.otherwise(|_| {
        let hit = |url: &str, title: &str, content: &str| json!({"url": url, "title": title, "content": content});
        Script::json(
            200,
            &json!({"query": "q", "results": [
                hit("https://example.com/rust", "Rust 1.95", "Rust 1.95 came out in spring."),
                hit("https://other.example/x", "Other", "Something else."),
            ]}),
        )
    });
    let mut plugin = json!({
        "name": "websearch",
        "options": {"backend": "searxng", "url": format!("http://{}", service.address())},
        "grants": {"http": [format!("http://{}", service.address())], "private_network": true},
    });
    plugin["options"].as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
    let config = json!({
        "Providers": [{"name": "up", "api_base_url": model.base_url(), "api_key": "sk-secret", "models": ["m"]}],
        "Router": {"default": "up,m"},
        "plugins": [plugin],
    });
    let gateway = Setup::config(&config).start().await;
    Scene { gateway, model, service }
}

fn ask(stream: bool, tool: Value) -> Value {
    json!({
        "model": "claude-test", "max_tokens": 100, "stream": stream, "tools": [tool],
        "messages": [{"role": "user", "content": "When did Rust 1.95 come out?"}],
    })
}

fn tool() -> Value {
    json!({"type": "web_search_20250305", "name": "web_search", "max_uses": 2})
}

/// The model searches once and then says what it found, with the mark of the first result.
fn search_then_say(model: &FakeUpstream, stream: bool) {
    let query = json!({"query": "rust 1.95"});
    if stream {
        let chunks = openai::tool_call_chunks(0, "call_0", "web_search", &query);
        model.next(openai::stream(&chunks, "tool_calls"));
        model.next(openai::text_stream(&["It came out in spring [[1", "01]].", " That is all."]));
    } else {
        let message = json!({"role": "assistant", "content": null, "tool_calls": [openai::tool_call("call_0", "web_search", &query)]});
        model.next(Script::json(200, &openai::completion(message, "tool_calls")));
        model.next(openai::text("It came out in spring [[101]]. That is all."));
    }
}

#[tokio::test]
async fn a_search_is_made_shown_cited_and_counted() {
    for stream in [true, false] {
        let Scene { gateway, model, service } = scene(json!({})).await;
        search_then_say(&model, stream);
        let answer = gateway.messages(&ask(stream, tool())).await;
        assert_eq!(answer.header("x-ccr-agents"), "websearch");
        let message = if stream { answer.transcript().await.message() } else { answer.json().await };
        let blocks = message["content"].as_array().unwrap();
        let kinds: Vec<&str> = blocks.iter().map(|block| block["type"].as_str().unwrap()).collect();
        assert_eq!(kinds[..2], ["server_tool_use", "web_search_tool_result"], "{message}");
        assert_eq!(blocks[0]["input"], json!({"query": "rust 1.95"}));
        assert_eq!(blocks[1]["tool_use_id"], blocks[0]["id"]);
        assert_eq!(blocks[1]["content"][0]["url"], "https://example.com/rust");
        let text: String = blocks.iter().filter_map(|block| block["text"].as_str()).collect();
        assert_eq!(text, "It came out in spring. That is all.");
        let cited = blocks.iter().find(|block| block["citations"].as_array().is_some_and(|list| !list.is_empty()));
        let citation = &cited.unwrap_or_else(|| panic!("{message}"))["citations"][0];
        assert_eq!(
            (&citation["type"], &citation["url"]),
            (&json!("web_search_result_location"), &json!("https://example.com/rust"))
        );
        assert_eq!(message["usage"]["server_tool_use"]["web_search_requests"], 1, "{message}");
        assert_eq!(message["stop_reason"], "end_turn");

        assert_eq!(service.requests().len(), 1);
        let offered = model.requests()[0].json();
        assert_eq!(offered["tools"][0]["function"]["name"], "web_search");
        assert_eq!(offered["tools"].as_array().unwrap().len(), 1);
        let told = model.requests()[1].json()["messages"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(told["role"], "tool");
        assert!(told["content"].as_str().unwrap().contains("Rust 1.95 came out in spring."), "{told}");
    }
}

#[tokio::test]
async fn the_next_request_brings_the_search_back_to_the_model() {
    let Scene { gateway, model, .. } = scene(json!({})).await;
    search_then_say(&model, true);
    let first = gateway.messages(&ask(true, tool())).await.transcript().await.message();
    model.next(openai::text("Yes."));
    let mut next = ask(false, tool());
    let messages = next["messages"].as_array_mut().unwrap();
    messages.push(json!({"role": "assistant", "content": first["content"]}));
    messages.push(json!({"role": "user", "content": "Sure?"}));
    gateway.messages(&next).await.expect(200).await;
    let seen = model.requests().last().unwrap().json();
    let roles: Vec<&str> = seen["messages"].as_array().unwrap().iter().filter_map(|m| m["role"].as_str()).collect();
    assert_eq!(roles, ["system", "user", "assistant", "tool", "assistant", "user"], "{seen}");
}

#[tokio::test]
async fn domains_are_kept_to_and_a_service_that_is_down_is_told() {
    let Scene { gateway, model, service } = scene(json!({})).await;
    let mut limited = tool();
    limited["allowed_domains"] = json!(["example.com"]);
    search_then_say(&model, false);
    let message = gateway.messages(&ask(false, limited)).await.json().await;
    let results = message["content"][1]["content"].as_array().unwrap();
    assert_eq!(results.len(), 1, "{message}");

    service.next(Script::text(503, "text/plain", "down"));
    search_then_say(&model, false);
    let message = gateway.messages(&ask(false, tool())).await.json().await;
    assert_eq!(message["content"][1]["content"]["type"], "web_search_tool_result_error", "{message}");
    assert_eq!(message["stop_reason"], "end_turn");
}

#[tokio::test]
async fn a_host_that_was_not_granted_is_not_reached() {
    let (model, service) = (FakeUpstream::start().await, FakeUpstream::start().await);
    let config = json!({
        "Providers": [{"name": "up", "api_base_url": model.base_url(), "api_key": "sk-secret", "models": ["m"]}],
        "Router": {"default": "up,m"},
        "plugins": [{"name": "websearch", "options": {"backend": "searxng", "url": format!("http://{}", service.address())}}],
    });
    let gateway = Setup::config(&config).start().await;
    search_then_say(&model, false);
    let message = gateway.messages(&ask(false, tool())).await.json().await;
    assert_eq!(message["content"][1]["content"]["type"], "web_search_tool_result_error", "{message}");
    assert!(service.requests().is_empty());
    let told = model.requests()[1].json()["messages"].as_array().unwrap().last().unwrap()["content"].to_string();
    assert!(told.contains("the gateway's config does not allow it"), "{told}");
}
