//! `GET /v1/models` and `GET /v1/models/{id}`.

use gateway_tests::{FakeUpstream, Setup};
use serde_json::{Value, json};

use crate::support::two_providers;

fn ids(list: &Value) -> Vec<&str> {
    let entries = list["data"].as_array().unwrap().iter();
    entries.map(|entry| entry["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn every_model_of_the_config_is_listed() {
    let upstream = FakeUpstream::start().await;
    let gateway = Setup::config(&two_providers(&upstream, json!(["Anthropic"]))).start().await;
    let answer = gateway.client().get("/v1/models?limit=1000").await;
    assert_eq!(answer.status, 200);
    let list = answer.json().await;
    assert_eq!(ids(&list), ["up,m", "bent,m"]);
    assert_eq!(list["has_more"], false);
    assert_eq!((&list["first_id"], &list["last_id"]), (&json!("up,m"), &json!("bent,m")));
    for entry in list["data"].as_array().unwrap() {
        assert_eq!(entry["type"], "model");
        assert!(entry["display_name"].as_str().is_some() && entry["created_at"].as_str().is_some(), "{entry}");
    }
}

#[tokio::test]
async fn a_config_without_providers_lists_nothing() {
    let gateway = Setup::config(&json!({})).start().await;
    let list = gateway.client().get("/v1/models").await.json().await;
    assert_eq!(ids(&list), [""; 0]);
    assert_eq!((&list["first_id"], &list["last_id"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn one_model_is_found_by_any_name_that_a_request_could_use() {
    let upstream = FakeUpstream::start().await;
    let gateway = Setup::openai(&upstream).start().await;
    for (path, id) in [
        ("up,m", "up,m"),
        ("up%2Cm", "up,m"),
        ("up%2Fm", "up/m"),
        ("up/m", "up/m"),
        ("claude-opus-4-8", "claude-opus-4-8"),
        ("claude-opus-4-8[1m]", "claude-opus-4-8[1m]"),
        ("claude-opus-4-8%5B1m%5D", "claude-opus-4-8[1m]"),
    ] {
        let answer = gateway.client().get(&format!("/v1/models/{path}")).await;
        assert_eq!(answer.status, 200, "{path}");
        let model = answer.json().await;
        assert_eq!((&model["id"], &model["type"]), (&json!(id), &json!("model")));
    }
    let answer = gateway.client().get("/v1/models/nobody,m").await;
    assert_eq!(answer.status, 404);
    assert_eq!(answer.error().await.0, "not_found_error");
}
