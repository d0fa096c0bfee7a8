//! `ccr explain` and `POST /api/explain`: where a request would go, without sending it.

use std::path::Path;
use std::process::{Output, Stdio};

use gateway_tests::client::Request;
use gateway_tests::gateway::ccr;
use gateway_tests::upstream::openai;
use gateway_tests::{FakeUpstream, Setup, within};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

use super::routed;
use crate::support::{ask, with};

async fn explain(home: &Path, config: &Value, arguments: &[&str], request: &str) -> Output {
    let file = home.join("config.json");
    std::fs::write(&file, config.to_string()).unwrap();
    let mut command = ccr(home);
    command.arg("explain").arg("--config").arg(&file).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.kill_on_drop(true).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(request.as_bytes()).await.unwrap();
    drop(stdin);
    within("the program's end", child.wait_with_output()).await.unwrap()
}

fn example(upstream: &FakeUpstream) -> Value {
    let condition = json!({"left": "request.header.x-team", "operator": "==", "right": "red"});
    let rules = json!([{"name": "red team", "condition": condition, "target": "other,m"}]);
    let router = json!({"default": "main,m", "think": "other,m", "longContext": "other,m", "rules": rules});
    routed(&[("main", upstream), ("other", upstream)], router)
}

#[tokio::test]
async fn the_command_prints_each_question_and_sends_nothing() {
    let upstream = FakeUpstream::start().await;
    let home = tempfile::tempdir().unwrap();
    let config = example(&upstream);
    let thinking = with(ask("hi"), "thinking", json!({"type": "enabled", "budget_tokens": 1024}));
    let output = explain(home.path(), &config, &[], &thinking.to_string()).await;
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
    let expected = "\
no   rule `red team`  request.header.x-team is not there
no   provider,model   the model `claude-test` names no provider
no   longContext      at most 60000 tokens, the threshold is 60000
no   subagent         no tag
no   background       Router.background is not set
no   webSearch        Router.webSearch is not set
yes  think            `thinking` is `enabled`
=> other,m (Router.think)
";
    assert_eq!(told, expected);
    assert!(!told.contains("sk-routing-secret"), "{told}");

    let arguments = ["--json", "--header", "x-team: red", "-H", "authorization: Bearer sk-mine"];
    let output = explain(home.path(), &config, &arguments, &thinking.to_string()).await;
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&told["provider"], &told["model"]), (&json!("other"), &json!("m")), "{told}");
    assert_eq!(told["reason"], "rule `red team`");
    assert_eq!(
        told["route"][0],
        json!({"rule": "rule `red team`", "matched": true, "seen": "request.header.x-team is `red`"})
    );
    assert!(!told.to_string().contains("sk-mine"), "{told}");
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn what_would_be_refused_is_told_with_the_reason() {
    let upstream = FakeUpstream::start().await;
    let home = tempfile::tempdir().unwrap();
    let config = example(&upstream);
    let lost = with(ask("hi"), "model", json!("mian,m")).to_string();
    for (request, words) in [(lost.as_str(), "did you mean `main`"), ("{", "not valid JSON")] {
        let output = explain(home.path(), &config, &[], request).await;
        let told = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.contains(words), "{told}");
    }
}

#[tokio::test]
async fn the_gateway_explains_with_a_key_only() {
    let upstream = FakeUpstream::always(openai::text("hi")).await;
    let mut config = example(&upstream);
    config["APIKEY"] = json!("sk-gateway-key");
    let gateway = Setup::config(&config).start().await;
    let request = Request::post("/api/explain", &ask("hi"));
    assert_eq!(gateway.client().send(&request).await.status, 401);
    let told = gateway.client().send(&request.header("x-api-key", "sk-gateway-key").header("x-team", "red")).await;
    let told = told.expect(200).await.json().await;
    assert_eq!((&told["provider"], &told["error"]), (&json!("other"), &Value::Null), "{told}");
    assert!(!told.to_string().contains("sk-"), "{told}");
    assert!(upstream.requests().is_empty());
    let get = gateway.client().get("/api/explain").await;
    assert_eq!(get.status, 405);
}

#[tokio::test]
async fn requests_of_other_formats_are_explained_by_their_path() {
    let upstream = FakeUpstream::start().await;
    let home = tempfile::tempdir().unwrap();
    let config = example(&upstream);
    let gateway = Setup::config(&config).start().await;
    let chat = json!({"model": "gpt-5", "reasoning_effort": "xhigh", "messages": [{"role": "user", "content": "hi"}]});
    let responses = json!({"model": "gpt-5", "reasoning": {"effort": "medium"}, "input": "hi"});
    let gemini = json!({"contents": [{"role": "user", "parts": [{"text": "hi"}]}]});
    for (path, request, provider, scenario) in [
        ("/v1/chat/completions", chat, "other", "think"),
        ("/v1/responses", responses.clone(), "main", "default"),
        ("/v1beta/models/main,m:generateContent", gemini, "main", "default"),
    ] {
        let told = gateway.client().send(&Request::post(&format!("/api/explain?path={path}"), &request)).await;
        let told = told.expect(200).await.json().await;
        assert_eq!((&told["provider"], &told["scenario"]), (&json!(provider), &json!(scenario)), "{path}: {told}");
        let output = explain(home.path(), &config, &["--json", "--path", path], &request.to_string()).await;
        let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(printed["provider"], provider, "{path}: {printed}");
    }
    for (query, words) in
        [("", "path=/v1/chat/completions"), ("?path=/v1/nobody", "nobody's"), ("?path=x", "not a path")]
    {
        let refused = gateway.client().send(&Request::post(&format!("/api/explain{query}"), &responses)).await;
        let (kind, message) = refused.error().await;
        assert!(kind == "invalid_request_error" && message.contains(words), "{query}: {message}");
    }
    assert!(upstream.requests().is_empty());
}
