//! The golden files of the upstream side, in `fixtures/anthropic/`.
use crate::common::golden::{Golden, golden};
use ccr_plugin::testing::FakeRequest;
use ccr_plugin::{EncodedRequest, Fault, Settings, UpstreamProtocol};
use ccr_protocols::anthropic::{Anthropic, VertexClaude};
use serde_json::{Value, json};

/// What the request left behind for the reading of its answer.
const CONTEXT: &[u8] = br#"{"mark":"0123abcd","tools":{"a_b_1":"a.b"}}"#;

/// Golden files of both protocols stand together: most say the same of both.
fn encode(case: &Value, request: &FakeRequest, settings: &Settings) -> Result<EncodedRequest, Fault> {
    if case["protocol"] == "vertex-claude" {
        VertexClaude::encode(request, settings)
    } else {
        Anthropic::encode(request, settings)
    }
}

fn credential_and_headers(encoded: &EncodedRequest) -> Value {
    let headers = encoded.headers.iter().map(|header| format!("{}: {}", header.name, header.value));
    json!({"credential": format!("{:?}", encoded.credential), "headers": headers.collect::<Vec<_>>()})
}

const GOLDEN: Golden = Golden {
    folder: "anthropic",
    model: "claude-sonnet-4-5",
    base_path: "/v1",
    encode,
    more: credential_and_headers,
    context: |_, _| CONTEXT.to_vec(),
};

golden!(Anthropic, GOLDEN);
