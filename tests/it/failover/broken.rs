//! Streams that break off after their first content: the client has to be told, and later requests go elsewhere.

use gateway_tests::upstream::openai;
use gateway_tests::{FakeUpstream, Gate, Script};
use serde_json::json;

use super::{chain, good, with_fallback};
use crate::support::{ask_stream, text_of};

#[tokio::test]
async fn they_count_like_any_failure_in_a_row() {
    let spare = good().await;
    let error = json!({"error": {"message": "out of memory", "type": "server_error"}});
    let broken = || Script::stream().data(&openai::text_chunk("half"));
    for broken in [broken().close(), broken().data(&error).end()] {
        let upstream = FakeUpstream::always(broken).await;
        let long = json!({"breakerFailures": 2, "breakerRestMs": 60000});
        let gateway = with_fallback(chain(&upstream.base_url(), &spare.base_url()), long).start().await;
        for provider in ["up", "up", "spare"] {
            let answer = gateway.messages(&ask_stream("hi")).await;
            assert_eq!((answer.status, answer.header("x-ccr-provider")), (200, provider));
            let transcript = answer.transcript().await;
            match provider {
                "up" => assert_eq!(transcript.broken()["type"], "api_error"),
                _ => assert_eq!(text_of(&transcript.message()), "served"),
            }
        }
        let health = gateway.health().await;
        let rests = &health["targets"][0];
        assert_eq!(
            (&rests["provider"], &rests["state"], &rests["failures"]),
            (&json!("up"), &json!("open"), &json!(2))
        );
        let outcomes: Vec<_> = gateway.stop().await.records.iter().map(|record| record["outcome"].clone()).collect();
        assert_eq!(outcomes, ["broken_upstream", "broken_upstream", "completed"]);
    }
}

#[tokio::test]
async fn a_whole_stream_ends_the_row_and_a_client_that_hangs_up_does_not_count() {
    let (upstream, spare) = (good().await, good().await);
    let broken = Script::stream().data(&openai::text_chunk("half")).close();
    let two = json!({"breakerFailures": 2, "breakerRestMs": 60000});
    let gateway = with_fallback(chain(&upstream.base_url(), &spare.base_url()), two).start().await;
    for _ in 0..3 {
        upstream.next(broken.clone());
        gateway.messages(&ask_stream("hi")).await.transcript().await.broken();
        let whole = gateway.messages(&ask_stream("hi")).await;
        assert_eq!(whole.header("x-ccr-provider"), "up");
        assert_eq!(text_of(&whole.transcript().await.message()), "served");
    }
    for _ in 0..3 {
        let gate = Gate::new();
        upstream.next(Script::stream().data(&openai::text_chunk("half")).wait(&gate));
        drop(gateway.messages(&ask_stream("hi")).await);
    }
    let answer = gateway.messages(&ask_stream("hi")).await;
    assert_eq!(answer.header("x-ccr-provider"), "up");
    assert_eq!(text_of(&answer.transcript().await.message()), "served");
}
