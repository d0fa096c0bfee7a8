//! Anthropic upstreams: what the client sends reaches them byte for byte, but for the model's name and the credentials, and
//! their answers come back the same way.

use gateway_tests::upstream::anthropic;
use gateway_tests::{FakeUpstream, Gate, Request, Script, Setup};
use serde_json::json;

/// Spaces, an order, escapes and numbers that nobody would write again in the same way, and fields that nobody knows.
const BODY: &str = "{ \"max_tokens\" : 1e2,\n\t\"model\":\"claude-test\" , \"unknown\": {\"b\":1.0,\"a\":[ ]},\"messages\":[{\"content\":[{\"type\":\"thinking\",\"thinking\":\"  odd\\u00e9 \\/ \",\"signature\":\"c2ln\"},{\"type\":\"text\",\"text\":\"\\ud83e\\udd80\"}],\"role\":\"assistant\"},{\"role\":\"user\",\"content\":\"\\u0068i\"}], \"stream\":STREAM }";

fn body(stream: bool) -> String {
    BODY.replace("STREAM", if stream { "true" } else { "false" })
}

fn request(stream: bool) -> Request {
    Request::new("POST", "/v1/messages?beta=true")
        .header("x-api-key", "the-clients-own")
        .header("anthropic-version", "2023-06-01")
        .header("anthropic-beta", "one-2025-01-01,two-2025-02-02")
        .header("x-stainless-lang", "js")
        .header("cookie", "a=b")
        .body(body(stream))
}

#[tokio::test]
async fn the_request_is_the_clients_but_for_model_and_key() {
    let upstream = FakeUpstream::always(Script::json(200, &anthropic::message("hi"))).await;
    let gateway = Setup::anthropic(&upstream).start().await;
    let answer = gateway.client().send(&request(false)).await;
    assert_eq!(answer.status, 200);
    let seen = upstream.request().await;
    assert_eq!(seen.target, "/v1/messages?beta=true");
    let expected = body(false).replace("\"claude-test\"", "\"m\"");
    assert_eq!(String::from_utf8(seen.body.clone()).unwrap(), expected);
    assert_eq!(seen.header("x-api-key"), "sk-upstream-secret");
    assert_eq!(seen.headers.all("x-api-key").count(), 1);
    assert_eq!(seen.header("anthropic-version"), "2023-06-01");
    assert_eq!(seen.header("anthropic-beta"), "one-2025-01-01,two-2025-02-02");
    for withheld in ["cookie", "authorization"] {
        assert_eq!(seen.headers.get(withheld), None, "{withheld}");
    }
    assert!(seen.headers.iter().all(|(_, value)| !value.contains("the-clients-own")));
}

#[tokio::test]
async fn a_whole_answer_comes_back_but_for_the_models_name() {
    // Spaces that a second writing would lose.
    let text = anthropic::message("hi").to_string().replace("\":", "\" : ");
    let upstream = FakeUpstream::always(Script::text(200, "application/json", &text)).await;
    let gateway = Setup::anthropic(&upstream).start().await;
    let answer = gateway.client().send(&request(false)).await;
    assert_eq!(answer.header("x-ccr-model"), "m");
    let expected = text.replace("\"upstream-model\"", "\"claude-test\"");
    assert_eq!(answer.text().await, expected);

    let stopped = gateway.stop().await;
    let record = stopped.record();
    assert_eq!(record["outcome"], "completed");
    assert_eq!(record["usage"]["input_tokens"], 11);
    assert_eq!(record["usage"]["output_tokens"], 3);
    assert_eq!(record["usage"]["cache_read_input_tokens"], 4);
    assert_eq!(record["usage"]["cache_creation_input_tokens"], 2);
    assert_eq!(record["bytes_in"], body(false).len());
}

#[tokio::test]
async fn a_streamed_answer_comes_back_but_for_the_models_name() {
    let mut text = String::from(": a comment\n\n");
    for event in anthropic::events(&["Hel", "lo 🦀"]) {
        text += &format!("event:{}\ndata:  {event}\n\n", event["type"].as_str().unwrap());
    }
    // Cut anywhere, also within a character.
    let script = text.as_bytes().chunks(7).fold(Script::stream(), |script, piece| script.chunk(piece));
    let upstream = FakeUpstream::always(script.end()).await;
    let gateway = Setup::anthropic(&upstream).start().await;
    let answer = gateway.client().send(&request(true)).await;
    assert!(answer.header("content-type").starts_with("text/event-stream"));
    let expected = text.replace("\"upstream-model\"", "\"claude-test\"");
    assert_eq!(answer.text().await, expected);
    let seen = upstream.request().await;
    assert_eq!(String::from_utf8(seen.body).unwrap(), body(true).replace("\"claude-test\"", "\"m\""));

    let stopped = gateway.stop().await;
    let record = stopped.record();
    assert_eq!(record["outcome"], "completed");
    assert_eq!(record["usage"]["input_tokens"], 11);
    assert_eq!(record["usage"]["output_tokens"], 3);
}

#[tokio::test]
async fn an_error_of_the_api_stays_what_it_is() {
    let script = anthropic::error(529, "overloaded_error", "Overloaded");
    let upstream = FakeUpstream::always(script).await;
    let gateway = Setup::anthropic(&upstream).start().await;
    for stream in [false, true] {
        let answer = gateway.client().send(&request(stream)).await;
        assert_eq!(answer.status, 529);
        let (kind, message) = answer.error().await;
        assert_eq!(kind, "overloaded_error");
        assert!(message.contains("Overloaded"), "{message}");
    }
}

#[tokio::test]
async fn an_error_event_in_mid_stream_ends_the_answer() {
    let upstream = FakeUpstream::start().await;
    let gate = Gate::new();
    let events = anthropic::events(&["so far"]);
    let begun = events[..4].iter().fold(Script::stream(), Script::event).wait(&gate);
    let error = json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}});
    upstream.next(begun.event(&error).end());
    let gateway = Setup::anthropic(&upstream).start().await;
    let mut answer = gateway.client().send(&request(true)).await.expect(200).await;
    assert_eq!(answer.event().await.unwrap().name, "message_start");
    gate.open();
    let transcript = answer.transcript().await;
    assert_eq!(transcript.broken()["type"], "overloaded_error");
    let stopped = gateway.stop().await;
    assert_eq!(stopped.record()["outcome"], "broken_upstream");
    assert_eq!(stopped.record()["error"]["type"], "overloaded_error");
}

#[tokio::test]
async fn a_stream_that_is_cut_does_not_look_finished() {
    let upstream = FakeUpstream::start().await;
    let gateway = Setup::anthropic(&upstream).start().await;
    let events = anthropic::events(&["a", "b"]);
    let mut asked = 0;
    for kept in 1..events.len() {
        let cut = events[..kept].iter().fold(Script::stream(), Script::event);
        for script in [cut.clone().reset(), cut.clone().close(), cut.end()] {
            upstream.next(script);
            asked += 1;
            let answer = gateway.client().send(&request(true)).await;
            if answer.status == 200 {
                answer.transcript().await.broken();
            } else {
                // Nothing of it had reached the client yet.
                assert_eq!(answer.status, 502, "after {kept} events");
                assert_eq!(answer.error().await.0, "api_error");
            }
        }
    }
    let stopped = gateway.stop().await;
    assert_eq!(stopped.records.len(), asked);
    for record in &stopped.records {
        assert_ne!(record["outcome"], "completed", "{record}");
        assert_eq!(record["error"]["type"], "api_error", "{record}");
    }
}

#[tokio::test]
async fn a_bearer_key_is_sent_where_the_config_says_so() {
    let upstream = FakeUpstream::always(Script::json(200, &anthropic::message("hi"))).await;
    let mut config = gateway_tests::gateway::openai_config(&upstream.base_url());
    config["Providers"][0]["transformer"] = json!({"use": [["Anthropic", {"UseBearer": true}]]});
    let gateway = Setup::config(&config).start().await;
    assert_eq!(gateway.client().send(&request(false)).await.status, 200);
    let seen = upstream.request().await;
    assert_eq!(seen.header("authorization"), "Bearer sk-upstream-secret");
    assert_eq!(seen.headers.get("x-api-key"), None);
}
