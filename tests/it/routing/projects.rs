//! Routers of projects and sessions.

use std::fs;

use gateway_tests::upstream::openai;
use gateway_tests::{FakeUpstream, Setup, eventually};
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
