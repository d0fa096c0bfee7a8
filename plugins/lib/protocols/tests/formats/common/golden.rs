//! The golden files that the upstream side of every format has: `requests/*.json` hold a request and what it becomes,
//! `streams/*.sse` a stream and `.events.json` its events, `answers/*.json` whole answers, `errors/*.json` failures.

use super::cases::{bytes, cases};
use super::events::{events_json, failure_json};
use ccr_plugin::messages::sse::{SseDecoder, SseEvent};
use ccr_plugin::testing::FakeRequest;
use ccr_plugin::{Decoder, EncodedRequest, Fault, Header, Settings, Target, UpstreamProtocol, WireResponse};
use serde_json::{Value, json};

/// What goes with the golden files of one format.
pub(crate) struct Golden {
    /// Their folder.
    pub(crate) folder: &'static str,
    /// Where requests go that do not say it.
    pub(crate) model: &'static str,
    pub(crate) base_path: &'static str,
    /// The protocol, where a case says that it is another of this format.
    pub(crate) encode: fn(&Value, &FakeRequest, &Settings) -> Result<EncodedRequest, Fault>,
    /// What is worth keeping of a request beside its path, body and context: an object.
    pub(crate) more: fn(&EncodedRequest) -> Value,
    /// What the request left behind for the reading of its answer, by the name of the file and by the case.
    pub(crate) context: fn(&str, &Value) -> Vec<u8>,
}

/// A test for each kind of files.
macro_rules! golden {
    ($protocol:ty, $golden:expr) => {
        #[test]
        fn requests() {
            $crate::common::golden::requests(&$golden);
        }

        #[test]
        fn streams() {
            $crate::common::golden::streams::<$protocol>(&$golden);
        }

        #[test]
        fn answers() {
            $crate::common::golden::answers::<$protocol>(&$golden);
        }

        #[test]
        fn errors() {
            $crate::common::golden::errors::<$protocol>(&$golden);
        }
    };
}
pub(crate) use golden;

fn fault_json(fault: Fault) -> Value {
    match fault {
        Fault::InvalidRequest(message) => json!({"invalid_request": message}),
        Fault::Unsupported(message) => json!({"unsupported": message}),
        Fault::BadAnswer(reason) => json!({"bad_answer": reason}),
        Fault::Upstream(failure) => json!({"upstream": failure_json(&failure.into())}),
        Fault::Other(message) => json!({"other": message}),
        other => panic!("{other:?}"),
    }
}

fn headers(case: &Value) -> Vec<Header> {
    let header =
        |(name, value): (&String, &Value)| Header { name: name.clone(), value: value.as_str().unwrap().into() };
    case["headers"].as_object().into_iter().flatten().map(header).collect()
}

pub(crate) fn requests(golden: &Golden) {
    cases(&format!("{}/requests", golden.folder), |_, case| {
        let mut request = FakeRequest::new(case["request"].clone());
        let text = |key: &str, default: &str| case[key].as_str().unwrap_or(default).to_owned();
        request.target = Some(Target::new("p", text("model", golden.model)));
        request.base_path = text("base_path", golden.base_path);
        request.headers = headers(case).into_iter().map(|header| (header.name, header.value)).collect();
        let settings = Settings::of(case.get("settings").map_or("{}".into(), Value::to_string));
        let encoded = match (golden.encode)(case, &request, &settings) {
            Ok(encoded) => encoded,
            Err(fault) => return json!({"fault": fault_json(fault)}),
        };
        let mut found = json!({"path": encoded.path});
        for (name, value) in (golden.more)(&encoded).as_object().unwrap() {
            found[name] = value.clone();
        }
        found["body"] = serde_json::from_slice(&encoded.body).unwrap();
        found["context"] = String::from_utf8(encoded.context).unwrap().into();
        found["dropped"] = request.dropped.into_inner().into();
        found
    });
}

fn name(file: &std::path::Path) -> String {
    file.file_name().unwrap().to_string_lossy().into_owned()
}

/// What the decoder makes of a stream that ends as the file does.
pub(crate) fn streams<P: UpstreamProtocol>(golden: &Golden) {
    bytes(&format!("{}/streams", golden.folder), ".sse", |file, stream| {
        let mut events = Vec::new();
        let mut fault = None;
        let mut decoder = P::decoder(&(golden.context)(&name(file), &Value::Null), &Settings::of("{}"));
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
            return json!({"events": events_json(&events), "fault": fault_json(fault)});
        }
        decoder.finish(&mut events).unwrap();
        json!({"events": events_json(&events)})
    });
}

fn response(case: &Value, status: u16) -> WireResponse {
    let body = case["body"].as_str().map_or_else(|| case["body"].to_string(), str::to_owned).into_bytes();
    WireResponse { status, headers: headers(case), body }
}

pub(crate) fn answers<P: UpstreamProtocol>(golden: &Golden) {
    cases(&format!("{}/answers", golden.folder), |file, case| {
        match P::decode(&response(case, 200), &(golden.context)(&name(file), case), &Settings::of("{}")) {
            Ok(events) => events_json(&events),
            Err(fault) => json!({"fault": fault_json(fault)}),
        }
    });
}

pub(crate) fn errors<P: UpstreamProtocol>(golden: &Golden) {
    cases(&format!("{}/errors", golden.folder), |_, case| {
        let status = u16::try_from(case["status"].as_u64().unwrap()).unwrap();
        failure_json(&P::decode_error(&response(case, status)))
    });
}
