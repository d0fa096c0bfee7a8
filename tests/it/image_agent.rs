//! The built-in agent `image` in the real binary: a model that reads only text, and one that sees, each with an upstream of its own.

use gateway_tests::upstream::openai;
use gateway_tests::{FakeUpstream, Format, Request, Script, SeenRequest, Setup, TestGateway};
use serde_json::{Value, json};

use crate::support::with;

/// A red pixel.
const RED: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";

/// What only the model that sees can know.
const SEEN: &str = "one red pixel";

/// The gateway between a client and both models.
struct Scene {
    gateway: TestGateway,
    reads: FakeUpstream,
    sees: FakeUpstream,
}

/// The model that reads asks about image 1 as long as it has no result, and then repeats it.
fn reading(request: &SeenRequest) -> Script {
    let asked = Format::Chat.read(request);
    let streaming = asked.streaming;
    match asked.results.last() {
        None if streaming => {
            let mut chunks = vec![openai::text_chunk("Let me look. ")];
            let input = json!({"imageId": ["1"], "task": "What does it show?"});
            chunks.extend(openai::tool_call_chunks(0, "call_0", "analyzeImage", &input));
            openai::stream(&chunks, "tool_calls")
        }
        None => {
            let input = json!({"imageId": ["1"], "task": "What does it show?"});
            let call = openai::tool_call("call_0", "analyzeImage", &input);
            let message = json!({"role": "assistant", "content": "Let me look. ", "tool_calls": [call]});
            Script::json(200, &openai::completion(message, "tool_calls"))
        }
        Some((_, result)) if streaming => openai::text_stream(&["It shows ", result]),
        Some((_, result)) => openai::text(&format!("It shows {result}")),
    }
}

async fn scene(more: &Value) -> Scene {
    let (reads, sees) = (FakeUpstream::start().await, FakeUpstream::start().await);
    reads.otherwise(reading);
    sees.otherwise(|_| openai::text(SEEN));
    let provider = |name: &str, upstream: &FakeUpstream| json!({"name": name, "api_base_url": upstream.base_url(), "api_key": "sk-secret", "models": ["m"]});
    let mut config = json!({
        "Providers": [provider("reads", &reads), provider("sees", &sees)],
        "Router": {"default": "reads,m", "image": "sees,m"},
    });
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let gateway = Setup::config(&config).start().await;
    Scene { gateway, reads, sees }
}

fn image() -> Value {
    json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": RED}})
}

/// A conversation whose image stands before its last message.
fn earlier_image(stream: bool) -> Value {
    json!({
        "model": "claude-test", "max_tokens": 100, "stream": stream,
        "messages": [
            {"role": "user", "content": [image(), {"type": "text", "text": "here"}]},
            {"role": "assistant", "content": "Thanks."},
            {"role": "user", "content": "What does it show?"},
        ],
    })
}

#[tokio::test]
async fn an_earlier_image_is_looked_at_through_the_tool_streamed_and_whole() {
    for stream in [true, false] {
        let Scene { gateway, reads, sees } = scene(&json!({})).await;
        let answer = gateway.messages(&earlier_image(stream)).await;
        assert_eq!(answer.header("x-ccr-agents"), "image");
        assert_eq!(answer.header("x-ccr-provider"), "reads");
        let message = if stream { answer.transcript().await.message() } else { answer.json().await };
        let text: String = message["content"].as_array().unwrap().iter().map(|b| b["text"].as_str().unwrap()).collect();
        assert_eq!(text, format!("Let me look. It shows {SEEN}"));
        assert_eq!(message["stop_reason"], "end_turn");

        let asked = reads.requests();
        assert_eq!(asked.len(), 2);
        for request in &asked {
            let body = String::from_utf8_lossy(&request.body).into_owned();
            assert!(!body.contains(RED) && body.contains("[Image #1]"), "{body}");
        }
        let looked = sees.requests();
        assert_eq!(looked.len(), 1);
        let looked = Format::Chat.read(&looked[0]);
        assert_eq!(looked.images, [("image/png".to_owned(), RED.to_owned())]);
        assert!(looked.texts.iter().any(|text| text.contains("What does it show?")), "{looked:?}");

        let stopped = gateway.stop().await;
        let records = stopped.messages();
        let (inner, outer): (Vec<&Value>, Vec<&Value>) =
            records.into_iter().partition(|record| record["parent"].is_string());
        assert_eq!((inner.len(), outer.len()), (1, 1));
        assert_eq!(inner[0]["parent"], outer[0]["id"]);
        assert_eq!(inner[0]["provider"], "sees");
        assert_eq!(outer[0]["turns"], 2);
        assert_eq!(outer[0]["agent_calls"][0]["tool"], "analyzeImage");
        assert_eq!(outer[0]["agent_calls"][0]["error"], Value::Null);
    }
}

#[tokio::test]
async fn a_new_image_goes_to_the_model_that_sees_unless_the_agent_is_forced() {
    let new = json!({
        "model": "claude-test", "max_tokens": 100,
        "messages": [{"role": "user", "content": [image(), {"type": "text", "text": "what?"}]}],
    });
    let Scene { gateway, reads, sees } = scene(&json!({})).await;
    let answer = gateway.messages(&new).await.expect(200).await;
    assert_eq!((answer.header("x-ccr-provider"), answer.header("x-ccr-scenario")), ("sees", "image"));
    assert!(reads.requests().is_empty() && sees.requests().len() == 1);

    let Scene { gateway, reads, sees } = scene(&json!({"forceUseImageAgent": true})).await;
    let answer = gateway.messages(&new).await;
    assert_eq!((answer.header("x-ccr-provider"), answer.header("x-ccr-agents")), ("reads", "image"));
    assert_eq!((reads.requests().len(), sees.requests().len()), (2, 1));
}

#[tokio::test]
async fn a_call_that_cannot_be_answered_is_told_to_the_model() {
    let Scene { gateway, reads, sees } = scene(&json!({"forceUseImageAgent": true})).await;
    let inputs = [
        "{\"imageId\": [\"7\"], \"task\": \"look\"}",
        "{\"imageId\": [\"1\"",
        "[]",
        "{\"imageId\":[\"1\"],\"task\":\"\"}",
    ];
    for input in inputs {
        let call =
            json!({"id": "call_1", "type": "function", "function": {"name": "analyzeImage", "arguments": input}});
        let message = json!({"role": "assistant", "content": null, "tool_calls": [call]});
        reads.next(Script::json(200, &openai::completion(message, "tool_calls")));
        reads.next(openai::text("I could not look."));
        let message = gateway.messages(&with(earlier_image(false), "model", json!("x"))).await.json().await;
        assert_eq!(message["content"][0]["text"], "I could not look.", "{input}");
        let told = Format::Chat.read(reads.requests().last().unwrap());
        let (_, result) = told.results.last().unwrap_or_else(|| panic!("{input}: {told:?}"));
        assert!(result.len() > 20, "{input}: {result}");
    }
    assert!(sees.requests().is_empty());
}

#[tokio::test]
async fn the_model_that_sees_is_down_and_the_model_that_reads_is_told() {
    let Scene { gateway, reads, sees } = scene(&json!({})).await;
    sees.next(openai::error(400, "no eyes today", "invalid_request_error"));
    let message = gateway.messages(&earlier_image(true)).await.transcript().await.message();
    let told = Format::Chat.read(reads.requests().last().unwrap());
    assert!(told.results[0].1.contains("no eyes today"), "{told:?}");
    assert_eq!(message["stop_reason"], "end_turn");
}

#[tokio::test]
async fn clients_of_openais_format_have_it_too() {
    let Scene { gateway, reads: _reads, sees: _sees } = scene(&json!({"forceUseImageAgent": true})).await;
    let body = json!({
        "model": "gpt-test",
        "messages": [{"role": "user", "content": [
            {"type": "text", "text": "what?"},
            {"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{RED}")}},
        ]}],
    });
    let answer =
        gateway.client().send(&Request::post("/v1/chat/completions", &body)).await.expect(200).await.json().await;
    let message = &answer["choices"][0]["message"];
    assert_eq!(message["content"], format!("Let me look. It shows {SEEN}"));
    assert_eq!(message.get("tool_calls"), None);
}
