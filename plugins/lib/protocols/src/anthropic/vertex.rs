//! The upstream protocol `vertex-claude`: Claude on Google's Vertex AI.
//!
//! It is Anthropic's format with the model in the path, the version and the previews in the body, fewer fields, and Google's
//! tokens for keys ("Claude on Vertex AI"). [`path`] finds the endpoint.

mod path;

use super::encode::{self, To};
use super::model::Model;
use super::options::Replay;
use super::{BETA_HEADER, StreamDecoder, VERSION_HEADER, betas, decode, errors, signature};
use crate::shared::request;
use crate::shared::upstream::upstream;
use ccr_plugin::prelude::*;
use ccr_plugin::{Credential, EncodedRequest};
use path::Endpoint;

const SCHEMA: &str = r#"{
    "type": "object",
    "properties": {
        "GOOGLE_CLOUD_PROJECT": {"type": "string", "description": "The project; needed unless `api_base_url` names it."},
        "GOOGLE_CLOUD_LOCATION": {"type": "string", "default": "us-east5", "description": "The location, such as `us-east5`, `europe-west1` or `global`. The host of `api_base_url` must be that location's."},
        "project": {"type": "string", "description": "The same as GOOGLE_CLOUD_PROJECT.", "x-ccr-env": "GOOGLE_CLOUD_PROJECT"},
        "location": {"type": "string", "description": "The same as GOOGLE_CLOUD_LOCATION.", "x-ccr-env": "GOOGLE_CLOUD_LOCATION"}
    },
    "additionalProperties": false
}"#;

/// Where Claude is unless the options say otherwise: claude-code-router's default.
const LOCATION: &str = "us-east5";

/// Previews that Vertex AI knows, by the beginnings of their names, without the dates; it refuses a request that names another
/// ("Unexpected value(s) … for the `anthropic-beta` header").
const KNOWN: [&str; 11] = [
    "compact-",
    "computer-use-",
    "context-1m-",
    "context-management-",
    "dangerous-tool-use-",
    "interleaved-thinking-",
    "per-turn-control-",
    "thinking-binding-controls-",
    "thinking-display-updates-",
    "tool-search-tool-",
    "web-search-",
];

/// Previews that say who asks and not what; and those whose feature needs no preview here.
const SILENT: [&str; 3] = ["claude-code-", "oauth-", "effort-"];

/// A preview of Anthropic's that is called otherwise here.
const TOOL_SEARCH: (&str, &str) = ("advanced-tool-use-", "tool-search-tool-2025-10-19");

/// The plugin `vertex-claude`.
#[derive(Debug)]
pub struct VertexClaude;

impl Plugin for VertexClaude {
    fn describe() -> Description {
        Description::new("vertex-claude", env!("CARGO_PKG_VERSION"), "Speaks to Claude on Google's Vertex AI.")
            .settings_schema(SCHEMA)
    }
}

upstream! {
    VertexClaude,
    encode: encode,
    decode: |response, context| decode::whole(&response.body, context),
    errors: errors::of_response,
}

fn encode(request: &dyn Request, settings: &Settings) -> Result<EncodedRequest, Fault> {
    let target = request::target(request)?;
    let either = |long: &str, short: &str| match settings.text(long)? {
        Some(given) => Ok(Some(given)),
        None => settings.text(short),
    };
    let endpoint = Endpoint {
        project: either("GOOGLE_CLOUD_PROJECT", "project")?,
        location: either("GOOGLE_CLOUD_LOCATION", "location")?.unwrap_or_else(|| LOCATION.into()),
    };
    let path = endpoint.path(&request.base_path().unwrap_or_default(), &target.model, request.summary().streaming)?;
    let native_client = request.header(VERSION_HEADER).is_some();
    let beta = request.header(BETA_HEADER).filter(|_| native_client);
    let betas = known(betas(beta.as_deref()), request);
    let mark = signature::mark(&target.provider);
    let to = To {
        name: None,
        model: Model::of(&target.model),
        replay: Replay::Signed,
        mark: &mark,
        native_client,
        betas: &betas,
        unmarked: false,
        vertex: true,
    };
    let (body, context) = encode::encode(request, to)?;
    let mut encoded = EncodedRequest::new(path, body);
    encoded.context = context;
    encoded.credential = Credential::Google;
    Ok(encoded)
}

/// The previews that Vertex AI knows, by its names; the others are noted.
fn known<'b>(asked: Vec<&'b str>, request: &dyn Request) -> Vec<&'b str> {
    let begins = |name: &str, with: &[&str]| with.iter().any(|beginning| name.starts_with(beginning));
    let mut known: Vec<&str> = Vec::new();
    for name in asked {
        let name = if name.starts_with(TOOL_SEARCH.0) { TOOL_SEARCH.1 } else { name };
        if !begins(name, &KNOWN) {
            if !begins(name, &SILENT) {
                request.dropped(&["anthropic-beta ", name].concat());
            }
        } else if !known.contains(&name) {
            known.push(name);
        }
    }
    known
}
