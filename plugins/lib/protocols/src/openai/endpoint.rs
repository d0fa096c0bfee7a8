//! Where OpenAI's APIs are under a base.

use ccr_plugin::join_endpoint;

pub(crate) const CHAT_COMPLETIONS: &str = "/chat/completions";
pub(crate) const RESPONSES: &str = "/responses";

/// The path of one of them. A base without a path is a provider's bare host: OpenAI's own version is meant.
pub(crate) fn path(base: &str, api: &str) -> String {
    let bare = base.is_empty() || base.starts_with('?') || base == "/" || base.starts_with("/?");
    if bare { join_endpoint(&format!("/v1{}", base.trim_start_matches('/')), api) } else { join_endpoint(base, api) }
}
