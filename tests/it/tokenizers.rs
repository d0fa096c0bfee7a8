//! Tokenizers beyond `tiktoken`: a `tokenizer.json`, and a service that counts; and what a stream says of the input at its beginning.

use gateway_tests::gateway::{ccr, openai_config};
use gateway_tests::upstream::openai;
use gateway_tests::{FakeUpstream, Request, Script, Setup, TestGateway, upstream::anthropic};
use serde_json::{Value, json};

use crate::support::{ask, ask_stream, with};

const COUNT: &str = "/v1/messages/count_tokens";

/// Letters that are a token each, and `ab`, which is one: with bytes as GPT-2's tokenizer has them, one splitter, one merge.
fn tokenizer_json() -> String {
    let mut vocabulary: serde_json::Map<String, Value> =
        ('!'..='~').enumerate().map(|(id, letter)| (letter.to_string(), json!(id))).collect();
    vocabulary.insert("Ġ".into(), json!(200));
    vocabulary.insert("ab".into(), json!(201));
    let model = json!({"type": "BPE", "vocab": vocabulary, "merges": ["a b"]});
    let splitter = json!({"type": "ByteLevel", "add_prefix_space": false, "use_regex": true});
    json!({"version": "1.0", "added_tokens": [], "normalizer": null, "pre_tokenizer": splitter, "model": model})
        .to_string()
}

async fn count(gateway: &TestGateway, text: &str) -> u64 {
    let answer = gateway.client().send(&Request::post(COUNT, &ask(text))).await;
    assert_eq!(answer.status, 200);
    answer.json().await["input_tokens"].as_u64().unwrap()
}

/// The usual provider with a tokenizer.
fn config_with(base_url: &str, tokenizer: Value) -> Value {
    let mut config = openai_config(base_url);
    config["Providers"][0]["tokenizer"] = tokenizer;
    config
}

#[tokio::test]
async fn a_tokenizer_json_counts() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tokenizer.json"), tokenizer_json()).unwrap();
    let of_folder = json!({"type": "huggingface", "model": folder.path()});
    let gateway = Setup::config(&config_with("http://127.0.0.1:9", of_folder)).start().await;
    // Nine letters, two of which are pairs.
    assert_eq!(count(&gateway, "ab xxx ab").await, 7);
    assert_eq!(count(&gateway, &"ab ".repeat(50_000)).await, 100_000);
}

#[tokio::test]
async fn a_broken_tokenizer_json_is_told_and_done_without() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokenizer.json");
    std::fs::write(&file, r#"{"model": {"type": "Unigram", "vocab": []}}"#).unwrap();
    let config = config_with("http://127.0.0.1:9", json!({"type": "huggingface", "model": file}));
    let gateway = Setup::config(&config).start().await;
    assert_eq!(count(&gateway, "hello world").await, 2);
    let stopped = gateway.stop().await;
    assert!(stopped.log.contains("`Unigram`") && stopped.log.contains("cl100k_base"), "{}", stopped.log);
    let path = folder.path().join("config.json");
    std::fs::write(&path, config.to_string()).unwrap();
    let checked = ccr(folder.path()).arg("check").arg(&path).output().await.unwrap();
    let said = String::from_utf8_lossy(&[checked.stdout, checked.stderr].concat()).into_owned();
    assert!(said.contains("Providers[0].tokenizer") && said.contains("`Unigram`"), "{said}");
    assert!(said.contains(file.to_str().unwrap()) && checked.status.success(), "{said}");
}

/// A provider whose answers say nothing of this service, a service that counts, and a config that asks it.
async fn counted_by(service: &FakeUpstream) -> (FakeUpstream, Value) {
    let upstream = FakeUpstream::always(openai::text("hi")).await;
    let tokenizer = json!({"type": "api", "url": format!("{}/count", service.base_url()), "apiKey": "sk-counting-secret",
        "responseField": "data.total"});
    let mut config = config_with(&upstream.base_url(), tokenizer);
    let mut long = config["Providers"][0].clone();
    long["name"] = json!("long");
    config["Providers"].as_array_mut().unwrap().push(long);
    config["Router"]["longContext"] = json!("long,m");
    (upstream, config)
}

#[tokio::test]
async fn a_service_counts_for_router_and_client() {
    let service = FakeUpstream::always(Script::json(200, &json!({"data": {"total": 70_000}}))).await;
    let (_upstream, config) = counted_by(&service).await;
    let gateway = Setup::config(&config).start().await;
    // Too short to be long in any tokenizer.
    assert_eq!(gateway.messages(&ask("hi")).await.header("x-ccr-provider"), "up");
    assert!(service.requests().is_empty());
    let large = ask(&"word ".repeat(20_000));
    let answer = gateway.messages(&large).await.expect(200).await;
    assert_eq!((answer.header("x-ccr-provider"), answer.header("x-ccr-scenario")), ("long", "longContext"));
    // The count of the same request is known.
    let counted = gateway.client().send(&Request::post(COUNT, &large)).await;
    assert_eq!(counted.json().await, json!({"input_tokens": 70_000}));
    let asked = service.requests();
    assert_eq!(asked.len(), 1);
    assert_eq!(
        (asked[0].target.ends_with("/count"), asked[0].header("authorization")),
        (true, "Bearer sk-counting-secret")
    );
    assert_eq!((&asked[0].json()["model"], &asked[0].json()["messages"]), (&json!("m"), &large["messages"]));
    let stopped = gateway.stop().await;
    let route = stopped.records[1]["route"].to_string();
    assert!(route.contains("127.0.0.1 counts 70000 tokens"), "{route}");
    assert!(!stopped.log.contains("sk-counting") && !format!("{:?}", stopped.records).contains("sk-counting"));
}

#[tokio::test]
async fn a_service_that_fails_is_done_without_and_left_alone() {
    let service = FakeUpstream::always(Script::json(500, &json!({"error": "no"}))).await;
    let (_upstream, config) = counted_by(&service).await;
    let gateway = Setup::config(&config).start().await;
    let answer = gateway.messages(&ask(&"word ".repeat(20_000))).await.expect(200).await;
    assert_eq!(answer.header("x-ccr-provider"), "up");
    assert_eq!(count(&gateway, "hello world").await, 2);
    assert_eq!(service.requests().len(), 1);
    let stopped = gateway.stop().await;
    let route = stopped.records[0]["route"].to_string();
    assert!(route.contains("it answers 500") && route.contains("counted with cl100k_base"), "{route}");
    assert!(stopped.log.contains("WARN") && stopped.log.contains("it answers 500"), "{}", stopped.log);
}

/// What `message_start` and the end of a stream say of the input.
async fn inputs(gateway: &TestGateway, request: &Value) -> (u64, Option<u64>) {
    let transcript = gateway.messages(request).await.expect(200).await.transcript().await;
    let events = transcript.events.iter().map(|event| &event.data).collect::<Vec<_>>();
    let start = events.iter().find(|event| event["type"] == "message_start").unwrap();
    let end = events.iter().find(|event| event["type"] == "message_delta").unwrap();
    (start["message"]["usage"]["input_tokens"].as_u64().unwrap(), end["usage"]["input_tokens"].as_u64())
}

#[tokio::test]
async fn the_beginning_of_a_stream_tells_what_the_input_may_come_to() {
    let upstream = FakeUpstream::always(openai::text_stream(&["a", "b"])).await;
    let gateway = Setup::openai(&upstream).start().await;
    // Of 20, 7 were in a cache.
    let (whole, fresh) = (20, Some(13));
    // Four bytes a token.
    let long = ask_stream(&"abcdefg ".repeat(1_000));
    assert_eq!(inputs(&gateway, &long).await, (2_000, fresh));
    // A session is judged by what its last request came to.
    let session = |text: &str| with(ask_stream(text), "metadata", json!({"user_id": "user_x_account__session_s1"}));
    let near = "abcd".repeat(40);
    assert_eq!(inputs(&gateway, &session(&near)).await, (40, fresh));
    assert_eq!(inputs(&gateway, &session(&near)).await, (whole, fresh));
    // Whole answers wait for the provider's word.
    upstream.otherwise(|_| openai::text("hi"));
    let answer = gateway.messages(&ask("hi")).await.json().await;
    assert_eq!(answer["usage"]["input_tokens"].as_u64(), fresh);
}

#[tokio::test]
async fn what_the_provider_says_at_the_beginning_stays() {
    let upstream = FakeUpstream::always(anthropic::stream(&["a"])).await;
    let gateway = Setup::anthropic(&upstream).start().await;
    let told = anthropic::events(&["a"])[0]["message"]["usage"]["input_tokens"].as_u64().unwrap();
    assert_eq!(inputs(&gateway, &ask_stream(&"abcdefg ".repeat(100))).await.0, told);
}
