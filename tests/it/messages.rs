//! `POST /v1/messages` through the `openai` component: requests there, answers back, streamed and whole.

use gateway_tests::upstream::openai;
use gateway_tests::{FakeUpstream, Script, Setup, artifacts};
use serde_json::{Value, json};

use crate::support::{ask, ask_stream, text_of, with};

/// What every answer here reports, in Anthropic's convention: cached tokens are not input tokens.
fn usage() -> Value {
    json!({"input_tokens": 13, "output_tokens": 5, "cache_read_input_tokens": 7})
}

/// The usage that was reported, without counts that are nothing.
fn reported(message: &Value) -> Value {
    let counts = message["usage"].as_object().unwrap().iter();
    let counts = counts.filter(|(_, count)| !count.is_null() && **count != json!(0));
    counts.map(|(name, count)| (name.clone(), count.clone())).collect::<serde_json::Map<_, _>>().into()
}

/// A conversation with something of everything.
fn rich_request() -> Value {
    json!({
        "model": "claude-test",
        "max_tokens": 100,
        "temperature": 0,
        "stop_sequences": ["END"],
        "system": [
            {"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}},
            {"type": "text", "text": "Be kind."},
        ],
        "tools": [{
            "name": "Read",
            "description": "Reads a file.",
            "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
        }],
        "tool_choice": {"type": "any"},
        "metadata": {"user_id": "user_x_account__session_s1"},
        "messages": [
            {"role": "user", "content": [
                {"type": "text", "text": "What is in it?"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}},
            ]},
            {"role": "assistant", "content": [
                {"type": "text", "text": "I look."},
                {"type": "tool_use", "id": "toolu_1", "name": "Read", "input": {"path": "a.txt"}},
            ]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": "hello"}]},
                {"type": "text", "text": "And now?"},
            ]},
        ],
    })
}

#[tokio::test]
async fn a_rich_request_becomes_openais_with_nothing_lost() {
    let upstream = FakeUpstream::always(openai::text("fine")).await;
    let gateway = Setup::openai(&upstream).start().await;
    let answer = gateway.messages(&rich_request()).await;
    assert_eq!(answer.status, 200);
    let seen = upstream.request().await;
    assert_eq!((seen.method.as_str(), seen.target.as_str()), ("POST", "/v1/chat/completions"));
    assert_eq!(seen.header("authorization"), "Bearer sk-upstream-secret");
    assert_eq!(seen.header("content-type"), "application/json");
    let body = seen.json();
    assert_eq!(body["model"], "m");
    assert_eq!(body["max_tokens"], 100);
    assert_eq!(body["temperature"], 0);
    assert_eq!(body["stop"], json!(["END"]));
    assert_eq!(body["tool_choice"], "required");
    assert_ne!(body["stream"], true);
    assert_eq!(
        body["tools"],
        json!([{"type": "function", "function": {
            "name": "Read",
            "description": "Reads a file.",
            "parameters": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
        }}])
    );
    let messages = body["messages"].as_array().unwrap();
    let roles: Vec<_> = messages.iter().map(|message| &message["role"]).collect();
    assert_eq!(roles, ["system", "user", "assistant", "tool", "user"]);
    let system = messages[0]["content"].to_string();
    assert!(system.contains("Be brief.") && system.contains("Be kind."), "{system}");
    let image = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}});
    assert!(messages[1]["content"].as_array().unwrap().contains(&image), "{body}");
    let call = &messages[2]["tool_calls"][0];
    assert_eq!((&call["id"], &call["type"]), (&json!("toolu_1"), &json!("function")));
    let arguments: Value = serde_json::from_str(call["function"]["arguments"].as_str().unwrap()).unwrap();
    assert_eq!(arguments, json!({"path": "a.txt"}));
    assert_eq!(messages[3]["tool_call_id"], "toolu_1");
    assert_eq!(messages[3]["content"], "hello");
    assert!(!body.to_string().contains("cache_control"), "{body}");
}

#[tokio::test]
async fn a_whole_answer_is_anthropics_message() {
    let upstream = FakeUpstream::always(openai::text("Hello, wörld.")).await;
    let gateway = Setup::openai(&upstream).start().await;
    let answer = gateway.messages(&ask("hi")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "application/json");
    let message = answer.json().await;
    assert!(message["id"].as_str().unwrap().starts_with("msg_"), "{message}");
    assert_eq!(message["type"], "message");
    assert_eq!(message["role"], "assistant");
    assert_eq!(message["model"], "claude-test");
    assert_eq!(text_of(&message), "Hello, wörld.");
    assert_eq!(message["stop_reason"], "end_turn");
    assert_eq!(message["stop_sequence"], Value::Null);
    assert_eq!(reported(&message), usage());

    let stopped = gateway.stop().await;
    let record = stopped.record();
    assert_eq!(record["outcome"], "completed");
    assert_eq!(record["status"], 200);
    assert_eq!(record["requested_model"], "claude-test");
    assert_eq!((&record["provider"], &record["model"]), (&json!("up"), &json!("m")));
    assert_eq!(record["usage"]["input_tokens"], 13);
    assert_eq!(record["stream"], false);
    assert_eq!(record["attempts"].as_array().map(Vec::len), Some(1));
    assert!(record["plugin_ms"].as_f64().unwrap() > 0.0);
    assert!(record["bytes_in"].as_u64().unwrap() > 0);
    assert!(record["bytes_out"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn a_streamed_answer_is_a_legal_one_and_adds_up_to_the_same_message() {
    let upstream = FakeUpstream::always(openai::text_stream(&["Hel", "lo, ", "wörld."])).await;
    let gateway = Setup::openai(&upstream).start().await;
    let answer = gateway.messages(&ask_stream("hi")).await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-type").starts_with("text/event-stream"));
    assert_eq!(answer.header("cache-control"), "no-cache");
    assert_eq!(answer.headers.get("content-encoding"), None);
    let message = answer.transcript().await.message();
    assert_eq!(text_of(&message), "Hello, wörld.");
    assert_eq!(message["model"], "claude-test");
    assert_eq!(message["stop_reason"], "end_turn");
    assert_eq!(reported(&message), usage());
    let body = upstream.request().await.json();
    assert_eq!(body["stream"], true);
    assert_eq!(body["stream_options"], json!({"include_usage": true}));

    let stopped = gateway.stop().await;
    let record = stopped.record();
    assert_eq!(record["outcome"], "completed");
    assert_eq!(record["stream"], true);
    assert_eq!(record["usage"]["output_tokens"], 5);
    assert!(record["ms"]["first_event"].as_f64().is_some(), "{record}");
}

#[tokio::test]
async fn pieces_reach_the_client_as_they_come() {
    let upstream = FakeUpstream::start().await;
    let gate = gateway_tests::Gate::new();
    let script = Script::stream().data(&openai::text_chunk("first")).wait(&gate);
    upstream.next(openai::ending(script.data(&openai::text_chunk(" second")), "stop"));
    let gateway = Setup::openai(&upstream).start().await;
    let mut answer = gateway.messages(&ask_stream("hi")).await;
    let mut seen = Vec::new();
    loop {
        // The gate is still closed: this comes while the upstream is in the middle of its answer.
        let event = answer.event().await.unwrap();
        let is_text = event.data["delta"]["text"] == "first";
        seen.push(event);
        if is_text {
            break;
        }
    }
    gate.open();
    let rest = answer.transcript().await;
    seen.extend(rest.events);
    let whole = gateway_tests::Transcript::of(seen, rest.cut);
    assert_eq!(text_of(&whole.message()), "first second");
}

#[tokio::test]
async fn bytes_that_come_one_by_one_make_the_same_answer() {
    let chunks = [openai::text_chunk("日本語 🦀"), openai::text_chunk("\u{1F600}é\n\"quoted\"")];
    let mut bytes = String::from(": OPENROUTER PROCESSING\n\n");
    for chunk in chunks.iter().chain(&[openai::finish_chunk("stop"), openai::usage_chunk()]) {
        bytes += &format!("data:{chunk}\n\n");
    }
    bytes += "data: [DONE]\n\n";
    let script = bytes.as_bytes().iter().fold(Script::stream(), |script, byte| script.chunk([*byte]));
    let upstream = FakeUpstream::always(script.end()).await;
    let gateway = Setup::openai(&upstream).start().await;
    let transcript = gateway.messages(&ask_stream("hi")).await.transcript().await;
    assert_eq!(text_of(&transcript.message()), "日本語 🦀\u{1F600}é\n\"quoted\"");
}

fn parallel_calls() -> [(&'static str, &'static str, Value); 2] {
    [
        ("call_0123456789a", "Read", json!({"path": "ä \"quoted\".txt"})),
        ("call_0123456789b", "Bash", json!({"command": "ls\n", "list": [1, 2, {"deep": null}]})),
    ]
}

fn expected_calls() -> Vec<Value> {
    let block =
        |(id, name, input): (&str, &str, Value)| json!({"type": "tool_use", "id": id, "name": name, "input": input});
    parallel_calls().map(block).to_vec()
}

#[tokio::test]
async fn parallel_tool_calls_come_whole_when_streamed() {
    let mut chunks = vec![openai::text_chunk("Two things.")];
    for (index, (id, name, input)) in (0..).zip(&parallel_calls()) {
        chunks.extend(openai::tool_call_chunks(index, id, name, input));
    }
    let upstream = FakeUpstream::always(openai::stream(&chunks, "tool_calls")).await;
    let gateway = Setup::openai(&upstream).start().await;
    let message = gateway.messages(&ask_stream("hi")).await;
    let message = message.transcript().await.message();
    let content = message["content"].as_array().unwrap();
    assert_eq!(content[0]["text"], "Two things.");
    assert_eq!(content[1..], expected_calls());
    assert_eq!(message["stop_reason"], "tool_use");
}

#[tokio::test]
async fn parallel_tool_calls_come_whole_in_one_piece() {
    let calls = parallel_calls().map(|(id, name, input)| openai::tool_call(id, name, &input));
    let reply = json!({"role": "assistant", "content": null, "tool_calls": calls});
    // Some servers say `stop` although there are calls.
    let upstream = FakeUpstream::always(Script::json(200, &openai::completion(reply, "stop"))).await;
    let gateway = Setup::openai(&upstream).start().await;
    let message = gateway.messages(&ask("hi")).await.json().await;
    assert_eq!(message["content"], json!(expected_calls()));
    assert_eq!(message["stop_reason"], "tool_use");
}

#[tokio::test]
async fn reasoning_becomes_thinking_before_the_text() {
    let chunks = [
        openai::chunk(json!({"reasoning_content": "Let me "})),
        openai::chunk(json!({"reasoning_content": "see."})),
        openai::text_chunk("Yes."),
    ];
    let upstream = FakeUpstream::start().await;
    upstream.next(openai::stream(&chunks, "stop"));
    let reply = json!({"role": "assistant", "reasoning_content": "Let me see.", "content": "Yes."});
    upstream.next(Script::json(200, &openai::completion(reply, "stop")));
    let gateway = Setup::openai(&upstream).start().await;
    let thinking = json!({"type": "enabled", "budget_tokens": 1024});
    let streamed = gateway.messages(&with(ask_stream("hi"), "thinking", thinking.clone())).await;
    let streamed = streamed.transcript().await.message();
    let whole = gateway.messages(&with(ask("hi"), "thinking", thinking)).await.json().await;
    for message in [streamed, whole] {
        let content = message["content"].as_array().unwrap();
        assert_eq!(content.len(), 2, "{message}");
        assert_eq!(content[0]["type"], "thinking");
        assert_eq!(content[0]["thinking"], "Let me see.");
        assert_eq!(content[1]["text"], "Yes.");
    }
}

#[tokio::test]
async fn a_compressed_answer_is_read_and_its_coding_not_passed_on() {
    let reply = openai::completion(json!({"role": "assistant", "content": "small"}), "stop");
    let upstream = FakeUpstream::always(Script::gzip_json(200, &reply)).await;
    let gateway = Setup::openai(&upstream).start().await;
    let answer = gateway.messages(&ask("hi")).await;
    assert_eq!(answer.headers.get("content-encoding"), None);
    assert_eq!(text_of(&answer.json().await), "small");
}

#[tokio::test]
async fn a_stream_without_a_content_type_is_read_as_one() {
    let mut script = Script::new().head(200, &[("transfer-encoding", "chunked")]);
    script = script.data(&openai::text_chunk("plain"));
    let upstream = FakeUpstream::always(openai::ending(script, "stop")).await;
    let gateway = Setup::openai(&upstream).start().await;
    let transcript = gateway.messages(&ask_stream("hi")).await.transcript().await;
    assert_eq!(text_of(&transcript.message()), "plain");
}

#[tokio::test]
async fn a_stream_ends_with_its_finish_reason_even_without_done() {
    let chunks = [openai::text_chunk("all"), openai::finish_chunk("stop")];
    let in_chunks = chunks.iter().fold(Script::stream(), Script::data).end();
    let mut to_close = Script::new().head(200, &[("content-type", "text/event-stream")]);
    for chunk in &chunks {
        to_close = to_close.bytes(format!("data: {chunk}\n\n"));
    }
    for script in [in_chunks, to_close.close()] {
        let upstream = FakeUpstream::always(script).await;
        let gateway = Setup::openai(&upstream).start().await;
        let transcript = gateway.messages(&ask_stream("hi")).await.transcript().await;
        assert_eq!(text_of(&transcript.message()), "all");
    }
}

#[tokio::test]
async fn a_whole_answer_to_a_streaming_request_is_streamed() {
    let upstream = FakeUpstream::always(openai::text("whole")).await;
    let gateway = Setup::openai(&upstream).start().await;
    let answer = gateway.messages(&ask_stream("hi")).await;
    assert!(answer.header("content-type").starts_with("text/event-stream"));
    assert_eq!(text_of(&answer.transcript().await.message()), "whole");
}

#[tokio::test]
async fn a_request_of_claude_code_keeps_all_its_tools() {
    let upstream = FakeUpstream::always(openai::text_stream(&["ok"])).await;
    let gateway = Setup::openai(&upstream).start().await;
    let body = std::fs::read(artifacts::fixture("claude-code-request.json")).unwrap();
    let asked: Value = serde_json::from_slice(&body).unwrap();
    let request = gateway_tests::Request::new("POST", "/v1/messages?beta=true").body(body);
    let answer = gateway.client().send(&request).await;
    assert_eq!(answer.status, 200);
    answer.transcript().await.message();

    let sent = upstream.request().await.json();
    let tools = |request: &Value, pointer: &str| -> Vec<Value> {
        let tools = request["tools"].as_array().unwrap().iter();
        tools.map(|tool| tool.pointer(pointer).unwrap().clone()).collect()
    };
    assert_eq!(tools(&sent, "/function/name"), tools(&asked, "/name"));
    assert_eq!(tools(&sent, "/function/description"), tools(&asked, "/description"));
    for left_out in ["context_management", "metadata", "output_config", "thinking", "system"] {
        assert_eq!(sent.get(left_out), None, "{left_out} went to the upstream");
    }
    assert!(!sent["messages"].to_string().contains("cache_control"));
    let messages = sent["messages"].as_array().unwrap().iter();
    let results: Vec<_> = messages.filter(|message| message["role"] == "tool").collect();
    assert_eq!(results.len(), 3, "{sent}");
    assert_eq!(results[0]["content"], "1\thello\n2\t");
    let stopped = gateway.stop().await;
    let session = &stopped.record()["session"];
    assert_eq!(session, "00000000-0000-4000-8000-000000000001");
}
