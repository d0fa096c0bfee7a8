//! A client's request for a provider of the same format, as it is: only the model's name is replaced.
//!
//! It is translated instead (`None`) where the target's options would edit the request, or where its history holds reasoning
//! in the gateway's own envelope, which only the translation can open.

use crate::openai::endpoint::{self, CHAT_COMPLETIONS};
use crate::openai::model::is_claude;
use crate::openai::options::Options;
use crate::openai::thinking::{ANTHROPIC, ENVELOPE};
use crate::shared::forward::with_model;
use ccr_plugin::messages::json::{Document, Kind, Str, Value};
use ccr_plugin::{ClientRequest, Credential, EncodedRequest, Fault, Header, Target};

/// The only header of OpenAI's API that says something of the request; the others say who asks.
const HEADERS: [&str; 1] = ["openai-beta"];

pub(super) fn forward(
    request: &ClientRequest,
    target: &Target,
    base_path: &str,
    options: &Options,
) -> Result<Option<EncodedRequest>, Fault> {
    let Ok(document) = Document::parse(&request.body) else { return Ok(None) };
    let root = document.root();
    if !options.leave_alone(root) || holds_ours(root, &target.model) {
        return Ok(None);
    }
    let value = |name: &str| Some(Header { name: name.into(), value: request.header(name)?.into() });
    Ok(Some(EncodedRequest {
        // The client's own query was for this gateway; OpenAI's endpoint has none.
        path: endpoint::path(base_path, CHAT_COMPLETIONS),
        headers: HEADERS.iter().filter_map(|name| value(name)).collect(),
        body: with_model(&request.body, root, &target.model)?,
        credential: Credential::Bearer,
        context: Vec::new(),
    }))
}

/// Whether the reasoning of earlier answers is in the gateway's envelope, or is Claude's and the target is not.
fn holds_ours(root: Value<'_>, model: &str) -> bool {
    let messages = root.get("messages").into_iter().flat_map(Value::items);
    let mut reasoning = messages.flat_map(Value::members).filter(|(key, value)| {
        value.kind() == Kind::Array && (*key == "reasoning_details" || *key == "thinking_blocks")
    });
    reasoning.any(|(_, list)| list.items().any(|entry| is_ours(entry, model)))
}

fn is_ours(entry: Value<'_>, model: &str) -> bool {
    let member = |name: &str| entry.get(name).and_then(Value::as_str).map(Str::raw).filter(|text| !text.is_empty());
    let seals = [member("signature"), member("data")];
    let claude = member("format").is_some_and(|format| format == ANTHROPIC) && !is_claude(model);
    seals.into_iter().flatten().any(|seal| claude || seal.starts_with(ENVELOPE))
}
