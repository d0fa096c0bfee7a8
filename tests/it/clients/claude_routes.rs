//! Sessions of Claude Code whose requests go to five upstreams: its own turns, a subagent whose prompt has a tag, a subagent of
//! the small model, what follows a long file, and a prompt that wants more thought.
//!
//! Two runs: the prompt's `ultrathink` counts for all of its requests, so that it needs a prompt of its own. And with
//! nonessential traffic switched off Claude Code 2.1.197 makes no calls of the small model by itself; what it does with it are
//! subagents for which it was chosen.

use std::path::Path;

use gateway_tests::upstream::openai;
use gateway_tests::{FakeUpstream, Script, SeenRequest, Setup};
use serde_json::{Value, json};

use super::claude_code::{session, tool_results};
use crate::routing::routed;

/// More tokens than Claude Code's instructions and tools have (some 20,000), and fewer than with the file.
const THRESHOLD: u64 = 30_000;

/// Lines of the long file: some 16,000 tokens; Claude Code reads up to 25,000 at once.
const LINES: usize = 1_200;

/// A word of the file that stands nowhere else.
const IN_FILE: &str = "halibut";

fn calls(calls: &[(&str, &str, Value)]) -> Script {
    let chunks = calls.iter().enumerate();
    let chunks = chunks
        .flat_map(|(at, (id, name, input))| openai::tool_call_chunks(u32::try_from(at).unwrap(), id, name, input));
    openai::stream(&chunks.collect::<Vec<_>>(), "tool_calls")
}

/// What the main model says, told by how many results it has seen.
fn main_model(request: &SeenRequest, folder: &Path) -> Script {
    let body = request.json();
    let agent = |prompt: &str, more: Value| {
        let mut input = json!({"description": "Look around", "prompt": prompt, "subagent_type": "general-purpose"});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    match tool_results(&body) {
        0 => calls(&[
            ("call_sub_0001", "Agent", agent("<CCR-SUBAGENT-MODEL>sub,m</CCR-SUBAGENT-MODEL>Review it.", json!({}))),
            ("call_side_0002", "Agent", agent("Count the files.", json!({"model": "haiku"}))),
        ]),
        _ => calls(&[("call_read_0003", "Read", json!({"file_path": folder.join("long.txt")}))]),
    }
}

/// What an upstream was asked.
fn bodies(upstream: &FakeUpstream) -> Vec<String> {
    upstream.requests().iter().map(|request| request.json().to_string()).collect()
}

#[tokio::test]
async fn each_kind_of_a_sessions_requests_reaches_its_own_upstream() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("project");
    std::fs::create_dir(&folder).unwrap();
    let line = |number| format!("{number}: the {IN_FILE} swims by itself\n");
    std::fs::write(folder.join("long.txt"), (0..LINES).map(line).collect::<String>()).unwrap();

    let main = FakeUpstream::start().await;
    let scene = folder.clone();
    main.otherwise(move |request| main_model(request, &scene));
    let says = |text: &'static str| FakeUpstream::always(openai::text_stream(&[text]));
    let (sub, side) = (says("Reviewed.").await, says("Three files.").await);
    let (long, think) = (says("A fish.").await, says("Deep thought.").await);
    let router = json!({"default": "main,m", "background": "side,m", "longContext": "long,m", "think": "think,m",
        "longContextThreshold": THRESHOLD});
    let named = [("main", &main), ("sub", &sub), ("side", &side), ("long", &long), ("think", &think)];
    let gateway = Setup::config(&routed(&named, router)).start().await;
    let address = format!("http://{}", gateway.address());

    let prompt = "Have it reviewed and counted, then read long.txt.";
    let lines = session(&address, &folder, home.path(), prompt).await;
    assert_eq!(lines.last().unwrap()["result"], "A fish.", "{:#}", lines.last().unwrap());
    let lines = session(&address, &folder, home.path(), "ultrathink: what swims by itself?").await;
    assert_eq!(lines.last().unwrap()["result"], "Deep thought.", "{:#}", lines.last().unwrap());

    assert_eq!(main.requests().len(), 2);
    for (upstream, words) in
        [(&sub, "Review it."), (&side, "Count the files."), (&long, IN_FILE), (&think, "what swims by itself?")]
    {
        let bodies = bodies(upstream);
        assert_eq!(bodies.len(), 1, "{words}");
        assert!(bodies[0].contains(words), "{words}");
    }
    assert!(!bodies(&sub)[0].contains("CCR-SUBAGENT-MODEL"));
    let stopped = gateway.stop().await;
    let mut seen: Vec<(&str, &str, bool)> = Vec::new();
    for record in stopped.messages() {
        assert_eq!(record["outcome"], "completed", "{record}");
        let text = |key: &str| record[key].as_str().unwrap();
        seen.push((text("provider"), text("scenario"), text("requested_model").contains("haiku")));
    }
    seen.sort_unstable();
    let expected = [
        ("long", "longContext", false),
        ("main", "default", false),
        ("main", "default", false),
        ("side", "background", true),
        ("sub", "default", false),
        ("think", "think", false),
    ];
    assert_eq!(seen, expected);
}
