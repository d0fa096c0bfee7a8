//! Reasons for the end, and counts.

use gateway_tests::upstream::openai::{chunk, finish_chunk, text_chunk, tool_call_chunks, usage_chunk};
use gateway_tests::{FakeUpstream, Script, Setup};
use serde_json::{Value, json};

use super::{Case, all, calls, says};
use crate::support::ask_stream;

fn stream(chunks: &[Value]) -> Script {
    chunks.iter().fold(Script::stream(), Script::data).chunk("data: [DONE]\n\n").end()
}

#[tokio::test]
async fn reasons_of_all_kinds() {
    let call = tool_call_chunks(0, "call_kT3vQz8wLm01", "add", &json!({"a": 1}));
    let mut empty = text_chunk("so");
    empty["choices"][0]["finish_reason"] = json!("");
    let mut early = chunk(json!({"reasoning_content": "Hm."}));
    early["choices"][0]["finish_reason"] = json!("stop");
    let cases: Vec<Case> = vec![
        (
            "stop although a tool was called",
            stream(&[call.clone(), vec![finish_chunk("stop")]].concat()),
            json!([calls("add", json!({"a": 1}))]),
            "tool_use",
        ),
        (
            "an empty reason in every chunk",
            stream(&[empty.clone(), empty, finish_chunk("stop")]),
            json!([says("soso")]),
            "end_turn",
        ),
        (
            "the reason twice",
            stream(&[text_chunk("so"), finish_chunk("stop"), finish_chunk("stop")]),
            json!([says("so")]),
            "end_turn",
        ),
        ("the limit", stream(&[text_chunk("so"), finish_chunk("length")]), json!([says("so")]), "max_tokens"),
        (
            "stop on the last piece of reasoning",
            stream(&[early, text_chunk("so"), finish_chunk("stop")]),
            json!([super::thinks("Hm."), says("so")]),
            "end_turn",
        ),
    ];
    all(cases).await;
}

#[tokio::test]
async fn counts_of_all_spellings() {
    let upstream = FakeUpstream::start().await;
    let gateway = Setup::openai(&upstream).start().await;
    let counts = |more: Value| {
        let mut counts = json!({"prompt_tokens": 20, "completion_tokens": 5});
        counts.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        counts
    };
    for (name, usage, expected) in [
        ("OpenAI", counts(json!({"prompt_tokens_details": {"cached_tokens": 7}})), [13, 7, 5]),
        ("DeepSeek", counts(json!({"prompt_cache_hit_tokens": 7, "prompt_cache_miss_tokens": 13})), [13, 7, 5]),
        ("Moonshot", counts(json!({"cached_tokens": 7})), [13, 7, 5]),
        ("more cached than there was", counts(json!({"cached_tokens": 30})), [0, 30, 5]),
        ("none", counts(json!({})), [20, 0, 5]),
    ] {
        let mut so_far = text_chunk("so");
        so_far["usage"] = json!({"prompt_tokens": 20, "completion_tokens": 1});
        let mut last = usage_chunk();
        last["usage"] = usage;
        upstream.next(stream(&[so_far, finish_chunk("stop"), last]));
        let message = gateway.messages(&ask_stream(name)).await.expect(200).await.transcript().await.message();
        let seen = ["input_tokens", "cache_read_input_tokens", "output_tokens"];
        let seen = seen.map(|field| message["usage"][field].as_u64().unwrap_or_default());
        assert_eq!(seen, expected, "{name}: {}", message["usage"]);
    }
}
