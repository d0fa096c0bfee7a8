//! A request in which `needs_cleaning` finds nothing is sent without the component. So the component must have nothing to do there
//! either, whatever a client of the format sends: valid requests, and such as were broken in up to three places.
use super::properties::routed;
use ccr_plugin::messages::anthropic::needs_cleaning;
use ccr_plugin::messages::json::Document;
use ccr_plugin::{Settings, UpstreamProtocol};
use ccr_protocols::anthropic::Anthropic;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value, json};

/// Of every kind that there are rules for.
const MODELS: [&str; 5] =
    ["claude-3-haiku-20240307", "claude-sonnet-4-5", "claude-opus-4-6", "claude-opus-4-7", "claude-next"];

const SIGNATURE: &str = "EqQBCkgIARABGAIiQL2UoU0b1OHYi+/w==";

/// One message of the assistant, and what follows it.
#[derive(Debug, Clone)]
struct Round {
    thinks: bool,
    talks: bool,
    searches: bool,
    calls: usize,
    results_reversed: bool,
    /// The user says something, beside the results if there are some.
    asks: bool,
}

fn round() -> impl Strategy<Value = Round> {
    (any::<bool>(), any::<bool>(), prop::bool::weighted(0.2), 0..4_usize, any::<bool>(), any::<bool>()).prop_map(
        |(thinks, talks, searches, calls, results_reversed, asks)| Round {
            thinks,
            talks: talks || calls == 0,
            searches,
            calls,
            results_reversed,
            asks: asks || calls == 0,
        },
    )
}

fn text(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

impl Round {
    fn assistants(&self, number: usize) -> Vec<Value> {
        let mut blocks = Vec::new();
        if self.thinks {
            blocks.push(json!({"type": "thinking", "thinking": "t", "signature": SIGNATURE}));
            blocks.push(json!({"type": "redacted_thinking", "data": SIGNATURE}));
        }
        if self.searches {
            let id = format!("srvtoolu_{number}");
            let found = json!({"type": "web_search_result", "url": "u", "title": "t", "encrypted_content": "Eo8"});
            blocks.push(json!({"type": "server_tool_use", "id": id, "name": "web_search", "input": {"query": "q"}}));
            blocks.push(json!({"type": "web_search_tool_result", "tool_use_id": id, "content": [found]}));
            let cited = json!({"type": "web_search_result_location", "url": "u", "encrypted_index": "Eo8"});
            blocks.push(json!({"type": "text", "text": "x", "citations": [cited]}));
        }
        if self.talks {
            blocks.push(text("I look."));
        }
        blocks.extend((0..self.calls).map(|call| {
            json!({"type": "tool_use", "id": format!("toolu_{number}_{call}"), "name": "Bash", "input": {"a": call}})
        }));
        blocks
    }

    fn users(&self, number: usize) -> Vec<Value> {
        let content = |call: usize| match call {
            0 => json!("done"),
            1 => json!([text("done"), image()]),
            _ => json!([]),
        };
        let mut blocks: Vec<_> = (0..self.calls)
            .map(|call| {
                json!({"type": "tool_result", "tool_use_id": format!("toolu_{number}_{call}"), "content": content(call)})
            })
            .collect();
        if self.results_reversed {
            blocks.reverse();
        }
        if self.asks {
            blocks.extend([image(), text("and now?")]);
        }
        blocks
    }
}

fn image() -> Value {
    json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBO"}})
}

/// Members at the top level that a client of the format sends, legal or not.
fn parameters() -> impl Strategy<Value = Map<String, Value>> {
    let members = [
        ("thinking", json!({"type": "enabled", "budget_tokens": 2048})),
        ("thinking", json!({"type": "enabled", "budget_tokens": 64000, "display": "omitted"})),
        ("thinking", json!({"type": "adaptive"})),
        ("thinking", json!({"type": "disabled"})),
        ("temperature", json!(1.5)),
        ("top_p", json!(0.5)),
        ("top_k", json!(3)),
        ("max_tokens", json!(200_000)),
        ("tool_choice", json!({"type": "any"})),
        ("tool_choice", json!({"type": "tool", "name": "Bash"})),
        ("output_config", json!({"effort": "xhigh", "format": {"type": "json_schema", "name": "n", "schema": {}}})),
        ("context_management", json!({"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]})),
        ("system", json!("You are.")),
        ("system", json!([text("x-anthropic-billing-header: a"), {"type": "text", "text": "b", "cache_control": {}}])),
        ("metadata", json!({"user_id": "u"})),
        ("service_tier", json!("auto")),
        ("stream", json!(true)),
        ("x_new", json!([])),
    ];
    prop::collection::vec(select(members.to_vec()), 0..6)
        .prop_map(|members| members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn valid() -> impl Strategy<Value = Value> {
    (prop::collection::vec(round(), 0..5), parameters()).prop_map(|(rounds, parameters)| {
        let mut messages = vec![json!({"role": "user", "content": "hello"})];
        for (number, round) in rounds.iter().enumerate() {
            messages.push(json!({"role": "assistant", "content": round.assistants(number)}));
            messages.push(json!({"role": "user", "content": round.users(number)}));
        }
        let tools = json!([
            {"name": "Bash", "description": "d", "input_schema": {"type": "object", "properties": {"a": {"anyOf": []}}}},
            {"type": "custom", "name": "Read", "input_schema": {"type": "object"}, "cache_control": {"type": "ephemeral"}},
            {"type": "web_search_20250305", "name": "web_search", "max_uses": 5},
        ]);
        let mut body = json!({"model": "m", "max_tokens": 4096, "tools": tools, "messages": messages});
        body.as_object_mut().unwrap().extend(parameters);
        body
    })
}

/// Something that is done to one value of a request.
#[derive(Debug, Clone)]
enum Break {
    Remove,
    Repeat,
    Swap(Index),
    Set(Value),
    Copy(Index),
    Name(&'static str, Value),
}

fn broken() -> impl Strategy<Value = (Index, Break)> {
    let odd =
        ["", " \n", "toolu_0_0", "a b", "user", "assistant", "system", "text", "tool_use", "tool_result", "custom"]
            .map(Value::from)
            .into_iter()
            .chain(["data:image/png;base64,iVBO", "ccr1:openai:1", "{\"a\":1}", "said \n"].map(Value::from))
            .chain([json!(null), json!(1), json!({}), json!([]), json!([text("")])])
            .collect::<Vec<_>>();
    let names = ["cache_control", "seed", "user", "betas", "name", "text", "citations", "anyOf", "source", "ccr"];
    let how = prop_oneof![
        Just(Break::Remove),
        Just(Break::Repeat),
        any::<Index>().prop_map(Break::Swap),
        select(odd.clone()).prop_map(Break::Set),
        any::<Index>().prop_map(Break::Copy),
        (select(names.to_vec()), select(odd)).prop_map(|(name, value)| Break::Name(name, value)),
    ];
    (any::<Index>(), how)
}

/// Pointers to all values but the outermost.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let mut child = |key: &str, value: &Value| {
        found.push(format!("{at}/{key}"));
        pointers(value, &format!("{at}/{key}"), found);
    };
    match value {
        Value::Array(items) => items.iter().enumerate().for_each(|(index, item)| child(&index.to_string(), item)),
        Value::Object(members) => members.iter().for_each(|(key, value)| child(key, value)),
        _ => {}
    }
}

fn break_it(body: &mut Value, (place, how): &(Index, Break)) {
    let mut all = Vec::new();
    pointers(body, "", &mut all);
    if all.is_empty() {
        return;
    }
    let pointer = &all[place.index(all.len())];
    let copied = match how {
        Break::Copy(from) => body.pointer(&all[from.index(all.len())]).unwrap().clone(),
        Break::Set(value) => value.clone(),
        _ => Value::Null,
    };
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match (body.pointer_mut(parent).unwrap(), how) {
        (Value::Array(items), Break::Remove) => drop(items.remove(key.parse().unwrap())),
        (Value::Object(members), Break::Remove) => drop(members.remove(key)),
        (Value::Array(items), Break::Repeat) => {
            let item = items[key.parse::<usize>().unwrap()].clone();
            items.push(item);
        }
        (Value::Array(items), Break::Swap(other)) => {
            let other = other.index(items.len());
            items.swap(key.parse().unwrap(), other);
        }
        (Value::Object(members), Break::Name(name, value)) => drop(members.insert((*name).to_owned(), value.clone())),
        (parent, Break::Set(_) | Break::Copy(_)) => *parent.pointer_mut(&format!("/{key}")).unwrap() = copied,
        _ => {}
    }
}

/// Spells the name of one member with an escape, or writes the member twice.
fn misspelt(text: String, (place, kind): (Index, u8)) -> String {
    let names: Vec<_> = text.match_indices("\":").map(|(end, _)| end).collect();
    if kind > 1 || names.is_empty() {
        return text;
    }
    let end = names[place.index(names.len())];
    let Some(start) = text[..end].rfind('"').filter(|start| start + 1 < end) else { return text };
    let name = &text[start + 1..end];
    if !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') {
        return text;
    }
    if kind == 0 {
        let first = name.as_bytes()[0];
        return format!("{}\"\\u{first:04x}{}{}", &text[..start], &name[1..], &text[end..]);
    }
    format!("{}\"{name}\":null,{}", &text[..start], &text[start..])
}

/// Whether the request is one that nobody has to touch; fails if the component does.
fn untouched(text: &str, model: &str) -> Result<bool, TestCaseError> {
    let document = Document::parse_str(text).unwrap();
    if needs_cleaning(&document) {
        return Ok(false);
    }
    let encoded = Anthropic::encode(&routed(text.as_bytes().to_vec(), model), &Settings::of("{}"));
    let encoded = encoded.map_err(|fault| TestCaseError::fail(format!("{text}: {fault:?}")))?;
    let asked = document.root().get("model").unwrap().span();
    let sent = format!("{}\"{model}\"{}", &text[..asked.start], &text[asked.end..]);
    prop_assert_eq!(String::from_utf8(encoded.body).unwrap(), sent);
    Ok(true)
}

/// Whether thinking can go on in the turn that the request ends in.
fn can_think(body: &Value) -> bool {
    let messages = body["messages"].as_array().unwrap();
    let turn = messages.iter().rev().take_while(|message| {
        let answers = message["content"][0]["type"] == "tool_result";
        message["role"] == "assistant" || answers
    });
    let first = turn.filter(|message| message["role"] == "assistant").last();
    body["thinking"]["type"] != "enabled" || first.is_none_or(|first| first["content"][0]["type"] == "thinking")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_a_client_of_the_format_sends_goes_as_it_is(body in valid(), model in select(&MODELS[..])) {
        prop_assert_eq!(untouched(&body.to_string(), model)?, can_think(&body), "{}", body);
    }

    #[test]
    fn where_nothing_is_found_the_component_changes_nothing(
        body in valid(),
        breaks in prop::collection::vec(broken(), 1..4),
        spelling in (any::<Index>(), 0..6_u8),
        model in select(&MODELS[..]),
    ) {
        let mut body = body;
        breaks.iter().for_each(|how| break_it(&mut body, how));
        untouched(&misspelt(body.to_string(), spelling), model)?;
    }
}
