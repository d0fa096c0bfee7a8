//! Where requests go: scenarios, subagents, projects, rules, and what is told of it.

mod explained;
mod projects;
mod rules;

use gateway_tests::upstream::openai;
use gateway_tests::{FakeUpstream, Request, Script, Setup};
use serde_json::{Value, json};

use crate::support::{ask, with};

/// A config with a provider for each of these upstreams, all with the model `m`; `Router` as given.
pub(crate) fn routed(upstreams: &[(&str, &FakeUpstream)], router: Value) -> Value {
    let provider = |(name, upstream): &(&str, &FakeUpstream)| json!({"name": name, "api_base_url": upstream.base_url(), "api_key": "sk-routing-secret", "models": ["m"]});
    json!({"Providers": upstreams.iter().map(provider).collect::<Vec<_>>(), "Router": router})
}

fn prompt(upstream: &FakeUpstream) -> String {
    let requests = upstream.requests();
    assert_eq!(requests.len(), 1);
    requests[0].json().to_string()
}

#[tokio::test]
async fn the_kinds_of_a_session_reach_their_own_upstreams() {
    let mut upstreams = Vec::new();
    for _ in 0..5 {
        upstreams.push(FakeUpstream::always(openai::text("hi")).await);
    }
    let [main, side, long, think, sub] = &upstreams[..] else { panic!("five") };
    let router = json!({"default": "main,m", "background": "side,m", "longContext": "long,m", "think": "think,m"});
    let named = [("main", main), ("side", side), ("long", long), ("think", think), ("sub", sub)];
    let gateway = Setup::config(&routed(&named, router)).start().await;
    let tag = "<CCR-SUBAGENT-MODEL>SUB/m</CCR-SUBAGENT-MODEL>\nYou are a reviewer.";
    let system = json!([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}, {"type": "text", "text": tag}]);
    for (provider, scenario, request) in [
        ("main", "default", with(ask("hi"), "thinking", json!({"type": "disabled"}))),
        ("side", "background", with(ask("title"), "model", json!("claude-haiku-4-5[1m]"))),
        ("long", "longContext", ask(&"word ".repeat(80_000))),
        ("think", "think", with(ask("hm"), "thinking", json!({"type": "enabled", "budget_tokens": 1024}))),
        ("sub", "default", with(ask("review"), "system", system)),
    ] {
        let answer = gateway.messages(&request).await.expect(200).await;
        assert_eq!((answer.header("x-ccr-provider"), answer.header("x-ccr-scenario")), (provider, scenario));
    }
    for upstream in &upstreams {
        let asked = prompt(upstream);
        assert!(!asked.contains("CCR-SUBAGENT") && !asked.contains("[1m]"), "{asked}");
    }
    assert!(prompt(sub).contains("You are a reviewer."));
    let stopped = gateway.stop().await;
    for record in &stopped.records {
        let last = record["route"].as_array().unwrap().last().unwrap();
        assert_eq!(last["matched"], true, "{record}");
    }
}

#[tokio::test]
async fn a_session_that_was_long_stays_where_long_ones_go() {
    let upstream = FakeUpstream::start().await;
    upstream.otherwise(|_| {
        let mut answer = openai::completion(json!({"role": "assistant", "content": "hi"}), "stop");
        answer["usage"]["prompt_tokens"] = json!(61_000);
        Script::json(200, &answer)
    });
    let router = json!({"default": "main,m", "longContext": "long,m"});
    let gateway = Setup::config(&routed(&[("main", &upstream), ("long", &upstream)], router)).start().await;
    let large = ask(&"word ".repeat(30_000));
    let session = |session: &str| {
        let id = format!("user_x_account__session_{session}");
        with(large.clone(), "metadata", json!({"user_id": id}))
    };
    for (name, provider) in [("one", "main"), ("one", "long"), ("two", "main")] {
        let answer = gateway.messages(&session(name)).await.expect(200).await;
        assert_eq!(answer.header("x-ccr-provider"), provider, "{name}");
    }
    let mut small = session("one");
    small["messages"][0]["content"] = json!("hi");
    assert_eq!(gateway.messages(&small).await.header("x-ccr-provider"), "main");
}

#[tokio::test]
async fn a_client_of_another_format_is_routed_by_the_same_rules_and_its_tag_goes_too() {
    let (main, sub) = (FakeUpstream::always(openai::text("hi")).await, FakeUpstream::always(openai::text("hi")).await);
    let config = routed(&[("main", &main), ("sub", &sub)], json!({"default": "main,m"}));
    let gateway = Setup::config(&config).start().await;
    let chat = |model: &str, text: &str| {
        let body = json!({"model": model, "messages": [{"role": "user", "content": text}]});
        Request::post("/v1/chat/completions", &body)
    };
    let bare = gateway.client().send(&chat("gpt-5", "hi")).await.expect(200).await;
    assert_eq!(bare.header("x-ccr-provider"), "main");
    let tagged = chat("gpt-5", "<CCR-SUBAGENT-MODEL>sub,m</CCR-SUBAGENT-MODEL>Go");
    let tagged = gateway.client().send(&tagged).await.expect(200).await;
    assert_eq!(tagged.header("x-ccr-provider"), "sub");
    let asked = prompt(&sub);
    assert!(asked.contains("Go") && !asked.contains("CCR-SUBAGENT"), "{asked}");
}

#[tokio::test]
async fn a_name_that_is_not_there_is_refused_with_the_nearest() {
    let upstream = FakeUpstream::always(openai::text("hi")).await;
    let gateway =
        Setup::config(&routed(&[("openrouter", &upstream)], json!({"default": "openrouter,m"}))).start().await;
    let (kind, message) = gateway.messages(&with(ask("hi"), "model", json!("openroter,m"))).await.error().await;
    assert_eq!(kind, "not_found_error");
    assert!(message.contains("did you mean `openrouter`"), "{message}");
    let stopped = gateway.stop().await;
    assert_eq!(stopped.record()["route"][0]["rule"], "provider,model", "{:#}", stopped.record());
    assert!(upstream.requests().is_empty());
}
