//! Whether the agent has anything to do for a request: its tools have a web search, and the target does not search by itself.

use crate::options::Options;
use crate::{text, tool};
use ccr_plugin::host::{Level, Scope, config, kv_get, kv_set, log};
use ccr_plugin::messages::json::{Document, Value};
use ccr_plugin::{Fault, Request, Settings};

/// Under this key the store remembers that the operator was told.
const TOLD: &str = "told";

pub(crate) fn applies(tools: &str, request: &dyn Request, settings: &Settings) -> Result<bool, Fault> {
    let Ok(document) = Document::parse_str(tools) else { return Ok(false) };
    if !document.root().items().any(tool::is_search) {
        return Ok(false);
    }
    let options = Options::read(settings)?;
    if options.backend.is_none() {
        tell_once();
        return Ok(false);
    }
    let Some(target) = request.target() else { return Ok(false) };
    if !options.allows(&target.provider) {
        return Ok(false);
    }
    let searches = searches_itself(&protocol(&target.provider), document.root(), request);
    Ok(!searches || options.overrides(&target.provider))
}

/// Whether the provider runs the search by itself.
///
/// Anthropic's own format takes the tool as it is. Of the others, `openai-responses` knows it beside functions, Gemini only
/// alone or where it must be called: else it would be left out.
fn searches_itself(protocol: &str, tools: Value<'_>, request: &dyn Request) -> bool {
    match protocol {
        "anthropic" | "vertex-claude" | "openai-responses" => true,
        "gemini" | "vertex-gemini" => tools.items().all(tool::is_search) || is_forced(tools, request),
        _ => false,
    }
}

fn is_forced(tools: Value<'_>, request: &dyn Request) -> bool {
    let Some(forced) = request.get("/tool_choice/name") else { return false };
    tools
        .items()
        .filter(|tool| tool::is_search(*tool))
        .any(|tool| tool.get("name").is_some_and(|name| name.raw() == forced))
}

/// The protocol that a provider is spoken to with; empty where the config names none.
fn protocol(provider: &str) -> String {
    let config = config();
    let Ok(document) = Document::parse_str(&config) else { return String::new() };
    let providers = ["providers", "Providers"].into_iter().find_map(|name| document.root().get(name));
    let mut providers = providers.into_iter().flat_map(Value::items);
    let found = providers.find(|known| text::member(*known, "name").eq_ignore_ascii_case(provider));
    found.map(|known| text::member(known, "protocol").to_ascii_lowercase()).unwrap_or_default()
}

/// Says in the log that there is no backend: once, not for every request.
fn tell_once() {
    if !matches!(kv_get(Scope::Global, TOLD), Ok(None)) {
        return;
    }
    // Whether it was kept only decides how often this is said.
    let _ = kv_set(Scope::Global, TOLD, b"1", None);
    log(
        Level::Warn,
        "a request asks for web search, and no search service is configured: set `backend` in the options of `websearch` \
         (brave, tavily, serper or searxng); until then such requests are left as they are",
    );
}
