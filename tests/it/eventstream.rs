//! Answers in AWS's event streams: framed by their content type, read by the same protocols, and broken where they break.

use ccr_messages::eventstream::write_message;
use gateway_tests::upstream::anthropic;
use gateway_tests::{FakeUpstream, Script, Setup};
use serde_json::Value;

use crate::support::{ask, ask_stream, text_of};

/// The messages of an answer, one after the other.
fn messages(events: &[Value]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for event in events {
        let headers = [(":event-type", "chunk"), (":content-type", "application/json"), (":message-type", "event")];
        write_message(&headers, event.to_string().as_bytes(), &mut bytes);
    }
    bytes
}

/// Sends them in small pieces, which end anywhere.
fn script(bytes: &[u8]) -> Script {
    let headers = [("content-type", "application/vnd.amazon.eventstream"), ("transfer-encoding", "chunked")];
    bytes.chunks(7).fold(Script::new().head(200, &headers), |script, piece| script.chunk(piece)).end()
}

#[tokio::test]
async fn it_is_read_streamed_and_whole() {
    let upstream = FakeUpstream::always(script(&messages(&anthropic::events(&["Hel", "lo 🦀"])))).await;
    let gateway = Setup::anthropic(&upstream).start().await;
    let answer = gateway.messages(&ask_stream("hi")).await.expect(200).await;
    assert!(answer.header("content-type").starts_with("text/event-stream"));
    assert_eq!(text_of(&answer.transcript().await.message()), "Hello 🦀");
    let answer = gateway.messages(&ask("hi")).await.expect(200).await;
    assert_eq!(text_of(&answer.json().await), "Hello 🦀");
}

#[tokio::test]
async fn one_that_is_cut_or_damaged_does_not_look_finished() {
    let upstream = FakeUpstream::start().await;
    let gateway = Setup::anthropic(&upstream).start().await;
    let events = anthropic::events(&["so far"]);
    let whole = messages(&events);
    // Within the message that tells why the model stopped.
    let cut = whole.len() - messages(&events[events.len() - 2..]).len() + 20;
    let mut damaged = whole.clone();
    damaged[cut] ^= 1;
    for bytes in [&whole[..cut], &damaged] {
        upstream.next(script(bytes));
        let answer = gateway.messages(&ask_stream("hi")).await;
        if answer.status == 200 {
            answer.transcript().await.broken();
        } else {
            // All of it came at once, and nothing had reached the client yet.
            assert_eq!(answer.status, 502);
            assert_eq!(answer.error().await.0, "api_error");
        }
    }
    let stopped = gateway.stop().await;
    assert_eq!(stopped.records.len(), 2);
    for record in &stopped.records {
        assert_ne!(record["outcome"], "completed", "{record}");
        assert_eq!(record["error"]["type"], "api_error", "{record}");
    }
}
