#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use super::*;
use ccr_plugin::testing::FakeWireRequest;
use serde_json::json;

fn sent_to(path: &str, body: serde_json::Value, settings: &serde_json::Value) -> (serde_json::Value, Vec<String>) {
    let mut request = FakeWireRequest::new(body);
    request.path = path.into();
    Sampling::transform_wire_request(&mut request, &Settings::of(settings.to_string())).unwrap();
    (request.body, request.dropped.into_inner())
}

fn sent(body: serde_json::Value, settings: &serde_json::Value) -> serde_json::Value {
    sent_to("/v1/chat/completions", body, settings).0
}

#[test]
fn the_limit_is_capped_and_never_raised() {
    let settings = json!({"max_tokens": 100});
    assert_eq!(sent(json!({"max_tokens": 500}), &settings), json!({"max_tokens": 100}));
    assert_eq!(sent(json!({"max_completion_tokens": 500}), &settings), json!({"max_completion_tokens": 100}));
    assert_eq!(sent(json!({"max_tokens": 50}), &settings), json!({"max_tokens": 50}));
    assert_eq!(sent(json!({}), &settings), json!({}));
}

#[test]
fn the_others_are_forced() {
    let settings = json!({"temperature": 0, "top_p": 0.9, "top_k": 40, "repetition_penalty": 1.1});
    assert_eq!(sent(json!({"temperature": 1, "model": "m"}), &settings), {
        let mut expected = settings.clone();
        expected["model"] = json!("m");
        expected
    });
}

#[test]
fn every_format_has_its_own_place_for_them() {
    let settings = json!({"max_tokens": 100, "temperature": 0.5, "top_p": 0.9, "top_k": 40, "repetition_penalty": 1.1});
    let none = json!({"contents": []});
    let gemini = json!({"maxOutputTokens": 100, "temperature": 0.5, "topP": 0.9, "topK": 40});
    let body = json!({"contents": [], "generationConfig": {"maxOutputTokens": 500}});
    let (body, dropped) = sent_to("/v1beta/models/m:generateContent", body, &settings);
    assert_eq!((body["generationConfig"].clone(), dropped), (gemini, vec!["sampling.repetition_penalty".to_owned()]));
    let (body, _) = sent_to("/v1beta/models/m:generateContent", none, &json!({"top_k": 40}));
    assert_eq!(body, json!({"contents": [], "generationConfig": {"topK": 40}}));

    let (body, dropped) = sent_to("/v1/responses", json!({"input": [], "max_output_tokens": 500}), &settings);
    assert_eq!(body, json!({"input": [], "max_output_tokens": 100, "temperature": 0.5, "top_p": 0.9}));
    assert_eq!(dropped, ["sampling.top_k", "sampling.repetition_penalty"]);

    let body = json!({"messages": [], "inferenceConfig": {"maxTokens": 500}});
    let (body, dropped) = sent_to("/model/m/converse", body, &settings);
    assert_eq!(body["inferenceConfig"], json!({"maxTokens": 100, "temperature": 0.5, "topP": 0.9}));
    assert_eq!(dropped, ["sampling.top_k", "sampling.repetition_penalty"]);
}

#[test]
fn anthropics_thinking_allows_less() {
    let settings = json!({"temperature": 0.5, "top_p": 0.96, "top_k": 40});
    let thinking = json!({"messages": [], "thinking": {"type": "adaptive"}});
    let (body, dropped) = sent_to("/v1/messages?beta=true", thinking.clone(), &settings);
    assert_eq!(body["top_p"], json!(0.96));
    assert_eq!(dropped, ["sampling.temperature", "sampling.top_k"]);
    let (body, dropped) = sent_to("/v1/messages", json!({"messages": [], "thinking": {"type": "disabled"}}), &settings);
    assert_eq!((body["temperature"].clone(), dropped.len()), (json!(0.5), 0));
}

#[test]
fn a_wrong_option_is_named() {
    let mut request = FakeWireRequest::new(json!({}));
    let fault = Sampling::transform_wire_request(&mut request, &Settings::of(r#"{"top_p":"high"}"#)).unwrap_err();
    assert!(matches!(fault, Fault::Other(message) if message.contains("`top_p`")));
}
