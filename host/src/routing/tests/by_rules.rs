//! `Router.rules`: conditions, their order, what they rewrite, and which are refused.

use serde_json::{Value, json};

use super::super::rules;
use super::*;

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
