//! The command line: `ccr check`, what `ccr start` refuses, and the help.

use std::path::Path;
use std::process::Output;

use gateway_tests::gateway::ccr;
use gateway_tests::{FakeUpstream, Setup, artifacts, within};
use serde_json::json;

use crate::support::setup_with;

async fn run(home: &Path, arguments: &[&str]) -> Output {
    let output = ccr(home).args(arguments).output();
    within("the program's end", output).await.expect("it starts")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

/// `ccr check` on a file of this text: the exit code, and what it says.
async fn check(text: &str) -> (Option<i32>, String) {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("the-config.json");
    std::fs::write(&file, text).unwrap();
    let output = run(home.path(), &["check", file.to_str().unwrap()]).await;
    (output.status.code(), said(&output))
}

#[tokio::test]
async fn a_good_config_is_called_good() {
    let text = r#"{ // JSON5
        Providers: [{ name: "up", api_base_url: "http://127.0.0.1:1/v1", api_key: "sk-config-secret", models: ["m"], }],
        Router: { default: "up,m" },
    }"#;
    let (code, said) = check(text).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("the-config.json") && said.contains("good"), "{said}");
    assert!(!said.contains("sk-config-secret"), "{said}");
}

#[tokio::test]
async fn every_problem_of_a_bad_config_is_listed_with_its_place_and_a_hint() {
    let config = json!({
        "PORT": 70000,
        "Providers": [
            {"name": "up", "api_base_url": "ftp://127.0.0.1", "models": "m"},
            {"name": "two", "api_base_url": "http://127.0.0.1:1", "transformer": {"use": ["maxtokn"]}},
        ],
        "Router": {"default": "nobody,m"},
    });
    let (code, said) = check(&config.to_string()).await;
    assert_eq!(code, Some(64), "{said}");
    for place in ["PORT", "Providers[0]", "Router.default", "the-config.json", "hint:"] {
        assert!(said.contains(place), "{place} is not in:\n{said}");
    }
}

#[tokio::test]
async fn a_transformer_that_is_not_there_is_an_error_with_the_nearest_name() {
    let config = json!({
        "Providers": [{"name": "up", "api_base_url": "http://127.0.0.1:1", "models": ["m"], "transformer": {"use": ["maxtokn"]}}],
        "Router": {"default": "up,m"},
    });
    let (code, said) = check(&config.to_string()).await;
    assert_eq!(code, Some(64), "{said}");
    assert!(said.contains("maxtokn") && said.contains("`maxtoken`"), "{said}");
}

#[tokio::test]
async fn a_syntax_error_is_shown_with_its_place() {
    let (code, said) = check("{\n  Providers: [\n}").await;
    assert_eq!(code, Some(64), "{said}");
    assert!(said.contains("the-config.json") && said.contains('3'), "{said}");
}

#[tokio::test]
async fn an_unknown_key_is_a_warning_that_names_the_nearest() {
    let (code, said) = check(r#"{"Provders": []}"#).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("warning") && said.contains("Providers"), "{said}");
}

#[tokio::test]
async fn a_file_that_is_not_there_is_named() {
    let home = tempfile::tempdir().unwrap();
    for arguments in [vec!["check", "nowhere.json"], vec!["start", "-p", "0", "-c", "nowhere.json"]] {
        let output = run(home.path(), &arguments).await;
        assert_eq!(output.status.code(), Some(64), "{}", said(&output));
        assert!(said(&output).contains("nowhere.json"), "{}", said(&output));
    }
}

#[tokio::test]
async fn start_refuses_what_check_refuses() {
    let (code, said) = Setup::config(&json!({"PORT": "many"})).fails().await;
    assert_eq!(code, Some(64), "{said}");
    assert!(said.contains("PORT"), "{said}");
    assert!(!said.contains("listening on"), "{said}");
}

#[tokio::test]
async fn every_file_in_config_is_good() {
    let files = std::fs::read_dir(artifacts::workspace().join("config")).unwrap();
    let home = tempfile::tempdir().unwrap();
    let mut checked = 0;
    for file in files {
        let file = file.unwrap().path();
        let mut command = ccr(home.path());
        command.arg("check").arg(&file).env("CCR_TEAM_KEY", "key");
        let output = within("the check", command.output()).await.unwrap();
        assert_eq!(output.status.code(), Some(0), "{}: {}", file.display(), said(&output));
        checked += 1;
    }
    assert!(checked > 0);
}

#[tokio::test]
async fn the_help_names_every_command_and_option() {
    let home = tempfile::tempdir().unwrap();
    let help = run(home.path(), &["--help"]).await;
    assert_eq!(help.status.code(), Some(0));
    for command in ["start", "check"] {
        assert!(said(&help).contains(command), "{}", said(&help));
    }
    let help = run(home.path(), &["start", "--help"]).await;
    for option in ["--config", "--port", "--host", "--plugins", "--log-level", "--daemon", "--demo"] {
        assert!(said(&help).contains(option), "{option} is not in:\n{}", said(&help));
    }
    let version = run(home.path(), &["--version"]).await;
    assert!(said(&version).contains(env!("CARGO_PKG_VERSION")), "{}", said(&version));
}

#[tokio::test]
async fn what_is_not_a_command_is_refused() {
    let home = tempfile::tempdir().unwrap();
    for arguments in [vec!["strat"], vec!["start", "--prot", "1"], vec!["start", "-p", "70000"]] {
        let output = run(home.path(), &arguments).await;
        assert!(!output.status.success(), "{arguments:?}");
        assert!(!said(&output).contains("panicked"), "{}", said(&output));
    }
}

#[tokio::test]
async fn the_command_line_goes_before_the_environment_and_that_before_the_file() {
    let upstream = FakeUpstream::start().await;
    // The file's port is taken, by the upstream: only port 0 of the command line lets it start.
    let port = upstream.address().port();
    let gateway = setup_with(&upstream, "PORT", json!(port))
        .variable("PORT", &port.to_string())
        .variable("CCR_APIKEY", "from-the-environment")
        .start()
        .await;
    assert_ne!(gateway.address().port(), port);
    let list = |client: gateway_tests::Client| async move { client.get("/v1/models").await.status };
    assert_eq!(list(gateway.client()).await, 401);
    let client = gateway.client().with_header("x-api-key", "from-the-environment");
    assert_eq!(list(client).await, 200);
}

#[tokio::test]
async fn a_port_that_is_taken_is_said() {
    let upstream = FakeUpstream::start().await;
    let port = upstream.address().port().to_string();
    let home = tempfile::tempdir().unwrap();
    let output = run(home.path(), &["start", "--demo", "-p", &port]).await;
    assert!(!output.status.success());
    assert!(said(&output).contains(&port), "{}", said(&output));
}
