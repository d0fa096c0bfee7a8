//! Tool calls in the ways in which they are streamed.

use gateway_tests::upstream::openai::{self, chunk, ending, text_chunk};
use gateway_tests::{FakeUpstream, Script, Setup};
use serde_json::{Value, json};

use super::{Case, all, calls, says};
use crate::support::ask_stream;

/// A chunk with these fragments of calls.
fn fragments(calls: Value) -> Value {
    chunk(json!({"tool_calls": calls}))
}

fn stream(deltas: &[Value]) -> Script {
    ending(
        deltas.iter().map(|calls| fragments(calls.clone())).fold(Script::stream(), |script, chunk| script.data(&chunk)),
        "tool_calls",
    )
}

fn function(name: &str, arguments: &str) -> Value {
    json!({"name": name, "arguments": arguments})
}

fn more(arguments: &str) -> Value {
    json!({"arguments": arguments})
}

const A: &str = "call_kT3vQz8wLm01";
const B: &str = "call_Yb6uRn2cPx02";

/// The calls that most cases make.
fn two() -> Value {
    json!([calls("add", json!({"a": 1})), calls("add", json!({"b": 2}))])
}

fn one() -> Value {
    json!([calls("add", json!({"a": 1}))])
}

#[tokio::test]
async fn calls_side_by_side() {
    let head =
        |index: u32, id: &str| json!({"index": index, "id": id, "type": "function", "function": function("add", "")});
    let piece = |index: u32, text: &str| json!({"index": index, "function": more(text)});
    let whole = |id: &str, text: &str| json!({"id": id, "type": "function", "function": function("add", text)});
    let mut same = whole(B, "{\"b\":2}");
    same["index"] = json!(0);
    let mut first = whole(A, "{\"a\":1}");
    first["index"] = json!(0);
    let cases: Vec<Case> = vec![
        (
            "no index, told apart by id",
            stream(&[json!([whole(A, "{\"a\":1}")]), json!([whole(B, "{\"b\":2}")])]),
            two(),
            "tool_use",
        ),
        ("one index, two ids", stream(&[json!([first]), json!([same])]), two(), "tool_use"),
        (
            "interleaved",
            stream(&[
                json!([head(0, A)]),
                json!([head(1, B)]),
                json!([piece(0, "{\"a\"")]),
                json!([piece(1, "{\"b\"")]),
                json!([piece(0, ":1}")]),
                json!([piece(1, ":2}")]),
            ]),
            two(),
            "tool_use",
        ),
        (
            "one index twice in a chunk",
            stream(&[json!([head(0, A), piece(0, "{\"a\"")]), json!([piece(0, ":"), piece(0, "1}")])]),
            one(),
            "tool_use",
        ),
        (
            "a continuation on another index",
            stream(&[json!([head(0, A)]), json!([piece(1, "{\"a\":")]), json!([piece(2, "1}")])]),
            one(),
            "tool_use",
        ),
        (
            "cumulative lists",
            stream(&[
                json!([{"index": 0, "id": A, "function": function("add", "{\"a\":1}")}]),
                json!([
                    {"index": 0, "id": A, "function": function("add", "{\"a\":1}")},
                    {"index": 1, "id": B, "function": function("add", "{\"b\":2}")},
                ]),
            ]),
            two(),
            "tool_use",
        ),
    ];
    all(cases).await;
}

#[tokio::test]
async fn ids_and_names_of_all_kinds() {
    let part = |id: Value, name: Value, text: Value| json!({"index": 0, "id": id, "function": {"name": name, "arguments": text}});
    let nothing = || Value::Null;
    let cases: Vec<Case> = vec![
        (
            "an empty id on continuations",
            stream(&[
                json!([part(json!(A), json!("add"), json!("{\"a\""))]),
                json!([part(json!(""), nothing(), json!(":1}"))]),
            ]),
            one(),
            "tool_use",
        ),
        ("a number for an id", stream(&[json!([part(json!(0), json!("add"), json!("{\"a\":1}"))])]), one(), "tool_use"),
        (
            "the id and the name in every chunk",
            stream(&[
                json!([part(json!(A), json!("add"), json!("{\"a\""))]),
                json!([part(json!(A), json!("add"), json!(":1}"))]),
            ]),
            one(),
            "tool_use",
        ),
        (
            "the name after the id",
            stream(&[
                json!([part(json!(A), nothing(), json!(""))]),
                json!([part(nothing(), json!("add"), json!("{\"a\":1}"))]),
            ]),
            one(),
            "tool_use",
        ),
    ];
    all(cases).await;
}

#[tokio::test]
async fn text_around_calls() {
    let call = || fragments(json!([{"index": 0, "id": A, "function": function("add", "{\"a\":1}")}]));
    let script = |before: &str| Script::stream().data(&text_chunk(before)).data(&call());
    let input = || calls("add", json!({"a": 1}));
    let cases: Vec<Case> = vec![
        (
            "text, a call, text",
            ending(script("Now:").data(&text_chunk("Done.")), "tool_calls"),
            json!([says("Now:"), input(), says("Done.")]),
            "tool_use",
        ),
        ("white space before a call", ending(script("\n\n"), "tool_calls"), json!([says("\n\n"), input()]), "tool_use"),
        ("text before a call", ending(script("Now:"), "tool_calls"), json!([says("Now:"), input()]), "tool_use"),
    ];
    all(cases).await;
}

#[tokio::test]
async fn arguments_of_all_kinds() {
    let with = |arguments: Value| {
        stream(&[
            json!([{"index": 0, "id": A, "type": "function", "function": {"name": "add", "arguments": arguments}}]),
        ])
    };
    let twice = stream(&[
        json!([{"index": 0, "id": A, "type": "function", "function": function("add", "{\"a\":1}")}]),
        json!([{"index": 0, "function": more("{\"a\":1}")}]),
    ]);
    let empty = || json!([calls("add", json!({}))]);
    let encoded = json!("{\"a\":1}").to_string();
    let (first, second) = encoded.split_at(5);
    let double = stream(&[
        json!([{"index": 0, "id": A, "type": "function", "function": function("add", first)}]),
        json!([{"index": 0, "function": more(second)}]),
    ]);
    let huge = json!({"a": "x".repeat(1 << 20)});
    let cases: Vec<Case> = vec![
        ("an object", with(json!({"a": 1})), one(), "tool_use"),
        ("null", with(json!("null")), empty(), "tool_use"),
        ("a list", with(json!("[]")), empty(), "tool_use"),
        ("nothing", with(json!("")), empty(), "tool_use"),
        ("the whole arguments twice", twice, one(), "tool_use"),
        ("encoded twice", double, one(), "tool_use"),
        (
            "an escape cut in two",
            stream(&[
                json!([{"index": 0, "id": A, "type": "function", "function": function("add", "{\"a\":\"\\u4f")}]),
                json!([{"index": 0, "function": more("60\\")}]),
                json!([{"index": 0, "function": more("n\"}")}]),
            ]),
            json!([calls("add", json!({"a": "\u{4f60}\n"}))]),
            "tool_use",
        ),
        ("an event of 1 MiB", with(json!(huge.to_string())), json!([calls("add", huge)]), "tool_use"),
    ];
    all(cases).await;
}

#[tokio::test]
async fn forty_calls_in_turns() {
    let id = |index: usize| format!("call_kT3vQz8wLm{index:02}");
    let heads = (0..40).map(
        |index| json!([{"index": index, "id": id(index), "type": "function", "function": function("add", "{\"a\"")}]),
    );
    let rests = (0..40).map(|index| json!([{"index": index, "function": more(&format!(":{index}}}"))}]));
    let deltas: Vec<Value> = heads.chain(rests).collect();
    let expected: Vec<Value> = (0..40).map(|index| calls("add", json!({"a": index}))).collect();
    all(vec![("40 parallel calls", stream(&deltas), json!(expected), "tool_use")]).await;
}

/// Kimi counts its calls from 0 in every turn: the client must see ids that differ, and what it replays must still fit together.
#[tokio::test]
async fn an_id_that_every_turn_repeats() {
    let upstream = FakeUpstream::start().await;
    let gateway = Setup::openai(&upstream).start().await;
    let mut request = ask_stream("go");
    let mut ids = Vec::new();
    for turn in 0..3 {
        upstream.next(stream(&[
            json!([{"index": 0, "id": "functions.Bash:0", "type": "function", "function": function("Bash", "{}")}]),
        ]));
        let message = gateway.messages(&request).await.expect(200).await.transcript().await.message();
        let id = message["content"][0]["id"].clone();
        assert!(!ids.contains(&id), "{id} came before: {ids:?}");
        let messages = request["messages"].as_array_mut().unwrap();
        messages.push(json!({"role": "assistant", "content": message["content"]}));
        messages.push(json!({"role": "user", "content": [{"type": "tool_result", "tool_use_id": id, "content": format!("{turn}")}]}));
        ids.push(id);
    }
    upstream.next(openai::text_stream(&["done"]));
    gateway.messages(&request).await.expect(200).await.transcript().await.message();
    let sent = upstream.requests().pop().unwrap().json();
    let messages = sent["messages"].as_array().unwrap();
    let called: Vec<&Value> = messages.iter().filter_map(|message| message["tool_calls"][0].get("id")).collect();
    let told: Vec<&Value> =
        messages.iter().filter(|message| message["role"] == "tool").map(|message| &message["tool_call_id"]).collect();
    assert_eq!((called.len(), &called), (3, &told), "{sent}");
    assert!(called[0] != called[1] && called[1] != called[2] && called[0] != called[2], "{sent}");
}

/// What there is of a call at the limit is no call that anybody should run.
#[tokio::test]
async fn the_limit_within_arguments() {
    let upstream = FakeUpstream::start().await;
    let gateway = Setup::openai(&upstream).start().await;
    let cut = json!({"tool_calls": [{"index": 0, "id": A, "type": "function", "function": function("Bash", "{\"command\":\"rm -rf b")}]});
    upstream.next(ending(Script::stream().data(&chunk(cut)), "length"));
    let text = gateway.messages(&ask_stream("go")).await.expect(200).await.text().await;
    assert!(text.contains("\"stop_reason\":\"max_tokens\""), "{text}");
    let events = text.lines().filter_map(|line| line.strip_prefix("data: "));
    let events = events.map(|data| serde_json::from_str::<Value>(data).unwrap());
    let input: String = events.filter_map(|event| event["delta"]["partial_json"].as_str().map(str::to_owned)).collect();
    assert!(serde_json::from_str::<Value>(&input).is_err(), "a call that was cut off looks whole: {text}");
}

/// Neither of the two can be what the model meant, and both in one are no JSON.
#[tokio::test]
async fn two_different_objects_under_one_index() {
    let upstream = FakeUpstream::start().await;
    let gateway = Setup::openai(&upstream).start().await;
    let differ = stream(&[
        json!([{"index": 0, "id": A, "type": "function", "function": function("add", "{\"a\":1}")}]),
        json!([{"index": 0, "function": more("{\"b\":2}")}]),
    ]);
    upstream.next(differ);
    let answer = gateway.messages(&ask_stream("go")).await;
    if answer.status == 200 {
        assert_eq!(answer.transcript().await.broken()["type"], "api_error");
    } else {
        assert_eq!((answer.status, answer.error().await.0.as_str()), (502, "api_error"));
    }
}
