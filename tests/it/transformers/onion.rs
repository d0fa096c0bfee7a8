//! Several transformers: which come, in which order, and under which names.

use gateway_tests::Story;
use serde_json::json;

use super::{Bench, add, asking, to};

#[tokio::test]
async fn names_in_any_case() {
    for name in ["MaxToken", "maxtoken", "MAXTOKEN"] {
        let bench = Bench::new(json!({"use": ["OpenAI", [name, {"max_tokens": 50}], "Groq"]})).await;
        assert_eq!(bench.sent(&asking(json!({}))).await["max_tokens"], 50, "{name}");
    }
}

#[tokio::test]
async fn a_models_own_come_after_the_providers_on_the_way_out() {
    let transformer = json!({
        "use": [["customparams", {"seed": 1, "user": "provider"}]],
        "special": {"use": [["customparams", {"seed": 2, "stop": ["model"]}]]},
    });
    let bench = Bench::new(transformer).await;
    let sent = bench.sent(&to("special", json!({}))).await;
    // What is there already stays, so that the first of the two wins.
    assert_eq!((&sent["seed"], &sent["user"], &sent["stop"]), (&json!(1), &json!("provider"), &json!(["model"])));
    let sent = bench.sent(&asking(json!({}))).await;
    assert_eq!((&sent["seed"], sent.get("stop")), (&json!(1), None));
}

#[tokio::test]
async fn the_first_of_a_list_is_the_outermost_in_both_directions() {
    // `tooluse` makes text of a call of its own tool, and `forcereasoning` finds the thoughts in it only if it sees the answer later.
    for stream in [false, true] {
        for (order, blocks) in [(["forcereasoning", "tooluse"], 2), (["tooluse", "forcereasoning"], 1)] {
            let bench = Bench::new(json!({"use": order})).await;
            let words = "<reasoning_content>I add.</reasoning_content>It is 3.";
            let exit = Story::default().and_calls("kT3vQz8wLm01", "ExitTool", json!({"response": words}));
            let request = asking(json!({"stream": stream, "tools": [add()]}));
            let message = bench.tell(&request, &exit).await.message;
            assert_eq!(message["content"].as_array().unwrap().len(), blocks, "{order:?} {message}");
        }
    }
}

#[tokio::test]
async fn a_models_own_see_the_answer_before_the_providers() {
    let transformer = json!({"use": ["forcereasoning"], "m": {"use": ["tooluse"]}});
    let bench = Bench::new(transformer).await;
    let words = "<reasoning_content>I add.</reasoning_content>It is 3.";
    let exit = Story::default().and_calls("kT3vQz8wLm01", "ExitTool", json!({"response": words}));
    let message = bench.tell(&asking(json!({"tools": [add()]})), &exit).await.message;
    assert_eq!(message["content"][0]["thinking"], "I add.", "{message}");
    assert_eq!(message["content"][1]["text"], "It is 3.");
}
