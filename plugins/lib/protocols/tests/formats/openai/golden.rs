//! The golden files of the upstream side, in `fixtures/openai/`.
use crate::common::golden::{Golden, golden};
use ccr_plugin::UpstreamProtocol;
use ccr_protocols::openai::OpenAi;
use serde_json::json;

const GOLDEN: Golden = Golden {
    folder: "openai",
    model: "some-model",
    base_path: "/v1",
    encode: |_, request, settings| <OpenAi as UpstreamProtocol>::encode(request, settings),
    more: |_| json!({}),
    context: |_, _| Vec::new(),
};

golden!(OpenAi, GOLDEN);
