//! Router plugins, named by `CUSTOM_ROUTER_PATH`: what they may decide, and that a bad one costs nothing but its decision.

use gateway_tests::upstream::openai;
use gateway_tests::{FakeUpstream, Setup, TestGateway, artifacts};
use serde_json::{Value, json};

use crate::support::ask;

/// A gateway with providers `up` and `other`, and a router with these options.
async fn routed(upstream: &FakeUpstream, component: &str, name: &str, options: Value) -> TestGateway {
    let mut config = gateway_tests::gateway::openai_config(&upstream.base_url());
    let mut other = config["Providers"][0].clone();
    other["name"] = json!("other");
    config["Providers"].as_array_mut().unwrap().push(other);
    config["CUSTOM_ROUTER_PATH"] = json!(artifacts::component(component));
    config["plugins"] = json!([{"name": name, "options": options}]);
    Setup::config(&config).start().await
}

#[tokio::test]
async fn the_example_sends_large_requests_elsewhere_and_says_why() {
    let upstream = FakeUpstream::always(openai::text("hi")).await;
    let options = json!({"large": "other,big", "above_kb": 2});
    let gateway = routed(&upstream, "examples/hello-router", "hello-router", options).await;
    let small = gateway.messages(&ask("hi")).await;
    assert_eq!(small.header("x-ccr-provider"), "up");
    let large = gateway.messages(&ask(&"a".repeat(5000))).await;
    assert_eq!((large.header("x-ccr-provider"), large.header("x-ccr-model")), ("other", "big"));
    let reason = large.header("x-ccr-route-reason").to_owned();
    assert!(reason.contains("more than 2 kB") && reason.contains("hello-router"), "{reason}");
    let stopped = gateway.stop().await;
    assert_eq!(stopped.records[1]["route_reason"], reason);
    assert_eq!(stopped.records[1]["provider"], "other");
    assert!(stopped.records[1]["plugin_ms"].as_f64().unwrap() > 0.0);
}

#[tokio::test]
async fn a_router_that_lies_or_fails_is_passed_over() {
    for lie in ["unknown", "nonsense", "long", "fault", "spin", "trap"] {
        let upstream = FakeUpstream::always(openai::text("hi")).await;
        let gateway = routed(&upstream, "hostile/hostile-lie-router", "hostile-lie-router", json!({"lie": lie})).await;
        let answer = gateway.messages(&ask("hi")).await;
        assert_eq!(answer.status, 200, "{lie}");
        assert_eq!(answer.header("x-ccr-provider"), "up", "{lie}");
        let reason = answer.header("x-ccr-route-reason");
        assert!(reason.contains("hostile-lie-router"), "{lie}: {reason}");
        assert!(reason.len() < 8192, "{lie}: {} bytes", reason.len());
        let stopped = gateway.stop().await;
        assert_eq!(stopped.record()["outcome"], "completed", "{lie}");
        assert!(stopped.log.contains("hostile-lie-router"), "{lie}: {}", stopped.log);
    }
}

#[tokio::test]
async fn of_several_routers_the_first_good_word_counts_and_failures_stay_visible() {
    let upstream = FakeUpstream::always(openai::text("hi")).await;
    let mut config = gateway_tests::gateway::openai_config(&upstream.base_url());
    let files = ["hostile/hostile-lie-router", "examples/hello-router"].map(artifacts::component);
    config["CUSTOM_ROUTER_PATH"] = json!(files);
    config["plugins"] = json!([
        {"name": "hostile-lie-router", "options": {"lie": "unknown"}},
        {"name": "hello-router", "options": {"large": "up,big", "above_kb": 0}},
    ]);
    let gateway = Setup::config(&config).start().await;
    let answer = gateway.messages(&ask(&"a".repeat(3000))).await.expect(200).await;
    assert_eq!(answer.header("x-ccr-model"), "big");
    let reason = answer.header("x-ccr-route-reason");
    assert!(reason.starts_with("router `hello-router") && reason.contains("hostile-lie-router"), "{reason}");
}

#[tokio::test]
async fn a_reason_makes_no_header_of_its_own() {
    let upstream = FakeUpstream::always(openai::text("hi")).await;
    let options = json!({"lie": "header"});
    let gateway = routed(&upstream, "hostile/hostile-lie-router", "hostile-lie-router", options).await;
    let answer = gateway.messages(&ask("hi")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("x-ccr-provider"), "other");
    assert_eq!(answer.headers.get("x-injected"), None);
    let reason = answer.header("x-ccr-route-reason");
    assert!(reason.is_ascii() && reason.contains("because"), "{reason}");
}

#[tokio::test]
async fn a_router_that_is_not_there_is_passed_over_and_named() {
    let upstream = FakeUpstream::always(openai::text("hi")).await;
    for path in ["nowhere.wasm", "router.js"] {
        let mut config = gateway_tests::gateway::openai_config(&upstream.base_url());
        config["CUSTOM_ROUTER_PATH"] = json!(path);
        let gateway = Setup::config(&config).start().await;
        assert_eq!(gateway.messages(&ask("hi")).await.status, 200);
        assert!(gateway.health().await.to_string().contains("CUSTOM_ROUTER_PATH"));
        let stopped = gateway.stop().await;
        assert!(stopped.log.contains("CUSTOM_ROUTER_PATH"), "{}", stopped.log);
    }
}

#[tokio::test]
async fn a_plugin_of_another_role_is_no_router() {
    let upstream = FakeUpstream::always(openai::text("hi")).await;
    let gateway = routed(&upstream, "maxtoken", "maxtoken", json!({"max_tokens": 5})).await;
    let answer = gateway.messages(&ask("hi")).await;
    assert_eq!((answer.status, answer.header("x-ccr-provider")), (200, "up"));
    assert!(answer.header("x-ccr-route-reason").contains("maxtoken"));
}
