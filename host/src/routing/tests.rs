//! The order as a table: each kind of request against each other, with the entries of `Router` there and not there.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::path::Path;

use http::HeaderMap;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::count::{ByBytes, TokenCount};
use super::question::Question;
use super::rules::decide;
use super::trace::Trace;
use super::{rules, tags};
use crate::base::error::GatewayError;
use crate::base::request::InnerRequest;
use crate::config::{Config, Overrides, Problems, load_text};

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

/// Whether a rule with this condition takes a request.
fn takes(condition: Value, body: &Value, asked: &Asked<'_>) -> bool {
    let mut router = full();
    router["rules"] = json!([{"condition": condition, "target": "p,rule"}]);
    let headers = [("x-team", "Red team"), ("user-agent", "claude-cli/2.0")];
    let headers = headers.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).into_iter().collect();
    ask(&router, &headed(body, headers), asked).unwrap().0 == "rule"
}

#[test]
fn conditions_compare_what_they_name() {
    let mut body = plain();
    body["tools"] = json!([{"name": "Bash", "input_schema": {"type": "object"}}, {"name": "Read", "input_schema": {}}]);
    body["metadata"] = json!({"plan": {"level": 3, "tags": ["a", {"b": "deep text"}]}});
    let asked = Asked { tokens: 50, client_key: Some("default"), ..FRESH };
    for (left, operator, right, holds) in [
        ("request.header.x-team", "==", json!("red TEAM"), true),
        ("request.header.x-team", "contains", json!("team"), true),
        ("request.header.X-Team", "starts-with", json!("Blue"), false),
        ("request.header.x-none", "==", json!("a"), false),
        ("request.header.x-none", "!=", json!("a"), true),
        ("request.header.x-none", "not-contains", json!("a"), true),
        ("request.body.model", "starts-with", json!("claude-"), true),
        ("model", "contains", json!("opus"), false),
        ("request.body.max_tokens", ">", json!(8), true),
        ("request.body.max_tokens", ">", json!("9"), false),
        ("request.body.max_tokens", ">=", json!("9"), true),
        ("request.body.max_tokens", "<", json!(9.5), true),
        ("request.body.max_tokens", "<=", json!(8), false),
        ("request.body.max_tokens", "==", json!("9"), true),
        ("request.body.metadata.plan.level", "==", json!(3), true),
        ("request.body./metadata/plan/level", "!=", json!(3), false),
        ("request.body.metadata.plan.tags", "contains", json!("a"), true),
        ("request.body.metadata.plan.tags[0]", "==", json!("a"), true),
        ("request.body.metadata", "contains", json!("deep"), false),
        ("request.body.metadata", "contains-deep", json!("deep"), true),
        ("request.body.metadata", "contains-deep", json!({"b": "deep text"}), true),
        ("request.body.metadata", "contains-deep", json!("{\"level\":3}"), true),
        ("request.body.metadata", "contains-deep", json!({"level": 4}), false),
        ("request.body.stream", "==", json!(null), true),
        ("key", "==", json!("default"), true),
        ("request.auth.key", "==", json!("other"), false),
        ("scenario", "==", json!("default"), true),
        ("scenario", "==", json!("think"), false),
        ("tokens", ">", json!(49), true),
        ("tokens", ">", json!(50), false),
        ("tokens", ">=", json!(50), true),
        ("request.tokenCount", "<=", json!(49), false),
        ("tokens", "<", json!(51), true),
        ("tokens", "==", json!(50), true),
        ("tools", "contains", json!("bash"), true),
        ("tools", "contains", json!("Write"), false),
        ("tools", "not-contains", json!("Write"), true),
    ] {
        let condition = json!({"left": left, "operator": operator, "right": right});
        assert_eq!(takes(condition.clone(), &body, &asked), holds, "{condition}");
    }
    make(&mut body, "think");
    assert!(takes(json!({"left": "scenario", "operator": "==", "right": "think"}), &body, &FRESH));
}

#[test]
fn of_several_rules_the_first_counts_and_goes_before_the_request_but_not_before_a_tag() {
    let condition = |prefix: &str| json!({"left": "model", "operator": "starts-with", "right": prefix});
    let mut router = full();
    router["rules"] = json!([
        {"name": "off", "enabled": false, "target": "p,image"},
        {"name": "both", "conditions": [condition("claude"), condition("claude-opus")], "target": "p,think"},
        {"name": "prefix", "type": "model-prefix", "prefix": "claude-*", "target": "p/rule"},
        {"name": "explicit", "condition": condition("p,"), "target": "p,webSearch"},
        {"name": "late", "condition": condition("claude-opus-4-5"), "target": "p,image"},
    ]);
    let model = |name: &str| {
        let mut body = plain();
        body["model"] = json!(name);
        body
    };
    for (name, found) in [
        ("claude-opus-4", "think"),
        ("claude-opus-4-5", "think"),
        ("CLAUDE-x", "rule"),
        ("p,Explicit", "webSearch"),
        ("gpt", "default"),
    ] {
        assert_eq!(ask(&router, &request(&model(name)), &FRESH).unwrap().0, found, "{name}");
    }
    let mut tagged = model("claude-opus-4");
    make(&mut tagged, "sub");
    assert_eq!(ask(&router, &request(&tagged), &FRESH).unwrap().0, "sub");
}

#[test]
fn rewrites_change_what_they_name() {
    let rewrites = json!([
        {"key": "request.body.temperature", "operation": "set", "value": 0.5},
        {"key": "request.body.metadata", "operation": "delete"},
        {"key": "request.body.tools", "operation": "array-append", "value": {"name": "New", "input_schema": {}}},
        {"key": "request.body.tools", "operation": "array-remove", "value": {"name": "Bash"}},
        {"key": "request.body.stop_sequences", "operation": "array-prepend", "value": "X"},
        {"key": "request.body.stop_sequences", "operation": "array-replace", "match": "X", "value": "Y"},
        {"key": "request.header.anthropic-beta", "value": "one"},
        {"key": "request.header.x-team", "operation": "delete"},
    ]);
    let config = config(&json!({"default": "p,default", "rules": [{"rewrites": rewrites}]}));
    let mut body = plain();
    body["metadata"] = json!({"user_id": "u"});
    body["tools"] = json!([{"name": "Bash", "input_schema": {}}]);
    let mut request = headed(&body, [("x-team".parse().unwrap(), "red".parse().unwrap())].into_iter().collect());
    let before = request.clone();
    rules::rewrite::apply(&config.router.rules[0], &mut request).unwrap();
    let mut expected = plain();
    expected["temperature"] = json!(0.5);
    expected["tools"] = json!([{"name": "New", "input_schema": {}}]);
    expected["stop_sequences"] = json!(["Y"]);
    assert_eq!(serde_json::from_str::<Value>(request.text()).unwrap(), expected);
    let headers = &request.about().headers;
    assert_eq!((headers.get("anthropic-beta").unwrap(), headers.get("x-team")), (&"one".parse().unwrap(), None));
    assert_eq!(serde_json::from_str::<Value>(before.text()).unwrap(), body);
}

#[test]
fn a_rewrite_that_makes_an_illegal_request_is_named() {
    let rules = json!([{"name": "bad", "rewrite": {"key": "request.body.max_tokens", "value": "many"}}]);
    let config = config(&json!({"default": "p,default", "rules": rules}));
    let error = rules::rewrite::apply(&config.router.rules[0], &mut request(&plain())).unwrap_err().to_string();
    assert!(error.contains("Router.rules[0]") && error.contains("`bad`") && error.contains("max_tokens"), "{error}");
}

#[test]
fn rules_that_cannot_work_are_found_when_they_are_read() {
    let condition = |left: &str, operator: &str, right: Value| json!({"condition": {"left": left, "operator": operator, "right": right}, "target": "p,rule"});
    let rewrite = |key: &str| json!({"rewrite": {"key": key, "value": "v"}});
    for (rule, words) in [
        (condition("request.boddy.x", "==", json!(1)), "nothing that a rule can look at"),
        (condition("model", "like", json!("x")), "no operator"),
        (condition("tokens", ">", json!("many")), "never matches"),
        (condition("tokens", "contains", json!(1)), "never matches"),
        (condition("scenario", "==", json!("thinks")), "did you mean `think`"),
        (condition("request.header.authorization", "==", json!("x")), "never matches"),
        (condition("request.header.a b", "==", json!("x")), "name of a header"),
        (json!({"condition": {"left": "model"}, "target": "p,rule"}), "not complete"),
        (json!({"condition": {"left": "model", "operator": "==", "right": "a"}}), "does nothing"),
        (
            json!({"conditions": [{"left": "model", "operator": "==", "right": "a"}, {"left": "model", "operator": "==", "right": "b"}], "target": "p,rule"}),
            "never matches",
        ),
        (json!({"target": "othr,x"}), "did you mean `other`"),
        (json!({"target": "p,rule", "fallback": {"mode": "sometimes"}}), "no mode"),
        (json!({"target": "p,rule", "script": {"file": "x.js"}}), "is a script"),
        (rewrite("request.header.x-api-key"), "may not be rewritten"),
        (rewrite("request.header.content-length"), "may not be rewritten"),
        (rewrite("request.header.x-ccr-model"), "may not be rewritten"),
        (rewrite("request.body.stream"), "may not be rewritten"),
        (rewrite("response.body.x"), "cannot be rewritten"),
        (json!({"rewrite": {"key": "request.body.tools", "operation": "shuffle", "value": 1}}), "no operation"),
    ] {
        let said = match load(&json!({"default": "p,default", "rules": [rule]})) {
            Ok((_, problems)) => problems.to_string(),
            Err(problems) => problems.to_string(),
        };
        assert!(said.contains(words) && said.contains("Router.rules[0]"), "{rule}: {said}");
    }
    let unreachable = json!([{"target": "p,rule"}, condition("model", "==", json!("a"))]);
    let (_, problems) = load(&json!({"default": "p,default", "rules": unreachable})).unwrap();
    assert!(
        problems.to_string().contains("Router.rules[1]") && problems.to_string().contains("never matches"),
        "{problems}"
    );
}

#[test]
fn a_trace_shows_no_text_of_the_conversation() {
    let mut router = full();
    let condition = json!({"left": "request.body.messages[0].content", "operator": "contains", "right": "secret"});
    router["rules"] = json!([{"name": "r", "condition": condition, "target": "p,rule"}]);
    let mut body = plain();
    body["messages"][0]["content"] = json!("a secret word");
    let mut trace = Trace::default();
    traced(&router, &request(&body), &FRESH, &mut trace).unwrap();
    assert_eq!(trace.steps()[0].seen, "request.body.messages[0].content is a text of 13 bytes");
    assert!(!format!("{trace:?}").contains("secret"), "{trace:?}");
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
