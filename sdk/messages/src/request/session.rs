//! The session's id within `metadata.user_id`.

use std::borrow::Cow;

use crate::json::{Document, Value};

/// What stands before the id in `user_<hash>_account_<uuid>_session_<uuid>`, the oldest form.
const MARK: &str = "_session_";

/// Understands `user_x_account__session_<id>`, a string that holds the JSON `{"session_id":"<id>"}`, and that object itself.
pub(super) fn of(user_id: Value<'_>) -> Option<Cow<'_, str>> {
    let Some(text) = user_id.as_str() else {
        return member(user_id);
    };
    match text.decode() {
        json if json.trim_start().starts_with('{') => {
            let document = Document::parse(json.as_bytes()).ok()?;
            member(document.root()).map(|id| Cow::Owned(id.into_owned()))
        }
        Cow::Borrowed(text) => after_mark(text).map(Cow::Borrowed),
        Cow::Owned(text) => after_mark(&text).map(|id| Cow::Owned(id.to_owned())),
    }
}

fn member(object: Value<'_>) -> Option<Cow<'_, str>> {
    object.get("session_id")?.as_str().map(|id| id.decode()).filter(|id| !id.is_empty())
}

fn after_mark(text: &str) -> Option<&str> {
    text.rsplit_once(MARK).map(|(_, id)| id).filter(|id| !id.is_empty())
}
