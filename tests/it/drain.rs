//! SIGTERM and SIGINT: answers finish, nothing new begins, the exit code is 0.

use gateway_tests::upstream::openai;
use gateway_tests::{FakeUpstream, Gate, Script, Setup, eventually};
use rustix::process::Signal;
use serde_json::json;

use crate::support::{ask_stream, setup_with, text_of};

#[tokio::test]
async fn a_stream_finishes_while_new_connections_are_refused() {
    let upstream = FakeUpstream::start().await;
    let gate = Gate::new();
    let script = Script::stream().data(&openai::text_chunk("first")).wait(&gate);
    upstream.next(openai::ending(script.data(&openai::text_chunk(" second")), "stop"));
    let gateway = Setup::openai(&upstream).start().await;
    let client = gateway.client();
    let mut answer = gateway.messages(&ask_stream("hi")).await;
    let mut events = vec![answer.event().await.unwrap()];
    // One that has nothing to do must not keep it from ending.
    let mut idle = client.connect().await.unwrap();
    gateway.terminate();
    eventually("refusing new connections", async || client.connect().await.is_none().then_some(())).await;
    idle.closed().await;
    gate.open();
    while let Some(event) = answer.event().await {
        events.push(event);
    }
    let transcript = gateway_tests::Transcript::of(events, false);
    assert_eq!(text_of(&transcript.message()), "first second");
    let stopped = gateway.exited().await;
    assert_eq!(stopped.code, Some(0), "{}", stopped.log);
    assert_eq!(stopped.record()["outcome"], "completed");
}

#[tokio::test]
async fn a_stream_that_does_not_finish_in_time_is_ended_as_broken() {
    let upstream = FakeUpstream::start().await;
    upstream.next(Script::stream().data(&openai::text_chunk("first")).silence());
    let limits = json!({"shutdown_ms": 100});
    let gateway = setup_with(&upstream, "TIMEOUTS", limits).start().await;
    let mut answer = gateway.messages(&ask_stream("hi")).await;
    answer.event().await.unwrap();
    gateway.terminate();
    let transcript = answer.transcript().await;
    assert!(!transcript.names().contains(&"message_stop"), "{transcript:#?}");
    let stopped = gateway.exited().await;
    assert_eq!(stopped.code, Some(0), "{}", stopped.log);
    assert_eq!(stopped.records.len(), 1, "the record is lost");
    assert_ne!(stopped.record()["outcome"], "completed");
    upstream.request().await.gone().await;
}

#[tokio::test]
async fn an_idle_gateway_ends_at_once_on_either_signal() {
    for signal in [Signal::TERM, Signal::INT] {
        let upstream = FakeUpstream::start().await;
        let gateway = Setup::openai(&upstream).start().await;
        gateway.signal(signal);
        let stopped = gateway.exited().await;
        assert_eq!(stopped.code, Some(0), "{stopped:#?}");
        assert!(stopped.records.is_empty());
    }
}
