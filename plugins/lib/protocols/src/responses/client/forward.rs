//! A request for a provider of the same API goes as it came, but for the model's name.
//!
//! It is translated all the same if the target's options would change it, or if it holds reasoning in the gateway's envelopes,
//! which only the gateway can open.

use super::reasoning::OURS;
use crate::openai::endpoint::{self, RESPONSES};
use crate::responses::options::{Options, Summary, WebSearch};
use crate::responses::thinking;
use crate::shared::context::ContextWriter;
use crate::shared::forward::with_model;
use crate::shared::options::Rule;
use ccr_plugin::messages::effort::Effort;
use ccr_plugin::messages::json::{Document, Str, Value};
use ccr_plugin::{ClientRequest, Credential, EncodedRequest, Fault, Header, Settings, Target};

/// Headers of the client that are part of the API. Who asks, and for whom, is none of a provider's business.
const HEADERS: &[&str] = &["openai-beta"];

pub(super) fn forward(
    request: &ClientRequest,
    target: &Target,
    base_path: &str,
    settings: &Settings,
) -> Result<Option<EncodedRequest>, Fault> {
    let options = Options::read(settings)?;
    let document = Document::parse(&request.body)
        .map_err(|error| Fault::invalid(format!("The body of the request is not JSON: {error}.")))?;
    let root = document.root();
    // A quote before it: as the beginning of a text, not as a part of what somebody says.
    if document.text().contains(&format!("\"{OURS}")) || would_edit(&options, root) || root.get("model").is_none() {
        return Ok(None);
    }
    let is_of_the_api = |header: &&Header| HEADERS.contains(&header.name.as_str());
    Ok(Some(EncodedRequest {
        path: with_query(endpoint::path(base_path, RESPONSES), &request.path),
        headers: request.headers.iter().filter(is_of_the_api).cloned().collect(),
        body: with_model(&request.body, root, &target.model)?,
        credential: Credential::Bearer,
        context: ContextWriter::new(&thinking::mark(&target.provider)).finish(),
    }))
}

/// The query of the client's request, behind that of the base.
fn with_query(path: String, asked: &str) -> String {
    match asked.split_once('?').map(|(_, query)| query).filter(|query| !query.is_empty()) {
        Some(query) if path.contains('?') => format!("{path}&{query}"),
        Some(query) => format!("{path}?{query}"),
        None => path,
    }
}

/// Whether the options say something else than the request does.
fn would_edit(options: &Options, root: Value<'_>) -> bool {
    let given = |object: Option<Value<'_>>, key: &str| {
        object.and_then(|object| object.get(key)).is_some_and(|value| !value.is_null())
    };
    let reasoning = root.get("reasoning").filter(|reasoning| !reasoning.is_null());
    let effort = reasoning.and_then(|reasoning| reasoning.get("effort")?.as_str());
    let effort_is_above = effort.map(Str::decode).is_some_and(|effort| match &*effort {
        "medium" => options.max_effort < Effort::Medium,
        "high" => options.max_effort < Effort::High,
        // The default is there for clients that know Anthropic's steps; who names this one knows the model's.
        "xhigh" | "max" => options.max_effort < Effort::High,
        _ => false,
    });
    let searches = root.get("tools").into_iter().flat_map(Value::items).filter_map(|tool| tool.get("type")?.as_str());
    let search_differs = |kind: Str<'_>| {
        kind.raw().starts_with("web_search")
            && match options.web_search {
                WebSearch::Preview => !kind.raw().starts_with("web_search_preview"),
                WebSearch::Current => false,
                WebSearch::Off => true,
            }
    };
    effort_is_above
        || (options.reasoning == Rule::Never && reasoning.is_some())
        || (options.summary == Summary::Off && given(reasoning, "summary"))
        || (!options.prompt_cache_key && given(Some(root), "prompt_cache_key"))
        || searches.into_iter().any(search_differs)
}

#[cfg(test)]
mod tests;
