//! Members of the outermost object set and removed in one copy of the text, where the host's `set` would parse it for each.

use ccr_plugin::messages::json::{Document, Splice, Value, Writer};
use ccr_plugin::{Fault, WireRequest};

/// Edits of the members of one object.
#[derive(Debug, Default)]
pub struct Edits {
    set: Vec<(String, String)>,
    removed: Vec<String>,
}

impl Edits {
    /// Replaces a member or adds it as the last one. `json` must be one JSON value.
    pub fn set(&mut self, key: impl Into<String>, json: impl Into<String>) {
        self.set.push((key.into(), json.into()));
    }

    /// Takes a member out.
    pub fn remove(&mut self, key: impl Into<String>) {
        self.removed.push(key.into());
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.set.is_empty() && self.removed.is_empty()
    }

    /// The text of the document with the edits made within `object`, which belongs to it.
    ///
    /// # Errors
    /// Two edits of one member: the caller's mistake.
    pub fn apply(self, document: &Document<'_>, object: Value<'_>) -> Result<Vec<u8>, Fault> {
        let Self { set, removed } = self;
        let goes = |key: &str| removed.iter().any(|name| name == key);
        let mut splice = Splice::new();
        splice.remove_members(object, |key, _| goes(&key.decode()));
        let mut stays = object.members().any(|(key, _)| !goes(&key.decode()));
        let mut added = String::new();
        for (key, json) in set {
            if let Some(old) = object.get(&key).filter(|_| !goes(&key)) {
                splice.replace(old.span(), json);
                continue;
            }
            let mut name = Writer::with_capacity(key.len() + 2);
            name.string(&key);
            for piece in [if stays { "," } else { "" }, name.as_str(), ":", &json] {
                added.push_str(piece);
            }
            stays = true;
        }
        if !added.is_empty() {
            // Before the closing brace.
            let end = object.span().end.saturating_sub(1);
            splice.replace(end..end, added);
        }
        splice.apply(document.text().as_bytes()).map_err(|error| Fault::own(error.to_string()))
    }

    /// Makes the edits at the top of a wire body.
    ///
    /// # Errors
    /// As [`Edits::apply`], or the host refuses the new body.
    pub fn make(self, document: &Document<'_>, request: &mut dyn WireRequest) -> Result<(), Fault> {
        if self.is_empty() {
            return Ok(());
        }
        let body = self.apply(document, document.root())?;
        request.set_body(&body)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::Edits;
    use ccr_plugin::messages::json::Document;

    fn edited(text: &str, set: &[(&str, &str)], removed: &[&str]) -> String {
        let document = Document::parse(text.as_bytes()).unwrap();
        let mut edits = Edits::default();
        set.iter().for_each(|(key, json)| edits.set(*key, *json));
        removed.iter().for_each(|key| edits.remove(*key));
        String::from_utf8(edits.apply(&document, document.root()).unwrap()).unwrap()
    }

    #[test]
    fn members_are_replaced_added_and_removed_with_the_right_commas() {
        assert_eq!(edited(r#"{"a":1,"b":2}"#, &[("b", "3"), ("c", "4")], &["a"]), r#"{"b":3,"c":4}"#);
        assert_eq!(edited(r#"{"a":1}"#, &[("b", "2"), ("c\"", "3")], &["a"]), r#"{"b":2,"c\"":3}"#);
        assert_eq!(edited("{}", &[("a", "1")], &[]), r#"{"a":1}"#);
        assert_eq!(edited(r#"{"a":1,"z":0}"#, &[], &["z", "none"]), r#"{"a":1}"#);
        assert_eq!(edited(r#"{"a":1}"#, &[("a", "2")], &["a"]), r#"{"a":2}"#);
    }
}
