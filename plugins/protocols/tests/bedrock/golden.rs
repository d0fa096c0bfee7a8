//! Golden files: what goes in beside what must come out, in `fixtures/`.
//!
//! `requests/*.json` hold a request and what it becomes, `streams/*.sse` a stream and `.events.json` its events, `answers/*.json`
//! whole answers, `errors/*.json` failures. With `UPDATE_GOLDEN=1` in the environment the expectations are rewritten: read the
//! difference before keeping it.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod common;

use ccr_plugin::messages::sse::{SseDecoder, SseEvent};
use ccr_plugin::testing::FakeRequest;
use ccr_plugin::{Decoder, Fault, Header, Settings, Target, UpstreamProtocol, WireResponse};
use ccr_protocols::bedrock::Bedrock;
use common::{event_json, failure_json};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// What the request left behind for the reading of its answer; the mark is that of the model's family, none for Claude.
fn context(mark: &str) -> Vec<u8> {
    json!({"mark": mark, "tools": {"a_b_1": "a.b"}}).to_string().into_bytes()
}

fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/bedrock").join(folder);
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.to_string_lossy().ends_with(extension));
    files.sort();
    assert!(!files.is_empty());
    files
}

fn read(file: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(file).unwrap())
        .unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn write(file: &Path, value: &Value) {
    fs::write(file, format!("{}\n", serde_json::to_string_pretty(value).unwrap())).unwrap();
}

fn updating() -> bool {
    std::env::var_os("UPDATE_GOLDEN").is_some()
}

/// Runs every case of a folder whose files hold `expect` beside the input.
fn cases(folder: &str, run: impl Fn(&Value) -> Value) {
    for file in files(folder, ".json") {
        let mut case = read(&file);
        let found = run(&case);
        if updating() {
            case["expect"] = found;
            write(&file, &case);
        } else {
            assert_eq!(found, case["expect"], "{}", file.display());
        }
    }
}

fn fault_json(fault: Fault) -> Value {
    match fault {
        Fault::InvalidRequest(message) => json!({"invalid_request": message}),
        Fault::Unsupported(message) => json!({"unsupported": message}),
        Fault::Upstream(failure) => json!({"upstream": failure_json(&failure.into())}),
        other => panic!("{other:?}"),
    }
}

#[test]
fn requests() {
    cases("requests", |case| {
        let mut request = FakeRequest::new(case["request"].clone());
        let text = |key: &str, default: &str| case[key].as_str().unwrap_or(default).to_owned();
        request.target = Some(Target {
            provider: "p".into(),
            model: text("model", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
            base_path: text("base_path", ""),
        });
        let headers = case["headers"].as_object().into_iter().flatten();
        request.headers = headers.map(|(name, value)| (name.clone(), value.as_str().unwrap().into())).collect();
        let settings = Settings::of(case.get("settings").map_or("{}".into(), Value::to_string));
        match Bedrock::encode(&request, &settings) {
            Ok(encoded) => json!({
                "path": encoded.path,
                "credential": format!("{:?}", encoded.credential),
                "body": serde_json::from_slice::<Value>(&encoded.body).unwrap(),
                "context": String::from_utf8(encoded.context).unwrap(),
                "dropped": request.dropped.into_inner(),
            }),
            Err(fault) => json!({"fault": fault_json(fault)}),
        }
    });
}

/// What the decoder makes of a stream that ends as the file does.
fn decode_stream(stream: &[u8], mark: &str) -> Value {
    let mut events = Vec::new();
    let mut fault = None;
    let mut decoder = Bedrock::decoder(&context(mark), &Settings::of("{}"));
    // Larger than any stream here.
    let mut sse = SseDecoder::new(1 << 20);
    let mut push = |event: Result<SseEvent<'_>, _>| {
        if fault.is_none() {
            fault = decoder.push(event.unwrap(), &mut events).err();
        }
    };
    sse.push(stream, &mut push);
    sse.finish(&mut push);
    if let Some(fault) = fault {
        return json!({"events": events.iter().map(event_json).collect::<Vec<_>>(), "fault": fault_json(fault)});
    }
    decoder.finish(&mut events).unwrap();
    json!({"events": events.iter().map(event_json).collect::<Vec<_>>()})
}

#[test]
fn streams() {
    for file in files("streams", ".sse") {
        let mark = if file.file_stem().unwrap().to_string_lossy().starts_with("nova") { "nova" } else { "" };
        let found = decode_stream(&fs::read(&file).unwrap(), mark);
        let expected = file.with_extension("events.json");
        if updating() {
            write(&expected, &found);
        } else {
            assert_eq!(found, read(&expected), "{}", file.display());
        }
    }
}

fn headers(case: &Value) -> Vec<Header> {
    let header =
        |(name, value): (&String, &Value)| Header { name: name.clone(), value: value.as_str().unwrap().into() };
    case["headers"].as_object().into_iter().flatten().map(header).collect()
}

fn body(case: &Value) -> Vec<u8> {
    case["body"].as_str().map_or_else(|| case["body"].to_string(), str::to_owned).into_bytes()
}

#[test]
fn answers() {
    cases("answers", |case| {
        let response = WireResponse { status: 200, headers: headers(case), body: body(case) };
        match Bedrock::decode(&response, &context(case["mark"].as_str().unwrap_or_default()), &Settings::of("{}")) {
            Ok(events) => Value::Array(events.iter().map(event_json).collect()),
            Err(fault) => json!({"fault": fault_json(fault)}),
        }
    });
}

#[test]
fn errors() {
    cases("errors", |case| {
        let status = u16::try_from(case["status"].as_u64().unwrap()).unwrap();
        failure_json(&Bedrock::decode_error(&WireResponse { status, headers: headers(case), body: body(case) }))
    });
}
