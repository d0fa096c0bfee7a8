//! What the client did not see of an answer, kept for its next request.
//!
//! The client's history has one message where there were several turns: the agents' calls and results are missing in it. A model
//! that gets its own words without them is confused, signed thinking before a call would no longer fit what follows it, and the
//! provider's prompt cache would not find the conversation again. So the turns are kept as they were, under what the client
//! did see of them, and put back where that stands in a later request. It is memory only: a gateway that has been started anew
//! goes on without, and the history stays legal.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use ccr_messages::event::Event;
use ccr_messages::json::{Document, Kind, Splice, Value};
use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

use crate::base::request::InnerRequest;
use crate::plugins::kv::Store;

/// Whose turns are kept and asked for.
pub struct Turns<'a> {
    /// Where.
    pub store: &'a Store,
    /// The session that the client names.
    pub session: Option<&'a Arc<str>>,
    /// The name of the client's key: nobody gets to see another's.
    pub client_key: Option<&'a str>,
}

/// How reminders begin that clients put beside the user's words and leave out again in later requests.
const REMINDER: &str = "<system-reminder>";

/// What a message looks like to the client: its text and its calls, and what it answers. By that it is found again; the same words
/// behind others ("Done.") are another message, of this conversation or of somebody else's.
#[derive(Clone, Default)]
pub struct Fingerprint {
    hash: Sha256,
    anything: bool,
}

impl Fingerprint {
    /// Adds what an event shows.
    pub fn add(&mut self, event: &Event) {
        match event {
            Event::Text(text) => self.text(text),
            Event::ToolStart(start) => self.call(&start.id),
            _ => {}
        }
    }

    /// Those of the answer to a request, of which nothing has come yet.
    pub fn of_answer_to(request: &InnerRequest) -> Self {
        let messages = request.document().root().get("messages");
        Self::behind(messages.and_then(|messages| messages.items().last()))
    }

    /// Those of a message of which nothing is known but what stands before it. Results tell by their ids alone which they are.
    fn behind(before: Option<Value<'_>>) -> Self {
        let mut fingerprint = Self::default();
        let content = before.and_then(|before| before.get("content"));
        let ids = content.into_iter().flat_map(Value::items).filter_map(|block| member(block, "tool_use_id"));
        ids.for_each(|id| fingerprint.call(&id));
        if !fingerprint.anything {
            let whole = content.and_then(Value::as_str).map(|text| text.decode());
            let texts = content.into_iter().flat_map(Value::items).filter_map(|block| member(block, "text"));
            let lasting = texts.chain(whole).filter(|text| !text.trim_ascii_start().starts_with(REMINDER));
            lasting.for_each(|text| fingerprint.text(&text));
        }
        // A byte that no text has, so that no word can go over from one message to the other.
        fingerprint.hash.update([0xfd]);
        fingerprint.anything = false;
        fingerprint
    }

    /// Those of a message of the history with the one before it; `None` if it is not the assistant's.
    fn of(message: Value<'_>, before: Option<Value<'_>>) -> Option<Self> {
        let is = |value: Value<'_>, key: &str, wanted: &str| {
            value.get(key).and_then(Value::as_str).is_some_and(|text| text == *wanted)
        };
        if !is(message, "role", "assistant") {
            return None;
        }
        let mut fingerprint = Self::behind(before);
        let content = message.get("content")?;
        if let Some(text) = content.as_str() {
            fingerprint.text(&text.decode());
        }
        for block in content.items() {
            let text = |key| member(block, key).unwrap_or_default();
            if is(block, "type", "text") {
                fingerprint.text(&text("text"));
            } else if is(block, "type", "tool_use") {
                fingerprint.call(&text("id"));
            }
        }
        Some(fingerprint)
    }

    /// White space does not count: some clients trim texts.
    fn text(&mut self, text: &str) {
        for word in text.split_ascii_whitespace() {
            self.anything = true;
            self.hash.update(word);
        }
    }

    fn call(&mut self, id: &str) {
        self.anything = true;
        // A byte that no text has tells an id from a word.
        self.hash.update([0xff]);
        self.hash.update(id);
    }

    fn key(self, client_key: Option<&str>) -> Option<String> {
        let mut hash = self.anything.then_some(self.hash)?;
        hash.update([0xfe]);
        hash.update(client_key.unwrap_or_default());
        Some(HEXLOWER.encode(&hash.finalize()))
    }
}

impl Turns<'_> {
    /// Keeps the messages of an answer's turns. `results` are those of agents' calls in its last turn, which belong before the
    /// client's own results.
    pub fn keep(&self, fingerprint: Fingerprint, messages: &[String], results: &[String]) {
        let Some(key) = fingerprint.key(self.client_key) else { return };
        let kept = format!(r#"{{"messages":[{}],"results":[{}]}}"#, messages.join(","), results.join(","));
        if let Err(reason) = self.store.set(self.session, &key, kept.into_bytes(), None) {
            tracing::debug!("agents' turns are not kept for the next request: {reason}");
        }
    }

    /// The request with all turns that are known of its history; `None` if there are none.
    pub fn put_back(&self, request: &InnerRequest) -> Option<InnerRequest> {
        if self.store.is_empty() {
            return None;
        }
        let messages: Vec<Value<'_>> = request.document().root().get("messages")?.items().collect();
        let mut edits = Splice::new();
        let mut results: BTreeMap<usize, String> = BTreeMap::new();
        for (index, message) in messages.iter().enumerate() {
            let before = index.checked_sub(1).and_then(|before| messages.get(before)).copied();
            let fingerprint = Fingerprint::of(*message, before);
            let kept =
                fingerprint.and_then(|fingerprint| self.store.get(self.session, &fingerprint.key(self.client_key)?));
            let Some(kept) = kept.and_then(|kept| Document::from_vec(kept).ok()) else { continue };
            let list = |key| kept.root().get(key).map(|list| inside(list).to_owned()).unwrap_or_default();
            let next_is_users = messages.get(index + 1).is_some_and(|next| next.get("content").is_some());
            let (turns, own) = (list("messages"), list("results"));
            if !own.is_empty() && !next_is_users {
                // Calls without their results are legal nowhere.
                continue;
            }
            edits.replace(message.span(), turns);
            if !own.is_empty() {
                results.insert(index + 1, own);
            }
        }
        for (index, own) in results {
            let content = messages.get(index)?.get("content")?;
            match content.kind() {
                Kind::Array => {
                    let start = content.span().start + 1;
                    let comma = if content.is_empty() { "" } else { "," };
                    edits.replace(start..start, format!("{own}{comma}"));
                }
                _ => {
                    let text = content.raw();
                    edits.replace(content.span(), format!(r#"[{own},{{"type":"text","text":{text}}}]"#));
                }
            }
        }
        if edits.is_empty() {
            return None;
        }
        let mut restored = request.clone();
        restored.splice(edits).ok()?;
        restored.check().ok()?;
        Some(restored)
    }
}

/// A member that is a text.
fn member<'a>(block: Value<'a>, key: &str) -> Option<Cow<'a, str>> {
    Some(block.get(key)?.as_str()?.decode())
}

/// What stands between the brackets of an array.
fn inside(array: Value<'_>) -> &str {
    let raw = array.raw();
    raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ccr_messages::event::ToolStart;
    use http::HeaderMap;
    use serde_json::{Value as Json, json};

    fn request(messages: &Json) -> InnerRequest {
        let body = json!({ "model": "m", "messages": messages });
        InnerRequest::parse(body.to_string().into_bytes(), "req", HeaderMap::new(), None).expect("legal")
    }

    fn messages(request: &InnerRequest) -> Json {
        serde_json::from_str::<Json>(request.text()).expect("JSON")["messages"].clone()
    }

    fn fingerprint(question: &Json, events: &[Event]) -> Fingerprint {
        let mut fingerprint = Fingerprint::of_answer_to(&request(&json!([question])));
        events.iter().for_each(|event| fingerprint.add(event));
        fingerprint
    }

    #[test]
    fn an_answers_turns_come_back_where_its_text_stands() {
        let store = Store::default();
        let turns = Turns { store: &store, session: None, client_key: Some("ann") };
        let call =
            json!({ "role": "assistant", "content": [{ "type": "tool_use", "id": "a", "name": "x", "input": {} }] });
        let result =
            json!({ "role": "user", "content": [{ "type": "tool_result", "tool_use_id": "a", "content": [] }] });
        let last = json!({ "role": "assistant", "content": [{ "type": "text", "text": "It is a cat." }] });
        let shown = [Event::Text("It is".into()), Event::Text(" a cat.\n".into())];
        let (ask, more) =
            (json!({ "role": "user", "content": "what?" }), json!({ "role": "user", "content": "sure?" }));
        turns.keep(fingerprint(&ask, &shown), &[call.to_string(), result.to_string(), last.to_string()], &[]);

        let seen = request(&json!([ask, { "role": "assistant", "content": "It is a cat." }, more]));
        let restored = turns.put_back(&seen).expect("known");
        assert_eq!(messages(&restored), json!([ask, call, result, last, more]));

        let other = Turns { client_key: Some("bob"), ..turns };
        assert!(other.put_back(&seen).is_none());
        let unknown = request(&json!([ask, { "role": "assistant", "content": "It is a dog." }, more]));
        assert!(turns.put_back(&unknown).is_none());
        // The same words, but nobody asked for them in this way.
        let elsewhere = json!({ "role": "user", "content": "and that?" });
        let foreign = request(&json!([elsewhere, { "role": "assistant", "content": "It is a cat." }, more]));
        assert!(turns.put_back(&foreign).is_none());
    }

    #[test]
    fn what_is_answered_is_known_again_without_its_reminders_and_by_the_ids_of_results() {
        let key = |question: Json| fingerprint(&question, &[Event::Text("Done.".into())]).key(None).expect("words");
        let user = |content: Json| json!({ "role": "user", "content": content });
        let text = |text: &str| json!({ "type": "text", "text": text });
        let result = |id: &str, more: &str| json!({ "type": "tool_result", "tool_use_id": id, "content": more });
        let reminder = text("<system-reminder>be brief</system-reminder>");
        assert_eq!(key(user(json!("do it"))), key(user(json!([reminder, text("do  it")]))));
        assert_ne!(key(user(json!("do it"))), key(user(json!("do that"))));
        assert_eq!(key(user(json!([result("a", "x")]))), key(user(json!([result("a", "y"), text("by the way")]))));
        assert_ne!(key(user(json!([result("a", "x")]))), key(user(json!([result("b", "x")]))));
    }

    #[test]
    fn results_of_a_mixed_turn_stand_before_the_clients() {
        let store = Store::default();
        let turns = Turns { store: &store, session: None, client_key: None };
        let both = json!({ "role": "assistant", "content": [
            { "type": "tool_use", "id": "a", "name": "agents", "input": {} },
            { "type": "tool_use", "id": "b", "name": "clients", "input": {} },
        ]});
        let own = json!({ "type": "tool_result", "tool_use_id": "a", "content": [] });
        let theirs = json!({ "type": "tool_result", "tool_use_id": "b", "content": "done" });
        let start = Event::ToolStart(ToolStart { slot: 0, id: "b".into(), name: "clients".into() });
        let ask = json!({ "role": "user", "content": "do" });
        turns.keep(fingerprint(&ask, &[start]), &[both.to_string()], &[own.to_string()]);

        let visible = json!({ "role": "assistant", "content": [{ "type": "tool_use", "id": "b", "name": "clients", "input": {} }] });
        let answer = json!({ "role": "user", "content": [theirs] });
        let restored = turns.put_back(&request(&json!([ask, visible, answer]))).expect("known");
        assert_eq!(messages(&restored), json!([ask, both, { "role": "user", "content": [own, theirs] }]));
        // Nothing answers the calls there.
        assert!(turns.put_back(&request(&json!([ask, visible]))).is_none());
    }
}
