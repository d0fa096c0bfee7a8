//! Bytes and frames, and the shape of texts.

use gateway_tests::Script;
use gateway_tests::upstream::openai::{chunk, ending, finish_chunk, text_chunk, usage_chunk};
use serde_json::{Value, json};

use super::{Case, all, says};

/// Everything that a stream says, in one string.
fn bytes(chunks: &[Value]) -> String {
    chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).collect()
}

/// A stream whose bytes come in pieces of this size.
fn cut(text: &str, size: usize) -> Script {
    text.as_bytes().chunks(size).fold(Script::stream(), |script, piece| script.chunk(piece)).end()
}

#[tokio::test]
async fn characters_split_at_each_byte_stay_whole() {
    let text = "é ü – 漢字 🦀👩‍👩‍👧";
    let whole = bytes(&[text_chunk(text), finish_chunk("stop"), usage_chunk()]) + "data: [DONE]\n\n";
    let cases: Vec<Case> = (1..=5).map(|size| ("split", cut(&whole, size), json!([says(text)]), "end_turn")).collect();
    all(cases).await;
}

#[tokio::test]
async fn frames_of_all_kinds() {
    let (first, second) = (text_chunk("so "), text_chunk("it is"));
    let plain = bytes(&[first.clone(), second.clone(), finish_chunk("stop"), usage_chunk()]);
    let pretty = serde_json::to_string_pretty(&first).unwrap().replace('\n', "\ndata: ");
    let big = "x".repeat(1_500_000);
    let expected = || json!([says("so it is")]);
    let cases: Vec<Case> = vec![
        ("no space after the colon", cut(&plain.replace("data: ", "data:"), 4096), expected(), "end_turn"),
        ("carriage returns", cut(&plain.replace('\n', "\r\n"), 7), expected(), "end_turn"),
        (
            "comments before and between",
            cut(&format!(": OPENROUTER PROCESSING\n\n{}", plain.replace("\n\n", "\n\n: still here\n\n")), 4096),
            expected(),
            "end_turn",
        ),
        (
            "an event of several data lines",
            cut(&format!("data: {pretty}\n\n{}", bytes(&[second.clone(), finish_chunk("stop")])), 4096),
            expected(),
            "end_turn",
        ),
        ("compressed with gzip", Script::gzip_stream(&(plain.clone() + "data: [DONE]\n\n")), expected(), "end_turn"),
        ("no [DONE]", cut(&plain, 4096), expected(), "end_turn"),
        (
            "[DONE] and no reason",
            cut(&(bytes(&[first.clone(), second.clone()]) + "data: [DONE]\n\n"), 4096),
            expected(),
            "end_turn",
        ),
        (
            "an event of 1.5 MB",
            ending(Script::stream().data(&text_chunk(&big)), "stop"),
            json!([says(&big)]),
            "end_turn",
        ),
        (
            "no content type",
            ending(Script::new().head(200, &[("transfer-encoding", "chunked")]).data(&first).data(&second), "stop"),
            expected(),
            "end_turn",
        ),
    ];
    all(cases).await;
}

#[tokio::test]
async fn texts_of_all_shapes() {
    let parts = chunk(json!({"content": [{"type": "text", "text": "so "}]}));
    let mut azure = chunk(json!({}));
    azure["choices"] = json!([]);
    azure["id"] = json!("");
    azure["model"] = json!("");
    azure["prompt_filter_results"] = json!([]);
    let mut no_delta = chunk(json!({}));
    no_delta["choices"] = json!([{"index": 0, "finish_reason": null, "content_filter_offsets": {"start_offset": 1}}]);
    let mut two = text_chunk("it is");
    two["choices"].as_array_mut().unwrap().insert(0, json!({"index": 1, "delta": {"content": "not this"}}));
    let bare = json!({"choices": [{"delta": {"content": "so "}}]});
    let expected = || json!([says("so it is")]);
    let stream = |chunks: &[Value]| ending(chunks.iter().fold(Script::stream(), Script::data), "stop");
    let cases: Vec<Case> = vec![
        ("content as a list of parts", stream(&[parts, text_chunk("it is")]), expected(), "end_turn"),
        ("no choices at the start", stream(&[azure, text_chunk("so "), text_chunk("it is")]), expected(), "end_turn"),
        (
            "a choice without a delta",
            stream(&[text_chunk("so "), no_delta, text_chunk("it is")]),
            expected(),
            "end_turn",
        ),
        ("two choices, the second first", stream(&[text_chunk("so "), two]), expected(), "end_turn"),
        ("no id, model, index", stream(&[bare, text_chunk("it is")]), expected(), "end_turn"),
        (
            "a refusal",
            stream(&[chunk(json!({"refusal": "I would rather not."}))]),
            json!([says("I would rather not.")]),
            "refusal",
        ),
        (
            "a call that is written as text",
            stream(&[text_chunk("<tool_call>{\"name\":\"add\""), text_chunk("}</tool_call>")]),
            json!([says("<tool_call>{\"name\":\"add\"}</tool_call>")]),
            "end_turn",
        ),
        (
            "an annotation without its citation",
            stream(&[chunk(json!({"content": "so it is", "annotations": [{"type": "url_citation"}]}))]),
            expected(),
            "end_turn",
        ),
    ];
    all(cases).await;
}
