//! Clients of every format get one answer of their own kind, with nothing of the agents in it.

use gateway_tests::{Format, Request, Story};
use serde_json::{Value, json};

use super::{FORMATS, HEARD, Stage, echo, pair, with_tools};

/// A client's format: where it asks, whole and streamed, what with, and how its answers are read.
struct Kind {
    name: &'static str,
    paths: [&'static str; 2],
    body: fn(stream: bool) -> Value,
    /// The text of a whole answer.
    whole: fn(&Value) -> String,
    /// The text in an event of a stream.
    event: fn(&Value) -> Option<&str>,
    /// Input (all of it) and output tokens, where they stand in an answer, or in an event of a stream.
    usage: fn(&Value) -> Option<(u64, u64)>,
    /// The name of a called tool, in an answer or in an event.
    called: &'static str,
}

fn kinds() -> [Kind; 3] {
    [chat(), responses(), gemini()]
}

fn counts(usage: &Value, names: [&str; 2]) -> Option<(u64, u64)> {
    Some((usage[names[0]].as_u64()?, usage[names[1]].as_u64()?))
}

fn chat() -> Kind {
    Kind {
        name: "openai",
        paths: ["/v1/chat/completions"; 2],
        body: |stream| {
            json!({
                "model": "gpt", "stream": stream, "stream_options": stream.then(|| json!({"include_usage": true})),
                "messages": [{"role": "user", "content": "go"}],
                "tools": [{"type": "function", "function": {"name": "Read", "parameters": {"type": "object"}}}],
            })
        },
        whole: |answer| answer["choices"][0]["message"]["content"].as_str().unwrap_or_default().to_owned(),
        event: |event| event["choices"][0]["delta"]["content"].as_str(),
        usage: |answer| counts(&answer["usage"], ["prompt_tokens", "completion_tokens"]),
        called: "\"name\":\"Read\"",
    }
}

fn responses() -> Kind {
    Kind {
        name: "openai-responses",
        paths: ["/v1/responses"; 2],
        body: |stream| {
            json!({
                "model": "gpt", "stream": stream, "input": "go",
                "tools": [{"type": "function", "name": "Read", "parameters": {"type": "object"}}],
            })
        },
        whole: |answer| {
            let items = answer["output"].as_array().into_iter().flatten();
            let parts = items.flat_map(|item| item["content"].as_array().into_iter().flatten());
            parts.filter_map(|part| part["text"].as_str()).collect()
        },
        event: |event| event["delta"].as_str().filter(|_| event["type"] == "response.output_text.delta"),
        usage: |answer| {
            let usage =
                if answer["response"]["usage"].is_object() { &answer["response"]["usage"] } else { &answer["usage"] };
            counts(usage, ["input_tokens", "output_tokens"])
        },
        called: "\"name\":\"Read\"",
    }
}

fn gemini() -> Kind {
    fn text(answer: &Value) -> Option<&str> {
        answer["candidates"][0]["content"]["parts"][0]["text"].as_str()
    }
    Kind {
        name: "gemini",
        paths: ["/v1beta/models/gem:generateContent", "/v1beta/models/gem:streamGenerateContent?alt=sse"],
        body: |_| {
            json!({
                "contents": [{"role": "user", "parts": [{"text": "go"}]}],
                "tools": [{"functionDeclarations": [{"name": "Read", "parameters": {"type": "OBJECT"}}]}],
            })
        },
        whole: |answer| {
            let parts = answer["candidates"][0]["content"]["parts"].as_array().into_iter().flatten();
            parts.filter_map(|part| part["text"].as_str()).collect()
        },
        event: text,
        usage: |answer| counts(&answer["usageMetadata"], ["promptTokenCount", "candidatesTokenCount"]),
        called: "\"name\":\"Read\"",
    }
}

/// The JSON of all events of a stream.
fn events(body: &str) -> Vec<Value> {
    let data = body.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim);
    data.filter(|data| *data != "[DONE]").map(|data| serde_json::from_str(data).unwrap()).collect()
}

/// Asks in a client's format; the text of the answer, the tokens, and its bytes.
async fn ask(stage: &Stage, kind: &Kind, stream: bool) -> (String, (u64, u64), String) {
    let request = Request::post(kind.paths[usize::from(stream)], &(kind.body)(stream));
    let body = stage.gateway.client().send(&request).await.expect(200).await.text().await;
    let answers = if stream { events(&body) } else { vec![serde_json::from_str(&body).unwrap()] };
    let text = match stream {
        true => answers.iter().filter_map(|event| (kind.event)(event)).collect(),
        false => (kind.whole)(&answers[0]),
    };
    let usage = answers.iter().rev().find_map(|answer| (kind.usage)(answer));
    (text, usage.unwrap_or_else(|| panic!("no usage: {body}")), body)
}

#[tokio::test]
async fn two_turns_are_one_answer() {
    for format in FORMATS {
        let stage = Stage::new(format, with_tools(&["echo"])).await;
        for kind in kinds() {
            for stream in [false, true] {
                let first = Story::says(&["I ", "ask. "]).and_calls("call-A1", "echo", json!({"x": 1}));
                stage.play([first, Story::says(&["It ", "heard."])]);
                let before = stage.upstream.requests().len();
                let (text, usage, body) = ask(&stage, &kind, stream).await;
                let name = kind.name;
                assert_eq!(text, "I ask. It heard.", "{name}: {body}");
                assert_eq!(usage, (40, 10), "{name}: {body}");
                for hidden in ["echo", "call-A1", "tool_use"] {
                    assert!(!body.contains(hidden), "{name}: {hidden} in {body}");
                }
                let seen = stage.upstream.requests().split_off(before);
                assert_eq!(format.read(&seen[0]).tools, ["Read", "echo"], "{name}");
                assert_eq!(format.read(&seen[1]).results, [pair("call-A1", HEARD)], "{name}");
            }
        }
    }
}

#[tokio::test]
async fn of_a_mixed_turn_they_see_their_own_call() {
    for format in FORMATS {
        let stage = Stage::new(format, with_tools(&["echo"])).await;
        for kind in kinds() {
            for stream in [false, true] {
                let mixed = echo("call-A1").and_calls("call-C1", "Read", json!({"file": "a"}));
                stage.play([mixed]);
                let (_, usage, body) = ask(&stage, &kind, stream).await;
                let name = kind.name;
                let body: String = body.split_ascii_whitespace().collect();
                assert!(body.contains(kind.called), "{name}: {body}");
                assert!(!body.contains("echo") && !body.contains("call-A1"), "{name}: {body}");
                assert_eq!(usage, (20, 5), "{name}: {body}");
            }
        }
    }
}

#[tokio::test]
async fn a_clients_next_request_has_the_hidden_turn_again() {
    for format in FORMATS {
        let stage = Stage::new(format, with_tools(&["echo"])).await;
        for stream in [false, true] {
            stage.play([echo("call-A1"), Story::says(&["Done."])]);
            ask(&stage, &chat(), stream).await;
            let mut next = (chat().body)(stream);
            next["messages"] = json!([
                {"role": "user", "content": "go"},
                {"role": "assistant", "content": "Done."},
                {"role": "user", "content": "and now?"},
            ]);
            stage.play([Story::says(&["Nothing."])]);
            let before = stage.upstream.requests().len();
            stage
                .gateway
                .client()
                .send(&Request::post("/v1/chat/completions", &next))
                .await
                .expect(200)
                .await
                .text()
                .await;
            let seen = stage.upstream.requests().split_off(before);
            assert_eq!(format.read(&seen[0]).results, [pair("call-A1", HEARD)]);
        }
    }
}
#[tokio::test]
async fn a_failure_in_the_second_turn_is_told_in_their_words() {
    let stage = Stage::new(Format::Messages, with_tools(&["echo"])).await;
    for kind in kinds() {
        let first = Story::says(&["I ask."]).and_calls("call-A1", "echo", json!({"x": 1}));
        stage.play([first, Story::refuses(400, "not so")]);
        let request = Request::post(kind.paths[1], &(kind.body)(true));
        let body = stage.gateway.client().send(&request).await.expect(200).await.text().await;
        assert!(body.contains("I ask.") && body.contains("not so"), "{}: {body}", kind.name);
        assert!(!body.contains("[DONE]") && !body.contains("response.completed"), "{}: {body}", kind.name);
    }
}
