//! What the response headers say of a request's way.

use gateway_tests::gateway::openai_config;
use gateway_tests::upstream::openai;
use gateway_tests::{Answer, FakeUpstream, Setup};
use serde_json::json;

use crate::support::{ask, ask_model, ask_stream, with};

fn way(answer: &Answer) -> [&str; 4] {
    ["x-ccr-provider", "x-ccr-model", "x-ccr-scenario", "x-ccr-attempts"].map(|name| answer.header(name))
}

#[tokio::test]
async fn every_routed_answer_says_where_it_came_from() {
    let upstream = FakeUpstream::start().await;
    upstream.next(openai::text("hi"));
    upstream.next(openai::text_stream(&["hi"]));
    upstream.next(openai::error(400, "no", "invalid_request_error"));
    let gateway = Setup::openai(&upstream).start().await;
    let mut ids = Vec::new();
    for (body, status) in [(ask("hi"), 200), (ask_stream("hi"), 200), (ask("hi"), 400)] {
        let answer = gateway.messages(&body).await;
        assert_eq!(answer.status, status);
        assert_eq!(way(&answer), ["up", "m", "default", "1"]);
        assert!(!answer.header("x-ccr-route-reason").is_empty());
        ids.push(answer.header("x-ccr-request-id").to_owned());
        answer.bytes().await;
    }
    let stopped = gateway.stop().await;
    let recorded: Vec<_> = stopped.records.iter().map(|record| record["id"].as_str().unwrap()).collect();
    assert_eq!(recorded, ids);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3, "ids are used twice");
}

#[tokio::test]
async fn the_target_may_be_named_with_a_comma_or_a_slash_in_any_case() {
    let upstream = FakeUpstream::always(openai::text("hi")).await;
    let gateway = Setup::openai(&upstream).start().await;
    for (model, served) in [
        ("up,m", "m"),
        ("UP,M", "m"),
        ("up/m", "m"),
        ("up, m", "m"),
        ("up,other/with,comma", "other/with,comma"),
        ("claude-opus-4-8[1m]", "m"),
    ] {
        let answer = gateway.messages(&ask_model(model, false)).await;
        assert_eq!(way(&answer)[..2], ["up", served], "{model}");
        assert_eq!(answer.json().await["model"], model);
        assert_eq!(upstream.request().await.json()["model"], served);
    }
}

#[tokio::test]
async fn a_name_outside_ascii_makes_no_broken_header() {
    let upstream = FakeUpstream::always(openai::text("hi")).await;
    let mut config = openai_config(&upstream.base_url());
    config["Providers"][0]["name"] = json!("智谱🦀");
    config["Router"]["default"] = json!("智谱🦀,m");
    let gateway = Setup::config(&config).start().await;
    let answer = gateway.messages(&ask("hi")).await;
    assert_eq!(answer.status, 200);
    let provider = answer.header("x-ccr-provider");
    assert!(provider.is_ascii() && !provider.is_empty(), "{provider}");
    let stopped = gateway.stop().await;
    assert_eq!(stopped.record()["provider"], "智谱🦀");
}

#[tokio::test]
async fn what_was_left_out_is_said() {
    let upstream = FakeUpstream::always(openai::text("hi")).await;
    let gateway = Setup::openai(&upstream).start().await;
    let body = with(ask("hi"), "top_k", json!(5));
    let answer = gateway.messages(&body).await;
    assert!(answer.header("x-ccr-dropped").contains("top_k"));
    let stopped = gateway.stop().await;
    let dropped = stopped.record()["dropped"].as_array().unwrap();
    assert!(dropped.contains(&json!("top_k")), "{dropped:?}");
}

#[tokio::test]
async fn the_upstreams_own_headers_stay_there() {
    let headers = [
        ("content-type", "application/json"),
        ("set-cookie", "a=b"),
        ("server", "secret-server/1.0"),
        ("x-ccr-provider", "forged"),
    ];
    let reply = openai::completion(json!({"role": "assistant", "content": "hi"}), "stop").to_string();
    let script = gateway_tests::Script::whole(200, &headers, reply.as_bytes());
    let upstream = FakeUpstream::always(script).await;
    let gateway = Setup::openai(&upstream).start().await;
    let answer = gateway.messages(&ask("hi")).await;
    assert_eq!(answer.headers.get("set-cookie"), None);
    assert_eq!(answer.headers.all("x-ccr-provider").collect::<Vec<_>>(), ["up"]);
    assert!(answer.headers.iter().all(|(_, value)| !value.contains("secret-server")));
}
