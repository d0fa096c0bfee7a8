//! Client × upstream × feature: each program of `tests/clients` tries its features against an upstream of each format, one
//! gateway for each. What came out is printed as a table (`cargo test … -- --nocapture matrix`).

use std::path::Path;
use std::time::Duration;

use gateway_tests::upstream::google;
use gateway_tests::{FakeUpstream, Format, Setup, Story};
use serde_json::{Value, json};
use tokio::process::Command;

use super::litellm::{Behind, Litellm};
use super::{install, scenes};

/// For all features of one program: several interpreters start at once on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(180);

const FORMATS: [Format; 4] = [Format::Messages, Format::Chat, Format::Responses, Format::Gemini];

/// The same formats behind the doors of clouds: other paths, other frames, other proofs of who asks.
const CLOUDS: [Format; 4] = [Format::VertexGemini, Format::VertexClaude, Format::Bedrock, Format::Azure];

/// What one program found with one upstream.
struct Column {
    name: String,
    lines: Vec<Value>,
    log: String,
}

/// Lets an upstream of this format play the scenes.
pub(super) fn stage(upstream: &FakeUpstream, format: Format) {
    upstream.otherwise(move |request| {
        if google::asks_for_token(request) {
            return google::token();
        }
        if request.method != "POST" {
            // litellm looks whether there is more to know of a model.
            return format.tell(&Story::refuses(404, "there is nothing here"), false);
        }
        let asked = format.read(request);
        format.tell(&scenes::play(format, &asked), asked.streaming)
    });
}

async fn column(python: &Path, program: &str, format: Format) -> Column {
    let upstream = FakeUpstream::start().await;
    stage(&upstream, format);
    let provider = format.provider("up", &upstream);
    try_out(python, program, format.name(), &provider).await
}

/// Runs a program against a gateway with this provider, whose first model takes all requests.
async fn try_out(python: &Path, program: &str, name: &str, provider: &Value) -> Column {
    let model = provider["models"][0].as_str().unwrap();
    let config = json!({"Providers": [provider], "Router": {"default": format!("up,{model}")}});
    let gateway = Setup::config(&config).variable("AWS_REGION", "eu-west-1").start().await;
    let url = format!("http://{}", gateway.address());
    let mut command = Command::new(python);
    command.arg(install::sources().join(program)).args([&url, name]).kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output()).await;
    let output = output.unwrap_or_else(|_| panic!("{program} does not end")).expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{program}: {said}");
    let lines = String::from_utf8(output.stdout).unwrap();
    let lines = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let stopped = gateway.stop().await;
    Column { name: name.to_owned(), lines, log: stopped.log }
}

/// The table of one program in Markdown: a row for each feature, a column for each upstream.
fn table(program: &str, columns: &[Column]) -> String {
    let name = program.trim_end_matches("_features.py");
    let mut text = format!("| {name} |");
    let mut line = "|---|".to_owned();
    for column in columns {
        text += &format!(" {} |", column.name);
        line += "---|";
    }
    text += &format!("\n{line}\n");
    for (row, first) in columns[0].lines.iter().enumerate() {
        text += &format!("| {} |", first["feature"].as_str().unwrap_or_default());
        for column in columns {
            text += &format!(" {} |", word(&column.lines[row]));
        }
        text.push('\n');
    }
    text
}

fn word(line: &Value) -> &'static str {
    match (line["ok"] == true, line["detail"].as_str()) {
        (true, Some("")) => "yes",
        (true, _) => "–",
        (false, _) => "**no**",
    }
}

async fn matrix(program: &'static str, formats: &[Format]) {
    let python = tokio::task::spawn_blocking(install::python).await.unwrap();
    let mut columns = Vec::new();
    for &format in formats {
        columns.push(column(&python, program, format).await);
    }
    judge(program, &columns);
}

/// Prints the table. Fails the test if anything in it did not work.
fn judge(program: &str, columns: &[Column]) {
    println!("{}", table(program, columns));
    let mut failed = String::new();
    for column in columns {
        let before = failed.len();
        for line in column.lines.iter().filter(|line| line["ok"] != true) {
            let (feature, detail) = (line["feature"].as_str(), line["detail"].as_str());
            failed += &format!("{} / {}: {}\n", column.name, feature.unwrap(), detail.unwrap());
        }
        if failed.len() > before {
            failed += &format!("the gateway's log:\n{}\n", column.log);
        }
        assert!(column.lines.len() > 5, "{program} tried next to nothing");
    }
    assert!(failed.is_empty(), "{failed}");
}

#[tokio::test]
async fn the_anthropic_package_with_every_upstream() {
    matrix("anthropic_features.py", &FORMATS).await;
}

#[tokio::test]
async fn the_anthropic_package_with_every_cloud() {
    matrix("anthropic_features.py", &CLOUDS).await;
}

#[tokio::test]
async fn the_openai_package_and_chat_with_every_upstream() {
    matrix("openai_chat_features.py", &FORMATS).await;
}

#[tokio::test]
async fn the_openai_package_and_responses_with_every_upstream() {
    matrix("openai_responses_features.py", &FORMATS).await;
}

#[tokio::test]
async fn the_google_genai_package_with_every_upstream() {
    matrix("google_genai_features.py", &FORMATS).await;
}

#[tokio::test]
async fn the_anthropic_package_with_litellm() {
    let program = "anthropic_features.py";
    let python = tokio::task::spawn_blocking(install::python).await.unwrap();
    let behind = Behind::start().await;
    let litellm = Litellm::start(&behind.models()).await;
    let mut columns = Vec::new();
    for format in Behind::FORMATS {
        let name = format!("litellm-{}", format.name());
        columns.push(try_out(&python, program, &name, &litellm.provider(format.name())).await);
    }
    judge(program, &columns);
}
