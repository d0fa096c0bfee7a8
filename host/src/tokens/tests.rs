//! Whole requests: what counts, that bounds hold, and that what is remembered is what would be counted.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use ccr_messages::json::Document;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Bounds, Encoding, Scheme, TokenCounts, Tokenizer};
use crate::base::request::InnerRequest;

const CL100K: Scheme = Scheme::Encoding(Encoding::Cl100kBase);

fn request(fields: Value) -> InnerRequest {
    let mut body = json!({"model": "m", "messages": [{"role": "user", "content": ""}]});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    InnerRequest::parse(body.to_string().into_bytes(), "req", http::HeaderMap::new(), None).unwrap()
}

fn of_blocks(blocks: Value) -> InnerRequest {
    request(json!({"messages": [{"role": "user", "content": blocks}]}))
}

fn count(request: &InnerRequest) -> u64 {
    TokenCounts::default().count(request, &Tokenizer::default())
}

/// What some texts come to on their own.
fn sum(texts: &[&str]) -> u64 {
    texts.iter().map(|text| Encoding::Cl100kBase.count(text)).sum()
}

#[test]
fn text_in_all_its_places() {
    let text = "Say \"hello\"\nto the wörld.";
    assert_eq!(count(&request(json!({}))), 0);
    assert_eq!(count(&of_blocks(json!(text))), sum(&[text]));
    assert_eq!(
        count(&of_blocks(json!([{"type": "text", "text": text}, {"type": "text", "text": "b"}]))),
        sum(&[text, "b"])
    );
    assert_eq!(count(&request(json!({"system": text}))), sum(&[text]));
    assert_eq!(count(&request(json!({"system": [{"type": "text", "text": text}]}))), sum(&[text]));
    assert_eq!(count(&request(json!({"messages": [{"role": "system", "content": text}]}))), sum(&[text]));
    assert_eq!(
        count(&of_blocks(json!([{"type": "thinking", "thinking": text, "signature": "x".repeat(500)}]))),
        sum(&[text])
    );
}

#[test]
fn tools_their_calls_and_results() {
    let schema = r#"{"type":"object","properties":{"path":{"type":"string"}}}"#;
    let tool = json!({"name": "Read", "description": "Reads a file.", "input_schema": serde_json::from_str::<Value>(schema).unwrap()});
    assert_eq!(count(&request(json!({"tools": [tool]}))), sum(&["Read", "Reads a file.", schema]));
    let call = json!([{"type": "tool_use", "id": "toolu_1", "name": "Read", "input": {"path": "a.txt"}}]);
    assert_eq!(count(&of_blocks(call)), sum(&["Read", r#"{"path":"a.txt"}"#]));
    let result =
        |content: Value| count(&of_blocks(json!([{"type": "tool_result", "tool_use_id": "t", "content": content}])));
    assert_eq!(result(json!("a\nb")), sum(&["a\nb"]));
    assert_eq!(
        result(json!([{"type": "text", "text": "a"}, {"type": "image", "source": {"type": "url", "url": "u"}}])),
        1 + 1600
    );
    assert_eq!(result(Value::Null), 0);
}

#[test]
fn what_is_no_text() {
    let png = "iVBORw0KGgoAAAANSUhEUgAAAMgAAADICAYAAACtWK6e";
    let image = json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": png}});
    assert_eq!(count(&of_blocks(json!([image]))), 54);
    let document = |source: Value| count(&of_blocks(json!([{"type": "document", "title": "T", "source": source}])));
    assert_eq!(
        document(json!({"type": "text", "media_type": "text/plain", "data": "Hello world"})),
        sum(&["T", "Hello world"])
    );
    assert_eq!(document(json!({"type": "base64", "data": "A".repeat(120_000)})), sum(&["T"]) + 10_000);
    assert_eq!(
        document(json!({"type": "content", "content": [{"type": "text", "text": "a b"}, image]})),
        sum(&["T", "a b"]) + 54
    );
    assert_eq!(document(json!({"type": "content", "content": "a b"})), sum(&["T", "a b"]));
    assert_eq!(document(json!({"type": "file", "file_id": "f"})), sum(&["T"]) + 1_500);
    assert_eq!(count(&of_blocks(json!([{"type": "redacted_thinking", "data": "x".repeat(50)}]))), 10);
    let unknown = json!([{"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "q"}}]);
    assert_eq!(count(&of_blocks(unknown.clone())), sum(&[&unknown[0].to_string()]));
}

#[test]
fn a_tokenizer_of_another_encoding_counts_otherwise() {
    let counts = TokenCounts::default();
    let request = of_blocks(json!("同じ文章でも数え方が違います。"));
    let of = |encoding| counts.count(&request, &Tokenizer::Tiktoken(encoding));
    assert_eq!(Encoding::ALL.map(of), Encoding::ALL.map(|encoding| encoding.count("同じ文章でも数え方が違います。")));
}

#[test]
fn bounds_settle_what_is_far_from_the_threshold() {
    let counts = TokenCounts::default();
    let exceeds = |request: &InnerRequest, threshold| counts.exceeds(request, &Tokenizer::default(), threshold);
    let text = "word ".repeat(1_000);
    let long = of_blocks(json!(text));
    assert_eq!(exceeds(&long, 5_000), (false, None));
    assert_eq!(exceeds(&long, 39), (true, None));
    let exact = sum(&[&text]);
    assert_eq!(exceeds(&long, exact), (false, Some(exact)));
    assert_eq!(exceeds(&long, exact - 1), (true, Some(exact)));
    // Once it is known, it is said.
    assert_eq!(exceeds(&long, 0), (true, None));
    assert_eq!(exceeds(&request(json!({})), 0), (false, Some(0)));
}

#[test]
fn counting_stops_where_enough_is_known() {
    let counts = TokenCounts::default();
    let blocks: Vec<Value> =
        (0..100).map(|n| json!({"type": "text", "text": format!("{n} and {}", "so on ".repeat(300))})).collect();
    let request = of_blocks(blocks.into());
    let (more, exact) = counts.exceeds(&request, &Tokenizer::default(), 10_000);
    assert_eq!((more, exact), (true, None));
    let open = |bounds: Bounds| bounds.high - bounds.low;
    let known = counts.settle(request.document(), &CL100K, |bounds| open(bounds) < u64::MAX);
    assert!(open(known) > 0);
    assert!(counts.count(&request, &Tokenizer::default()) > 10_000);
}

/// A text as clients write it in JSON: plain, or with everything escaped.
fn spelled(text: &str, escaped: bool) -> String {
    match escaped {
        true => format!("\"{}\"", text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect::<String>()),
        false => json!(text).to_string(),
    }
}

proptest! {
    /// However often, in whatever order and spelling: a count is that of the texts.
    #[test]
    fn what_is_remembered_is_right(
        texts in prop::collection::vec(("[a-c é中\"\n]{0,40}", any::<bool>()), 1..12),
        order in prop::collection::vec(any::<prop::sample::Index>(), 1..40),
        threshold in 0_u64..300,
    ) {
        let counts = TokenCounts::default();
        let picked: Vec<_> = order.iter().map(|index| index.get(&texts)).collect();
        let blocks: Vec<_> = picked.iter().map(|(text, escaped)| format!(r#"{{"type":"text","text":{}}}"#, spelled(text, *escaped))).collect();
        for length in 1..=blocks.len() {
            let body = format!(r#"{{"model":"m","messages":[{{"role":"user","content":[{}]}}]}}"#, blocks[..length].join(","));
            let request = InnerRequest::parse(body.into_bytes(), "req", http::HeaderMap::new(), None).unwrap();
            let expected: u64 = picked[..length].iter().map(|(text, _)| Encoding::Cl100kBase.count(text)).sum();
            let (more, exact) = counts.exceeds(&request, &Tokenizer::default(), threshold);
            prop_assert_eq!(more, expected > threshold);
            prop_assert!(exact.is_none_or(|exact| exact == expected));
            let bounds = counts.settle(request.document(), &CL100K, |_| true);
            prop_assert!(bounds.low <= expected && expected <= bounds.high);
            prop_assert_eq!(counts.count(&request, &Tokenizer::default()), expected);
        }
    }
}

#[test]
fn what_is_no_request_has_no_tokens() {
    let document = Document::from_vec(b"[1]".to_vec()).unwrap();
    let bounds = TokenCounts::default().settle(&document, &CL100K, |_| false);
    assert_eq!(bounds, Bounds::default());
}
