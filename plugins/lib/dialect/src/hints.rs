//! What a transformer asks of the protocol behind it.
//!
//! A transformer sees the inner request, where thinking and its history are, or the wire request, where they are gone; and it
//! keeps nothing between the two. What only the protocol can write while it encodes is therefore asked for in the inner
//! request, in the member `ccr`: options of the protocol for this one request, and in `ccr.extra` members for the wire body.
//! No protocol sends the member itself; one that does not know a hint passes over it. See the README of `openai`.

use crate::merge::{Wins, merged};
use ccr_plugin::messages::json::{Document, Writer};
use ccr_plugin::{Fault, Request};

/// The private member of the inner request.
const MEMBER: &str = "/ccr";

/// Hints, given to the request in one edit.
#[derive(Debug, Default)]
pub struct Hints {
    options: Vec<(&'static str, String)>,
    extra: Vec<(String, String)>,
}

impl Hints {
    /// Sets an option of the protocol. `json` must be one JSON value.
    pub fn option(&mut self, name: &'static str, json: impl Into<String>) {
        self.options.push((name, json.into()));
    }

    /// Sets a member of the wire body, whatever the protocol would write there; the last one of a name counts.
    pub fn extra(&mut self, key: impl Into<String>, json: impl Into<String>) {
        let key = key.into();
        self.extra.retain(|(known, _)| *known != key);
        self.extra.push((key, json.into()));
    }

    /// Adds the hints to those that are in the request already; new ones win.
    ///
    /// # Errors
    /// The host refuses the edit.
    pub fn give(self, request: &mut dyn Request) -> Result<(), Fault> {
        if self.options.is_empty() && self.extra.is_empty() {
            return Ok(());
        }
        let hints = self.json();
        let known = request.get(MEMBER);
        let known = known.as_deref().and_then(|known| Document::parse(known.as_bytes()).ok());
        let new = Document::parse(hints.as_bytes()).map_err(|error| Fault::own(error.to_string()))?;
        match known {
            Some(known) => request.set(MEMBER, &merged(known.root(), new.root(), Wins::New)),
            None => request.set(MEMBER, &hints),
        }
    }

    fn json(&self) -> String {
        let mut out = Writer::new();
        out.begin_object();
        for (name, json) in &self.options {
            out.key(name).raw(json);
        }
        if !self.extra.is_empty() {
            out.key("extra").begin_object();
            for (key, json) in &self.extra {
                out.key(key).raw(json);
            }
            out.end_object();
        }
        out.end_object();
        out.into_string()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::Hints;
    use ccr_plugin::testing::FakeRequest;
    use serde_json::json;

    #[test]
    fn hints_of_several_transformers_add_up() {
        let mut request = FakeRequest::new(json!({"model": "m"}));
        let mut first = Hints::default();
        first.option("reasoning", r#""off""#);
        first.extra("a", "1");
        first.extra("a", "2");
        first.give(&mut request).unwrap();
        assert_eq!(request.body["ccr"], json!({"reasoning": "off", "extra": {"a": 2}}));
        let mut second = Hints::default();
        second.option("reasoning", r#""reasoning_content""#);
        second.extra("b", "{}");
        second.give(&mut request).unwrap();
        assert_eq!(request.body["ccr"], json!({"reasoning": "reasoning_content", "extra": {"a": 2, "b": {}}}));
    }

    #[test]
    fn no_hints_are_no_edit() {
        let mut request = FakeRequest::new(json!({"model": "m"}));
        Hints::default().give(&mut request).unwrap();
        assert_eq!(request.body, json!({"model": "m"}));
    }
}
