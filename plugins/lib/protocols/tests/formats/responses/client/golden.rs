//! Golden files, in `fixtures/responses/client/`: `requests/*.json` hold a request and what it becomes, `answers/*.json` the
//! events of an answer and the whole one, `streams/*.sse` the same events streamed, `errors/*.json` failures.
//!
//! With `UPDATE_GOLDEN=1` in the environment the expectations are rewritten: read the difference before keeping it.

use super::{checker, request, streamed, whole};
use crate::common::cases::{cases, updating};
use crate::common::given;
use ccr_plugin::messages::json::Document;
use ccr_plugin::messages::request::MessagesRequest;
use ccr_plugin::{ClientProtocol, Encoder, Fault, Header};
use ccr_protocols::responses::OpenAiResponses;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// Where the stream of an answer stands.
fn stream_of(file: &Path) -> PathBuf {
    let name = file.with_extension("sse");
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/responses/client/streams").join(name.file_name().unwrap())
}

#[test]
fn requests() {
    cases("responses/client/requests", |file, case| {
        let mut request = request(&case["request"]);
        let header =
            |(name, value): (&String, &Value)| Header { name: name.clone(), value: value.as_str().unwrap().into() };
        request.headers = case["headers"].as_object().into_iter().flatten().map(header).collect();
        let decoded = match OpenAiResponses::decode(&request) {
            Ok(decoded) => decoded,
            Err(Fault::InvalidRequest(message)) => return json!({"invalid_request": message}),
            Err(Fault::Unsupported(message)) => return json!({"unsupported": message}),
            Err(other) => panic!("{}: {other:?}", file.display()),
        };
        let document = Document::parse(&decoded.body).unwrap();
        if let Err(error) = MessagesRequest::parse(&document) {
            panic!("{}: {error}", file.display());
        }
        json!({
            "body": serde_json::from_slice::<Value>(&decoded.body).unwrap(),
            "streaming": decoded.streaming,
            "context": String::from_utf8(decoded.context).unwrap(),
            "dropped": decoded.dropped,
        })
    });
}

#[test]
fn answers_and_streams() {
    cases("responses/client/answers", |file, case| {
        let context = case["context"].as_str().unwrap_or_default().as_bytes();
        let stream = streamed(given::events(&case["events"]), context);
        let whole = whole(given::events(&case["events"]), context);
        assert_eq!(checker::fold(&stream).unwrap(), whole, "{}", file.display());
        let expected = stream_of(file);
        if updating() {
            fs::write(&expected, &stream).unwrap();
        } else {
            let expected = fs::read(&expected).unwrap();
            assert_eq!(checker::events(&stream), checker::events(&expected), "{}", file.display());
        }
        whole
    });
}

#[test]
fn errors() {
    cases("responses/client/errors", |_, case| {
        let failure = given::failure(&case["failure"]);
        let answer = OpenAiResponses::encode_error(&failure, "req_1", "/v1/responses");
        let mut encoder = OpenAiResponses::encoder(super::ID, super::MODEL, &[]);
        let mut stream = Vec::new();
        encoder.abort(&failure, &mut stream);
        let events = checker::events(&stream);
        let [.., failed, error] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!(failed["type"], "response.failed");
        json!({
            "status": answer.status,
            "body": serde_json::from_slice::<Value>(&answer.body).unwrap(),
            "in_response": failed["response"]["error"],
            "event": error,
        })
    });
}
