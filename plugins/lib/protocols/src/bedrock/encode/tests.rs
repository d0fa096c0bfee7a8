//! Rules of single fields, and the property that every request becomes a legal one. Whole requests are in `fixtures/`.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod properties;

use super::encode;
use crate::bedrock::options::Options;
use ccr_plugin::testing::FakeRequest;
use ccr_plugin::{Credential, Fault, Settings, Target};
use serde_json::{Value, json};

const CLAUDE: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";

fn with(request: Value, model: &str, settings: &str) -> Result<(Value, Vec<String>), Fault> {
    let mut request = FakeRequest::new(request);
    request.target = Some(Target::new("p", model));
    request.base_path = String::new();
    let encoded = encode(&request, &Options::read(&Settings::of(settings))?)?;
    Ok((serde_json::from_slice(&encoded.body).unwrap(), request.dropped.into_inner()))
}

fn text(request: &Value) -> String {
    let mut fake = FakeRequest::new(request.clone());
    fake.target.as_mut().unwrap().model = CLAUDE.into();
    String::from_utf8(encode(&fake, &Options::default()).unwrap().body).unwrap()
}

#[test]
fn requests_are_signed_for_bedrock() {
    let request = FakeRequest::new(json!({"messages": [{"role": "user", "content": "x"}]}));
    let encoded = encode(&request, &Options::default()).unwrap();
    assert!(matches!(encoded.credential, Credential::Aws(service) if service == "bedrock"));
}

#[test]
fn the_billing_header_is_left_out_so_that_prompt_caches_stay_warm() {
    let of = |nonce: &str| {
        let header = format!("x-anthropic-billing-header: cc_version=2; cch={nonce};");
        let system = json!([{"type": "text", "text": header}, {"type": "text", "text": "a"}]);
        text(&json!({"system": system, "messages": [{"role": "user", "content": "x"}]}))
    };
    assert_eq!(of("1"), of("2"));
    assert!(of("1").contains(r#""system":[{"text":"a"}]"#));
}

#[test]
fn two_turns_share_their_beginning() {
    let turn = |messages: Value| text(&json!({"messages": messages, "max_tokens": 5, "tools": [{"name": "t"}]}));
    let first = turn(json!([{"role": "user", "content": "a"}]));
    let second = turn(json!([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]));
    assert!(second.starts_with(first.trim_end_matches("]}")), "{first}\n{second}");
}

#[test]
fn a_document_keeps_its_name_as_the_conversation_grows() {
    let pdf = |data: &str| json!({"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": data}});
    let first = json!([{"role": "user", "content": [pdf("JVBERi0x")]}]);
    let mut second = first.clone();
    second.as_array_mut().unwrap().push(json!({"role": "assistant", "content": "b"}));
    second.as_array_mut().unwrap().push(json!({"role": "user", "content": [pdf("JVBERi0y")]}));
    let (first, second) = (text(&json!({ "messages": first })), text(&json!({ "messages": second })));
    assert!(second.starts_with(first.trim_end_matches("]}")), "{first}\n{second}");
    assert!(second.contains(r#""name":"document-2""#));
}

#[test]
fn parameters_that_change_the_answer_are_refused_by_name() {
    for (name, value) in [("n", json!(3)), ("logprobs", json!(true)), ("audio", json!({"voice": "x"}))] {
        let request = json!({"ccr": {"params": {name: value}}, "messages": [{"role": "user", "content": "x"}]});
        let fault = with(request, CLAUDE, "{}").unwrap_err();
        assert!(matches!(fault, Fault::Unsupported(message) if message.contains(name)));
    }
}

#[test]
fn hints_for_other_protocols_are_passed_over() {
    let hints = json!({"reasoning": "reasoning_content", "cache_control": true, "default_max_tokens": false});
    let request = json!({"max_tokens": 9, "ccr": hints, "messages": [{"role": "user", "content": "x"}]});
    let (body, dropped) = with(request, CLAUDE, "{}").unwrap();
    assert_eq!(body["inferenceConfig"], json!({"maxTokens": 9}));
    assert_eq!(body.as_object().unwrap().len(), 2);
    assert!(dropped.is_empty(), "{dropped:?}");
}

#[test]
fn betas_that_bedrock_does_not_know_are_left_out() {
    let betas = |model: &str, header: &str| {
        let mut request = FakeRequest::new(json!({"messages": [{"role": "user", "content": "x"}]}));
        request.target.as_mut().unwrap().model = model.into();
        request.headers.insert("anthropic-beta".into(), header.into());
        let body = encode(&request, &Options::default()).unwrap().body;
        serde_json::from_slice::<Value>(&body).unwrap()["additionalModelRequestFields"]["anthropic_beta"].clone()
    };
    let header = "claude-code-20250219, context-1m-2025-08-07,context-1m-2025-08-07,novelty-2030-01-01";
    assert_eq!(betas(CLAUDE, header), json!(["context-1m-2025-08-07"]));
    for model in ["anthropic.claude-3-haiku-20240307-v1:0", "eu.anthropic.claude-opus-4-7", "anthropic.claude-sonnet-5"]
    {
        assert_eq!(betas(model, header), Value::Null, "{model}");
    }
    assert_eq!(betas("amazon.nova-pro-v1:0", header), Value::Null);
}

#[test]
fn a_request_without_a_target_is_the_gateways_own_fault() {
    let mut request = FakeRequest::new(json!({"messages": []}));
    request.target = None;
    assert!(matches!(encode(&request, &Options::default()), Err(Fault::Other(_))));
}
