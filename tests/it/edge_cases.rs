//! Odd answers that were seen in the wild, through the real gateway: what comes in, and what must come out.
//!
//! Each case is a line of a table: its name, the chunks of an upstream of OpenAI's format, and the content and reason of the
//! message that the client puts together. What is odd in other formats, and the finer points, have golden files and unit tests
//! beside the code (`plugins/lib/protocols`, `sdk/messages`). Odd requests are in [`requests`]; [`table`] says which test shows what.

use gateway_tests::gateway::openai_config;
use gateway_tests::{FakeUpstream, Script, Setup};
use serde_json::{Value, json};

use crate::support::ask_stream;

mod framing;
mod reasoning;
mod requests;
mod table;
mod tool_calls;
mod usage;

/// One line: a name, the stream, the content, the reason for its end.
type Case = (&'static str, Script, Value, &'static str);

/// Plays the cases one after the other through one gateway, and tells all that went wrong.
async fn all(cases: Vec<Case>) {
    let upstream = FakeUpstream::start().await;
    let gateway = Setup::config(&openai_config(&upstream.base_url())).start().await;
    let mut wrong = String::new();
    for (name, script, content, reason) in cases {
        upstream.next(script);
        let answer = gateway.messages(&ask_stream(name)).await;
        if answer.status != 200 {
            let status = answer.status;
            wrong += &format!("{name}: {status} {}\n", answer.text().await);
            continue;
        }
        let message = answer.transcript().await.message();
        let seen = cleaned(&message["content"]);
        if (&seen, message["stop_reason"].as_str()) != (&content, Some(reason)) {
            wrong += &format!("{name}: {seen} and {} instead of {content} and {reason}\n", message["stop_reason"]);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// The content without what is made up for each answer: ids of calls and signatures. That they are there is part of the case.
fn cleaned(content: &Value) -> Value {
    let mut content = content.clone();
    let mut ids = Vec::new();
    for block in content.as_array_mut().unwrap() {
        let made_up = ["id", "signature"].map(|name| block.as_object_mut().and_then(|block| block.remove(name)));
        match block["type"].as_str() {
            Some("tool_use") => {
                let id = made_up[0].clone().unwrap();
                assert!(id.as_str().is_some_and(|id| !id.is_empty()) && !ids.contains(&id), "{id} in {ids:?}");
                ids.push(id);
            }
            Some("thinking") => assert!(made_up[1].as_ref().is_some_and(Value::is_string), "{block} has no signature"),
            _ => {}
        }
    }
    content
}

fn says(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

fn thinks(text: &str) -> Value {
    json!({"type": "thinking", "thinking": text})
}

fn calls(name: &str, input: Value) -> Value {
    json!({"type": "tool_use", "name": name, "input": input})
}
