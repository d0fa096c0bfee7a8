//! The built-in transformer `maxtoken`, at the level of a provider and of a model.

use gateway_tests::gateway::openai_config;
use gateway_tests::upstream::{anthropic, openai};
use gateway_tests::{FakeUpstream, Script, Setup, TestGateway};
use serde_json::{Value, json};

use crate::support::{ask_model, with};

async fn sent(upstream: &FakeUpstream, gateway: &TestGateway, model: &str, max_tokens: u64) -> Value {
    let body = with(ask_model(model, false), "max_tokens", json!(max_tokens));
    let answer = gateway.messages(&body).await;
    answer.expect(200).await;
    upstream.request().await.json()
}

#[tokio::test]
async fn it_caps_for_a_provider_and_lower_for_a_model() {
    let upstream = FakeUpstream::always(openai::text("hi")).await;
    let mut config = openai_config(&upstream.base_url());
    config["Providers"][0]["transformer"] = json!({
        "use": [["maxtoken", {"max_tokens": 100}]],
        "small": {"use": [["maxtoken", {"max_tokens": 10}]]},
    });
    let gateway = Setup::config(&config).start().await;
    for (model, asked, expected) in
        [("up,m", 50, 50), ("up,m", 5000, 100), ("up,small", 5, 5), ("up,small", 50, 10), ("up,small", 5000, 10)]
    {
        assert_eq!(sent(&upstream, &gateway, model, asked).await["max_tokens"], expected, "{model} {asked}");
    }
}

#[tokio::test]
async fn it_edits_what_is_passed_through_and_nothing_else() {
    let upstream = FakeUpstream::always(Script::json(200, &anthropic::message("hi"))).await;
    let mut config = openai_config(&upstream.base_url());
    config["Providers"][0]["transformer"] = json!({"use": ["Anthropic", ["maxtoken", {"max_tokens": 100}]]});
    let gateway = Setup::config(&config).start().await;
    let text =
        "{ \"max_tokens\": 5000 , \"model\":\"up,m\",\"messages\":[{\"role\":\"user\",\"content\":\"\\u0068i\"}] }";
    let request = gateway_tests::Request::new("POST", "/v1/messages").body(text);
    assert_eq!(gateway.client().send(&request).await.status, 200);
    let seen = upstream.request().await;
    let expected = text.replace("5000", "100").replace("\"up,m\"", "\"m\"");
    assert_eq!(String::from_utf8(seen.body).unwrap(), expected);
}

#[tokio::test]
async fn a_mistyped_option_is_named_before_any_request() {
    let upstream = FakeUpstream::start().await;
    for options in [json!({"max_tokens": "many"}), json!({"maxtokens": 5}), json!({})] {
        let mut config = openai_config(&upstream.base_url());
        config["Providers"][0]["transformer"] = json!({"use": [["maxtoken", options]]});
        let (code, said) = Setup::config(&config).fails().await;
        assert_eq!(code, Some(64), "{said}");
        assert!(said.contains("max_tokens") && said.contains("Providers[0]"), "{said}");
    }
}
