//! Whole files: those under `tests/fixtures/config` against what is written beside them, and every example under `config/`.
//!
//! Beside `x.json` stands `x.problems.txt` (all problems as they are printed; no file: no problems) and, if it loads,
//! `x.expected.json` (what it means). `UPDATE_FIXTURES=1` writes them; read the difference before keeping it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::*;

mod summary;
use summary::summary;

/// The environment of all fixtures. Values with `sk-` count as secrets in [`no_secret_is_ever_printed`].
fn environment(name: &str) -> Option<String> {
    let value = match name {
        "OPENAI_API_KEY" => "sk-from-the-environment",
        "GATEWAY_KEY" => "sk-gateway-environment",
        "UPSTREAM_HOST" => "llm.example.com",
        "PORT_NUMBER" => "4567",
        "FLAG" => "false",
        "EMPTY" => "",
        "HOME" => "/home/user",
        _ => return None,
    };
    Some(value.to_owned())
}

fn folder(of: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(of)
}

/// The files that are input, sorted.
fn inputs(of: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder(of)).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries
        .filter(|path| path.to_str().is_some_and(|path| path.ends_with(".json") && !path.ends_with(".expected.json")))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no files in {of}");
    files
}

/// Loads a text as a file of this name in a folder that does not exist, so that messages do not depend on the machine.
fn load_as(name: &str, text: &str, env: Env<'_>) -> Result<(Config, Problems), Problems> {
    load_text(name, text, Path::new("/folder"), env, &Overrides::default())
}

fn load_plain(text: &str) -> Result<(Config, Problems), Problems> {
    load_as("config.json", text, &environment)
}

/// The text beside a fixture; absent is empty. With `UPDATE_FIXTURES` it is written first.
fn beside(path: &Path, now: &str) -> String {
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        if now.is_empty() {
            let _ = fs::remove_file(path);
        } else {
            fs::write(path, now).unwrap();
        }
    }
    fs::read_to_string(path).unwrap_or_default()
}

#[test]
fn fixtures_give_what_is_written_beside_them() {
    for path in inputs("tests/fixtures/config") {
        let name = path.file_name().unwrap().to_str().unwrap();
        let result = load_as(name, &fs::read_to_string(&path).unwrap(), &environment);
        let (meaning, problems) = match &result {
            Ok((config, problems)) => (serde_json::to_string_pretty(&summary(config)).unwrap() + "\n", problems),
            Err(problems) => (String::new(), problems),
        };
        let problems = if problems.is_empty() { String::new() } else { format!("{problems}\n") };
        assert_eq!(problems, beside(&path.with_extension("problems.txt"), &problems), "problems of {name}");
        let expected = beside(&path.with_extension("expected.json"), &meaning);
        let value = |text: &str| {
            if text.is_empty() { Value::Null } else { serde_json::from_str(text).unwrap() }
        };
        assert_eq!(value(&meaning), value(&expected), "meaning of {name}");
    }
}

/// Everything that begins with `sk-` in a file or in the environment, up to the end of the string it stands in.
fn secrets(text: &str) -> impl Iterator<Item = &str> {
    let ends = |c: char| c == '"' || c == '\'' || c.is_whitespace();
    text.match_indices("sk-").filter_map(move |(at, _)| text.get(at..)?.split(ends).next())
}

#[test]
fn no_secret_is_ever_printed() {
    let mut seen = 0;
    for path in inputs("tests/fixtures/config") {
        let text = fs::read_to_string(&path).unwrap();
        let printed = match load_as("config.json", &text, &environment) {
            Ok((config, problems)) => format!("{problems} {config:?}"),
            Err(problems) => problems.to_string(),
        };
        for secret in secrets(&text).chain(["sk-from-the-environment", "sk-gateway-environment"]) {
            assert!(!printed.contains(secret), "{secret} of {} is in:\n{printed}", path.display());
            seen += 1;
        }
    }
    assert!(seen > 20, "the fixtures hold secrets");
}

#[test]
fn examples_load_without_errors() {
    for path in inputs("config") {
        let text = fs::read_to_string(&path).unwrap();
        let whatever_it_asks_for = |name: &str| text.contains(&format!("${name}")).then(|| format!("value of {name}"));
        let source = Source { path: path.clone(), named: true };
        let (config, problems) =
            load(&source, &whatever_it_asks_for, &Overrides::default()).unwrap_or_else(|problems| panic!("{problems}"));
        assert!(problems.is_empty(), "{problems}");
        assert!(config.router.target(Scenario::Default).is_some(), "{} has no default", path.display());
    }
}

#[test]
fn every_key_is_documented() {
    let reference = fs::read_to_string(folder("docs/config.md")).unwrap();
    let sources = [
        include_str!("build/mod.rs"),
        include_str!("build/keys.rs"),
        include_str!("build/plugins.rs"),
        include_str!("build/preset.rs"),
        include_str!("build/provider.rs"),
        include_str!("build/router.rs"),
        include_str!("build/transformers.rs"),
    ];
    // What is asked of a table is a key: `get(&["…", "…"])`, and the readers that wrap it.
    let calls = ["get(&[", "raw(&table, ", "raw(table, ", "read(", "flag(", "number("];
    let asked = sources.iter().flat_map(|source| calls.iter().flat_map(|call| source.split(call).skip(1)));
    let arguments = asked.filter_map(|rest| rest.split([']', ')']).next());
    let keys: Vec<_> = arguments.flat_map(|list| list.split('"').skip(1).step_by(2)).collect();
    assert!(keys.len() > 60, "found only {keys:?}");
    for key in keys {
        let written = [format!("`{key}`"), format!("`{key}[]`")];
        assert!(written.iter().any(|key| reference.contains(key)), "docs/config.md does not mention `{key}`");
    }
}

#[test]
fn what_is_set_outside_beats_the_file() {
    let file = "{HOST: '10.0.0.1', PORT: 1, APIKEY: 'file-key', LOG: true, LOG_LEVEL: 'warn'}";
    let env = |name: &str| {
        let value = match name {
            "HOST" => "10.0.0.2",
            "PORT" => "2",
            "CCR_PORT" => "3",
            "APIKEY" => "environment-key",
            "LOG" => "false",
            "CCR_LOG_LEVEL" => "debug",
            _ => return None,
        };
        Some(value.to_owned())
    };
    let key = |config: &Config| config.api_key.as_ref().map(|key| key.expose().to_owned());
    let (config, _) = load_as("f", file, &env).unwrap();
    assert_eq!(
        (config.host.as_str(), config.port, config.log, config.log_level),
        ("10.0.0.2", 3, false, LogLevel::Debug)
    );
    assert_eq!(key(&config).as_deref(), Some("environment-key"));
    let overrides = Overrides {
        host: Some("[::1]".into()),
        port: Some(0),
        api_key: Some(Secret::new("line-key")),
        log: Some(true),
        log_level: Some(LogLevel::Off),
        demo: None,
    };
    let (config, _) = load_text("f", file, Path::new(""), &env, &overrides).unwrap();
    assert_eq!((config.host.as_str(), config.port, config.log, config.log_level), ("::1", 0, true, LogLevel::Off));
    assert_eq!(key(&config).as_deref(), Some("line-key"));
    assert!(config.listens_on_loopback());
}

#[test]
fn a_bad_environment_is_an_error_and_a_foreign_one_is_not() {
    let bad = |name: &str| (name == "PORT").then(|| "http".to_owned());
    let problems = load_as("f", "{}", &bad).unwrap_err().to_string();
    assert!(problems.contains("error: environment: PORT: must be a port"), "{problems}");
    let kubernetes = |name: &str| (name == "CCR_PORT").then(|| "tcp://10.0.0.1:3456".to_owned());
    assert_eq!(load_as("f", "{}", &kubernetes).unwrap().0.port, 3456);
}

#[test]
fn without_a_key_only_this_machine_may_connect() {
    let (config, problems) = load_plain("{HOST: '0.0.0.0'}").unwrap();
    assert_eq!(config.host, "127.0.0.1");
    assert!(problems.to_string().contains("set APIKEY"), "{problems}");
    for host in ["127.0.0.2", "::1", "[::1]", "localhost"] {
        let (config, problems) = load_plain(&format!("{{HOST: '{host}'}}")).unwrap();
        assert!(config.listens_on_loopback(), "{host}");
        assert!(!problems.to_string().contains("HOST"), "{problems}");
    }
    let (config, _) = load_plain("{HOST: '0.0.0.0', APIKEY: 'k'}").unwrap();
    assert_eq!(config.host, "0.0.0.0");
}

#[test]
fn a_missing_file_is_a_problem_only_if_it_was_named() {
    let path = std::env::temp_dir().join("ccr-no-such-folder").join("config.json");
    let load = |named| load(&Source { path: path.clone(), named }, &environment, &Overrides::default());
    let (config, problems) = load(false).unwrap();
    assert_eq!(config.port, 3456);
    assert!(problems.to_string().contains("create it"), "{problems}");
    assert!(load(true).unwrap_err().to_string().contains("the file does not exist"));
}

#[test]
fn what_is_no_text_is_refused() {
    let folder = std::env::temp_dir();
    let load = |path: PathBuf| {
        load(&Source { path, named: true }, &environment, &Overrides::default()).unwrap_err().to_string()
    };
    assert!(load(folder.clone()).contains("cannot be read"));
    let file = folder.join(format!("ccr-config-{}.json", std::process::id()));
    fs::write(&file, [0xff, 0xfe, 0x00]).unwrap();
    assert!(load(file.clone()).contains("not UTF-8"));
    fs::write(&file, vec![b' '; 5 << 20]).unwrap();
    assert!(load(file.clone()).contains("larger than"));
    fs::remove_file(file).unwrap();
}

#[test]
fn odd_texts_load_or_are_refused_but_nothing_worse() {
    let deep = "[".repeat(100_000);
    for (text, problem) in [
        ("", None),
        ("\u{feff}{}", None),
        ("  // only a comment\n{ }", None),
        ("[]", Some("must be an object, not a list")),
        ("null", Some("must be an object, not null")),
        ("// only a comment", Some("line 1")),
        (deep.as_str(), Some("nested more than 100 levels")),
        ("{PORT: NaN}", Some("NaN and Infinity")),
        ("{} {}", Some("after the end")),
    ] {
        match (load_plain(text), problem) {
            (Ok(_), None) => {}
            (Err(problems), Some(wanted)) => {
                assert!(problems.to_string().contains(wanted), "{problems}")
            }
            (result, _) => panic!("{:.40}: {result:?}", text),
        }
    }
}

#[test]
fn the_demo_is_added_and_does_not_take_over() {
    let url = SafeUrl::new("http://127.0.0.1:9/v1".parse().unwrap());
    let overrides =
        Overrides { demo: Some(Demo { base_url: url, models: vec!["demo-model".into()] }), ..Overrides::default() };
    let load = |text: &str| load_text("f", text, Path::new(""), &environment, &overrides).unwrap();
    let default = |config: &Config| config.router.target(Scenario::Default).unwrap().display(config);
    let (config, problems) = load("{}");
    assert_eq!(default(&config), "demo,demo-model");
    assert!(problems.is_empty(), "{problems}");
    let (config, _) = load(
        "{Providers: [{name: 'own', api_base_url: 'http://localhost/', models: ['m']}], Router: {default: 'own,m', think: 'demo,demo-model'}}",
    );
    assert_eq!(default(&config), "own,m");
    assert_eq!(config.providers.len(), 2);
}

#[test]
fn credentials_may_stand_in_the_file_as_their_object() {
    let account = r#"{ type: "service_account", private_key: "sk-private", client_email: "a@example.com" }"#;
    for key in [account.to_owned(), format!("[{account}]"), format!("{{ id: 'mine', api_key: {account} }}")] {
        let text = format!(
            "{{ Providers: [{{ name: 'p', api_base_url: 'https://p.example.com', api_key: {key}, models: ['m'] }}],
                Router: {{ default: 'p,sk-private' }} }}"
        );
        let (config, problems) = load_plain(&text).unwrap();
        let json: Value = serde_json::from_str(config.providers[0].keys[0].secret.expose()).unwrap();
        assert_eq!(json["private_key"], "sk-private");
        // The only problem is the model, and does not show what it has in common with the key.
        let shown = problems.to_string();
        assert!(shown.contains("[redacted]") && !shown.contains("sk-private"), "{shown}");
        assert!(!shown.contains("unknown key"), "{shown}");
    }
}
