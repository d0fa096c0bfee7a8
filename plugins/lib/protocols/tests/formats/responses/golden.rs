//! The golden files of the upstream side, in `fixtures/responses/`.
use crate::common::golden::{Golden, golden};
use ccr_plugin::UpstreamProtocol;
use ccr_protocols::responses::OpenAiResponses;
use serde_json::json;

/// What the request left behind for the reading of its answer.
const CONTEXT: &[u8] = br#"{"mark":"0123abcd","tools":{"a_b_1":"a.b"}}"#;

const GOLDEN: Golden = Golden {
    folder: "responses",
    model: "some-model",
    base_path: "/v1",
    encode: |_, request, settings| <OpenAiResponses as UpstreamProtocol>::encode(request, settings),
    more: |_| json!({}),
    context: |_, _| CONTEXT.to_vec(),
};

golden!(OpenAiResponses, GOLDEN);
