//! The agent as the host uses it: what it makes of a request, its calls, and a whole round. Whether it applies is shown in `applies`.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod applies;

use crate::WebSearch;
use ccr_plugin::host::HttpResponse;
use ccr_plugin::messages::event::Event;
use ccr_plugin::testing::FakeRequest;
use ccr_plugin::testing::host::{forget, on_http, set_session};
use ccr_plugin::{Agent, AgentAnswer as _, Preparation, Settings, ToolCall, ToolResult};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::cell::Cell;
use std::rc::Rc;

const BRAVE: &str = r#"{"backend": "brave"}"#;

fn search_tool() -> Value {
    json!({"type": "web_search_20250305", "name": "web_search", "max_uses": 5})
}

fn own_tool() -> Value {
    json!({"name": "Read", "input_schema": {"type": "object"}})
}

fn request(tools: Value) -> FakeRequest {
    FakeRequest::new(json!({"model": "m", "messages": [{"role": "user", "content": "q"}], "tools": tools}))
}

fn prepared(request: &mut FakeRequest, options: &str) -> Preparation {
    WebSearch::prepare(request, &Settings::of(options)).unwrap().unwrap()
}

#[test]
fn the_server_tool_makes_way_for_a_plain_one() {
    let tool = json!({"type": "web_search_20260209", "name": "web_search", "max_uses": 3, "allowed_domains": ["docs.rs"],
        "blocked_domains": ["a.invalid"], "user_location": {"type": "approximate", "city": "Graz", "country": "AT"}});
    let mut request = request(json!([own_tool(), tool, {"name": "Bash"}]));
    request.body["tool_choice"] = json!({"type": "tool", "name": "web_search"});
    let preparation = prepared(&mut request, r#"{"backend": "serper"}"#);
    assert_eq!(request.body["tools"], json!([own_tool(), {"name": "Bash"}]));
    assert_eq!(request.body["tool_choice"], json!({"type": "tool", "name": preparation.tools[0].name}));
    assert!(preparation.tools[0].description.ends_with("It finds only pages of: docs.rs."));
    let schema: Value = serde_json::from_str(&preparation.tools[0].input_schema).unwrap();
    assert_eq!(schema["required"], json!(["query"]));
    assert!(preparation.system.unwrap().contains("[[101]]"));
    let state: Value = serde_json::from_slice(&preparation.state).unwrap();
    let expected = json!({"id": "req_test", "most": 3, "base": 0, "allowed": ["docs.rs"], "blocked": [],
        "location": {"city": "Graz", "country": "AT"}, "sources": []});
    assert_eq!(state, expected);
    assert_eq!(request.dropped.take(), ["tools.web_search.blocked_domains", "tools.web_search.user_location.city"]);
}

#[test]
fn the_operators_limit_is_not_exceeded() {
    for (options, asked, most) in [
        (BRAVE, json!(5), 5),
        (BRAVE, json!(50), 20),
        (BRAVE, json!(null), 20),
        (r#"{"backend":"brave","max_uses":2}"#, json!(5), 2),
    ] {
        let preparation =
            prepared(&mut request(json!([{"type": "web_search_1", "name": "web_search", "max_uses": asked}])), options);
        let state: Value = serde_json::from_slice(&preparation.state).unwrap();
        assert_eq!(state["most"], most, "{options} {asked}");
    }
}

#[test]
fn the_same_tool_twice_is_one() {
    let mut request = request(json!([search_tool(), own_tool(), search_tool()]));
    assert_eq!(prepared(&mut request, BRAVE).tools.len(), 1);
    assert_eq!(request.body["tools"], json!([own_tool()]));
    assert_eq!(request.dropped.take(), ["tools.web_search, all but the first"]);
}

/// A service that finds a page of each of these hosts; gives how often it was asked.
fn finds(hosts: &'static [&'static str]) -> Rc<Cell<usize>> {
    let asked = Rc::new(Cell::new(0));
    let count = Rc::clone(&asked);
    on_http(move |_| {
        count.set(count.get() + 1);
        let results: Vec<Value> = hosts
            .iter()
            .map(|host| json!({"title": host, "url": format!("https://{host}/x"), "description": "Says."}))
            .collect();
        let body = json!({"web": {"results": results}}).to_string().into_bytes();
        Ok(HttpResponse { status: 200, headers: Vec::new(), body })
    });
    asked
}

fn call(input: &str, state: &[u8], options: &str) -> ToolResult {
    let call = ToolCall { id: "call_1".into(), name: "web_search".into(), input: input.into() };
    WebSearch::call_tool(call, state, &Settings::of(options)).unwrap()
}

fn shown(result: &ToolResult) -> Value {
    serde_json::from_str(result.shown.as_ref().unwrap()).unwrap()
}

fn told(result: &ToolResult) -> String {
    let content: Value = serde_json::from_str(&result.content).unwrap();
    content[0]["text"].as_str().unwrap().to_owned()
}

#[test]
fn searches_are_numbered_one_after_the_other() {
    forget();
    // Searches are counted where the client names no session, too.
    set_session(false);
    finds(&["a.invalid", "b.invalid"]);
    let state = prepared(&mut request(json!([search_tool()])), BRAVE).state;
    let one = call(r#"{"query": " rust\n2024 "}"#, &state, BRAVE);
    let two = call(r#"{"query": "b"}"#, &state, BRAVE);
    set_session(true);
    assert!(
        !one.is_error && told(&one).starts_with("[101] a.invalid\nhttps://a.invalid/x\nSays.\n\n[102] b.invalid\n")
    );
    assert!(told(&two).starts_with("[201] a.invalid\n"));
    let shown = shown(&one);
    let id = "srvtoolu_ccrtest_1";
    assert_eq!(
        shown[0],
        json!({"type": "server_tool_use", "id": id, "name": "web_search", "input": {"query": " rust\n2024 "}})
    );
    assert_eq!((shown[1]["tool_use_id"].as_str(), shown[1]["content"].as_array().map(Vec::len)), (Some(id), Some(2)));
}

#[test]
fn ids_fit_openais_limit() {
    let state = json!({"id": "req_0123456789abcdef01234567", "most": 99}).to_string();
    finds(&[]);
    for _ in 0..12 {
        let id = shown(&call(r#"{"query": "x"}"#, state.as_bytes(), BRAVE))[0]["id"].as_str().unwrap().to_owned();
        assert!(id.len() <= 40 && id.starts_with("srvtoolu_ccr0123456789abcdef01234567_"), "{id}");
    }
}

#[test]
fn domains_are_kept_to_and_results_counted() {
    forget();
    finds(&["docs.rs", "evil.invalid", "api.docs.rs", "docs.rs"]);
    let tool = |key: &str| json!({"type": "web_search_20250305", "name": "web_search", key: ["docs.rs"]});
    let allowed = prepared(&mut request(json!([tool("allowed_domains")])), BRAVE).state;
    let titles = |result: &ToolResult| -> Vec<String> {
        let shown = shown(result);
        shown[1]["content"]
            .as_array()
            .unwrap()
            .iter()
            .map(|found| found["title"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        titles(&call(r#"{"query": "q"}"#, &allowed, r#"{"backend": "brave", "count": 2}"#)),
        ["docs.rs", "api.docs.rs"]
    );
    let blocked = prepared(&mut request(json!([tool("blocked_domains")])), BRAVE).state;
    assert_eq!(titles(&call(r#"{"query": "q"}"#, &blocked, BRAVE)), ["evil.invalid"]);
}

#[test]
fn beyond_the_limit_nobody_is_asked() {
    forget();
    let asked = finds(&["a.invalid"]);
    let state =
        prepared(&mut request(json!([{"type": "web_search_1", "name": "web_search", "max_uses": 2}])), BRAVE).state;
    let results: Vec<ToolResult> = (0..40).map(|_| call(r#"{"query": "the same"}"#, &state, BRAVE)).collect();
    assert_eq!(asked.get(), 2);
    assert_eq!(results.iter().filter(|result| result.is_error).count(), 38);
    assert_eq!(
        shown(&results[2])[1]["content"],
        json!({"type": "web_search_tool_result_error", "error_code": "max_uses_exceeded"})
    );
    assert!(told(&results[2]).contains("2 times"));
}

#[test]
fn inputs_that_are_none_are_told() {
    forget();
    let asked = finds(&[]);
    let state = prepared(&mut request(json!([search_tool()])), BRAVE).state;
    for input in ["", "{", "[]", "{}", r#"{"query": ""}"#, r#"{"query": " \n"}"#, r#"{"query": 7}"#] {
        forget();
        let result = call(input, &state, BRAVE);
        assert!(result.is_error && told(&result).contains("`query`"), "{input}");
        assert_eq!(shown(&result)[1]["content"]["error_code"], "invalid_tool_input", "{input}");
        assert!(shown(&result)[0]["input"].is_object());
    }
    assert_eq!(asked.get(), 0);
}

#[test]
fn a_service_that_fails_is_an_error_that_the_model_reads() {
    forget();
    let state = prepared(&mut request(json!([search_tool()])), BRAVE).state;
    on_http(|_| Ok(HttpResponse { status: 429, headers: Vec::new(), body: Vec::new() }));
    let result = call(r#"{"query": "x"}"#, &state, BRAVE);
    assert!(result.is_error && told(&result).contains("429"), "{}", told(&result));
    assert_eq!(shown(&result)[1]["content"]["error_code"], "too_many_requests");
}

/// What a client keeps of an answer: the blocks, texts with their citations.
fn content(events: &[Event]) -> Value {
    let mut blocks: Vec<Value> = Vec::new();
    let mut open = false;
    for event in events {
        match event {
            Event::Text(text) if open => {
                let block = blocks.last_mut().unwrap();
                block["text"] = json!([block["text"].as_str().unwrap(), text].concat());
            }
            Event::Text(text) => {
                blocks.push(json!({"type": "text", "text": text}));
                open = true;
            }
            Event::Citation(json) => {
                let citation: Value = serde_json::from_str(json).unwrap();
                match blocks.last_mut().unwrap()["citations"].as_array_mut() {
                    Some(citations) => citations.push(citation),
                    None => blocks.last_mut().unwrap()["citations"] = json!([citation]),
                }
            }
            Event::NewBlock => open = false,
            Event::Block(json) => {
                blocks.push(serde_json::from_str(json).unwrap());
                open = false;
            }
            _ => {}
        }
    }
    json!(blocks)
}

#[test]
fn a_conversation_goes_on_with_the_same_numbers() {
    forget();
    finds(&["a.invalid", "b.invalid"]);
    let mut first = request(json!([search_tool()]));
    let preparation = prepared(&mut first, BRAVE);
    let result = call(r#"{"query": "x"}"#, &preparation.state, BRAVE);
    let mut events = vec![Event::Text("I look.".into())];
    events.extend(shown(&result).as_array().unwrap().iter().map(|block| Event::Block(block.to_string())));
    events.extend(["A [", "[102]", "]. B [[101]][[10", "2]]."].map(|text| Event::Text(text.into())));
    let mut stream = WebSearch::answer(&preparation.state, &Settings::of(BRAVE));
    let mut out = Vec::new();
    events.into_iter().for_each(|event| stream.push(event, &mut out).unwrap());
    stream.finish(&mut out).unwrap();
    let said = content(&out);
    assert_eq!(said.as_array().unwrap().len(), 6);
    assert_eq!((&said[3]["text"], &said[3]["citations"][0]["title"]), (&json!("A"), &json!("b.invalid")));
    assert_eq!((&said[4]["text"], said[4]["citations"].as_array().map(Vec::len)), (&json!(". B"), Some(2)));

    let mut second = request(json!([search_tool()]));
    let messages = json!([{"role": "user", "content": "q"}, {"role": "assistant", "content": said}, {"role": "user", "content": "and?"}]);
    second.body["messages"] = messages;
    let preparation = prepared(&mut second, BRAVE);
    let messages = &second.body["messages"];
    assert_eq!(messages.as_array().unwrap().len(), 5);
    assert_eq!(messages[2]["content"][0]["content"][0]["text"], told(&result));
    assert_eq!(messages[3]["content"], json!([{"type": "text", "text": "A [[102]]. B [[101]][[102]]."}]));
    // Sources of the first turn can be cited in the second, whose own begin behind them.
    forget();
    assert!(told(&call(r#"{"query": "y"}"#, &preparation.state, BRAVE)).starts_with("[201] "));
    let mut stream = WebSearch::answer(&preparation.state, &Settings::of(BRAVE));
    let mut out = Vec::new();
    stream.push(Event::Text("As said [[101]]".into()), &mut out).unwrap();
    assert!(matches!(&out[..], [Event::Text(_), Event::Citation(json)] if json.contains("https://a.invalid/x")));
}

proptest! {
    #[test]
    fn no_input_traps(input: String, query: String) {
        finds(&["a.invalid"]);
        forget();
        let state = prepared(&mut request(json!([search_tool()])), BRAVE).state;
        for input in [input, json!({ "query": query }).to_string()] {
            let result = call(&input, &state, BRAVE);
            prop_assert!(shown(&result).is_array());
        }
    }
}
