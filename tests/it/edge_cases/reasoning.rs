//! Reasoning in the ways in which it is streamed.

use gateway_tests::Script;
use gateway_tests::upstream::openai::{chunk, ending, text_chunk};
use serde_json::{Value, json};

use super::{Case, all, says, thinks};

fn thought(text: &str) -> Value {
    chunk(json!({"reasoning_content": text}))
}

#[tokio::test]
async fn reasoning_of_all_shapes() {
    let stream = |chunks: &[Value]| ending(chunks.iter().fold(Script::stream(), Script::data), "stop");
    let both = chunk(json!({"reasoning_content": "Hm.", "content": "so"}));
    let beside = chunk(json!({"reasoning_content": "", "content": " it is"}));
    let null = chunk(json!({"reasoning_content": null, "content": " now"}));
    let mistral = chunk(json!({"content": [
        {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]},
        {"type": "text", "text": "so"},
    ]}));
    let cases: Vec<Case> = vec![
        ("both in one chunk", stream(&[both]), json!([thinks("Hm."), says("so")]), "end_turn"),
        (
            "empty beside each content",
            stream(&[thought("Hm."), text_chunk("so"), beside, null]),
            json!([thinks("Hm."), says("so it is now")]),
            "end_turn",
        ),
        (
            "thinking again after text",
            stream(&[thought("Hm."), text_chunk("so"), thought("Oh."), text_chunk("no")]),
            json!([thinks("Hm."), says("so"), thinks("Oh."), says("no")]),
            "end_turn",
        ),
        (
            "empty content between two bursts",
            stream(&[thought("Hm, "), chunk(json!({"content": ""})), thought("oh."), text_chunk("no")]),
            json!([thinks("Hm, oh."), says("no")]),
            "end_turn",
        ),
        (
            "parts of thinking and of text",
            stream(&[mistral, text_chunk(" it is")]),
            json!([thinks("Hm."), says("so it is")]),
            "end_turn",
        ),
    ];
    all(cases).await;
}
