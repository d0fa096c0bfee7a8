//! A session of Claude Code that reads a file, edits it and runs a command, through an upstream of OpenAI's format.

use std::path::Path;
use std::time::Duration;

use gateway_tests::upstream::openai;
use gateway_tests::{FakeUpstream, Script, SeenRequest, Setup};
use serde_json::{Value, json};
use tokio::process::Command;

use super::install;

/// Starting Node on a loaded machine takes its time.
const PATIENCE: Duration = Duration::from_secs(120);

const LAST_WORDS: &str = "The greeting is changed and copied.";

/// What the model says, told by how many tool results it has seen. Requests without tools are side jobs (titles, summaries).
fn answer(request: &SeenRequest, folder: &Path) -> Script {
    let body = request.json();
    let has_tools = body["tools"].as_array().is_some_and(|tools| !tools.is_empty());
    let results = tool_results(&body);
    let file = folder.join("greeting.txt");
    let call = |id: &str, name: &str, input: Value| {
        let mut chunks = vec![openai::chunk(json!({"reasoning_content": format!("Now {name}.")}))];
        chunks.extend(openai::tool_call_chunks(0, id, name, &input));
        openai::stream(&chunks, "tool_calls")
    };
    match (has_tools, results) {
        (true, 0) => call("call_read_000001", "Read", json!({"file_path": file})),
        (true, 1) => {
            let edit = json!({"file_path": file, "old_string": "hello, world", "new_string": "goodbye, \"wörld\" 🦀"});
            call("call_edit_000002", "Edit", edit)
        }
        (true, 2) => {
            let command = "tr a-z A-Z < greeting.txt > copy.txt && wc -l < copy.txt";
            call("call_bash_000003", "Bash", json!({"command": command, "description": "Copy in capitals"}))
        }
        (true, _) => openai::text_stream(&[&LAST_WORDS[..9], &LAST_WORDS[9..]]),
        (false, _) if body["stream"] == true => openai::text_stream(&["A title"]),
        (false, _) => openai::text("A title"),
    }
}

/// The results of tools in a request of OpenAI's format.
pub(super) fn tool_results(body: &Value) -> usize {
    body["messages"].as_array().unwrap().iter().filter(|message| message["role"] == "tool").count()
}

/// The lines of `--output-format stream-json`.
pub(super) async fn session(gateway: &str, folder: &Path, home: &Path, prompt: &str) -> Vec<Value> {
    let claude = tokio::task::spawn_blocking(install::claude).await.unwrap();
    let mut command = Command::new(claude);
    command
        .args(["-p", prompt, "--output-format", "stream-json", "--verbose"])
        // Root may not skip the permissions altogether, and need not.
        .args(["--allowedTools", "Read,Edit,Bash,Agent"])
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home)
        .env("ANTHROPIC_BASE_URL", gateway)
        .env("ANTHROPIC_API_KEY", "made-up")
        .env("DISABLE_TELEMETRY", "1")
        .env("DISABLE_AUTOUPDATER", "1")
        .env("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1")
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output()).await;
    let output = output.expect("the session ends").expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What happened, a line each.
fn transcript(lines: &[Value]) -> Vec<String> {
    let blocks = lines.iter().filter_map(|line| Some((line, line["message"]["content"].as_array()?)));
    let blocks = blocks.flat_map(|(line, blocks)| blocks.iter().map(move |block| (line["type"].as_str(), block)));
    blocks
        .map(|(who, block)| match block["type"].as_str() {
            Some("text") => format!("{}: {}", who.unwrap_or("?"), block["text"]),
            Some("thinking") => format!("thinking: {}", block["thinking"]),
            Some("tool_use") => format!("{}: {}", block["name"], block["input"]),
            Some("tool_result") => format!("result: {}", block["content"]),
            other => format!("{other:?}"),
        })
        .collect()
}

#[tokio::test]
async fn it_reads_a_file_edits_it_and_runs_a_command() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("project");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("greeting.txt"), "hello, world\n").unwrap();
    let upstream = FakeUpstream::start().await;
    let scene = folder.clone();
    upstream.otherwise(move |request| answer(request, &scene));
    let gateway = Setup::openai(&upstream).start().await;
    let prompt = "Change the greeting in greeting.txt, then copy it.";
    let lines = session(&format!("http://{}", gateway.address()), &folder, home.path(), prompt).await;

    let transcript = transcript(&lines);
    for line in &transcript {
        println!("{line}");
    }
    let changed = std::fs::read_to_string(folder.join("greeting.txt")).unwrap();
    assert_eq!(changed, "goodbye, \"wörld\" 🦀\n");
    let copied = std::fs::read_to_string(folder.join("copy.txt")).unwrap();
    assert!(copied.starts_with("GOODBYE, \"W"), "{copied}");
    let result = lines.last().unwrap();
    assert_eq!((&result["type"], &result["is_error"]), (&json!("result"), &json!(false)), "{result}");
    assert_eq!(result["result"], LAST_WORDS);
    assert_eq!(result["num_turns"], 4);
    assert!(transcript.iter().any(|line| line.starts_with("thinking")), "{transcript:#?}");

    let stopped = gateway.stop().await;
    let records = stopped.messages();
    assert!(records.len() >= 4, "{records:#?}");
    for record in records {
        assert_eq!(record["outcome"], "completed", "{record}");
        assert!(record["session"].as_str().is_some(), "{record}");
        assert!(record["client"].as_str().unwrap().starts_with("claude-cli/"), "{record}");
    }
}
