#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use super::*;
use serde_json::{Value as Json, json};

fn dirty(body: &Json) -> bool {
    let mut whole = json!({"model": "m", "max_tokens": 1024});
    whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
    let text = whole.to_string();
    needs_cleaning(&Document::parse_str(&text).unwrap())
}

fn answered(blocks: Json) -> Json {
    json!({"model": "m", "max_tokens": 1024, "messages": [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": blocks},
        {"role": "user", "content": "b"},
    ]})
}

fn call(id: &str) -> Json {
    json!({"type": "tool_use", "id": id, "name": "Bash", "input": {}})
}

fn result(id: &str) -> Json {
    json!({"type": "tool_result", "tool_use_id": id, "content": "ok"})
}

/// A question, and what follows it: the assistant's blocks and the user's by turns.
fn turns(turns: &[Json]) -> Json {
    let roles = ["user", "assistant"].into_iter().cycle();
    let contents = std::iter::once(json!("a")).chain(turns.iter().cloned());
    let messages: Vec<_> =
        roles.zip(contents).map(|(role, content)| json!({"role": role, "content": content})).collect();
    json!({"messages": messages})
}

fn signed(signature: &str) -> Json {
    answered(json!([{"type": "thinking", "thinking": "t", "signature": signature}, {"type": "text", "text": "x"}]))
}

#[test]
fn what_anthropic_made_is_clean() {
    let signature = "EqQBCkgIARABGAIiQL2UoU0b1OHYi+/w==";
    for body in [
        answered(json!("text")),
        signed(signature),
        answered(json!([{"type": "thinking", "thinking": "", "signature": signature}, {"type": "text", "text": "x"}])),
        answered(json!([{"type": "redacted_thinking", "data": "EmwKAhgBEgy3va3pzix/"}])),
        turns(&[json!([call("1")]), json!([result("1")])]),
        // Results of tools that ran side by side come in any order, and text may follow them.
        turns(&[json!([call("1"), call("2")]), json!([result("2"), result("1"), {"type": "text", "text": "b"}])]),
        answered(
            json!([{"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "q"}},
            {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [
                {"type": "web_search_result", "url": "u", "title": "t", "encrypted_content": "Eo8"}]},
            {"type": "text", "text": "x", "citations": [
                {"type": "web_search_result_location", "encrypted_index": "Eo8", "url": "u", "cited_text": "c"}]}]),
        ),
        answered(json!([{"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1",
            "content": {"type": "web_search_tool_result_error", "error_code": "unavailable"}}])),
        turns(&[json!([{"type": "text", "text": "a \\n"}])]),
        json!({"messages": [{"role": "user", "content": [{"type": "image", "source": {"type": "base64", "data": "iVBO"}}]}]}),
    ] {
        assert!(!dirty(&body), "{body}");
    }
}

#[test]
fn signatures_of_others_are_found() {
    for signature in [
        "",
        "1732300000000",
        "ccr1:openai:85944171f73967e8",
        "0b51aa9e-d5bf-4d9c-a0a8-49ec0b1c5f37",
        "cc2d6f4c1d2f8dcc2d6f4c1d2f8dcc2d6f4c1d2f8dcc2d6f4c1d2f8dcc2d6f4c",
        "a signature",
    ] {
        assert!(dirty(&signed(signature)), "{signature}");
        assert!(dirty(&answered(json!([{"type": "redacted_thinking", "data": signature}]))), "{signature}");
    }
    assert!(dirty(&answered(json!([{"type": "thinking", "thinking": "t"}]))));
    let escaped = signed("EqQB/+==").to_string().replace('/', "\\/");
    assert!(!needs_cleaning(&Document::parse_str(&escaped).unwrap()));
}

#[test]
fn everything_else_that_is_refused_is_found() {
    let told = |content: Json| {
        turns(&[json!([call("t")]), json!([{"type": "tool_result", "tool_use_id": "t", "content": content}])])
    };
    let text = json!({"type": "text", "text": "b"});
    let tool = |tool: Json| json!({"tools": [tool], "messages": [{"role": "user", "content": "x"}]});
    for body in [
        answered(json!([{"type": "text", "text": " \n\t"}])),
        answered(json!("")),
        answered(json!([{"type": "tool_use", "id": "functions.Bash:0", "name": "Bash", "input": {}}])),
        answered(json!([{"type": "tool_use", "id": "a", "name": "a.b", "input": {}}])),
        answered(json!([{"type": "tool_use", "id": "a", "name": "x".repeat(129), "input": {}}])),
        answered(json!([{"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [
            {"type": "web_search_result", "url": "u", "title": "t", "encrypted_content": ""}]}])),
        answered(json!([{"type": "text", "text": "x", "citations": [
            {"type": "web_search_result_location", "encrypted_index": "", "url": "u"}]}])),
        answered(json!([{"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [
            {"type": "web_search_result", "url": "u", "title": "t", "encrypted_content": "ccr1:websearch:e30="}]}])),
        answered(json!([{"type": "text", "text": "x", "citations": [
            {"type": "web_search_result_location", "encrypted_index": "ccr1:websearch:e30=", "url": "u"}]}])),
        told(json!([{"type": "text", "text": ""}])),
        told(json!([{"type": "image", "source": {"type": "base64", "data": "data:image/png;base64,iVBO"}}])),
        turns(&[json!([call("a.b")]), json!([result("a.b")])]),
        turns(&[json!("a\n")]),
        turns(&[json!([{"type": "text", "text": "a "}])]),
        turns(&[json!([])]),
        turns(&[json!([call("1")])]),
        turns(&[json!([call("1")]), json!("b")]),
        turns(&[json!([call("1")]), json!([text]), json!("c"), json!([result("1")])]),
        turns(&[json!([call("1")]), json!([text, result("1")])]),
        turns(&[json!([call("1")]), json!([result("1"), result("1")])]),
        turns(&[json!([call("1")]), json!([result("1")]), json!([call("1")]), json!([result("1")])]),
        turns(&[json!([{"type": "tool_use", "id": "1", "name": "Bash"}]), json!([result("1")])]),
        turns(&[json!([{"type": "tool_use", "id": "1", "name": "Bash", "input": "{}"}]), json!([result("1")])]),
        json!({"messages": []}),
        json!({"messages": [{"role": "user", "content": [result("1")]}]}),
        json!({"messages": [{"role": "user"}, {"role": "user", "content": "x"}]}),
        json!({"max_tokens": null, "messages": [{"role": "user", "content": "x"}]}),
        json!({"seed": 1, "messages": [{"role": "user", "content": "x"}]}),
        json!({"tool_choice": {"type": "auto"}, "messages": [{"role": "user", "content": "x"}]}),
        tool(json!({"name": "a b", "input_schema": {"type": "object"}})),
        tool(json!({"name": "a"})),
        tool(json!({"name": "a", "input_schema": {"properties": {}}})),
        tool(json!({"name": "a", "input_schema": {"type": "object", "anyOf": []}})),
        json!({"system": [{"type": "text", "text": ""}], "messages": [{"role": "user", "content": "x"}]}),
        json!({"ccr": {}, "messages": [{"role": "user", "content": "x"}]}),
    ] {
        assert!(dirty(&body), "{body}");
    }
}

#[test]
fn a_budget_for_thinking_needs_a_turn_that_began_with_reasoning() {
    let thought = json!({"type": "thinking", "thinking": "t", "signature": "EqQBCkgIARABGAIiQL2UoU0b1OHYi+/w=="});
    let with = |thinking: &str, blocks: Json| {
        let mut body = turns(&[blocks, json!([result("1")])]);
        body["thinking"] = json!({"type": thinking, "budget_tokens": 1024});
        dirty(&body)
    };
    assert!(with("enabled", json!([call("1")])));
    assert!(!with("adaptive", json!([call("1")])));
    assert!(!with("enabled", json!([thought, call("1")])));
}

#[test]
fn an_id_that_is_used_twice_is_found_and_many_ids_are_not_mistaken() {
    let calls = |ids: &mut dyn Iterator<Item = String>| {
        turns(&ids.flat_map(|id| [json!([call(&id)]), json!([result(&id)])]).collect::<Vec<_>>())
    };
    assert!(!dirty(&calls(&mut (0..1000).map(|id| format!("toolu_{id:024}")))));
    assert!(dirty(&calls(&mut (0..1000).map(|id| format!("toolu_{:024}", id % 999)))));
}

#[test]
fn the_63rd_call_of_one_turn_is_still_told_from_its_neighbours() {
    let all = |count: usize| -> (Vec<Json>, Vec<Json>) {
        (0..count).map(|id| (call(&id.to_string()), result(&id.to_string()))).unzip()
    };
    let (calls, mut results) = all(64);
    results.rotate_left(63);
    assert!(!dirty(&turns(&[json!(calls), json!(results)])));
    results.pop();
    assert!(dirty(&turns(&[json!(calls), json!(results)])));
    let (calls, results) = all(65);
    assert!(dirty(&turns(&[json!(calls), json!(results)])), "more than are kept in mind");
}

#[test]
fn white_space_at_the_end_is_cut_by_whole_escapes() {
    let cut = |json: &str| {
        let document = Document::parse_str(json).unwrap();
        without_trailing_space(document.root().as_str().unwrap()).to_owned()
    };
    assert_eq!(cut(r#""a \n\t ""#), "a");
    assert_eq!(cut(r#""a\\n""#), r"a\\n");
    assert_eq!(cut(r#""a\\\n""#), r"a\\");
    assert_eq!(cut(r#""""#), "");
}
