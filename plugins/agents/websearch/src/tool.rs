//! The client's server tool: what it asks for.

use crate::text;
use ccr_plugin::messages::json::{Kind, Str, Value};
use memchr::memmem;

/// How the types of Anthropic's web search begin; a date follows (`web_search_20250305`, `web_search_20260318`).
const TYPE: &str = "web_search";

/// The members of `user_location`.
const PLACES: [&str; 4] = ["city", "region", "country", "timezone"];

/// Members of the tool that have a meaning only where Anthropic runs it. `strict` and the others that are not named here lose
/// nothing.
const ONLY_THERE: [&str; 4] = ["allowed_callers", "cache_control", "defer_loading", "response_inclusion"];

/// What the client wants of a search.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// What the model knows the tool by.
    pub(crate) name: String,
    pub(crate) most: Option<u64>,
    /// At most one of the two lists is filled.
    pub(crate) allowed: Vec<String>,
    pub(crate) blocked: Vec<String>,
    /// Where the user is: member and value.
    pub(crate) location: Vec<(String, String)>,
}

/// Whether such a tool may be among these, without reading them.
pub(crate) fn may_be_in(tools: &str) -> bool {
    memmem::find(tools.as_bytes(), b"\"web_search").is_some()
}

/// Whether a tool is Anthropic's web search. A client's own tool of that name has no such type, or a schema.
pub(crate) fn is_search(tool: Value<'_>) -> bool {
    let kind = tool.get("type").and_then(Value::as_str).map(Str::decode).unwrap_or_default();
    kind.starts_with(TYPE) && tool.get("input_schema").is_none()
}

impl Wanted {
    /// Reads the tool; `lost` is told what of it has no meaning here.
    pub(crate) fn read(tool: Value<'_>, mut lost: impl FnMut(&str)) -> Self {
        let name = text::member(tool, "name");
        let allowed = text::strings(tool.get("allowed_domains"));
        let mut blocked = text::strings(tool.get("blocked_domains"));
        if !allowed.is_empty() && !blocked.is_empty() {
            // What is not allowed is blocked anyway; a page that is on both lists is lost to the model's advantage only.
            lost("blocked_domains");
            blocked.clear();
        }
        for member in ONLY_THERE {
            if tool.get(member).is_some_and(says_something) {
                lost(member);
            }
        }
        Self {
            // Anthropic knows it by this name only; providers would refuse many others.
            name: if is_legal(&name) { name } else { "web_search".into() },
            most: tool.get("max_uses").and_then(Value::as_u64),
            allowed,
            blocked,
            location: location(tool.get("user_location")),
        }
    }
}

/// `^[a-zA-Z0-9_-]{1,64}$`, which all providers take for the name of a tool.
fn is_legal(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

fn location(value: Option<Value<'_>>) -> Vec<(String, String)> {
    let Some(value) = value else { return Vec::new() };
    let places = PLACES.iter().map(|member| ((*member).to_owned(), text::member(value, member)));
    places.filter(|(_, place)| !place.is_empty()).collect()
}

/// Whether a member is more than a way to write the default: callers that include the model itself, `false`, `"full"`, null.
fn says_something(value: Value<'_>) -> bool {
    match value.kind() {
        Kind::Null => false,
        Kind::Bool => value.as_bool() == Some(true),
        Kind::String => value.as_str().is_some_and(|text| text != *"full"),
        Kind::Array => value.items().filter_map(Value::as_str).all(|caller| caller != *"direct") && !value.is_empty(),
        Kind::Number | Kind::Object => true,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::{Wanted, is_search, may_be_in};
    use ccr_plugin::messages::json::Document;
    use serde_json::json;

    fn read(tool: &serde_json::Value) -> (Wanted, Vec<String>) {
        let text = tool.to_string();
        let document = Document::parse_str(&text).unwrap();
        let mut lost = Vec::new();
        let wanted = Wanted::read(document.root(), |member| lost.push(member.to_owned()));
        (wanted, lost)
    }

    #[test]
    fn every_version_of_the_tool_is_one() {
        for kind in ["web_search_20250305", "web_search_20260209", "web_search_20260318", "web_search_20991231"] {
            let tool = json!({"type": kind, "name": "web_search"}).to_string();
            assert!(may_be_in(&tool) && is_search(Document::parse_str(&tool).unwrap().root()), "{kind}");
        }
    }

    #[test]
    fn tools_of_the_client_are_none() {
        let own = [
            json!({"name": "web_search", "input_schema": {"type": "object"}}),
            json!({"name": "web_search", "type": "custom", "input_schema": {"type": "object"}}),
            json!({"name": "web_search"}),
            json!({"name": "web_fetch", "type": "web_fetch_20250910"}),
            json!({"name": "mcp__x__web_search", "description": "does what web_search does"}),
        ];
        for tool in own {
            assert!(!is_search(Document::parse_str(&tool.to_string()).unwrap().root()), "{tool}");
        }
        assert!(!may_be_in(r#"[{"name":"mcp__x__web_search","description":"as web_search"}]"#));
    }

    #[test]
    fn all_that_it_asks_for_is_read() {
        let location = json!({"type": "approximate", "city": "Graz", "country": "AT", "region": null, "timezone": ""});
        let tool = json!({"type": "web_search_20250305", "name": "web_search", "max_uses": 5, "allowed_domains": ["a.invalid"],
            "blocked_domains": [], "user_location": location, "allowed_callers": ["direct"], "defer_loading": false,
            "response_inclusion": "full", "cache_control": null, "strict": true});
        let (wanted, lost) = read(&tool);
        let location = [("city", "Graz"), ("country", "AT")].map(|(a, b)| (a.to_owned(), b.to_owned())).to_vec();
        let allowed = vec!["a.invalid".to_owned()];
        assert_eq!(wanted, Wanted { name: "web_search".into(), most: Some(5), allowed, blocked: vec![], location });
        assert_eq!(lost, Vec::<String>::new());
    }

    #[test]
    fn of_both_lists_the_allowed_one_counts() {
        let (wanted, lost) = read(&json!({"allowed_domains": ["a"], "blocked_domains": ["b"]}));
        assert_eq!((wanted.allowed, wanted.blocked, lost), (vec!["a".into()], vec![], vec!["blocked_domains".into()]));
        let (wanted, lost) = read(&json!({"allowed_domains": [], "blocked_domains": ["b"]}));
        assert_eq!((wanted.allowed, wanted.blocked, lost), (vec![], vec!["b".into()], vec![]));
    }

    #[test]
    fn what_only_anthropic_can_do_is_noted() {
        let (_, lost) = read(&json!({"allowed_callers": ["code_execution_20260120"], "defer_loading": true,
            "cache_control": {"type": "ephemeral"}, "response_inclusion": "excluded"}));
        assert_eq!(lost, ["allowed_callers", "cache_control", "defer_loading", "response_inclusion"]);
    }
}
