//! What upstreams get wrong after the answer has begun: the client gets an error event, and nothing that looks finished.

use gateway_tests::upstream::openai;
use gateway_tests::{FakeUpstream, Script, Setup};
use serde_json::json;

use crate::support::{ask_stream, setup_with};

/// Some text that has reached the client, whatever follows.
fn begun() -> Script {
    Script::stream().data(&openai::text_chunk("so far"))
}

/// Asks with this script as the upstream's answer, and checks how it ends; the error's message.
async fn breaks(setup: Setup, kind: &str) -> String {
    let gateway = setup.start().await;
    let answer = gateway.messages(&ask_stream("hi")).await;
    assert_eq!(answer.status, 200);
    let transcript = answer.transcript().await;
    let texts: String = transcript
        .events
        .iter()
        .filter_map(|event| event.data["delta"]["text"].as_str())
        .collect();
    assert_eq!(texts, "so far");
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
    let text = begun();
    let finished = text.clone().data(&openai::finish_chunk("stop"));
    let half = text.clone().chunk("data: {\"choices\":[{\"del");
    for script in [
        text.clone().reset(),
        text.clone().close(),
        half.clone().reset(),
        half.close(),
        finished.reset(),
    ] {
        let upstream = FakeUpstream::always(script).await;
        breaks(Setup::openai(&upstream), "api_error").await;
    }
}

#[tokio::test]
async fn garbage_ends_in_an_error() {
    for garbage in ["data: {not json}\n\n", "data: \u{0}\n\n"] {
        let upstream = FakeUpstream::always(begun().chunk(garbage).end()).await;
        breaks(Setup::openai(&upstream), "api_error").await;
    }
}

#[tokio::test]
async fn a_broken_chunk_ends_in_an_error() {
    let upstream = FakeUpstream::always(begun().bytes("zz\r\nx\r\n").close()).await;
    breaks(Setup::openai(&upstream), "api_error").await;
}

#[tokio::test]
async fn an_error_in_mid_stream_keeps_its_type_and_words() {
    for (error, kind) in [
        (json!({"error": {"message": "the words", "code": 429}}), "rate_limit_error"),
        (json!({"error": {"message": "the words", "type": "overloaded_error"}}), "overloaded_error"),
        (json!({"error": "the words"}), "api_error"),
    ] {
        let upstream = FakeUpstream::always(begun().data(&error).end()).await;
        let message = breaks(Setup::openai(&upstream), kind).await;
        assert!(message.contains("the words"), "{message}");
    }
}

#[tokio::test]
async fn silence_ends_in_an_error_when_it_is_too_long() {
    let upstream = FakeUpstream::always(begun().silence()).await;
    let setup = setup_with(&upstream, "TIMEOUTS", json!({"idle_ms": 100}));
    breaks(setup, "timeout_error").await;
    upstream.request().await.gone().await;
}

#[tokio::test]
async fn a_tool_call_that_is_cut_is_not_offered_as_a_whole_one() {
    let mut chunks = openai::tool_call_chunks(0, "call_a", "Bash", &json!({"command": "rm -rf build"}));
    chunks.truncate(2);
    let script = chunks.iter().fold(begun(), Script::data);
    let upstream = FakeUpstream::always(script.reset()).await;
    let gateway = Setup::openai(&upstream).start().await;
    let transcript = gateway.messages(&ask_stream("hi")).await.transcript().await;
    transcript.broken();
}
