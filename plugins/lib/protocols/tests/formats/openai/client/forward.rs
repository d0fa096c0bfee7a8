//! Forwarding: which requests go as they are, and what changes in them.

use ccr_plugin::{ClientProtocol, ClientRequest, EncodedRequest, Header, Settings, Target};
use ccr_protocols::openai::OpenAi;

fn forward(body: &str, model: &str, settings: &str) -> Option<EncodedRequest> {
    let header = |name: &str, value: &str| Header { name: name.into(), value: value.into() };
    let request = ClientRequest {
        path: "/v1/chat/completions?x=1".into(),
        headers: vec![header("openai-beta", "b"), header("openai-organization", "o"), header("user-agent", "u")],
        body: body.into(),
    };
    let target = Target::new("p", model);
    OpenAi::forward(&request, &target, "/api/v1", &Settings::of(settings)).unwrap()
}

#[test]
fn only_the_model_changes() {
    let forwarded = forward(
        "{ \"messages\" : [ {\"role\":\"user\",\"content\":\"\\u0061\"} ],\n\"model\":\"p,m\" , \"n\":2, \"model\":\"p,m\" }",
        "a\"b",
        "{}",
    );
    let forwarded = forwarded.unwrap();
    assert_eq!(
        String::from_utf8(forwarded.body).unwrap(),
        "{ \"messages\" : [ {\"role\":\"user\",\"content\":\"\\u0061\"} ],\n\"model\":\"a\\\"b\" , \"n\":2, \"model\":\"a\\\"b\" }"
    );
    assert_eq!(forwarded.path, "/api/v1/chat/completions");
    let headers: Vec<_> =
        forwarded.headers.iter().map(|header| (header.name.as_str(), header.value.as_str())).collect();
    assert_eq!(headers, [("openai-beta", "b")]);
    assert!(forwarded.context.is_empty());
}

#[test]
fn options_that_edit_keep_it_from_going_as_it_is() {
    let body = r#"{"model":"m","messages":[],"tools":[{},{}]}"#;
    for (settings, goes) in [
        ("{}", true),
        (r#"{"max_tools":2}"#, true),
        (r#"{"max_tools":1}"#, false),
        (r#"{"cache_control":true}"#, true),
        (r#"{"reasoning":"reasoning_content"}"#, false),
        (r#"{"max_tokens_field":"max_tokens"}"#, false),
    ] {
        assert_eq!(forward(body, "m", settings).is_some(), goes, "{settings}");
    }
}

#[test]
fn reasoning_that_must_be_opened_is_translated() {
    let with = |details: &str| {
        format!(r#"{{"model":"m","messages":[{{"role":"assistant","content":"a","reasoning_details":[{details}]}}]}}"#)
    };
    let ours = with(r#"{"type":"reasoning.text","text":"t","signature":"ccr1:openai:0","format":"unknown"}"#);
    let claude = with(r#"{"type":"reasoning.text","text":"t","signature":"abc","format":"anthropic-claude-v1"}"#);
    let plain = with(r#"{"type":"reasoning.text","text":"ccr1:"}"#);
    let other = with(r#"{"type":"reasoning.encrypted","data":"x","format":"google-gemini-v1"}"#);
    for (body, model, goes) in [
        (&ours, "anthropic/claude-opus-4.5", false),
        (&claude, "anthropic/claude-opus-4.5", true),
        (&claude, "deepseek-chat", false),
        (&plain, "deepseek-chat", true),
        (&other, "google/gemini-3-pro", true),
    ] {
        assert_eq!(forward(body, model, "{}").is_some(), goes, "{model}: {body}");
    }
}

#[test]
fn what_is_no_json_is_left_to_the_translation() {
    assert!(forward("{", "m", "{}").is_none());
}
