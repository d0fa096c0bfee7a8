//! Which call a fragment belongs to: index, id and name in every odd shape.

use super::*;
use serde_json::json;

#[test]
fn index_missing_calls_told_apart_by_id() {
    let out = assemble([
        delta(-1, "call_aaaaaa", "A", "{\"x\":"),
        delta(-1, "call_aaaaaa", "", "1}"),
        delta(-1, "call_bbbbbb", "B", "{\"x\""),
        delta(-1, "call_bbbbbb", "", ":2}"),
    ]);
    assert_eq!(inputs(&out), [named("A", json!({"x":1})), named("B", json!({"x":2}))]);
}

#[test]
fn index_and_ids_missing_whole_calls() {
    let out = assemble([
        delta(-1, "", "A", "{\"x\":1}"),
        delta(-1, "", "A", "{\"x\":2}"),
        delta(-1, "", "B", "{}"),
        delta(-1, "", "C", "{}"),
    ]);
    let expected =
        [named("A", json!({"x":1})), named("A", json!({"x":2})), named("B", json!({})), named("C", json!({}))];
    assert_eq!(inputs(&out), expected);
}

#[test]
fn one_index_for_two_ids() {
    let out = assemble([
        delta(0, "call_aaaaaa", "A", "{\"x\":1}"),
        delta(0, "call_bbbbbb", "A", ""),
        delta(0, "call_bbbbbb", "", "{\"x\":1}"),
    ]);
    assert_eq!(inputs(&out), [named("A", json!({"x":1})), named("A", json!({"x":1}))]);
    let two = calls(&out);
    assert_eq!((two[0].id.as_str(), two[1].id.as_str()), ("call_aaaaaa", "call_bbbbbb"));
}

#[test]
fn one_index_for_two_ids_interleaved() {
    let out = assemble([
        delta(0, "call_aaaaaa", "A", "{\"x\":"),
        delta(0, "call_bbbbbb", "B", "{\"y\":"),
        delta(0, "call_aaaaaa", "", "1}"),
        delta(0, "call_bbbbbb", "", "2}"),
    ]);
    assert_eq!(inputs(&out), [named("A", json!({"x":1})), named("B", json!({"y":2}))]);
}

#[test]
fn one_index_no_ids_other_name() {
    let out = assemble([delta(0, "", "A", "{\"x\":1}"), delta(0, "", "B", "{\"x\":1}")]);
    assert_eq!(inputs(&out), [named("A", json!({"x":1})), named("B", json!({"x":1}))]);
}

#[test]
fn continuation_on_another_index() {
    let out = assemble([
        delta(0, "call_aaaaaa", "A", "{\"x\":"),
        delta(1, "", "", "[1"),
        delta(2, "", "", "]}"),
        delta(1, "", "", ""),
    ]);
    assert_eq!(inputs(&out), [named("A", json!({"x":[1]}))]);
}

#[test]
fn same_index_twice_in_one_array() {
    let out = assemble([delta(0, "call_aaaaaa", "A", "{\"x\""), delta(0, "", "", ":1"), delta(0, "", "", "}")]);
    assert_eq!(inputs(&out), [named("A", json!({"x":1}))]);
}

#[test]
fn empty_and_repeated_ids() {
    let empty =
        ToolDelta { index: Some(0), id: Some(String::new()), name: Some(String::new()), arguments: "1}".to_owned() };
    let out = assemble([delta(0, "call_aaaaaa", "A", "{\"x\":"), Event::ToolDelta(empty)]);
    assert_eq!(inputs(&out), [named("A", json!({"x":1}))]);
    let out = assemble([delta(0, "call_aaaaaa", "A", "{\"x\":"), delta(0, "call_aaaaaa", "A", "1}")]);
    assert_eq!(inputs(&out), [named("A", json!({"x":1}))]);
}

#[test]
fn a_new_id_with_every_fragment() {
    let out = assemble([
        delta(0, "chatcmpl-tool-1", "A", ""),
        delta(0, "chatcmpl-tool-2", "", "{\"x\":"),
        delta(0, "chatcmpl-tool-3", "", "1}"),
    ]);
    assert_eq!(inputs(&out), [named("A", json!({"x":1}))]);
    assert_eq!(calls(&out)[0].id, "chatcmpl-tool-1");
}

#[test]
fn id_later_than_the_rest() {
    for index in [0, -1] {
        let out = assemble([delta(index, "", "A", ""), delta(index, "call_aaaaaa", "", "{\"x\":1}")]);
        assert_eq!(inputs(&out), [named("A", json!({"x":1}))]);
        assert_eq!(calls(&out)[0].id, "call_aaaaaa");
    }
}

#[test]
fn numeric_and_foreign_ids_become_unique_and_legal() {
    let out = assemble([delta(0, "0", "A", "{}"), delta(1, "functions.Bash:0", "B", "{}"), delta(2, "", "C", "{}")]);
    let ids: Vec<_> = calls(&out).into_iter().map(|call| call.id).collect();
    assert_eq!(ids, ["0_seed", "functions_Bash_0_seed", "toolu_seed_2"]);
}

#[test]
fn one_id_for_two_calls() {
    let out = assemble([delta(0, "call_aaaaaa", "A", "{\"x\":1}"), delta(1, "call_aaaaaa", "A", "{\"x\":2}")]);
    assert_eq!(inputs(&out), [named("A", json!({"x":1})), named("A", json!({"x":2}))]);
    let out = assemble([delta(-1, "call_aaaaaa", "A", "{\"x\":1}"), delta(-1, "call_aaaaaa", "B", "{\"x\":2}")]);
    assert_eq!(inputs(&out).len(), 2);
    assert_eq!(calls(&out)[1].id, "call_aaaaaa_2");
}

#[test]
fn name_repeated_in_each_chunk() {
    let out = assemble([
        delta(0, "call_aaaaaa", "read_file", ""),
        delta(0, "", "read_file", "{\"x\":"),
        delta(0, "", "read_file", "1}"),
    ]);
    assert_eq!(inputs(&out), [named("read_file", json!({"x":1}))]);
    let out = assemble([delta(-1, "", "Bash", ""), delta(-1, "", "Bash", "{\"x\":"), delta(-1, "", "Bash", "1}")]);
    assert_eq!(inputs(&out), [named("Bash", json!({"x":1}))]);
}

#[test]
fn name_in_fragments_and_growing() {
    for second in ["_file", "read_file"] {
        let out = assemble([delta(0, "call_aaaaaa", "read", ""), delta(0, "", second, ""), delta(0, "", "", "{}")]);
        assert_eq!(inputs(&out), [named("read_file", json!({}))]);
    }
}

#[test]
fn name_later_than_arguments() {
    let out = assemble([delta(0, "call_aaaaaa", "", "{\"x\":"), delta(0, "", "A", ""), delta(0, "", "", "1}")]);
    assert_eq!(inputs(&out), [named("A", json!({"x":1}))]);
    let out = assemble([delta(0, "call_aaaaaa", "", "{\"x\":1}"), delta(0, "", "A", "")]);
    assert_eq!(inputs(&out), [named("A", json!({"x":1}))]);
}

#[test]
fn id_and_name_later_than_whole_arguments() {
    let events = assemble([delta(0, "", "", "{\"a\":1}"), delta(0, "call_abcdefg", "Read", "")]);
    let calls = calls(&events);
    assert_eq!(calls.len(), 1);
    assert_eq!((calls[0].id.as_str(), calls[0].name.as_str()), ("call_abcdefg", "Read"));
    assert_eq!(calls[0].input(), serde_json::json!({ "a": 1 }));
    assert!(calls[0].complete);
}

#[test]
fn name_never_comes() {
    let out = assemble([delta(0, "call_aaaaaa", "", "{\"x\":1}")]);
    assert!(error(&out).unwrap().message.contains("without the tool's name"));
    assert_eq!(calls(&out), []);
}

#[test]
fn parallel_calls_streamed_cumulatively() {
    let call = |n: i64| delta(n, &format!("call_aaaaaa{n}"), "A", &format!("{{\"x\":{n}}}"));
    let out = assemble([call(0), call(0), call(1), call(0), call(1), call(2)]);
    let expected: Vec<_> = (0..3).map(|n| named("A", json!({"x":n}))).collect();
    assert_eq!(inputs(&out), expected);
    let anonymous = |n: i64| delta(n, "", "A", &format!("{{\"x\":{n}}}"));
    let out = assemble([anonymous(0), anonymous(0), anonymous(1), anonymous(0), anonymous(1), anonymous(2)]);
    assert_eq!(inputs(&out), expected);
}

#[test]
fn forty_parallel_calls_in_turns() {
    let part = |n: i64, arguments: &str| delta(n, "", "", arguments);
    let starts = (0..40).map(|n| delta(n, &format!("call_number_{n}"), "A", ""));
    let heads = (0..40).map(|n| part(n, "{\"x\":"));
    let tails: Vec<_> = (0..40).rev().map(|n| part(n, &format!("{n}}}"))).collect();
    let out = assemble(starts.chain(heads).chain(tails));
    let expected: Vec<_> = (0..40).map(|n| named("A", json!({"x":n}))).collect();
    assert_eq!(inputs(&out), expected);
}
