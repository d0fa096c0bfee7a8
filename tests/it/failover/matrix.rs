//! Status × phase × stream: what goes to the second target, and what does not.

use std::time::Duration;

use gateway_tests::upstream::{FullUpstream, anthropic, openai, refused_url};
use gateway_tests::{FakeUpstream, Script, Setup, TestGateway};
use serde_json::json;

use super::{chain, classes, good, refusing};
use crate::support::{ask, ask_stream, text_of};

/// Whole and streamed, the second target serves after the first has failed like this.
async fn fails_over(url: &str, class: &str, what: &str) {
    let spare = good().await;
    let mut config = chain(url, &spare.base_url());
    config["TIMEOUTS"] = json!({"connect_ms": 200, "first_byte_ms": 300, "idle_ms": 300});
    for body in [ask("hi"), ask_stream("hi")] {
        let streams = body["stream"] == json!(true);
        // One for each, since what has failed rests.
        let gateway = Setup::config(&config).start().await;
        let answer = gateway.messages(&body).await;
        assert_eq!(answer.status, 200, "{what}, stream: {streams}");
        assert_eq!(answer.header("x-ccr-provider"), "spare", "{what}");
        assert_eq!(answer.header("x-ccr-attempts"), "2", "{what}");
        let failures = answer.header("x-ccr-fallback-failures").to_owned();
        assert!(failures.starts_with("up,m (key 1): ") && failures.ends_with(class), "{what}: {failures}");
        let message = if streams { answer.transcript().await.message() } else { answer.json().await };
        assert_eq!(text_of(&message), "served", "{what}");
        recorded(gateway, class, what).await;
    }
}

async fn recorded(gateway: TestGateway, class: &str, what: &str) {
    let stopped = gateway.stop().await;
    let record = stopped.record();
    assert_eq!(record["outcome"], "completed", "{what}: {record}");
    assert_eq!(classes(record), [class], "{what}: {record}");
    let attempts = &record["attempts"];
    assert_eq!((&attempts[0]["provider"], &attempts[0]["key"]), (&json!("up"), &json!("1")));
    assert_eq!((&attempts[1]["provider"], &attempts[1]["status"]), (&json!("spare"), &json!(200)));
    assert!(!record.to_string().contains("sk-secret") && !stopped.log.contains("sk-secret"), "{what}");
}

async fn script_fails_over(script: Script, class: &str, what: &str) {
    let upstream = FakeUpstream::always(script).await;
    fails_over(&upstream.base_url(), class, what).await;
}

#[tokio::test]
async fn connecting() {
    fails_over(&refused_url().await, "transient", "refused").await;
    fails_over("http://no-such-host.invalid/v1", "transient", "no such host").await;
    let full = FullUpstream::start().await;
    fails_over(&full.base_url(), "transient", "lets nobody in").await;
}

#[tokio::test]
async fn statuses_that_go_to_the_next_target() {
    for (status, class) in [
        (401, "key_refused"),
        (402, "key_refused"),
        (403, "key_refused"),
        (404, "target_unfit"),
        (408, "transient"),
        (409, "transient"),
        (429, "limited"),
        (500, "transient"),
        (502, "transient"),
        (503, "transient"),
        (504, "transient"),
        (529, "transient"),
    ] {
        script_fails_over(refusing(status), class, &status.to_string()).await;
    }
}

#[tokio::test]
async fn answers_that_are_none() {
    script_fails_over(Script::new().close(), "transient", "closes").await;
    script_fails_over(Script::new().reset(), "transient", "resets").await;
    script_fails_over(Script::new().silence(), "transient", "says nothing").await;
    script_fails_over(Script::whole(200, &[("content-type", "application/json")], b""), "transient", "empty").await;
    script_fails_over(Script::stream().end(), "transient", "empty stream").await;
    let error = json!({"error": {"message": "quota exceeded", "code": 429}});
    script_fails_over(Script::json(200, &error), "limited", "an error in a good status").await;
}

#[tokio::test]
async fn streams_that_die_before_the_first_content() {
    let role = || Script::stream().data(&openai::chunk(json!({"role": "assistant", "content": ""})));
    script_fails_over(role().close(), "transient", "closes after the role").await;
    script_fails_over(role().end(), "transient", "ends after the role").await;
    script_fails_over(role().silence(), "transient", "falls silent after the role").await;
    let error = json!({"error": {"message": "overloaded", "code": 529}});
    script_fails_over(role().data(&error).end(), "transient", "an error after the role").await;
}

#[tokio::test]
async fn a_request_that_is_wrong_goes_nowhere_else() {
    for status in [400, 422] {
        let upstream = FakeUpstream::always(refusing(status)).await;
        let spare = good().await;
        let gateway = Setup::config(&chain(&upstream.base_url(), &spare.base_url())).start().await;
        for body in [ask("hi"), ask_stream("hi")] {
            let answer = gateway.messages(&body).await.expect(status).await;
            assert_eq!(answer.header("x-ccr-attempts"), "1");
            assert_eq!(answer.error().await.0, "invalid_request_error");
        }
        assert!(spare.requests().is_empty());
    }
}

#[tokio::test]
async fn a_wrong_request_goes_on_where_the_config_says_so() {
    let upstream = FakeUpstream::always(refusing(400)).await;
    let spare = good().await;
    let mut config = chain(&upstream.base_url(), &spare.base_url());
    config["Router"]["fallback"] = json!({"statuses": [400]});
    let gateway = Setup::config(&config).start().await;
    assert_eq!(gateway.messages(&ask("hi")).await.header("x-ccr-provider"), "spare");
}

#[tokio::test]
async fn nothing_is_tried_again_after_the_first_content() {
    let upstream = FakeUpstream::always(Script::stream().data(&openai::text_chunk("so far")).close()).await;
    let spare = good().await;
    let gateway = Setup::config(&chain(&upstream.base_url(), &spare.base_url())).start().await;
    let answer = gateway.messages(&ask_stream("hi")).await;
    assert_eq!(answer.header("x-ccr-provider"), "up");
    let transcript = answer.transcript().await;
    assert_eq!(transcript.broken()["type"], "api_error");
    assert!(spare.requests().is_empty());
    let stopped = gateway.stop().await;
    assert_eq!(stopped.record()["outcome"], "broken_upstream");
}

#[tokio::test]
async fn a_whole_answer_that_breaks_off_is_tried_elsewhere() {
    let whole = openai::completion(json!({"role": "assistant", "content": "long"}), "stop").to_string();
    let headers = [("content-type", "application/json"), ("content-length", "9999")];
    script_fails_over_whole(Script::new().head(200, &headers).bytes(&whole).close()).await;
}

async fn script_fails_over_whole(script: Script) {
    let upstream = FakeUpstream::always(script).await;
    let spare = good().await;
    let gateway = Setup::config(&chain(&upstream.base_url(), &spare.base_url())).start().await;
    let answer = gateway.messages(&ask("hi")).await;
    assert_eq!(answer.header("x-ccr-provider"), "spare");
    assert_eq!(text_of(&answer.json().await), "served");
}

#[tokio::test]
async fn a_target_of_another_format_gets_the_original_request() {
    let upstream = FakeUpstream::always(refusing(500)).await;
    let spare = FakeUpstream::always(Script::json(200, &anthropic::message("served"))).await;
    let mut config = chain(&upstream.base_url(), &spare.base_url());
    config["Providers"][1]["type"] = json!("anthropic");
    let gateway = Setup::config(&config).start().await;
    let answer = gateway.messages(&ask("hi")).await;
    assert_eq!(answer.header("x-ccr-provider"), "spare");
    let seen = spare.request().await;
    assert_eq!(seen.json()["messages"], ask("hi")["messages"]);
    assert_eq!(seen.header("x-api-key"), "sk-secret-of-spare");
}

#[tokio::test]
async fn when_all_fail_the_wait_that_helps_is_told_and_every_target_named() {
    let upstream = FakeUpstream::always(super::refusing_for(429, 7)).await;
    let spare = FakeUpstream::always(refusing(500)).await;
    let gateway = Setup::config(&chain(&upstream.base_url(), &spare.base_url())).start().await;
    let answer = gateway.messages(&ask("hi")).await;
    assert_eq!(answer.status, 429);
    assert_eq!(answer.header("retry-after"), "7");
    assert_eq!(answer.header("x-ccr-attempts"), "2");
    let (kind, message) = answer.error().await;
    assert_eq!(kind, "rate_limit_error");
    for part in ["slow down", "`up,m`", "`spare,m` with 500 api_error"] {
        assert!(message.contains(part), "{part} is not in: {message}");
    }
}

#[tokio::test]
async fn a_prompt_that_is_too_long_goes_to_the_target_for_long_contexts_only() {
    let words = "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.";
    for (script, told) in [
        (openai::error(400, words, "invalid_request_error"), "9000 tokens > 8192 maximum"),
        (Script::text(413, "text/html", "<h1>Request Entity Too Large</h1>"), "prompt is too long"),
    ] {
        let upstream = FakeUpstream::always(script.clone()).await;
        let spare = good().await;
        let mut config = chain(&upstream.base_url(), &spare.base_url());
        let gateway = Setup::config(&config).start().await;
        let answer = gateway.messages(&ask("hi")).await.expect(400).await;
        let (kind, message) = answer.error().await;
        assert_eq!(kind, "invalid_request_error");
        assert!(message.contains("prompt is too long") && message.contains(told), "{message}");
        assert!(spare.requests().is_empty());

        let long = good().await;
        config["Providers"].as_array_mut().unwrap().push(super::provider("long", &long.base_url()));
        config["Router"]["longContext"] = json!("long,m");
        let gateway = Setup::config(&config).start().await;
        let answer = gateway.messages(&ask("hi")).await;
        assert_eq!(answer.header("x-ccr-provider"), "long");
        assert!(spare.requests().is_empty());
    }
}

#[tokio::test]
async fn a_second_target_costs_no_time() {
    // A bound that a pause of any kind would break; the figure itself is a benchmark's.
    const NO_PAUSE: Duration = Duration::from_millis(500);
    let spare = good().await;
    let gateway = Setup::config(&chain(&refused_url().await, &spare.base_url())).start().await;
    gateway.messages(&ask("hi")).await;
    let stopped = gateway.stop().await;
    let record = stopped.record();
    assert_eq!(record["attempts"][1]["waited_ms"], 0.0);
    assert!(record["ms"]["total"].as_f64().unwrap() < NO_PAUSE.as_secs_f64() * 1000.0, "{record}");
}

#[tokio::test]
async fn a_small_spare_does_not_make_the_client_shorten_what_the_first_could_take() {
    let upstream = FakeUpstream::always(refusing(529)).await;
    let spare = FakeUpstream::always(Script::text(413, "text/plain", "too large")).await;
    let gateway = Setup::config(&chain(&upstream.base_url(), &spare.base_url())).start().await;
    let answer = gateway.messages(&ask("hi")).await.expect(529).await;
    let (kind, message) = answer.error().await;
    assert_eq!(kind, "overloaded_error");
    assert!(message.contains("`spare,m` with 400"), "{message}");
}
