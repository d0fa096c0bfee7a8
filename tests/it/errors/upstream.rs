//! What upstreams get wrong before the answer has begun: the client gets a status and an error, streaming or not.

use std::time::Duration;

use gateway_tests::gateway::openai_config;
use gateway_tests::upstream::{FullUpstream, openai, refused_url};
use gateway_tests::{FakeUpstream, Script, Setup};
use serde_json::{Value, json};

use super::{failed, keeps_secrets};
use crate::support::{ask, ask_stream, with};

/// Asks with this script as the upstream's answer, whole and streamed, and checks what becomes of it; the messages.
async fn meets(script: Script, status: u16, kind: &str) -> Vec<String> {
    let upstream = FakeUpstream::always(script).await;
    refuses(Setup::openai(&upstream), status, kind).await
}

async fn refuses(setup: Setup, status: u16, kind: &str) -> Vec<String> {
    let gateway = setup.start().await;
    let mut messages = Vec::new();
    for body in [ask("hi"), ask_stream("hi")] {
        let client = gateway.client().with_header("x-api-key", "the-clients-own");
        let answer = client.messages(&body).await;
        let answer = answer.expect(status).await;
        assert_eq!(answer.header("x-ccr-provider"), "up");
        let (seen, message) = answer.error().await;
        assert_eq!(seen, kind, "{message}");
        assert!(!message.contains("secret") && message.len() > 10, "{message}");
        messages.push(message);
    }
    let stopped = gateway.stop().await;
    assert_eq!(stopped.records.len(), 2, "{:#?}", stopped.records);
    for record in &stopped.records {
        failed(record, status, kind);
        let attempts = record["attempts"].as_array().unwrap();
        assert_eq!(attempts.len(), 1, "{record}");
        assert_eq!(attempts[0]["provider"], "up");
        assert!(attempts[0]["error"].as_str().is_some(), "{record}");
    }
    keeps_secrets(&stopped);
    messages
}

#[tokio::test]
async fn one_that_refuses_the_connection() {
    let setup = Setup::config(&openai_config(&refused_url().await));
    for message in refuses(setup, 502, "api_error").await {
        assert!(message.contains("`up`") && message.to_lowercase().contains("refused"), "{message}");
    }
}

#[tokio::test]
async fn one_whose_name_is_not_known() {
    let setup = Setup::config(&openai_config("http://no-such-host.invalid/v1"));
    for message in refuses(setup, 502, "api_error").await {
        assert!(message.contains("`up`"), "{message}");
    }
}

#[tokio::test]
async fn one_that_does_not_speak_tls() {
    let upstream = FakeUpstream::rude(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    let url = upstream.base_url().replace("http://", "https://");
    for message in refuses(Setup::config(&openai_config(&url)), 502, "api_error").await {
        assert!(message.contains("`up`"), "{message}");
    }
}

#[tokio::test]
async fn one_that_speaks_before_it_is_asked() {
    let upstream = FakeUpstream::rude(b"220 mail.example ESMTP\r\n").await;
    refuses(Setup::openai(&upstream), 502, "api_error").await;
}

#[tokio::test]
async fn one_that_lets_nobody_in() {
    let upstream = FullUpstream::start().await;
    let limits = json!({"connect_ms": 100});
    let config = with(openai_config(&upstream.base_url()), "TIMEOUTS", limits);
    refuses(Setup::config(&config), 504, "timeout_error").await;
}

#[tokio::test]
async fn one_that_never_answers() {
    let upstream = FakeUpstream::always(Script::new().silence()).await;
    let limits = json!({"first_byte_ms": 100});
    let config = with(openai_config(&upstream.base_url()), "TIMEOUTS", limits);
    refuses(Setup::config(&config), 504, "timeout_error").await;
    for request in upstream.requests() {
        request.gone().await;
    }
}

#[tokio::test]
async fn one_that_says_nothing_after_its_head() {
    let upstream = FakeUpstream::always(Script::stream().silence()).await;
    let limits = json!({"idle_ms": 100});
    let config = with(openai_config(&upstream.base_url()), "TIMEOUTS", limits);
    refuses(Setup::config(&config), 504, "timeout_error").await;
}

#[tokio::test]
async fn one_that_closes_or_resets_without_an_answer() {
    meets(Script::new().close(), 502, "api_error").await;
    meets(Script::new().reset(), 502, "api_error").await;
    meets(Script::new().bytes("HTTP/1.1 20").close(), 502, "api_error").await;
}

#[tokio::test]
async fn one_that_does_not_speak_http() {
    meets(Script::new().bytes("SSH-2.0-OpenSSH_9.2p1\r\n").close(), 502, "api_error").await;
    meets(Script::new().bytes([0, 1, 2, 3, 255]).close(), 502, "api_error").await;
}

#[tokio::test]
async fn one_that_answers_with_something_else_than_its_format() {
    for body in ["<html><body>Welcome to nginx!</body></html>", "{\"choices\":", "[]", "42", "{}", "{\"choices\":[]}"] {
        meets(Script::text(200, "application/json", body), 502, "api_error").await;
    }
}

#[tokio::test]
async fn one_that_answers_with_nothing() {
    meets(Script::whole(200, &[("content-type", "application/json")], b""), 502, "api_error").await;
    meets(Script::stream().end(), 502, "api_error").await;
    meets(Script::stream().chunk("data: [DONE]\n\n").end(), 502, "api_error").await;
    meets(Script::stream().chunk(": comment\n\n").end(), 502, "api_error").await;
}

#[tokio::test]
async fn one_that_cuts_its_answer_short() {
    let whole = openai::completion(json!({"role": "assistant", "content": "long"}), "stop").to_string();
    let headers = [("content-type", "application/json"), ("content-length", "9999")];
    let script = Script::new().head(200, &headers).bytes(&whole).close();
    meets(script, 502, "api_error").await;
    let garbled = [("content-type", "application/json"), ("content-encoding", "gzip")];
    meets(Script::whole(200, &garbled, b"this is not gzip"), 502, "api_error").await;
}

#[tokio::test]
async fn one_that_hides_an_error_in_a_good_status() {
    let error = json!({"error": {"message": "quota exceeded", "code": 429}});
    let first = |error: &Value| Script::stream().data(error).end();
    for script in [Script::json(200, &error), first(&error), first(&with(error.clone(), "choices", json!([])))] {
        for message in meets(script, 429, "rate_limit_error").await {
            assert!(message.contains("quota exceeded"), "{message}");
        }
    }
}

#[tokio::test]
async fn one_that_refuses_with_a_status_of_its_own() {
    for (status, kind) in [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (529, "overloaded_error"),
    ] {
        for message in meets(openai::error(status, "the provider's words", "x"), status, kind).await {
            assert!(message.contains("the provider's words"), "{message}");
        }
    }
}

#[tokio::test]
async fn one_that_refuses_without_words() {
    meets(Script::whole(500, &[], b""), 500, "api_error").await;
    meets(Script::text(502, "text/html", "<html><h1>Bad Gateway</h1></html>"), 502, "api_error").await;
}

#[tokio::test]
async fn the_wait_that_it_asks_for_is_passed_on() {
    let body = json!({"error": {"message": "slow down", "type": "requests"}}).to_string();
    let date = httpdate_in(Duration::from_secs(60));
    for (asked, least, most) in [("3", 3, 3), ("2.5", 3, 3), (date.as_str(), 30, 60)] {
        let headers = [("content-type", "application/json"), ("retry-after", asked)];
        let upstream = FakeUpstream::always(Script::whole(429, &headers, body.as_bytes())).await;
        let gateway = Setup::openai(&upstream).start().await;
        let answer = gateway.messages(&ask("hi")).await;
        assert_eq!(answer.status, 429);
        let wait: u64 = answer.header("retry-after").parse().unwrap();
        assert!((least..=most).contains(&wait), "{asked} became {wait}");
    }
}

/// A moment in the form that HTTP has for it.
fn httpdate_in(wait: Duration) -> String {
    let moment = std::time::SystemTime::now() + wait;
    let seconds = moment.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let output = std::process::Command::new("date")
        .args(["-u", "-d", &format!("@{seconds}"), "+%a, %d %b %Y %H:%M:%S GMT"])
        .env("LC_ALL", "C")
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[tokio::test]
async fn a_prompt_that_is_too_long_is_said_in_the_clients_words() {
    let words = "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.";
    for message in meets(openai::error(400, words, "invalid_request_error"), 400, "invalid_request_error").await {
        assert!(message.contains("prompt is too long"), "{message}");
    }
}
