//! Anthropic's Messages API and those who speak its format: the upstream protocols `anthropic` and, on Google Cloud,
//! `vertex-claude`.
//!
//! The gateway's inner form is this very format, so [`mod@encode`] only edits what the target would refuse: hints of transformers,
//! parameters of other formats, and what other providers left in the history. [`decode`] turns answers into events, [`errors`]
//! reads failures, [`signature`] tells whose reasoning a thinking block is. Requests that need none of this need not come here:
//! `ccr_messages::anthropic::needs_cleaning` says which. What every field becomes is told in the READMEs of this folder and of `vertex`.

mod decode;
mod encode;
mod errors;
mod model;
mod names;
mod options;
mod signature;
mod vertex;

use crate::shared::request;
use crate::shared::upstream::upstream;
use ccr_plugin::prelude::*;
use ccr_plugin::{Credential, EncodedRequest, Header, join_endpoint};
use encode::To;
use model::Model;
use options::Options;

pub use decode::StreamDecoder;
pub use vertex::VertexClaude;

const ENDPOINT: &str = "/messages";

/// The version of the API that the inner form is ("Versions"); the API refuses requests without one.
const VERSION: &str = "2023-06-01";

/// The header of Anthropic's clients that names the version, and the one that switches on previews.
const VERSION_HEADER: &str = "anthropic-version";
const BETA_HEADER: &str = "anthropic-beta";

/// The plugin `anthropic`.
#[derive(Debug)]
pub struct Anthropic;

impl Plugin for Anthropic {
    fn describe() -> Description {
        Description::new("anthropic", env!("CARGO_PKG_VERSION"), "Speaks Anthropic Messages.")
            .settings_schema(options::SCHEMA)
    }
}

upstream! {
    Anthropic,
    encode: encode,
    decode: |response, context| decode::whole(&response.body, context),
    errors: errors::of_response,
}

fn encode(request: &dyn Request, settings: &Settings) -> Result<EncodedRequest, Fault> {
    let options = Options::read(settings)?;
    let target = request::target(request)?;
    let version = request.header(VERSION_HEADER);
    let beta = request.header(BETA_HEADER).filter(|_| version.is_some());
    let betas = betas(beta.as_deref());
    let (model, mark) = (Model::of(&target.model), signature::mark(&target.provider));
    let to = To {
        name: Some(&target.model),
        model,
        replay: options.replay(&model, &target.model),
        mark: &mark,
        native_client: version.is_some(),
        betas: &betas,
        unmarked: false,
        vertex: false,
    };
    let (body, context) = encode::encode(request, to)?;
    let mut encoded = EncodedRequest::new(path(&request.base_path().unwrap_or_default()), body);
    encoded.context = context;
    let header = |name: &str, value: String| Header { name: name.into(), value };
    encoded.headers.push(header(VERSION_HEADER, version.unwrap_or_else(|| VERSION.into())));
    encoded.headers.extend(beta.map(|beta| header(BETA_HEADER, beta)));
    if !options.use_bearer {
        encoded.credential = Credential::Header("x-api-key".into());
    }
    Ok(encoded)
}

/// The previews that a header names.
fn betas(header: Option<&str>) -> Vec<&str> {
    header.into_iter().flat_map(|names| names.split(',')).map(str::trim).filter(|name| !name.is_empty()).collect()
}

/// Where the endpoint is under a base, which may be the endpoint itself. Anthropic's clients add `/v1/messages` to a base, and
/// that is how providers of the format document theirs (`…/anthropic`); one that ends in a version needs no other.
fn path(base: &str) -> String {
    let (path, query) = base.split_once('?').map_or((base, None), |(path, query)| (path, Some(query)));
    let path = path.trim_end_matches('/');
    let last = path.rsplit('/').next().unwrap_or_default();
    let is_version = last.strip_prefix('v').is_some_and(|rest| rest.starts_with(|digit: char| digit.is_ascii_digit()));
    let version = if is_version || path.ends_with(ENDPOINT) { "" } else { "/v1" };
    let base = match query {
        Some(query) => [path, version, "?", query].concat(),
        None => [path, version].concat(),
    };
    join_endpoint(&base, ENDPOINT)
}

#[cfg(test)]
mod tests {
    use super::{betas, path};

    #[test]
    fn every_way_to_write_the_base_is_taken() {
        for base in ["", "/", "/v1", "/v1/", "/v1/messages", "/v1/messages/"] {
            assert_eq!(path(base), "/v1/messages", "{base}");
        }
        assert_eq!(path("/?a=b"), "/v1/messages?a=b");
        assert_eq!(path("/v1?a=b"), "/v1/messages?a=b");
        assert_eq!(path("/anthropic"), "/anthropic/v1/messages");
        assert_eq!(path("/api/anthropic/"), "/api/anthropic/v1/messages");
        assert_eq!(path("/api/paas/v4"), "/api/paas/v4/messages");
        assert_eq!(path("/anthropic/v1"), "/anthropic/v1/messages");
    }

    #[test]
    fn previews_are_a_list() {
        assert_eq!(betas(Some(" a-1, b-2,,")), ["a-1", "b-2"]);
        assert_eq!(betas(None), [""; 0]);
    }
}
