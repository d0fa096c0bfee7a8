//! Golden files.

use super::checker::{fold, frames};
use crate::common::cases::cases;
use crate::common::given::{events, failure};
use ccr_plugin::messages::json::Document;
use ccr_plugin::messages::request::MessagesRequest;
use ccr_plugin::testing::FakeRequest;
use ccr_plugin::{ClientProtocol, ClientRequest, Encoder, Fault, Settings, Target, UpstreamProtocol};
use ccr_protocols::openai::OpenAi;
use serde_json::{Value, json};

const ID: &str = "msg_1";
const MODEL: &str = "provider,model";

pub(crate) fn request(body: &Value) -> ClientRequest {
    ClientRequest { path: "/v1/chat/completions".into(), headers: Vec::new(), body: body.to_string().into_bytes() }
}

/// What this format's own upstream side makes of the inner request.
pub(crate) fn wire(inner: &Value, model: &str, settings: &Value) -> Value {
    let mut request = FakeRequest::new(inner.clone());
    request.target = Some(Target::new("p", model));
    let settings = Settings::of(if settings.is_null() { "{}".into() } else { settings.to_string() });
    let encoded = <OpenAi as UpstreamProtocol>::encode(&request, &settings).unwrap();
    serde_json::from_slice(&encoded.body).unwrap()
}

#[test]
fn requests() {
    cases("openai/client/requests", |_, case| match <OpenAi as ClientProtocol>::decode(&request(&case["request"])) {
        Ok(decoded) => {
            MessagesRequest::parse(&Document::parse(&decoded.body).unwrap()).unwrap();
            let body: Value = serde_json::from_slice(&decoded.body).unwrap();
            // `round_trip` holds what the format itself makes differently on its way through, as members to compare with.
            if let Some(changes) = case["round_trip"].as_object() {
                let mut expected = case["request"].clone();
                for (key, value) in changes {
                    expected[key] = value.clone();
                }
                let expected: serde_json::Map<_, _> =
                    expected.as_object().unwrap().clone().into_iter().filter(|(_, value)| !value.is_null()).collect();
                let model = case["request"]["model"].as_str().unwrap();
                assert_eq!(wire(&body, model, &case["settings"]), Value::Object(expected));
            }
            json!({
                "body": body,
                "streaming": decoded.streaming,
                "context": String::from_utf8(decoded.context).unwrap(),
                "dropped": decoded.dropped,
            })
        }
        Err(Fault::InvalidRequest(message)) => json!({"invalid_request": message}),
        Err(Fault::Unsupported(message)) => json!({"unsupported": message}),
        Err(other) => panic!("{other:?}"),
    });
}

fn context(case: &Value) -> Vec<u8> {
    case.get("context").map(Value::to_string).unwrap_or_default().into_bytes()
}

#[test]
fn answers() {
    cases("openai/client/answers", |_, case| {
        let answer = OpenAi::encode_answer(events(&case["events"]), &context(case));
        serde_json::from_slice(&answer).unwrap()
    });
}

/// The two roles have functions of one name.
trait EncodeAnswer {
    fn encode_answer(events: Vec<ccr_plugin::messages::event::Event>, context: &[u8]) -> Vec<u8>;
}

impl EncodeAnswer for OpenAi {
    fn encode_answer(events: Vec<ccr_plugin::messages::event::Event>, context: &[u8]) -> Vec<u8> {
        let answer = <Self as ClientProtocol>::encode(events, ID, MODEL, context).unwrap();
        assert_eq!((answer.status, answer.content_type.as_str()), (200, "application/json"));
        answer.body
    }
}

#[test]
fn streams() {
    cases("openai/client/streams", |_, case| {
        let events = events(&case["events"]);
        let mut encoder = OpenAi::encoder(ID, MODEL, &context(case));
        let mut out = Vec::new();
        for event in &events {
            encoder.push(event.clone(), &mut out).unwrap();
        }
        if case.get("abort").is_some() {
            encoder.abort(&failure(&case["abort"]), &mut out);
        } else {
            encoder.finish(&mut out).unwrap();
            let counted = case["context"]["usage"] == true;
            let whole: Value = serde_json::from_slice(&OpenAi::encode_answer(events, &context(case))).unwrap();
            let folded = fold(&out, counted);
            assert_eq!(folded.message, whole["choices"][0]["message"]);
            assert_eq!(folded.finish, whole["choices"][0]["finish_reason"]);
            assert!(!counted || folded.usage == whole["usage"]);
        }
        frames(&out).into_iter().map(|frame| serde_json::from_str(&frame).unwrap_or(Value::String(frame))).collect()
    });
}

#[test]
fn errors() {
    cases("openai/client/errors", |_, case| {
        let answer = OpenAi::encode_error(&failure(&case["failure"]), "req_1", "/v1/chat/completions");
        assert_eq!(answer.content_type, "application/json");
        json!({"status": answer.status, "body": serde_json::from_slice::<Value>(&answer.body).unwrap()})
    });
}
