//! Whether the agent applies.

use super::{BRAVE, own_tool, request, search_tool};
use crate::WebSearch;
use ccr_plugin::host::{Scope, kv_get};
use ccr_plugin::testing::FakeRequest;
use ccr_plugin::testing::host::{forget, set_config};
use ccr_plugin::{Fault, Settings};
use serde_json::json;

/// The provider that the request goes to speaks this.
fn spoken_to(protocol: &str) {
    set_config(&json!({"providers": [{"name": "other", "protocol": "anthropic"}, {"name": "P", "models": ["m"], "protocol": protocol}]}).to_string());
}

fn applies(request: &FakeRequest, options: &str) -> bool {
    WebSearch::applies(request, &Settings::of(options)).unwrap()
}

#[test]
fn it_applies_where_the_provider_does_not_search() {
    let (alone, beside) = (request(json!([search_tool()])), request(json!([own_tool(), search_tool()])));
    let mut forced = beside.clone();
    forced.body["tool_choice"] = json!({"type": "tool", "name": "web_search"});
    for (protocol, expected) in [
        ("openai", [true, true, true]),
        ("bedrock", [true, true, true]),
        ("azure-openai", [true, true, true]),
        ("somebody-elses", [true, true, true]),
        ("", [true, true, true]),
        ("anthropic", [false, false, false]),
        ("vertex-claude", [false, false, false]),
        ("openai-responses", [false, false, false]),
        // Gemini's search does not go beside functions.
        ("gemini", [false, true, false]),
        ("vertex-gemini", [false, true, false]),
    ] {
        spoken_to(protocol);
        assert_eq!([&alone, &beside, &forced].map(|request| applies(request, BRAVE)), expected, "{protocol}");
    }
}

#[test]
fn options_say_for_whom() {
    let request = request(json!([search_tool()]));
    for (protocol, options, expected) in [
        ("anthropic", json!({"always": true}), true),
        ("anthropic", json!({"always": ["p"]}), true),
        ("anthropic", json!({"always": ["other"]}), false),
        ("anthropic", json!({"always": true, "never": ["P"]}), false),
        ("openai", json!({"only": ["p"]}), true),
        ("openai", json!({"only": ["other"]}), false),
        ("openai", json!({"never": ["p"]}), false),
        ("openai", json!({"always": false}), true),
        ("anthropic", json!({"only": ["p"]}), false),
    ] {
        spoken_to(protocol);
        let mut options = options;
        options["backend"] = json!("tavily");
        assert_eq!(applies(&request, &options.to_string()), expected, "{protocol} {options}");
    }
}

#[test]
fn requests_without_such_a_tool_are_left_alone() {
    spoken_to("openai");
    for tools in [
        json!([]),
        json!([own_tool()]),
        json!([{"name": "web_search", "input_schema": {}}]),
        json!(null),
        json!("web_search_x"),
    ] {
        assert!(!applies(&request(tools.clone()), BRAVE), "{tools}");
    }
    let mut unrouted = request(json!([search_tool()]));
    unrouted.target = None;
    assert!(!applies(&unrouted, BRAVE));
}

#[test]
fn without_a_backend_it_says_so_once() {
    forget();
    spoken_to("openai");
    let request = request(json!([search_tool()]));
    assert!(!applies(&request, "{}"));
    assert!(kv_get(Scope::Global, "told").unwrap().is_some());
    assert!(!applies(&request, "{}"));
}

#[test]
fn wrong_options_are_named() {
    let request = request(json!([search_tool()]));
    for (options, named) in [
        (r#"{"backend": "bing"}"#, "`backend`"),
        (r#"{"backend": "searxng"}"#, "`url`"),
        (r#"{"backend": "brave", "count": "x"}"#, "`count`"),
    ] {
        let Err(Fault::Other(message)) = WebSearch::applies(&request, &Settings::of(options)) else {
            panic!("{options}")
        };
        assert!(message.contains(named), "{message}");
    }
}
