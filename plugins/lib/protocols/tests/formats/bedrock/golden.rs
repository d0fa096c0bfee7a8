//! The golden files of the upstream side, in `fixtures/bedrock/`.
use crate::common::golden::{Golden, golden};
use ccr_plugin::UpstreamProtocol;
use ccr_protocols::bedrock::Bedrock;
use serde_json::{Value, json};

/// What the request left behind for the reading of its answer; the mark is that of the model's family, none for Claude.
fn context(file: &str, case: &Value) -> Vec<u8> {
    let by_name = if file.starts_with("nova") { "nova" } else { "" };
    // A stream has no case, and its name says whose it is.
    let mark = if case.is_null() { by_name } else { case["mark"].as_str().unwrap_or_default() };
    json!({"mark": mark, "tools": {"a_b_1": "a.b"}}).to_string().into_bytes()
}

const GOLDEN: Golden = Golden {
    folder: "bedrock",
    model: "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    base_path: "",
    encode: |_, request, settings| Bedrock::encode(request, settings),
    more: |encoded| json!({"credential": format!("{:?}", encoded.credential)}),
    context,
};

golden!(Bedrock, GOLDEN);
