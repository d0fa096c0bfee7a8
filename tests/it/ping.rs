//! `event: ping` while the upstream says nothing.

use gateway_tests::upstream::openai;
use gateway_tests::{Event, FakeUpstream, Gate, Script, Transcript};
use serde_json::json;

use crate::support::{ask_stream, setup_with, text_of};

#[tokio::test]
async fn a_silent_upstream_is_bridged_before_and_within_the_answer() {
    let upstream = FakeUpstream::start().await;
    let (head, rest) = (Gate::new(), Gate::new());
    let script = Script::new()
        .wait(&head)
        .bytes("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n");
    let script = script.data(&openai::text_chunk("late")).wait(&rest);
    upstream.next(openai::ending(script, "stop"));
    let gateway = setup_with(&upstream, "PING_INTERVAL_MS", json!(20)).start().await;
    let mut answer = gateway.messages(&ask_stream("hi")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("x-ccr-provider"), "up");

    // The upstream has not even sent its head.
    let mut events: Vec<Event> = Vec::new();
    while pings(&events) < 3 {
        events.push(answer.event().await.unwrap());
    }
    assert_eq!(events[0].data, json!({"type": "ping"}));
    head.open();
    let text = |events: &[Event]| events.iter().position(|event| event.data["delta"]["text"] == "late");
    while text(&events).is_none() {
        events.push(answer.event().await.unwrap());
    }
    let before = pings(&events);
    while pings(&events) < before + 2 {
        events.push(answer.event().await.unwrap());
    }
    rest.open();
    while let Some(event) = answer.event().await {
        events.push(event);
    }
    assert_eq!(text_of(&Transcript::of(events, false).message()), "late");
    let stopped = gateway.stop().await;
    assert_eq!(stopped.record()["outcome"], "completed");
}

fn pings(events: &[Event]) -> usize {
    events.iter().filter(|event| event.name == "ping").count()
}

#[tokio::test]
async fn a_failure_after_a_ping_is_an_error_event() {
    let upstream = FakeUpstream::start().await;
    let gate = Gate::new();
    let body = json!({"error": {"message": "the words", "type": "x"}}).to_string();
    let head = format!("HTTP/1.1 529 No\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
    upstream.next(Script::new().wait(&gate).bytes(head).bytes(body));
    let gateway = setup_with(&upstream, "PING_INTERVAL_MS", json!(20)).start().await;
    let mut answer = gateway.messages(&ask_stream("hi")).await;
    assert_eq!(answer.event().await.unwrap().name, "ping");
    gate.open();
    let transcript = answer.transcript().await;
    let error = transcript.broken();
    assert_eq!(error["type"], "overloaded_error");
    assert!(error["message"].as_str().unwrap().contains("the words"), "{error}");
    let stopped = gateway.stop().await;
    let record = stopped.record();
    assert_eq!(record["error"]["type"], "overloaded_error");
    assert_ne!(record["outcome"], "completed");
}
