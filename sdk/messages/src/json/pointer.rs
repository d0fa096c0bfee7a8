//! JSON pointers (RFC 6901): `/messages/0/content`, with `~1` for a slash and `~0` for a tilde in a key.

use std::borrow::Cow;

use super::value::{Kind, Value};

impl<'d> Value<'d> {
    /// The value at a JSON pointer below this one; the empty pointer is this value.
    /// `None` when there is nothing there or the pointer does not begin with a slash.
    #[must_use]
    pub fn pointer(self, pointer: &str) -> Option<Value<'d>> {
        tokens(pointer)?.try_fold(self, |value, token| value.child(&token))
    }

    /// The member or item that one token of a pointer names.
    pub(super) fn child(self, token: &str) -> Option<Value<'d>> {
        match self.kind() {
            Kind::Object => self.get(token),
            Kind::Array => self.items().nth(index(token)?),
            _ => None,
        }
    }
}

/// The decoded tokens of a pointer; `None` if it is not one.
pub(super) fn tokens(pointer: &str) -> Option<impl DoubleEndedIterator<Item = Cow<'_, str>>> {
    // An empty pointer has no token, while "/" has one, the empty key.
    let mut tokens = pointer.split('/');
    let before_the_first_slash = tokens.next()?;
    before_the_first_slash.is_empty().then(|| tokens.map(unescape))
}

fn unescape(token: &str) -> Cow<'_, str> {
    if token.contains('~') {
        // In this order, so that "~01" becomes "~1" (RFC 6901, 4).
        Cow::Owned(token.replace("~1", "/").replace("~0", "~"))
    } else {
        Cow::Borrowed(token)
    }
}

/// An array index: digits without a leading zero.
pub(super) fn index(token: &str) -> Option<usize> {
    let plain = token == "0" || !token.starts_with(['0', '+']);
    plain.then(|| token.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use crate::json::Document;

    /// The example of RFC 6901, section 5.
    const EXAMPLE: &str =
        r#"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8}"#;

    #[test]
    fn the_example_of_the_standard() {
        let document = Document::parse(EXAMPLE.as_bytes()).unwrap();
        let at = |pointer| document.root().pointer(pointer).map(super::Value::raw);
        assert_eq!(at(""), Some(EXAMPLE));
        for (pointer, raw) in [
            ("/foo", r#"["bar","baz"]"#),
            ("/foo/0", "\"bar\""),
            ("/", "0"),
            ("/a~1b", "1"),
            ("/c%d", "2"),
            ("/e^f", "3"),
            ("/g|h", "4"),
            ("/i\\j", "5"),
            ("/k\"l", "6"),
            ("/ ", "7"),
            ("/m~0n", "8"),
        ] {
            assert_eq!(at(pointer), Some(raw), "{pointer}");
        }
    }

    #[test]
    fn what_is_not_there() {
        let document = Document::parse(EXAMPLE.as_bytes()).unwrap();
        for pointer in ["foo", "/foo/2", "/foo/-", "/foo/00", "/foo/+1", "/foo/", "/foo/0/x", "/bar", "/a/b", "/m~1n"] {
            assert!(document.root().pointer(pointer).is_none(), "{pointer}");
        }
    }
}
