//! The order as a table: each kind of request against each other, with the entries of `Router` there and not there.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::path::Path;

use http::HeaderMap;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::count::{ByBytes, TokenCount};
use super::question::Question;
use super::rules::decide;
use super::tags;
use super::trace::Trace;
use crate::base::error::GatewayError;
use crate::base::request::InnerRequest;
use crate::config::{Config, Overrides, Problems, load_text};

mod by_rules;

fn load(router: &Value) -> Result<(Config, Problems), Problems> {
    let provider = |name: &str, models: &[&str]| json!({"name": name, "api_base_url": "http://127.0.0.1:1/v1", "api_key": "k", "models": models});
    let models = ["default", "background", "think", "longContext", "webSearch", "image", "sub", "Explicit", "rule"];
    let config = json!({"Providers": [provider("p", &models), provider("other", &["x"])], "Router": router});
    load_text("config.json", &config.to_string(), Path::new("/folder"), &|_| None, &Overrides::default())
}

fn config(router: &Value) -> Config {
    load(router).unwrap_or_else(|problems| panic!("{problems}")).0
}

/// A router with an entry of its own name for each scenario.
fn full() -> Value {
    let entry = |name: &str| (name.to_owned(), json!(format!("p,{name}")));
    let names = ["default", "background", "think", "longContext", "webSearch", "image"];
    let mut router: Map<String, Value> = names.iter().map(|name| entry(name)).collect();
    router.insert("longContextThreshold".into(), json!(1000));
    Value::Object(router)
}

fn request(body: &Value) -> InnerRequest {
    headed(body, HeaderMap::new())
}

fn headed(body: &Value, headers: HeaderMap) -> InnerRequest {
    InnerRequest::parse(body.to_string().into_bytes(), "r", headers, None).unwrap()
}

fn plain() -> Value {
    json!({"model": "claude-sonnet-4-5", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]})
}

/// A counter that says what a test wants.
struct Tokens(u64);

impl TokenCount for Tokens {
    fn exceeds(&self, threshold: u64) -> (bool, Option<u64>) {
        (self.0 > threshold, Some(self.0))
    }

    fn count(&self) -> u64 {
        self.0
    }
}

struct Asked<'a> {
    tokens: u64,
    last_input: Option<u64>,
    client_key: Option<&'a str>,
}

const FRESH: Asked<'_> = Asked { tokens: 10, last_input: None, client_key: None };

/// The model that a request goes to, and its scenario.
fn ask(router: &Value, request: &InnerRequest, asked: &Asked<'_>) -> Result<(String, &'static str), GatewayError> {
    traced(router, request, asked, &mut Trace::default())
}

fn traced(
    router: &Value,
    request: &InnerRequest,
    asked: &Asked<'_>,
    trace: &mut Trace,
) -> Result<(String, &'static str), GatewayError> {
    let config = config(router);
    let tag = tags::find(request);
    let question = Question {
        config: &config,
        router: &config.router,
        request,
        tag: tag.as_deref(),
        client_key: asked.client_key,
        last_input: asked.last_input,
        tokens: &Tokens(asked.tokens),
    };
    decide(&question, trace).map(|decision| (decision.target.model.to_string(), decision.scenario.as_str()))
}

/// What makes a request one of a kind, in the order in which kinds are asked.
const KINDS: [(&str, &str); 8] = [
    ("Explicit", "default"),
    ("longContext", "longContext"),
    ("sub", "default"),
    ("background", "background"),
    ("webSearch", "webSearch"),
    ("think", "think"),
    ("image", "image"),
    ("default", "default"),
];

fn make(body: &mut Value, kind: &str) {
    match kind {
        "Explicit" => body["model"] = json!("P,explicit"),
        "sub" => body["system"] = json!("<CCR-SUBAGENT-MODEL>p/SUB[1m]</CCR-SUBAGENT-MODEL>"),
        "background" if body["model"] == "claude-sonnet-4-5" => body["model"] = json!("Claude-Haiku-4-5[1m]"),
        "webSearch" => body["tools"] = json!([{"type": "web_search_20250305", "name": "web_search"}]),
        "think" => body["thinking"] = json!({"type": "enabled", "budget_tokens": 5}),
        "image" => {
            let image = json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": ""}});
            let result = json!({"type": "tool_result", "tool_use_id": "t", "content": [image]});
            body["messages"][0]["content"] = json!([result]);
        }
        _ => {}
    }
}

#[test]
fn of_every_pair_of_kinds_the_first_counts() {
    for (first, (model, scenario)) in KINDS.iter().enumerate() {
        for (second, _) in &KINDS[first..] {
            let mut body = plain();
            make(&mut body, model);
            make(&mut body, second);
            let long = *model == "longContext" || *second == "longContext";
            let asked = Asked { tokens: if long { 2000 } else { 1000 }, ..FRESH };
            let found = ask(&full(), &request(&body), &asked).unwrap();
            assert_eq!(found, ((*model).to_owned(), *scenario), "{model} and {second}");
        }
    }
}

#[test]
fn a_kind_without_an_entry_is_passed_over() {
    for (kind, _) in &KINDS[1..7] {
        let mut router = full();
        if router.as_object_mut().unwrap().remove(*kind).is_none() {
            continue;
        }
        let mut body = plain();
        make(&mut body, kind);
        let asked = Asked { tokens: 2000, ..FRESH };
        let expected = if *kind == "longContext" { "default" } else { "longContext" };
        assert_eq!(ask(&router, &request(&body), &asked).unwrap().0, expected, "{kind}");
        assert_eq!(ask(&router, &request(&body), &FRESH).unwrap().0, "default", "{kind}");
    }
}

#[test]
fn length_is_told_by_the_count_and_by_the_sessions_last_request() {
    let mut router = full();
    for (threshold, tokens, last_input, long) in [
        (1000, 1000, None, false),
        (1000, 1001, None, true),
        (0, 1, None, true),
        (60_000, 20_000, Some(60_001), false),
        (60_000, 20_001, Some(60_001), true),
        (60_000, 20_001, Some(60_000), false),
    ] {
        router["longContextThreshold"] = json!(threshold);
        let asked = Asked { tokens, last_input, ..FRESH };
        let found = ask(&router, &request(&plain()), &asked).unwrap().0;
        assert_eq!(found == "longContext", long, "{threshold} {tokens} {last_input:?}");
    }
}

#[test]
fn what_only_looks_like_a_kind_is_none() {
    for (key, value) in [
        ("thinking", json!({"type": "disabled"})),
        ("thinking", Value::Null),
        ("tools", json!([{"name": "web_search", "input_schema": {"type": "object"}}])),
        ("model", json!("haiku-of-somebody")),
        ("system", json!("<CCR-SUBAGENT-MODEL>provider/model</CCR-SUBAGENT-MODEL>")),
    ] {
        let mut body = plain();
        body[key] = value;
        assert_eq!(ask(&full(), &request(&body), &FRESH).unwrap().0, "default", "{body}");
    }
    let mut adaptive = plain();
    adaptive["thinking"] = json!({"type": "adaptive"});
    for (effort, model) in [("high", "default"), ("xhigh", "think")] {
        adaptive["output_config"] = json!({"effort": effort});
        assert_eq!(ask(&full(), &request(&adaptive), &FRESH).unwrap().0, model, "{effort}");
    }
}

#[test]
fn what_is_not_there_is_refused_with_the_nearest_name() {
    for (body, words) in [
        (json!({"model": "othr,x"}), "did you mean `other`"),
        (json!({"model": "nobody at all,explicti"}), "did you mean `p,Explicit`"),
        (json!({"system": "<CCR-SUBAGENT-MODEL>sub</CCR-SUBAGENT-MODEL>"}), "did you mean `p,sub`"),
        (json!({"system": "<CCR-SUBAGENT-MODEL>othre,x</CCR-SUBAGENT-MODEL>"}), "did you mean `other`"),
    ] {
        let mut whole = plain();
        whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        let error = ask(&full(), &request(&whole), &FRESH).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    let mut bare = plain();
    bare["model"] = json!("explicti");
    let error = ask(&json!({}), &request(&bare), &FRESH).unwrap_err().to_string();
    assert!(error.contains("Router.default") && error.contains("`p,Explicit`"), "{error}");
}

#[test]
fn the_trace_tells_every_question_up_to_the_answer() {
    let mut trace = Trace::default();
    let mut body = plain();
    make(&mut body, "think");
    traced(&full(), &request(&body), &FRESH, &mut trace).unwrap();
    let told: Vec<_> = trace.steps().iter().map(|step| (&*step.rule, step.matched, &*step.seen)).collect();
    let expected = [
        ("provider,model", false, "the model `claude-sonnet-4-5` names no provider"),
        ("longContext", false, "10 tokens, the threshold is 1000"),
        ("subagent", false, "no tag"),
        ("background", false, "the model is `claude-sonnet-4-5`"),
        ("webSearch", false, "none of 0 tools is a web search"),
        ("think", true, "`thinking` is `enabled`"),
    ];
    assert_eq!(told, expected);
}

proptest! {
    /// The same question has the same answer and the same trace, whatever was asked in between.
    #[test]
    fn a_decision_depends_on_its_question_only(
        kinds in prop::collection::vec(0_usize..KINDS.len(), 0..4),
        others in prop::collection::vec(0_usize..KINDS.len(), 0..4),
        tokens in 0_u64..3000,
        last_input in prop::option::of(0_u64..100_000),
    ) {
        let body = |kinds: &[usize]| {
            let mut body = plain();
            kinds.iter().for_each(|kind| make(&mut body, KINDS[*kind].0));
            request(&body)
        };
        let asked = Asked { tokens, last_input, client_key: None };
        let decide = |kinds: &[usize]| {
            let mut trace = Trace::default();
            let found = traced(&full(), &body(kinds), &asked, &mut trace).map_err(|error| error.to_string());
            (found, trace)
        };
        let first = decide(&kinds);
        drop(decide(&others));
        prop_assert_eq!(first, decide(&kinds));
    }

    /// Any text is a request without a tag, or one whose tag goes without a trace.
    #[test]
    fn stripping_leaves_no_tag(parts in prop::collection::vec(prop_oneof![
        Just("<CCR-SUBAGENT-MODEL>".to_owned()), Just("</CCR-SUBAGENT-MODEL>".to_owned()), "[a-z,\\n\"é]{0,6}",
    ], 0..10)) {
        let mut body = plain();
        body["system"] = json!(parts.concat());
        let mut request = request(&body);
        let bytes = ByBytes(&request).count();
        tags::strip(&mut request).unwrap();
        prop_assert!(ByBytes(&request).count() <= bytes);
        prop_assert!(request.check().is_ok());
    }
}
