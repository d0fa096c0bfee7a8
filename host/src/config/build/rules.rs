//! `Router.rules`: from their spelling to [`Rule`]s, with every rule named that cannot do what it says.

use http::{HeaderName, HeaderValue};
use serde_json::Value;

use super::failover::retry_count;
use super::router::reference;
use crate::config::{
    Condition, Left, ListEdit, Operator, Rewrite, Rule, RuleFallback, Scenario,
    provider::{ModelRef, Provider},
    reader::{Node, Table},
    spelling::nearest,
};

/// All rules that are switched on and mean something.
pub(super) fn rules(node: &Node<'_>, providers: &[Provider]) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    for item in node.items().unwrap_or_default() {
        let Some(rule) = rule(&item, providers) else { continue };
        if let Some(before) = rules.iter().find(|before| takes_all_of(before, &rule)) {
            let message = format!("never matches: {} takes every request that it would take", before.at);
            item.warning(message, "put the narrower rule first, or remove one");
        }
        rules.push(rule);
    }
    rules
}

/// Whether the first of two rules leaves nothing to the second.
fn takes_all_of(first: &Rule, second: &Rule) -> bool {
    let same = |a: &Condition, b: &Condition| a.left == b.left && a.operator == b.operator && a.right == b.right;
    first.conditions.iter().all(|condition| second.conditions.iter().any(|other| same(condition, other)))
}

fn rule(item: &Node<'_>, providers: &[Provider]) -> Option<Rule> {
    let table = item.table()?;
    let text = |names: &[&'static str]| table.get(names).and_then(|node| node.filled_text()).map(str::to_owned);
    let (name, id, kind) = (text(&["name"]), text(&["id"]), text(&["type"]));
    let enabled = table.get(&["enabled"]).and_then(|node| node.boolean()).unwrap_or(true);
    let conditions = conditions(&table);
    let (target, rewrites) = changes(&table, providers);
    let fallback = table.get(&["fallback"]).and_then(|node| fallback(&node, providers));
    let script = table.get(&["script"]).is_some() || kind.as_deref() == Some("script");
    table.finish();
    if !enabled {
        return None;
    }
    if script {
        let hint = "make a router component of the script and name it in CUSTOM_ROUTER_PATH";
        item.warning("is a script and is left out: scripts do not run here", hint);
        return None;
    }
    let conditions = conditions?;
    if target.is_none() && rewrites.is_empty() {
        item.warning("does nothing, and is left out", "give it a `target` (`provider,model`) or `rewrites`");
        return None;
    }
    contradiction(item, &conditions);
    let name = name.or(id).unwrap_or_else(|| item.path.clone());
    Some(Rule { name, at: item.path.clone(), conditions, target, rewrites, fallback })
}

/// `None`: one of them is wrong, which has been said; a rule without it would take too much.
fn conditions(table: &Table<'_>) -> Option<Vec<Condition>> {
    let mut all = Vec::new();
    let mut good = true;
    let lists = [table.get(&["condition"]), table.get(&["conditions"])];
    for node in lists.into_iter().flatten() {
        let items = if node.value.is_array() { node.items().unwrap_or_default() } else { vec![node] };
        for item in items {
            match condition(&item) {
                Some(condition) => all.push(condition),
                None => good = false,
            }
        }
    }
    if let Some(prefix) = table.get(&["prefix", "modelPrefix", "pattern"]) {
        match prefix.filled_text() {
            Some(text) => all.push(Condition {
                left: Left::Body("/model".into()),
                operator: Operator::StartsWith,
                right: Value::String(text.trim_end_matches('*').to_owned()),
                written: "model".into(),
            }),
            None => good = false,
        }
    }
    good.then_some(all)
}

fn condition(item: &Node<'_>) -> Option<Condition> {
    let table = item.table()?;
    let (left, operator, right) =
        (table.get(&["left"]), table.get(&["operator", "op"]), table.get(&["right", "value"]));
    // Here `null` is a value: what is not there is equal to it.
    let null = Node { value: &Value::Null, ..item.clone() };
    let right = right.or_else(|| (table.has("right") || table.has("value")).then_some(null));
    table.finish();
    let (Some(left), Some(operator), Some(right)) = (left, operator, right) else {
        item.error("is not complete", "write `left`, `operator` and `right`");
        return None;
    };
    let written = left.filled_text()?.to_owned();
    let parsed = parse_left(&left, &written)?;
    let operator = parse_operator(&operator)?;
    if right.is_unset() {
        return None;
    }
    let right = match right.value {
        // claude-code-router's user interface knows texts only: a text that is JSON means the value.
        Value::String(text) => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone())),
        other => other.clone(),
    };
    check_right(item, &parsed, operator, &right)?;
    Some(Condition { left: parsed, operator, right, written })
}

/// What a condition can look at, for hints.
const LEFTS: &str = "request.header.NAME, request.body.PATH, key, scenario, tokens, tools, model";

fn parse_left(node: &Node<'_>, written: &str) -> Option<Left> {
    let rest = written.strip_prefix("request.").unwrap_or(written);
    if let Some(name) = rest.strip_prefix("header.").or_else(|| rest.strip_prefix("headers.")) {
        return match header(node, name)? {
            name if crate::base::request::is_secret(name.as_str()) => {
                let hint = "compare `key`, the name of the client's key";
                node.error("never matches: headers with credentials are not shown to rules", hint);
                None
            }
            name => Some(Left::Header(name)),
        };
    }
    match rest {
        "body" => return Some(Left::Body(String::new())),
        "key" | "auth" | "auth.key" | "auth.name" | "auth.id" | "auth.apiKeyId" => return Some(Left::Key),
        "scenario" => return Some(Left::Scenario),
        "tokens" | "tokenCount" => return Some(Left::Tokens),
        "tools" => return Some(Left::Tools),
        "model" => return Some(Left::Body("/model".into())),
        _ => {}
    }
    if let Some(path) = rest.strip_prefix("body.") {
        return Some(Left::Body(pointer(path)));
    }
    node.error(format!("`{written}` is nothing that a rule can look at"), format!("it may be: {LEFTS}"));
    None
}

/// `messages[0].content.0.text` as a JSON pointer; what begins with a slash is one already.
fn pointer(path: &str) -> String {
    if path.starts_with('/') {
        return path.to_owned();
    }
    let parts = path.split(['.', '[', ']']).filter(|part| !part.is_empty());
    parts.fold(String::new(), |pointer, part| pointer + "/" + &part.replace('~', "~0").replace('/', "~1"))
}

fn header(node: &Node<'_>, name: &str) -> Option<HeaderName> {
    let parsed = HeaderName::try_from(name.trim());
    if parsed.is_err() {
        node.error(format!("`{name}` is not the name of a header"), "write it as in `request.header.user-agent`");
    }
    parsed.ok()
}

fn parse_operator(node: &Node<'_>) -> Option<Operator> {
    let text = node.filled_text()?;
    let plain = match text {
        "=" | "===" => "==",
        "!==" => "!=",
        other => other,
    };
    let found = Operator::ALL.into_iter().find(|operator| operator.as_str().eq_ignore_ascii_case(plain));
    if found.is_none() {
        let known: Vec<_> = Operator::ALL.iter().map(|operator| operator.as_str()).collect();
        node.error(format!("`{text}` is no operator"), format!("it may be: {}", known.join(", ")));
    }
    found
}

/// Says which comparisons cannot come true.
fn check_right(item: &Node<'_>, left: &Left, operator: Operator, right: &Value) -> Option<()> {
    let number = right.is_number() || right.as_str().is_some_and(|text| text.trim().parse::<f64>().is_ok());
    if (operator.is_order() || *left == Left::Tokens) && !number {
        item.error(
            format!("never matches: `{}` compares numbers here", operator.as_str()),
            "write a number in `right`",
        );
        return None;
    }
    if *left == Left::Tokens && matches!(operator, Operator::Contains | Operator::ContainsDeep | Operator::StartsWith) {
        item.error("never matches: a number of tokens is no text", "use one of == != > >= < <=");
        return None;
    }
    let equality = matches!(operator, Operator::Equal | Operator::NotEqual);
    if *left == Left::Scenario && equality && right.as_str().and_then(Scenario::by_name).is_none() {
        let known = Scenario::ALL.map(Scenario::as_str);
        let near = right.as_str().and_then(|text| nearest(text, known.into_iter())).filter(|(_, near)| *near);
        let hint = match near {
            Some((name, _)) => format!("did you mean `{name}`?"),
            None => format!("it may be: {}", known.join(", ")),
        };
        item.error("names a scenario that does not exist", hint);
        return None;
    }
    Some(())
}

/// Two conditions on one thing that cannot both hold.
fn contradiction(item: &Node<'_>, conditions: &[Condition]) {
    let equal = |condition: &&Condition| condition.operator == Operator::Equal;
    let clash = conditions
        .iter()
        .filter(equal)
        .any(|a| conditions.iter().filter(equal).any(|b| a.left == b.left && a.right != b.right));
    if clash {
        item.warning(
            "never matches: it wants one thing to be equal to two values",
            "all conditions of a rule must hold",
        );
    }
}

/// What the rule changes. claude-code-router writes the target as a rewrite of the model too.
fn changes(table: &Table<'_>, providers: &[Provider]) -> (Option<ModelRef>, Vec<Rewrite>) {
    let mut target = table.get(&["target", "model"]).and_then(|node| reference(&node, providers));
    let mut rewrites = Vec::new();
    let (many, one) = (table.get(&["rewrites"]), table.get(&["rewrite"]));
    let many = many.map(|node| node.items().unwrap_or_default()).filter(|items| !items.is_empty());
    for item in many.unwrap_or_else(|| one.into_iter().collect()) {
        let Some(table) = item.table() else { continue };
        let parts =
            (table.get(&["key"]), table.get(&["operation"]), table.get(&["value"]), table.get(&["match", "old"]));
        table.finish();
        let (Some(key), operation, value, old) = parts else {
            item.error("has no `key`", "write `request.body.PATH` or `request.header.NAME`");
            continue;
        };
        let operation = operation.and_then(|node| node.filled_text()).unwrap_or("set").to_owned();
        let Some(written) = key.filled_text() else { continue };
        let rest = written.strip_prefix("request.").unwrap_or(written);
        if rest == "body.model" {
            if let Some(value) = value.filter(|_| operation == "set" && target.is_none()) {
                target = reference(&value, providers);
            }
            continue;
        }
        rewrites.extend(rewrite(&item, rest, &operation, value.as_ref(), old.as_ref()));
    }
    (target, rewrites)
}

fn rewrite(
    item: &Node<'_>,
    key: &str,
    operation: &str,
    value: Option<&Node<'_>>,
    old: Option<&Node<'_>>,
) -> Option<Rewrite> {
    if let Some(name) = key.strip_prefix("header.").or_else(|| key.strip_prefix("headers.")) {
        return rewrite_header(item, header(item, name)?, operation, value);
    }
    let Some(path) = key.strip_prefix("body.") else {
        item.error(format!("`{key}` cannot be rewritten"), "write `request.body.PATH` or `request.header.NAME`");
        return None;
    };
    let pointer = pointer(path);
    if ["/stream", "/ccr", "/messages", "/model"].contains(&pointer.as_str()) || pointer.starts_with("/ccr/") {
        item.error(format!("`{path}` may not be rewritten"), "the gateway answers by it; choose a model with `target`");
        return None;
    }
    if operation == "delete" {
        return Some(Rewrite::Remove(pointer));
    }
    let Some(value) = value.map(|node| node.value.clone()) else {
        item.error("has no `value`", "write the value, or `operation: \"delete\"`");
        return None;
    };
    let edit = match (operation, old) {
        ("set", _) => return Some(Rewrite::Set(pointer, value)),
        ("array-append" | "append", _) => ListEdit::Append,
        ("array-prepend" | "prepend", _) => ListEdit::Prepend,
        ("array-remove" | "remove", _) => ListEdit::Remove,
        ("array-replace" | "replace", Some(old)) => {
            let edit = ListEdit::Replace(value);
            return Some(Rewrite::List { pointer, edit, value: old.value.clone() });
        }
        ("array-replace" | "replace", None) => {
            item.error("does not say what to replace", "write the old item in `match` and the new one in `value`");
            return None;
        }
        _ => {
            let known = "set, delete, array-append, array-prepend, array-remove, array-replace";
            item.error(format!("`{operation}` is no operation"), format!("it may be: {known}"));
            return None;
        }
    };
    Some(Rewrite::List { pointer, edit, value })
}

/// Headers that a rule may not touch: credentials, what frames a message, and what the gateway says itself.
fn is_protected(name: &HeaderName) -> bool {
    let framing = ["host", "content-length", "transfer-encoding", "connection", "content-encoding", "te", "upgrade"];
    let name = name.as_str();
    crate::base::request::is_secret(name) || framing.contains(&name) || name.starts_with("x-ccr-")
}

fn rewrite_header(item: &Node<'_>, name: HeaderName, operation: &str, value: Option<&Node<'_>>) -> Option<Rewrite> {
    if is_protected(&name) {
        item.error(format!("the header `{name}` may not be rewritten"), "keys and framing are the gateway's own");
        return None;
    }
    match operation {
        "delete" => Some(Rewrite::RemoveHeader(name)),
        "set" => {
            let text = value.and_then(|node| node.text())?;
            let Ok(parsed) = HeaderValue::try_from(text) else {
                item.error("is not the value of a header", "write visible characters only");
                return None;
            };
            Some(Rewrite::SetHeader(name, parsed))
        }
        _ => {
            item.error(format!("`{operation}` is nothing that can be done with a header"), "use `set` or `delete`");
            None
        }
    }
}

/// A list of targets, or claude-code-router 3's `{ mode, models, retryCount }`.
fn fallback(node: &Node<'_>, providers: &[Provider]) -> Option<RuleFallback> {
    let list = |node: &Node<'_>| node.one_or_many().iter().filter_map(|item| reference(item, providers)).collect();
    if !node.value.is_object() {
        return Some(RuleFallback { models: list(node), retries: None });
    }
    let table = node.table()?;
    let mode = table.get(&["mode"]).and_then(|node| node.filled_text()).unwrap_or("model-chain").to_owned();
    let models = table.get(&["models"]).map(|node| list(&node)).unwrap_or_default();
    let retries = retry_count(&table);
    table.finish();
    match mode.as_str() {
        "off" => Some(RuleFallback { models: Vec::new(), retries: Some(0) }),
        "model-chain" => Some(RuleFallback { models, retries: Some(0) }),
        // claude-code-router 3 retries once where only the mode is written.
        "retry" => Some(RuleFallback { models: Vec::new(), retries: retries.or(Some(1)) }),
        other => {
            node.error(format!("`{other}` is no mode of a fallback"), "it may be: off, retry, model-chain");
            None
        }
    }
}
