#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use super::*;
use serde_json::{Value as Json, json};

fn dirty(body: &Json) -> bool {
    let text = body.to_string();
    needs_cleaning(&Document::parse_str(&text).unwrap())
}

fn answered(blocks: Json) -> Json {
    json!({"model": "m", "messages": [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": blocks},
        {"role": "user", "content": "b"},
    ]})
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
        answered(json!([{"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {}}])),
        answered(
            json!([{"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "q"}},
            {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [
                {"type": "web_search_result", "url": "u", "title": "t", "encrypted_content": "Eo8"}]},
            {"type": "text", "text": "x", "citations": [
                {"type": "web_search_result_location", "encrypted_index": "Eo8", "url": "u", "cited_text": "c"}]}]),
        ),
        answered(json!([{"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1",
            "content": {"type": "web_search_tool_result_error", "error_code": "unavailable"}}])),
        json!({"model": "m", "messages": [{"role": "assistant", "content": [{"type": "text", "text": "a \\n"}]}]}),
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
    let result = |content: Json| {
        json!({"messages": [{"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": "t", "content": content}]}]})
    };
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
        result(json!([{"type": "text", "text": ""}])),
        result(json!([{"type": "image", "source": {"type": "base64", "data": "data:image/png;base64,iVBO"}}])),
        json!({"messages": [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a.b"}]}]}),
        json!({"messages": [{"role": "assistant", "content": "a\n"}]}),
        json!({"messages": [{"role": "assistant", "content": [{"type": "text", "text": "a "}]}]}),
        json!({"tools": [{"name": "a b"}], "messages": [{"role": "user", "content": "x"}]}),
        json!({"system": [{"type": "text", "text": ""}], "messages": [{"role": "user", "content": "x"}]}),
        json!({"ccr": {}, "messages": [{"role": "user", "content": "x"}]}),
    ] {
        assert!(dirty(&body), "{body}");
    }
}

#[test]
fn an_id_that_is_used_twice_is_found_and_many_ids_are_not_mistaken() {
    let calls = |ids: &mut dyn Iterator<Item = String>| -> Json {
        answered(ids.map(|id| json!({"type": "tool_use", "id": id, "name": "t", "input": {}})).collect())
    };
    assert!(!dirty(&calls(&mut (0..200).map(|id| format!("toolu_{id}")))));
    assert!(dirty(&calls(&mut (0..200).map(|id| format!("toolu_{}", id % 199)))));
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
