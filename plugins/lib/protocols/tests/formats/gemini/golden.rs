//! The golden files of the upstream side, in `fixtures/gemini/`.
use crate::common::golden::{Golden, golden};
use ccr_plugin::testing::FakeRequest;
use ccr_plugin::{Credential, EncodedRequest, Fault, Settings, UpstreamProtocol};
use ccr_protocols::gemini::{Gemini, VertexGemini};
use serde_json::{Value, json};

/// Golden files of both protocols stand together: most say the same of both.
fn encode(case: &Value, request: &FakeRequest, settings: &Settings) -> Result<EncodedRequest, Fault> {
    match case["plugin"].as_str() {
        Some("vertex-gemini") => VertexGemini::encode(request, settings),
        _ => <Gemini as UpstreamProtocol>::encode(request, settings),
    }
}

fn credential(encoded: &EncodedRequest) -> Value {
    match &encoded.credential {
        Credential::Header(name) => json!({"credential": name}),
        Credential::Google => json!({"credential": "google"}),
        other => panic!("{other:?}"),
    }
}

const GOLDEN: Golden = Golden {
    folder: "gemini",
    model: "gemini-3-pro-preview",
    base_path: "/v1beta/models/",
    encode,
    more: credential,
    context: |_, _| Vec::new(),
};

golden!(Gemini, GOLDEN);
