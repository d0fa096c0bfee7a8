//! What the provider did itself: web searches, as the blocks that Anthropic has for them, and citations of what was found.

use super::answer::{Answer, text_of};
use ccr_plugin::messages::event::Event;
use ccr_plugin::messages::json::{Value, Writer};

/// An item of another kind than messages, reasoning and calls.
pub(super) fn tell(answer: &mut Answer, item: Value<'_>, events: &mut Vec<Event>) {
    let kind = text_of(item.get("type"));
    let action = item.get("action");
    let did = text_of(action.and_then(|action| action.get("type")));
    match (&*kind, action) {
        ("web_search_call", Some(action)) if *did == *"search" => {
            answer.searches = answer.searches.saturating_add(1);
            answer.other(events);
            let id = block_id(item);
            events.push(Event::Block(call(&id, action)));
            events.push(Event::Block(result(&id, action)));
        }
        // Pages that the model opened or looked into: Anthropic has no word for them.
        ("web_search_call", Some(_)) => events.push(Event::Dropped(format!("output.web_search_call.{did}"))),
        _ => events.push(Event::Dropped(format!("output.{kind}"))),
    }
}

/// Anthropic's ids of server tools begin so, and have only letters, digits and `_`.
fn block_id(item: Value<'_>) -> String {
    let id = text_of(item.get("id"));
    let plain = id.chars().filter(|character| character.is_ascii_alphanumeric() || *character == '_');
    format!("srvtoolu_{}", plain.collect::<String>())
}

fn call(id: &str, action: Value<'_>) -> String {
    let mut out = Writer::new();
    out.begin_object().key("type").string("server_tool_use").key("id").string(id).key("name").string("web_search");
    out.key("input").begin_object().key("query").string(&text_of(action.get("query")));
    out.end_object().end_object();
    out.into_string()
}

/// OpenAI tells the addresses of what was found and no more: the address stands for the title, too.
fn result(id: &str, action: Value<'_>) -> String {
    let mut out = Writer::new();
    out.begin_object().key("type").string("web_search_tool_result").key("tool_use_id").string(id);
    out.key("content").begin_array();
    for source in action.get("sources").into_iter().flat_map(Value::items) {
        let url = text_of(source.get("url"));
        if url.is_empty() {
            continue;
        }
        let title = text_of(source.get("title"));
        out.begin_object().key("type").string("web_search_result").key("url").string(&url);
        out.key("title").string(if title.is_empty() { &url } else { &title });
        out.key("encrypted_content").string("").key("page_age").null().end_object();
    }
    out.end_array().end_object();
    out.into_string()
}

/// A citation belongs to the text that is being said.
pub(super) fn cite(answer: &Answer, annotation: Value<'_>, events: &mut Vec<Event>) {
    let kind = text_of(annotation.get("type"));
    let url = text_of(annotation.get("url"));
    if *kind != *"url_citation" || url.is_empty() || !answer.stands_in_text() {
        events.push(Event::Dropped(format!("output.annotation.{kind}")));
        return;
    }
    let mut out = Writer::new();
    out.begin_object().key("type").string("web_search_result_location").key("url").string(&url);
    out.key("title").string(&text_of(annotation.get("title")));
    out.key("encrypted_index").string("").key("cited_text").string("").end_object();
    events.push(Event::Citation(out.into_string()));
}
