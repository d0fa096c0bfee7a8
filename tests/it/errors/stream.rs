//! What upstreams get wrong after the answer has begun: the client gets an error event, and nothing that looks finished.

use gateway_tests::upstream::openai;
use gateway_tests::{FakeUpstream, Gate, Script, Setup, Transcript};
use serde_json::{Value, json};

use crate::support::{ask_stream, with};

/// An answer of which some text reaches the client before `rest` follows.
async fn breaks(rest: impl FnOnce(Script) -> Script, kind: &str) -> String {
    breaks_with(rest, kind, "LOG_LEVEL", json!("info")).await
}

/// As [`breaks`], with one more setting in the config.
async fn breaks_with(rest: impl FnOnce(Script) -> Script, kind: &str, key: &str, value: Value) -> String {
    let gate = Gate::new();
    let begun = Script::stream().data(&openai::text_chunk("so far")).wait(&gate);
    let upstream = FakeUpstream::always(rest(begun)).await;
    let config = gateway_tests::gateway::openai_config(&upstream.base_url());
    let gateway = Setup::config(&with(config, key, value)).start().await;
    let mut answer = gateway.messages(&ask_stream("hi")).await.expect(200).await;
    let mut events = Vec::new();
    while events.last().is_none_or(|event: &gateway_tests::Event| event.data["delta"]["text"] != "so far") {
        events.push(answer.event().await.unwrap());
    }
    gate.open();
    let end = answer.transcript().await;
    events.extend(end.events);
    let transcript = Transcript::of(events, end.cut);
    let error = transcript.broken();
    assert_eq!(error["type"], kind, "{error}");
    let message = error["message"].as_str().unwrap().to_owned();
    assert!(!message.contains("secret"), "{message}");

    let stopped = gateway.stop().await;
    let record = stopped.record();
    assert_eq!(record["outcome"], "broken_upstream", "{record}");
    assert_eq!(record["error"]["type"], kind);
    assert_eq!(record["status"], 200);
    message
}

#[tokio::test]
async fn a_cut_ends_in_an_error() {
    const HALF: &str = "data: {\"choices\":[{\"del";
    breaks(Script::reset, "api_error").await;
    breaks(Script::close, "api_error").await;
    breaks(|script| script.chunk(HALF).reset(), "api_error").await;
    breaks(|script| script.chunk(HALF).close(), "api_error").await;
    breaks(|script| script.chunk(HALF).end(), "api_error").await;
}

#[tokio::test]
async fn garbage_ends_in_an_error() {
    for garbage in ["data: {not json}\n\n", "data: \u{0}\n\n"] {
        breaks(|script| script.chunk(garbage).end(), "api_error").await;
    }
}

#[tokio::test]
async fn a_broken_chunk_ends_in_an_error() {
    breaks(|script| script.bytes("zz\r\nx\r\n").close(), "api_error").await;
}

#[tokio::test]
async fn an_error_in_mid_stream_keeps_its_type_and_words() {
    for (error, kind) in [
        (json!({"error": {"message": "the words", "code": 429}}), "rate_limit_error"),
        (json!({"error": {"message": "the words", "type": "overloaded_error"}}), "overloaded_error"),
        (json!({"error": "the words"}), "api_error"),
    ] {
        let message = breaks(|script| script.data(&error).end(), kind).await;
        assert!(message.contains("the words"), "{message}");
    }
}

#[tokio::test]
async fn silence_ends_in_an_error_when_it_is_too_long() {
    breaks_with(Script::silence, "timeout_error", "TIMEOUTS", json!({"idle_ms": 300})).await;
}

#[tokio::test]
async fn a_tool_call_that_is_cut_is_not_offered_as_a_whole_one() {
    let input = json!({"command": "rm -rf build"});
    let chunks = openai::tool_call_chunks(0, "call_0123456789", "Bash", &input);
    let begun = |script: Script| chunks[..2].iter().fold(script, Script::data);
    breaks(|script| begun(script).reset(), "api_error").await;
    breaks(|script| begun(script).close(), "api_error").await;
}
