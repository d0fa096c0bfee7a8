//! Routers of projects and sessions.

use std::fs;

use gateway_tests::upstream::openai;
use gateway_tests::{FakeUpstream, Setup, TestGateway, eventually};
use serde_json::json;

use super::routed;
use crate::support::{ask, with};

#[tokio::test]
async fn a_projects_file_lies_over_the_config_and_is_taken_up_when_it_changes() {
    let upstream = FakeUpstream::always(openai::text("hi")).await;
    let router = json!({"default": "main,m", "background": "main,m", "think": "main,m"});
    let gateway = Setup::config(&routed(&[("main", &upstream), ("own", &upstream)], router)).start().await;
    let sessions = gateway.home().join(".claude/projects/-work-app");
    let own = gateway.home().join("-work-app");
    fs::create_dir_all(&sessions).unwrap();
    fs::create_dir_all(&own).unwrap();
    fs::write(sessions.join("0b5e-one.jsonl"), "{}\n").unwrap();
    fs::write(own.join("config.json"), r#"{"Router": {"background": "own,m"}}"#).unwrap();
    let session = |id: &str| gateway.client().with_header("x-claude-code-session-id", id);
    let side_job = with(ask("hi"), "model", json!("claude-haiku-4-5"));
    let one = session("0b5e-one").messages(&side_job).await.expect(200).await;
    assert_eq!(one.header("x-ccr-provider"), "own");
    assert!(one.header("x-ccr-route-reason").contains("-work-app/config.json"), "{}", one.header("x-ccr-route-reason"));
    assert_eq!(session("0b5e-one").messages(&ask("hi")).await.header("x-ccr-provider"), "main");
    assert_eq!(session("0b5e-two").messages(&side_job).await.header("x-ccr-provider"), "main");

    fs::write(own.join("0b5e-one.json"), r#"{"Router": {"default": "own,m", "background": "main,m"}}"#).unwrap();
    eventually("the session's own file to count", async || {
        let answer = session("0b5e-one").messages(&ask("hi")).await;
        (answer.header("x-ccr-provider") == "own").then_some(())
    })
    .await;
    fs::write(own.join("0b5e-one.json"), r#"{"Router": {"default": "nobody,m"}}"#).unwrap();
    eventually("the bad file to be left out", async || {
        let answer = session("0b5e-one").messages(&side_job).await;
        (answer.header("x-ccr-provider") == "own").then_some(())
    })
    .await;
    let stopped = gateway.stop().await;
    assert!(stopped.log.contains("0b5e-one.json") && stopped.log.contains("`nobody`"), "{}", stopped.log);
}

/// A client whose session is of a project with this `config.json`.
fn in_project(gateway: &TestGateway, config: &str) -> gateway_tests::client::Client {
    let sessions = gateway.home().join(".claude/projects/-work-app");
    let own = gateway.home().join("-work-app");
    fs::create_dir_all(&sessions).unwrap();
    fs::create_dir_all(&own).unwrap();
    fs::write(sessions.join("one.jsonl"), "{}\n").unwrap();
    fs::write(own.join("config.json"), config).unwrap();
    gateway.client().with_header("x-claude-code-session-id", "one")
}

#[tokio::test]
async fn what_a_project_says_of_failures_and_of_long_requests_counts_for_its_requests() {
    let (main, large, spare) = (FakeUpstream::start().await, FakeUpstream::start().await, FakeUpstream::start().await);
    large.otherwise(|_| openai::text("large"));
    spare.otherwise(|_| openai::text("spare"));
    let named = [("main", &main), ("large", &large), ("spare", &spare)];
    let gateway = Setup::config(&routed(&named, json!({"default": "main,m"}))).start().await;
    let own = r#"{"Router": {"longContext": "large,m", "fallback": {"models": ["spare,m"]}}}"#;
    let client = in_project(&gateway, own);
    main.otherwise(|_| {
        openai::error(400, "This model's maximum context length is 9 tokens", "context_length_exceeded")
    });
    let answer = client.messages(&ask("hi")).await;
    assert_eq!((answer.status, answer.header("x-ccr-provider")), (200, "large"));
    assert_eq!(gateway.messages(&ask("hi")).await.status, 400);
    main.otherwise(|_| openai::error(500, "down", "x"));
    let answer = client.messages(&ask("hi")).await;
    assert_eq!((answer.status, answer.header("x-ccr-provider")), (200, "spare"));
    assert_eq!(gateway.messages(&ask("hi")).await.status, 500);
}
