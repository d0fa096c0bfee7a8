//! Changes of the config file and of the plugins folder while the gateway runs.

use std::fs;

use gateway_tests::gateway::openai_config;
use gateway_tests::upstream::openai;
use gateway_tests::{FakeUpstream, Gate, Script, Setup, TestGateway, artifacts, eventually};
use serde_json::{Value, json};

use crate::support::{ask, ask_model, ask_stream, text_of};

/// Waits until requests are served by this provider.
async fn served_by(gateway: &TestGateway, provider: &str) {
    eventually("the new config", async || {
        let answer = gateway.messages(&ask("hi")).await;
        (answer.headers.get("x-ccr-provider") == Some(provider)).then_some(())
    })
    .await;
}

/// The usual config with the provider under another name.
fn renamed(upstream: &FakeUpstream, name: &str) -> Value {
    let mut config = openai_config(&upstream.base_url());
    config["Providers"][0]["name"] = json!(name);
    config["Router"]["default"] = json!(format!("{name},m"));
    config
}

#[tokio::test]
async fn an_edit_is_taken_up_however_it_is_written() {
    let upstream = FakeUpstream::always(openai::text("hi")).await;
    let gateway = Setup::openai(&upstream).start().await;
    served_by(&gateway, "up").await;
    gateway.write_config(&renamed(&upstream, "second").to_string());
    served_by(&gateway, "second").await;
    // Written in place instead of renamed over.
    let file = gateway.home().join("config.json");
    fs::write(&file, renamed(&upstream, "third").to_string()).unwrap();
    served_by(&gateway, "third").await;
    // Removed and written again, as some editors do.
    fs::remove_file(&file).unwrap();
    fs::write(&file, renamed(&upstream, "fourth").to_string()).unwrap();
    served_by(&gateway, "fourth").await;
    assert_eq!(gateway.health().await["status"], "ok");
}

#[tokio::test]
async fn a_bad_edit_leaves_the_last_good_one_serving() {
    let upstream = FakeUpstream::always(openai::text("hi")).await;
    let gateway = Setup::openai(&upstream).start().await;
    let unknown = json!({
        "Providers": [{"name": "up", "api_base_url": upstream.base_url(), "models": ["m"], "transformer": {"use": ["maxtokn"]}}],
        "Router": {"default": "up,m"},
    });
    let wrong_type = json!({"Providers": "none"});
    for (bad, named) in [
        ("{ this is not".to_owned(), "line 1"),
        (wrong_type.to_string(), "Providers"),
        (unknown.to_string(), "maxtokn"),
    ] {
        gateway.write_config(&bad);
        let degraded =
            |health: &Value| health["status"] == "degraded" && health["problems"].to_string().contains(named);
        let health = gateway.healthy("the bad config in /health", degraded).await;
        let problems = health["problems"].as_array().unwrap();
        assert!(
            problems.iter().all(|problem| problem["message"].as_str().is_some_and(|it| !it.is_empty())),
            "{health}"
        );
        let answer = gateway.messages(&ask("hi")).await;
        assert_eq!((answer.status, answer.header("x-ccr-provider")), (200, "up"));
        gateway.write_config(&openai_config(&upstream.base_url()).to_string());
        gateway.healthy("the good config in /health", |health| health["status"] == "ok").await;
    }
    let stopped = gateway.stop().await;
    assert!(stopped.log.contains("maxtokn"), "{}", stopped.log);
}

#[tokio::test]
async fn a_request_in_flight_ends_under_the_config_it_began_with() {
    let old = FakeUpstream::start().await;
    let new = FakeUpstream::always(openai::text("new")).await;
    let gate = Gate::new();
    let script = Script::stream().data(&openai::text_chunk("old")).wait(&gate);
    old.next(openai::ending(script.data(&openai::text_chunk(" still")), "stop"));
    old.otherwise(|_| openai::text("old"));
    let gateway = Setup::openai(&old).start().await;
    let mut answer = gateway.messages(&ask_stream("hi")).await;
    let mut events = vec![answer.event().await.unwrap()];
    gateway.write_config(&renamed(&new, "second").to_string());
    served_by(&gateway, "second").await;
    gate.open();
    assert_eq!(answer.header("x-ccr-provider"), "up");
    while let Some(event) = answer.event().await {
        events.push(event);
    }
    let transcript = gateway_tests::Transcript::of(events, false);
    assert_eq!(text_of(&transcript.message()), "old still");
    let stopped = gateway.stop().await;
    let streamed = stopped.records.iter().find(|record| record["stream"] == true).unwrap();
    assert_eq!((&streamed["provider"], &streamed["outcome"]), (&json!("up"), &json!("completed")));
}

/// The state of a plugin, as `/health` names it.
fn state<'a>(health: &'a Value, name: &str) -> Option<&'a str> {
    let plugins = health["plugins"].as_array().unwrap().iter();
    let mut plugins = plugins.filter(|plugin| plugin["name"] == name);
    plugins.next().and_then(|plugin| plugin["state"].as_str())
}

#[tokio::test]
async fn a_component_that_is_dropped_in_replaced_and_deleted() {
    let upstream = FakeUpstream::always(openai::text("hi")).await;
    let gateway = Setup::openai(&upstream).start().await;
    let good = artifacts::component("examples/hello-router");
    let file = gateway.plugins().join("hello-router.wasm");
    assert_eq!(state(&gateway.health().await, "hello-router"), None);

    fs::copy(&good, &file).unwrap();
    let ready = |health: &Value| state(health, "hello-router") == Some("ready");
    gateway.healthy("the new component", ready).await;

    // Not a component: the version before it goes on serving, and /health says so.
    fs::write(&file, b"\0asm\x01\0\0\0").unwrap();
    let failed = |health: &Value| health["status"] == "degraded" && health.to_string().contains("not a component");
    gateway.healthy("the broken component", failed).await;
    assert_eq!(gateway.messages(&ask("hi")).await.status, 200);

    fs::copy(&good, &file).unwrap();
    gateway.healthy("the repaired component", |health| health["status"] == "ok" && ready(health)).await;
    fs::remove_file(&file).unwrap();
    gateway.healthy("its end", |health| state(health, "hello-router").is_none()).await;
    assert_eq!(gateway.messages(&ask("hi")).await.status, 200);
}

/// A config whose provider `bent` goes through `hostile-trap`, which does nothing where the option names no hook that there is.
fn through_a_plugin(upstream: &FakeUpstream) -> Value {
    crate::support::two_providers(upstream, json!([["hostile-trap", {"where": "nowhere"}], "openai"]))
}

#[tokio::test]
async fn a_component_that_is_replaced_by_a_bad_one_serves_on() {
    let upstream = FakeUpstream::always(openai::text("hi")).await;
    let gateway = Setup::config(&through_a_plugin(&upstream)).plugin("hostile/hostile-trap").start().await;
    let file = gateway.plugins().join("hostile-trap.wasm");
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    let health = gateway.healthy("the broken component", |health| health["status"] == "degraded").await;
    assert!(health.to_string().contains("earlier version serves"), "{health}");
    assert_eq!(gateway.messages(&ask_model("bent,m", false)).await.status, 200);
    fs::write(&file, whole).unwrap();
    gateway.healthy("the repaired component", |health| health["status"] == "ok").await;
    assert_eq!(gateway.messages(&ask_model("bent,m", false)).await.status, 200);
}

#[tokio::test]
async fn a_component_in_use_serves_its_stream_to_the_end_after_it_is_deleted() {
    let upstream = FakeUpstream::start().await;
    let gate = Gate::new();
    let script = Script::stream().data(&openai::text_chunk("first")).wait(&gate);
    upstream.next(openai::ending(script.data(&openai::text_chunk(" second")), "stop"));
    let gateway = Setup::config(&through_a_plugin(&upstream)).plugin("hostile/hostile-trap").start().await;
    let mut answer = gateway.messages(&ask_model("bent,m", true)).await;
    assert_eq!(answer.status, 200);
    let mut events = vec![answer.event().await.unwrap()];
    gateway.write_config(&openai_config(&upstream.base_url()).to_string());
    fs::remove_file(gateway.plugins().join("hostile-trap.wasm")).unwrap();
    gateway.healthy("its end", |health| state(health, "hostile-trap").is_none()).await;
    gate.open();
    while let Some(event) = answer.event().await {
        events.push(event);
    }
    let transcript = gateway_tests::Transcript::of(events, false);
    assert_eq!(text_of(&transcript.message()), "first second");
}
