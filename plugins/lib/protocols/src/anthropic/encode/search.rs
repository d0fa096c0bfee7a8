//! Searches that another provider, or an agent of the gateway, made: Anthropic takes back only the results of its own, so these
//! become text.

use crate::shared::base64;
use ccr_plugin::messages::anthropic::clean::{found_elsewhere, is_foreign_citation};
use ccr_plugin::messages::json::{Document, Splice, Str, Value, Writer};

/// The ids of the searches of one message that were made elsewhere.
pub(super) fn made_elsewhere<'d>(content: Value<'d>) -> Vec<Str<'d>> {
    let results = content.items().filter(|block| is(*block, "web_search_tool_result"));
    let foreign = results.filter(|block| is_foreign(*block));
    foreign.filter_map(|block| block.get("tool_use_id")?.as_str()).collect()
}

/// Whether a result was found by another's search.
pub(super) fn is_foreign(result: Value<'_>) -> bool {
    result.get("content").is_some_and(found_elsewhere)
}

/// Whether the block is the call of one of these searches: it is told with the result.
pub(super) fn is_call(block: Value<'_>, searches: &[Str<'_>]) -> bool {
    !searches.is_empty()
        && is(block, "server_tool_use")
        && block.get("id").and_then(Value::as_str).is_some_and(|id| searches.contains(&id))
}

/// The text block that tells what a search of this message found.
pub(super) fn as_text(result: Value<'_>, message: Value<'_>) -> String {
    let id = result.get("tool_use_id").and_then(Value::as_str);
    let call =
        message.items().find(|block| is(*block, "server_tool_use") && block.get("id").and_then(Value::as_str) == id);
    let query = call.and_then(|call| call.get("input")?.get("query")?.as_str());
    let mut out = Writer::new();
    out.begin_object().key("type").string("text").key("text").begin_string();
    out.escaped_part("[Web search");
    if let Some(query) = query {
        out.escaped_part(": ").escaped_part(query.raw());
    }
    out.escaped_part("]");
    for found in result.get("content").into_iter().flat_map(Value::items) {
        let part = |key: &str| found.get(key).and_then(Value::as_str).map(Str::raw).unwrap_or_default();
        out.escaped_part("\\n- ");
        if part("title") != part("url") {
            out.escaped_part(part("title")).escaped_part(" ");
        }
        out.escaped_part(part("url"));
        if let Some(excerpt) = excerpt(part("encrypted_content")) {
            out.escaped_part("\\n  ").string_part(&excerpt);
        }
    }
    out.end_string().end_object();
    out.into_string()
}

/// What the gateway's own search found on a page: it keeps that where Anthropic has its `encrypted_content` (README of the agent
/// `websearch`).
fn excerpt(envelope: &str) -> Option<String> {
    let json = base64::decode(envelope.strip_prefix("ccr1:websearch:")?)?;
    let document = Document::parse(&json).ok()?;
    let text = document.root().get("text")?.as_str()?;
    Some(text.decode().into_owned()).filter(|text| !text.is_empty())
}

/// Takes the citations of such searches out of a text; says whether the whole member has to go, as nothing else is in it.
pub(super) fn uncite(block: Value<'_>, splice: &mut Splice<'_>) -> bool {
    let Some(citations) = block.get("citations").filter(|citations| citations.items().any(is_foreign_citation)) else {
        return false;
    };
    let all = citations.items().all(is_foreign_citation);
    if !all {
        splice.remove_items(citations, is_foreign_citation);
    }
    all
}

fn is(block: Value<'_>, kind: &str) -> bool {
    block.get("type").and_then(Value::as_str).is_some_and(|said| said == kind)
}
