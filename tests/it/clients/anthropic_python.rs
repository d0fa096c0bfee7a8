//! The official `anthropic` package for Python: `tests/clients/anthropic_client.py` asks and checks, the upstream here answers.

use std::sync::atomic::{AtomicU32, Ordering};

use gateway_tests::upstream::openai;
use gateway_tests::{FakeUpstream, Script, SeenRequest, Setup, within};
use serde_json::{Value, json};
use tokio::process::Command;

use super::install;

const PIECES: [&str; 3] = ["Hello, ", "wörld ", "🦀."];

async fn plays(case: &str) {
    let upstream = FakeUpstream::start().await;
    let overloaded = AtomicU32::new(0);
    upstream.otherwise(move |request| answer(request, &overloaded));
    let gateway = Setup::openai(&upstream).start().await;
    let python = tokio::task::spawn_blocking(install::python).await.unwrap();
    let output = Command::new(python)
        .arg(install::sources().join("anthropic_client.py"))
        .args([case, &format!("http://{}", gateway.address())])
        .kill_on_drop(true)
        .output();
    let output = within(case, output).await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let stopped = gateway.stop().await;
    assert!(output.status.success(), "{said}\n{stopped:#?}");
}

fn answer(request: &SeenRequest, overloaded: &AtomicU32) -> Script {
    let body = request.json();
    let streaming = body["stream"] == true;
    let text = |pieces: &[&str]| match streaming {
        true => openai::text_stream(pieces),
        false => openai::text(&pieces.concat()),
    };
    let messages = body["messages"].as_array().unwrap();
    match messages[0]["content"].as_str().unwrap_or_default() {
        "tools" => match messages.iter().filter(|message| message["role"] == "tool").count() {
            0 => calls(streaming),
            _ => text(&[&results(messages)]),
        },
        "limit" => {
            let body = json!({"error": {"message": "slow down", "type": "requests"}}).to_string();
            let headers = [("content-type", "application/json"), ("retry-after", "7")];
            Script::whole(429, &headers, body.as_bytes())
        }
        "break" => Script::stream().data(&openai::text_chunk("so far")).reset(),
        "flaky" if overloaded.fetch_add(1, Ordering::Relaxed) == 0 => openai::error(529, "busy", "overloaded_error"),
        _ => text(&PIECES),
    }
}

fn calls(streaming: bool) -> Script {
    let calls = [("call_first_0001", json!({"a": 1, "b": 2})), ("call_second_0002", json!({"a": 3, "b": 4}))];
    if streaming {
        let chunks: Vec<_> = (0..)
            .zip(&calls)
            .flat_map(|(index, (id, input))| openai::tool_call_chunks(index, id, "add", input))
            .collect();
        return openai::stream(&chunks, "tool_calls");
    }
    let calls = calls.map(|(id, input)| openai::tool_call(id, "add", &input));
    let message = json!({"role": "assistant", "content": null, "tool_calls": calls});
    Script::json(200, &openai::completion(message, "tool_calls"))
}

/// The tool results, in the order of their calls: an upstream that gets them mixed up would say so.
fn results(messages: &[Value]) -> String {
    let result = |id: &str| {
        let found = messages.iter().find(|message| message["tool_call_id"] == id);
        found.map_or("missing", |message| message["content"].as_str().unwrap_or("not a string"))
    };
    format!("{} and {}", result("call_first_0001"), result("call_second_0002"))
}

#[tokio::test]
async fn a_whole_answer() {
    plays("whole").await;
}

#[tokio::test]
async fn a_streamed_answer() {
    plays("stream").await;
}

#[tokio::test]
async fn tool_calls_and_their_results() {
    plays("tools").await;
}

#[tokio::test]
async fn errors_as_the_package_knows_them() {
    plays("errors").await;
}

#[tokio::test]
async fn its_own_retry() {
    plays("retries").await;
}

#[tokio::test]
async fn its_own_loop_over_tools() {
    plays("runner").await;
}

#[tokio::test]
async fn the_list_of_models() {
    plays("models").await;
}

#[tokio::test]
async fn twenty_at_once() {
    plays("parallel").await;
}
