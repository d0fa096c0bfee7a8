//! Several plugins of one name: the config says which, and nothing takes over a built-in plugin's requests by itself.

use std::path::Path;

use gateway_tests::upstream::openai;
use gateway_tests::{FakeUpstream, Setup, TestGateway, artifacts};
use serde_json::{Value, json};

use crate::support::{ask, ask_model, setup_with, two_providers, with};

/// What `/health` says of the plugins of this name: state and, of those that serve, where they come from.
async fn known(gateway: &TestGateway, name: &str) -> Vec<String> {
    let health = gateway.health().await;
    let plugins = health["plugins"].as_array().unwrap().iter().filter(|plugin| plugin["name"] == name);
    plugins.map(|plugin| plugin["origin"].as_str().or(plugin["state"].as_str()).unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_file_of_a_built_in_name_does_not_take_its_place_by_itself() {
    let upstream = FakeUpstream::always(openai::text("hi")).await;
    let gateway = Setup::openai(&upstream).plugin("openai").start().await;
    assert_eq!(gateway.messages(&ask("hi")).await.status, 200);
    assert_eq!(known(&gateway, "openai").await, ["built-in", "not used"]);
    assert_eq!(gateway.health().await["status"], "degraded");
    let stopped = gateway.stop().await;
    let log = &stopped.log;
    assert!(log.contains("the built-in plugin of that name serves"), "{log}");
    assert!(log.contains("plugins: [{ name: \"openai\", path: ") && log.contains("openai.wasm"), "{log}");
}

#[tokio::test]
async fn a_file_that_the_config_names_takes_a_built_in_plugins_place() {
    let upstream = FakeUpstream::always(openai::text("hi")).await;
    for (key, value) in [
        ("plugins", json!([{"name": "openai", "path": "plugins/openai.wasm"}])),
        ("transformers", json!([{"path": "plugins/openai.wasm"}])),
    ] {
        let gateway = setup_with(&upstream, key, value).plugin("openai").start().await;
        assert_eq!(gateway.messages(&ask("hi")).await.status, 200, "{key}");
        assert_eq!(known(&gateway, "openai").await, ["file"], "{key}");
        assert_eq!(gateway.health().await["status"], "ok", "{key}");
        let stopped = gateway.stop().await;
        assert!(stopped.log.contains("takes the place of the built-in"), "{}", stopped.log);
    }
}

#[tokio::test]
async fn a_file_that_calls_itself_otherwise_is_not_used() {
    let upstream = FakeUpstream::always(openai::text("hi")).await;
    let plugins = json!([{"name": "openai", "path": artifacts::component("maxtoken")}]);
    let gateway = setup_with(&upstream, "plugins", plugins).start().await;
    assert_eq!(known(&gateway, "openai").await.last().unwrap(), "failed");
    let reason = gateway.health().await.to_string();
    assert!(reason.contains("it calls itself `maxtoken`, and the config names it `openai`"), "{reason}");
}

/// Two files of `hostile-trap`, which does nothing where the option names no hook that there is.
fn twice(config: &Value) -> Setup {
    let file = artifacts::component("hostile/hostile-trap");
    Setup::config(config).plugin_file(&file, "first.wasm").plugin_file(&file, "second.wasm")
}

fn uses() -> Value {
    json!([["hostile-trap", {"where": "nowhere"}], "openai"])
}

#[tokio::test]
async fn two_files_of_one_name_are_an_error_that_names_both() {
    let upstream = FakeUpstream::always(openai::text("hi")).await;
    let (code, said) = twice(&two_providers(&upstream, uses())).fails().await;
    assert_eq!(code, Some(64), "{said}");
    assert!(said.contains("Providers[1].transformer.use[0]") && said.contains("several plugins"), "{said}");
    assert!(said.contains("first.wasm") && said.contains("second.wasm"), "{said}");
    assert!(said.contains("plugins: [{ name: \"hostile-trap\", path: "), "{said}");
    // Where nothing uses the name, they are no more than said.
    let gateway = twice(&gateway_tests::gateway::openai_config(&upstream.base_url())).start().await;
    assert_eq!(gateway.messages(&ask("hi")).await.status, 200);
    assert_eq!(known(&gateway, "hostile-trap").await, ["not used", "not used"]);
}

#[tokio::test]
async fn of_two_files_the_one_that_the_config_names_serves() {
    let upstream = FakeUpstream::always(openai::text("hi")).await;
    let config = two_providers(&upstream, uses());
    for (key, value) in [
        ("plugins", json!([{"name": "hostile-trap", "path": "plugins/second.wasm"}])),
        ("transformers", json!([{"path": "plugins/second.wasm"}])),
    ] {
        let gateway = twice(&with(config.clone(), key, value)).start().await;
        assert_eq!(gateway.messages(&ask_model("bent,m", false)).await.status, 200, "{key}");
        assert_eq!(known(&gateway, "hostile-trap").await, ["file", "not used"], "{key}");
        let stopped = gateway.stop().await;
        assert!(stopped.log.contains("the config names another file for it"), "{}", stopped.log);
    }
}

#[tokio::test]
async fn two_files_that_the_config_gives_one_name_are_an_error() {
    let upstream = FakeUpstream::start().await;
    let transformers = json!([
        {"name": "mine", "path": artifacts::component("maxtoken")},
        {"name": "Mine", "path": artifacts::component("openai")},
    ]);
    let (code, said) = setup_with(&upstream, "transformers", transformers).fails().await;
    assert_eq!(code, Some(64), "{said}");
    assert!(
        said.contains("maxtoken.wasm") && said.contains("openai.wasm") && said.contains("transformers[1]"),
        "{said}"
    );
}

#[tokio::test]
async fn a_second_file_that_is_dropped_in_changes_nothing() {
    let upstream = FakeUpstream::always(openai::text("hi")).await;
    let setup = Setup::config(&two_providers(&upstream, uses())).plugin("hostile/hostile-trap");
    let gateway = setup.start().await;
    let beside = |name: &str| gateway.plugins().join(name);
    let copy = |from: &Path, to: &str| std::fs::copy(from, beside(to)).unwrap();
    copy(&beside("hostile-trap.wasm"), "another.wasm");
    let health = gateway.healthy("the two of them", |health| health["status"] == "degraded").await;
    assert!(health["problems"].to_string().contains("several plugins are called"), "{health}");
    assert_eq!(gateway.messages(&ask_model("bent,m", false)).await.status, 200);
    std::fs::remove_file(beside("another.wasm")).unwrap();
    gateway.healthy("one of them", |health| health["status"] == "ok").await;
}
