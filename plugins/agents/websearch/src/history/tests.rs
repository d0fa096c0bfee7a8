#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
use super::{Past, rewrite};
use crate::envelope;
use ccr_plugin::testing::FakeRequest;
use proptest::prelude::*;
use serde_json::{Value, json};

fn rewritten(messages: Value) -> (Value, Past) {
    let mut request = FakeRequest::new(json!({ "messages": messages }));
    let past = rewrite(&mut request, "web_search").unwrap();
    assert_eq!(request.dropped.take(), Vec::<String>::new());
    (request.body["messages"].take(), past)
}

fn user(content: Value) -> Value {
    json!({"role": "user", "content": content})
}

fn assistant(content: Value) -> Value {
    json!({"role": "assistant", "content": content})
}

fn text(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

fn call(id: &str) -> Value {
    json!({"type": "server_tool_use", "id": id, "name": "web_search", "input": {"query": id}})
}

fn found(id: &str, sealed: &str) -> Value {
    json!({"type": "web_search_tool_result", "tool_use_id": id, "content": [
        {"type": "web_search_result", "url": format!("https://a.invalid/{id}"), "title": id, "encrypted_content": sealed, "page_age": null}]})
}

/// The call and the result that `call` and `found` become, without the result's text.
fn asked(id: &str) -> Value {
    json!({"type": "tool_use", "id": id, "name": "web_search", "input": {"query": id}})
}

fn own_call(id: &str) -> Value {
    json!({"type": "tool_use", "id": id, "name": "Read", "input": {}})
}

fn own_result(id: &str) -> Value {
    json!({"type": "tool_result", "tool_use_id": id, "content": "file"})
}

/// The messages in short: who, and what blocks.
fn shape(messages: &Value) -> Vec<String> {
    let block = |block: &Value| match block["type"].as_str().unwrap() {
        "text" => block["text"].as_str().unwrap().to_owned(),
        "tool_use" => format!("call {}", block["id"].as_str().unwrap()),
        "tool_result" => format!("result {}", block["tool_use_id"].as_str().unwrap()),
        other => other.to_owned(),
    };
    let message = |message: &Value| {
        let content = match &message["content"] {
            Value::String(text) => text.clone(),
            content => content.as_array().unwrap().iter().map(block).collect::<Vec<_>>().join(" | "),
        };
        format!("{}: {content}", message["role"].as_str().unwrap())
    };
    messages.as_array().unwrap().iter().map(message).collect()
}

#[test]
fn a_search_becomes_call_and_result() {
    let sealed = envelope::of_result(101, "What it says.");
    let said = json!([text("Let me look."), call("s1"), found("s1", &sealed), text("So it is.")]);
    let (messages, past) = rewritten(json!([user(json!("q")), assistant(said), user(json!("thanks"))]));
    let told = "[101] s1\nhttps://a.invalid/s1\nWhat it says.\n\n\
                Cite a result by its number in double square brackets behind the statement: [[101]]";
    let result = json!({"type": "tool_result", "tool_use_id": "s1", "content": [text(told)]});
    let expected = json!([
        user(json!("q")),
        assistant(json!([text("Let me look."), asked("s1")])),
        user(json!([result])),
        assistant(json!([text("So it is.")])),
        user(json!("thanks")),
    ]);
    assert_eq!(messages, expected);
    assert_eq!((past.base, past.sources.len(), &*past.sources[0].text), (100, 1, "What it says."));
}

#[test]
fn turns_that_the_host_put_back_have_their_numbers() {
    let said = json!([call("s1"), found("s1", &envelope::of_result(203, "Says."))]);
    let (put_back, past) = rewritten(json!([user(json!("q")), assistant(said), user(json!("and?"))]));
    let (again, past_again) = rewritten(put_back.clone());
    assert_eq!((again, &past_again), (put_back, &past));
    assert_eq!((past.base, past.sources[0].number, &*past.sources[0].text), (200, 203, "Says."));
}

#[test]
fn rounds_follow_each_other_and_searches_at_once_stay_together() {
    let one_by_one = json!([call("a"), found("a", ""), call("b"), found("b", ""), text("x")]);
    let (messages, _) = rewritten(json!([user(json!("q")), assistant(one_by_one)]));
    let expected =
        ["user: q", "assistant: call a", "user: result a", "assistant: call b", "user: result b", "assistant: x"];
    assert_eq!(shape(&messages), expected);
    let at_once = json!([call("a"), call("b"), found("a", ""), found("b", ""), text("x")]);
    let (messages, _) = rewritten(json!([user(json!("q")), assistant(at_once)]));
    assert_eq!(
        shape(&messages),
        ["user: q", "assistant: call a | call b", "user: result a | result b", "assistant: x"]
    );
}

#[test]
fn results_at_the_end_begin_the_next_message() {
    let said = json!([text("x"), call("a"), found("a", "")]);
    let (messages, _) = rewritten(json!([user(json!("q")), assistant(said.clone()), user(json!("go on"))]));
    assert_eq!(shape(&messages), ["user: q", "assistant: x | call a", "user: result a | go on"]);
    let (messages, _) = rewritten(json!([user(json!("q")), assistant(said.clone())]));
    assert_eq!(shape(&messages), ["user: q", "assistant: x | call a", "user: result a"]);
    let (messages, _) = rewritten(json!([assistant(said.clone()), assistant(said)]));
    assert_eq!(
        shape(&messages),
        ["assistant: x | call a", "user: result a", "assistant: x | call a", "user: result a"]
    );
}

#[test]
fn the_clients_own_calls_keep_their_results() {
    let before = json!([own_call("r"), call("a"), found("a", ""), text("x")]);
    let (messages, _) = rewritten(json!([assistant(before), user(json!([own_result("r")]))]));
    assert_eq!(shape(&messages), ["assistant: call a", "user: result a", "assistant: call r | x", "user: result r"]);
    let behind = json!([call("a"), found("a", ""), own_call("r")]);
    let (messages, _) = rewritten(json!([assistant(behind), user(json!([own_result("r")]))]));
    assert_eq!(shape(&messages), ["assistant: call a", "user: result a", "assistant: call r", "user: result r"]);
    let together = json!([own_call("r"), call("a"), found("a", "")]);
    let (messages, _) = rewritten(json!([assistant(together), user(json!([own_result("r"), text("y")]))]));
    assert_eq!(shape(&messages), ["assistant: call r | call a", "user: result a | result r | y"]);
}

#[test]
fn citations_become_marks_again() {
    let cite = |number: u64| {
        json!({"type": "web_search_result_location", "url": "u", "title": "t", "cited_text": "c",
        "encrypted_index": envelope::of_citation(number)})
    };
    let theirs = json!({"type": "web_search_result_location", "url": "https://a.invalid/a", "encrypted_index": "Eo8", "cited_text": "c"});
    let unknown = json!({"type": "web_search_result_location", "url": "https://b.invalid", "encrypted_index": "Eo8", "cited_text": "c"});
    let other = json!({"type": "char_location", "cited_text": "c"});
    let said = json!([
        call("a"),
        found("a", "Eo8"),
        {"type": "text", "text": "One.\n\n", "citations": [cite(101), cite(102)]},
        {"type": "text", "text": "Two", "citations": [theirs, other]},
        {"type": "text", "text": "Three", "citations": [unknown], "cache_control": {"type": "ephemeral"}},
        text("Four"),
    ]);
    let (messages, past) = rewritten(json!([assistant(said)]));
    let expected = json!([
        {"type": "text", "text": "One. [[101]][[102]]\n\nTwo [[101]]", "citations": [other]},
        {"type": "text", "text": "Three", "cache_control": {"type": "ephemeral"}},
        text("Four"),
    ]);
    assert_eq!(messages[2]["content"], expected);
    assert_eq!((past.base, past.sources[0].number), (100, 101));
}

#[test]
fn what_others_found_gets_numbers_and_errors_stay_errors() {
    let error = json!({"type": "web_search_tool_result", "tool_use_id": "b",
        "content": {"type": "web_search_tool_result_error", "error_code": "max_uses_exceeded"}});
    let sealed = envelope::of_result(305, "x");
    let said = json!([
        call("a"),
        found("a", &sealed),
        text("x"),
        call("b"),
        error,
        text("y"),
        call("c"),
        found("c", ""),
        text("z")
    ]);
    let (messages, past) = rewritten(json!([assistant(said)]));
    assert_eq!(past.sources.iter().map(|source| source.number).collect::<Vec<_>>(), [305, 401]);
    assert_eq!(past.base, 400);
    let error = &messages[3]["content"][0];
    assert_eq!(
        (&error["is_error"], &error["content"][0]["text"]),
        (&json!(true), &json!("The search failed: max_uses_exceeded."))
    );
}

#[test]
fn halves_of_a_search_are_made_whole() {
    let said = json!([text("x"), call("a"), text("y"), found("b", "")]);
    let (messages, _) = rewritten(json!([assistant(said)]));
    assert_eq!(messages[0]["content"], json!([text("x"), asked("a")]));
    let not_made = json!({"type": "tool_result", "tool_use_id": "a", "content": [text("The search was not made.")], "is_error": true});
    assert_eq!(messages[1]["content"], json!([not_made]));
    let texts = messages[2]["content"].as_array().unwrap();
    assert_eq!((texts.len(), &texts[0]), (2, &text("y")));
    assert!(texts[1]["text"].as_str().unwrap().starts_with("[Web search]\n[101] b\nhttps://a.invalid/b"));
}

#[test]
fn marks_of_caches_and_other_server_tools_stay() {
    let mut marked = found("a", "");
    marked["cache_control"] = json!({"type": "ephemeral"});
    let fetch = json!({"type": "server_tool_use", "id": "f", "name": "web_fetch", "input": {}});
    let (messages, _) = rewritten(json!([assistant(json!([fetch, call("a"), marked]))]));
    assert_eq!(messages[0]["content"], json!([fetch, asked("a")]));
    assert_eq!(messages[1]["content"][0]["cache_control"], json!({"type": "ephemeral"}));
}

#[test]
fn without_searches_nothing_is_touched() {
    let bytes = br#"{"messages": [ {"role":"user","content":"about web_search_ and server_tool_use"}, {"role":"assistant","content":"x"} ]}"#;
    let mut request = FakeRequest::from_bytes(bytes.to_vec());
    assert_eq!(rewrite(&mut request, "web_search").unwrap(), Past::default());
    assert_eq!(ccr_plugin::Request::body(&request), bytes);
}

/// Blocks of an assistant's message: searches with and without halves, calls of the client, texts.
fn blocks() -> impl Strategy<Value = Vec<Value>> {
    let id = prop::sample::select(vec!["a", "b", "c"]);
    let block = prop_oneof![
        id.clone().prop_map(call),
        id.clone().prop_map(|id| found(id, "")),
        id.prop_map(|id| found(id, &envelope::of_result(101, "x"))),
        Just(text("x")),
        Just(
            json!({"type": "text", "text": "y ", "citations": [{"type": "web_search_result_location", "encrypted_index": ""}]})
        ),
        Just(own_call("r")),
        Just(json!({"type": "thinking", "thinking": "t", "signature": "s"})),
    ];
    prop::collection::vec(block, 1..9)
}

fn ids(message: &Value, kind: &str, key: &str) -> Vec<String> {
    let blocks = message["content"].as_array().into_iter().flatten().filter(|block| block["type"] == kind);
    blocks.map(|block| block[key].as_str().unwrap().to_owned()).collect()
}

proptest! {
    #[test]
    fn every_history_stays_legal(turns in prop::collection::vec(blocks(), 1..4)) {
        let mut messages = vec![user(json!("q"))];
        for blocks in &turns {
            let calls = blocks.iter().filter(|block| block["type"] == "tool_use").count();
            messages.push(assistant(json!(blocks)));
            let answers: Vec<Value> = (0..calls).map(|_| own_result("r")).chain([text("next")]).collect();
            messages.push(user(json!(answers)));
        }
        let before: usize = turns.iter().flatten().filter(|block| block["type"] == "thinking" || block["type"] == "tool_use").count();
        let (messages, _) = rewritten(json!(messages));
        let messages = messages.as_array().unwrap();
        for pair in messages.windows(2) {
            prop_assert_ne!(&pair[0]["role"], &pair[1]["role"]);
            let mut calls = ids(&pair[0], "tool_use", "id");
            let mut results = ids(&pair[1], "tool_result", "tool_use_id");
            calls.sort();
            results.sort();
            prop_assert_eq!(calls, results);
        }
        let kept = messages.iter().flat_map(|message| message["content"].as_array().into_iter().flatten());
        let kept = kept.filter(|block| block["type"] == "thinking" || block["name"] == "Read").count();
        prop_assert_eq!(kept, before);
        prop_assert!(!json!(messages).to_string().contains("server_tool_use"));
        for message in messages {
            prop_assert!(message["content"].as_array().is_none_or(|blocks| !blocks.is_empty()));
        }
    }

    #[test]
    fn rewriting_again_changes_nothing(turns in prop::collection::vec(blocks(), 1..3)) {
        let messages: Vec<Value> = turns.iter().flat_map(|blocks| [user(json!("q")), assistant(json!(blocks))]).collect();
        let (once, _) = rewritten(json!(messages));
        let (twice, _) = rewritten(once.clone());
        prop_assert_eq!(once, twice);
    }
}
