//! What the client did not see of an answer stands in its next request again.

use gateway_tests::upstream::story::End;
use gateway_tests::{Format, Story};
use serde_json::json;

use super::{FORMATS, HEARD, Stage, ask, echo, go_on, pair, text, with_tools};

#[tokio::test]
async fn the_turns_of_an_answer_are_put_back() {
    for format in FORMATS {
        let stage = Stage::new(format, with_tools(&["echo"])).await;
        for stream in [false, true] {
            let first =
                Story::thinks("Hm.", "c2lnMQ==").and_says(&["I ask."]).and_calls("call-A1", "echo", json!({"x": 1}));
            let request = ask(stream);
            let told = stage.tell(&request, [first.clone(), Story::says(&["Done."])]).await;
            let next = go_on(&request, &told, json!("and now?"));
            let told = stage.tell(&next, [Story::says(&["Nothing."])]).await;
            told.expect(&json!([text("Nothing.")]), "end_turn", 1);
            let asked = told.asked(0);
            assert_eq!(asked.results, [pair("call-A1", HEARD)]);
            assert_eq!(asked.proofs, [format.proof(&first.parts[0]).unwrap()]);
            if format == Format::Messages {
                let roles: Vec<_> = told.seen[0].json()["messages"].as_array().unwrap().iter().map(role).collect();
                assert_eq!(roles, ["user", "assistant", "user", "assistant", "user"]);
            }
        }
    }
}

fn role(message: &serde_json::Value) -> String {
    message["role"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_call_that_the_end_of_the_answer_cut_off_has_a_result_there() {
    for format in FORMATS {
        let stage = Stage::new(format, with_tools(&["echo"])).await;
        for stream in [false, true] {
            let cut = Story::says(&["Half"]).and_calls("call-A2", "echo", json!({"x": 2})).and_ends(End::Length);
            let request = ask(stream);
            let told = stage.tell(&request, [echo("call-A1"), cut]).await;
            told.expect(&json!([text("Half")]), "max_tokens", 2);
            let told = stage.tell(&go_on(&request, &told, json!("go on")), [Story::says(&["a loaf."])]).await;
            let results = told.asked(0).results;
            // Whether the last call stands there is open; without a result it must not. The tool itself says its name twice.
            let named = String::from_utf8_lossy(&told.seen[0].body).matches("echo").count();
            assert_eq!(results[0], pair("call-A1", HEARD), "{results:?}");
            assert_eq!(named - 2, results.len(), "{results:?}: {}", told.seen[0].json());
        }
    }
}

#[tokio::test]
async fn what_an_agent_remembers_outlives_the_request() {
    let stage = Stage::new(Format::Messages, with_tools(&["remembers"])).await;
    for (value, before) in [("one", "before: "), ("two", "before: one")] {
        let call = Story::default().and_calls("call-A1", "remembers", json!({"value": value}));
        let told = stage.tell(&ask(true), [call, Story::says(&["Kept."])]).await;
        assert_eq!(told.asked(1).results, [pair("call-A1", before)]);
    }
}

#[tokio::test]
async fn the_same_words_in_another_conversation_stay_as_they_are() {
    for format in FORMATS {
        let stage = Stage::new(format, with_tools(&["echo"])).await;
        let told = stage.tell(&ask(true), [echo("call-A1"), Story::says(&["Done."])]).await;
        let mut other = ask(true);
        other["messages"][0]["content"] = json!("somebody else's question");
        let told = stage.tell(&go_on(&other, &told, json!("more")), [Story::says(&["Well."])]).await;
        assert_eq!(told.asked(0).results, []);
        assert!(!String::from_utf8_lossy(&told.seen[0].body).contains("heard"));
    }
}
