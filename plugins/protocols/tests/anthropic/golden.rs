//! Golden files: what goes in beside what must come out, in `fixtures/`.
//!
//! `requests/*.json` hold a request and what it becomes, `streams/*.sse` a stream and `.events.json` its events, `answers/*.json`
//! whole answers, `errors/*.json` failures. With `UPDATE_GOLDEN=1` in the environment the expectations are rewritten: read the
//! difference before keeping it.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod common;

use ccr_plugin::messages::sse::{SseDecoder, SseEvent};
use ccr_plugin::testing::FakeRequest;
use ccr_plugin::{Decoder, EncodedRequest, Fault, Header, Settings, Target, UpstreamProtocol, WireResponse};
use ccr_protocols::anthropic::{Anthropic, VertexClaude};
use common::{event_json, failure_json};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// What the request left behind for the reading of its answer.
const CONTEXT: &[u8] = br#"{"mark":"0123abcd","tools":{"a_b_1":"a.b"}}"#;

fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/anthropic").join(folder);
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
        Fault::Other(message) => json!({"other": message}),
        other => panic!("{other:?}"),
    }
}

/// Golden files of both protocols stand together: most say the same of both.
fn encode(case: &Value, request: &FakeRequest, settings: &Settings) -> Result<EncodedRequest, Fault> {
    if case["protocol"] == "vertex-claude" {
        VertexClaude::encode(request, settings)
    } else {
        Anthropic::encode(request, settings)
    }
}

#[test]
fn requests() {
    cases("requests", |case| {
        let mut request = FakeRequest::new(case["request"].clone());
        let text = |key: &str, default: &str| case[key].as_str().unwrap_or(default).to_owned();
        request.target = Some(Target {
            provider: "p".into(),
            model: text("model", "claude-sonnet-4-5"),
            base_path: text("base_path", "/v1"),
        });
        let headers = case["headers"].as_object().into_iter().flatten();
        request.headers = headers.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect();
        let settings = Settings::of(case.get("settings").map_or("{}".into(), Value::to_string));
        match encode(case, &request, &settings) {
            Ok(encoded) => json!({
                "path": encoded.path,
                "credential": format!("{:?}", encoded.credential),
                "headers": encoded.headers.iter().map(|header| format!("{}: {}", header.name, header.value)).collect::<Vec<_>>(),
                "body": serde_json::from_slice::<Value>(&encoded.body).unwrap(),
                "context": String::from_utf8(encoded.context).unwrap(),
                "dropped": request.dropped.into_inner(),
            }),
            Err(fault) => json!({"fault": fault_json(fault)}),
        }
    });
}

/// What the decoder makes of a stream that ends as the file does.
fn decode_stream(stream: &[u8]) -> Value {
    let mut events = Vec::new();
    let mut fault = None;
    let mut decoder = Anthropic::decoder(CONTEXT, &Settings::of("{}"));
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
        let found = decode_stream(&fs::read(&file).unwrap());
        let expected = file.with_extension("events.json");
        if updating() {
            write(&expected, &found);
        } else {
            assert_eq!(found, read(&expected), "{}", file.display());
        }
    }
}

fn body(case: &Value) -> Vec<u8> {
    case["body"].as_str().map_or_else(|| case["body"].to_string(), str::to_owned).into_bytes()
}

#[test]
fn answers() {
    cases("answers", |case| {
        let response = WireResponse { status: 200, headers: Vec::new(), body: body(case) };
        match Anthropic::decode(&response, CONTEXT, &Settings::of("{}")) {
            Ok(events) => Value::Array(events.iter().map(event_json).collect()),
            Err(fault) => json!({"fault": fault_json(fault)}),
        }
    });
}

#[test]
fn errors() {
    cases("errors", |case| {
        let header =
            |(name, value): (&String, &Value)| Header { name: name.clone(), value: value.as_str().unwrap().into() };
        let headers = case["headers"].as_object().into_iter().flatten().map(header).collect();
        let status = u16::try_from(case["status"].as_u64().unwrap()).unwrap();
        failure_json(&Anthropic::decode_error(&WireResponse { status, headers, body: body(case) }))
    });
}
