//! Golden files of the client's side, in `fixtures/gemini/client`: requests and what they become, answers in all three forms,
//! errors; and that what comes in is what an upstream of the same format gets. `UPDATE_GOLDEN=1` rewrites the expectations.
use crate::common::cases::cases;
use crate::common::given;
use ccr_plugin::messages::event::{ErrorKind, Event, Failure, Start};
use ccr_plugin::messages::json::Document;
use ccr_plugin::messages::request::MessagesRequest;
use ccr_plugin::testing::FakeRequest;
use ccr_plugin::{ClientProtocol, ClientRequest, Encoder, Fault, Settings, Target, UpstreamProtocol};
use ccr_protocols::gemini::Gemini;
use serde_json::{Value, json};

const ID: &str = "msg_1";
const MODEL: &str = "gemini-2.5-pro";

fn request(case: &Value) -> ClientRequest {
    let path = case["path"].as_str().unwrap_or("/v1beta/models/gemini-2.5-pro:generateContent").to_owned();
    let body = case["request"].as_str().map_or_else(|| case["request"].to_string(), str::to_owned);
    ClientRequest { path, headers: Vec::new(), body: body.into_bytes() }
}

fn fault(fault: Fault) -> Value {
    match fault {
        Fault::InvalidRequest(message) => json!({"invalid_request": message}),
        Fault::Unsupported(message) => json!({"unsupported": message}),
        other => panic!("{other:?}"),
    }
}

#[test]
fn requests() {
    cases("gemini/client/requests", |_, case| {
        let decoded = match <Gemini as ClientProtocol>::decode(&request(case)) {
            Ok(decoded) => decoded,
            Err(error) => return fault(error),
        };
        let document = Document::parse(&decoded.body).unwrap();
        MessagesRequest::parse(&document).unwrap();
        let inner: Value = serde_json::from_slice(&decoded.body).unwrap();
        let mut fake = FakeRequest::new(inner.clone());
        let model = case["model"].as_str().unwrap_or(MODEL).to_owned();
        fake.target = Some(Target::new("p", model));
        fake.base_path = String::new();
        let again = match <Gemini as UpstreamProtocol>::encode(&fake, &Settings::of("{}")) {
            Ok(encoded) => {
                let body: Value = serde_json::from_slice(&encoded.body).unwrap();
                json!({"path": encoded.path, "body": body, "dropped": fake.dropped.into_inner()})
            }
            Err(error) => json!({"fault": fault(error)}),
        };
        json!({
            "inner": inner,
            "streaming": decoded.streaming,
            "stream_type": decoded.stream_type,
            "context": String::from_utf8(decoded.context).unwrap(),
            "dropped": decoded.dropped,
            "again": again,
        })
    });
}

fn events(list: &Value) -> Vec<Event> {
    let start = Event::Start(Start { id: Some(ID.into()), model: Some(MODEL.into()) });
    std::iter::once(start).chain(given::events(list)).collect()
}

/// The stream as it goes over the wire, with what the client gets for a failure at the end, if there is one.
fn stream(events: Vec<Event>, context: &[u8], failure: Option<&Failure>) -> String {
    let mut encoder = Gemini::encoder(ID, MODEL, context);
    let mut out = Vec::new();
    for event in events {
        encoder.push(event, &mut out).unwrap();
    }
    match failure {
        Some(failure) => encoder.abort(failure, &mut out),
        None => encoder.finish(&mut out).unwrap(),
    }
    String::from_utf8(out).unwrap()
}

/// The chunks of a stream, read as Google's Python library does: line by line, a line without `data: ` is an error.
fn chunks(sse: &str) -> Vec<Value> {
    let lines = sse.lines().filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_str(line.strip_prefix("data: ").unwrap_or(line)).unwrap()).collect()
}

/// All parts of a stream, those of one kind joined, and the last chunk without its parts.
fn folded(chunks: &[Value]) -> (Vec<Value>, Value) {
    let mut parts: Vec<Value> = Vec::new();
    for chunk in chunks {
        for part in chunk["candidates"][0]["content"]["parts"].as_array().unwrap() {
            let joins = |last: &&mut Value| {
                last["text"].is_string()
                    && part["text"].is_string()
                    && last["thought"] == part["thought"]
                    && part.get("thoughtSignature").is_none()
            };
            match parts.last_mut().filter(joins) {
                Some(last) => {
                    last["text"] =
                        format!("{}{}", last["text"].as_str().unwrap(), part["text"].as_str().unwrap()).into()
                }
                None => parts.push(part.clone()),
            }
        }
    }
    parts.retain(|part| part["text"] != "" || part.get("thoughtSignature").is_some());
    let mut last = chunks.last().unwrap().clone();
    last["candidates"][0].as_object_mut().unwrap().remove("content");
    (parts, last)
}

#[test]
fn answers() {
    cases("gemini/client/answers", |_, case| {
        let thoughts = if case["thoughts"] == json!(true) { "t" } else { "h" };
        let (sse, array) = (format!("e{thoughts}"), format!("a{thoughts}"));
        let answer = <Gemini as ClientProtocol>::encode(events(&case["events"]), ID, MODEL, array.as_bytes()).unwrap();
        assert_eq!((answer.status, answer.content_type.as_str()), (200, "application/json"));
        let mut whole: Value = serde_json::from_slice(&answer.body).unwrap();

        let streamed = stream(events(&case["events"]), sse.as_bytes(), None);
        let chunks = chunks(&streamed);
        for chunk in &chunks {
            assert!(!chunk["candidates"][0]["content"]["parts"].as_array().unwrap().is_empty());
            assert_eq!((&chunk["modelVersion"], &chunk["responseId"]), (&json!(MODEL), &json!(ID)));
        }
        let in_array = stream(events(&case["events"]), array.as_bytes(), None);
        assert_eq!(serde_json::from_str::<Value>(&in_array).unwrap(), json!(chunks));

        // The stream says what the whole answer says.
        let expected = json!({"whole": whole, "stream": chunks});
        let (parts, last) = folded(&chunks);
        let content = whole["candidates"][0].as_object_mut().unwrap().remove("content").unwrap();
        assert_eq!(json!(parts), content["parts"]);
        assert_eq!(last, whole);
        expected
    });
}

#[test]
fn errors() {
    cases("gemini/client/errors", |_, case| {
        let kind = match case["kind"].as_str().unwrap() {
            "invalid_request_error" => ErrorKind::InvalidRequest,
            "rate_limit_error" => ErrorKind::RateLimit,
            "overloaded_error" => ErrorKind::Overloaded,
            "authentication_error" => ErrorKind::Authentication,
            other => panic!("{other}"),
        };
        let status = case["status"].as_u64().and_then(|status| u16::try_from(status).ok());
        let failure = Failure { kind, message: "m".into(), status, retry_after_ms: case["retry_after_ms"].as_u64() };
        let answer = Gemini::encode_error(&failure, "req_1", case["path"].as_str().unwrap());
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        let sse = stream(vec![Event::Text("x".into())], b"eh", Some(&failure));
        let array = stream(vec![Event::Text("x".into())], b"ah", Some(&failure));
        let chunks = chunks(&sse);
        assert!(sse.ends_with("}\n") && !sse.ends_with("\n\n"));
        assert_eq!(json!(chunks), serde_json::from_str::<Value>(&array).unwrap());
        assert!(sse.lines().last().unwrap().starts_with(r#"{"error":"#));
        json!({"status": answer.status, "body": body, "in_stream": chunks.last().unwrap()})
    });
}
