//! Tool calls in the ways in which they are streamed.

use gateway_tests::Script;
use gateway_tests::upstream::openai::{chunk, ending, text_chunk};
use serde_json::{Value, json};

use super::{Case, all, calls, says};

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
        (
            "space before a call",
            ending(
                Script::stream().data(&text_chunk("Now:")).data(&fragments(json!([part(
                    json!(A),
                    json!("add"),
                    json!("{\"a\":1}")
                )]))),
                "tool_calls",
            ),
            json!([says("Now:"), calls("add", json!({"a": 1}))]),
            "tool_use",
        ),
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
    let cases: Vec<Case> = vec![
        ("an object", with(json!({"a": 1})), one(), "tool_use"),
        ("null", with(json!("null")), empty(), "tool_use"),
        ("a list", with(json!("[]")), empty(), "tool_use"),
        ("nothing", with(json!("")), empty(), "tool_use"),
        ("the whole arguments twice", twice, one(), "tool_use"),
    ];
    all(cases).await;
}
