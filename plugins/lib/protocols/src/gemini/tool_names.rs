//! Which tool names Gemini takes, and what it makes of them.

use crate::shared::tool_names::{self, Rule};
use std::borrow::Cow;

/// A letter or underscore, then letters, digits, underscores, dots and dashes, 64 in all (Vertex's reference,
/// `FunctionDeclaration.name`; the Gemini API takes a little more).
struct Google;

impl Rule for Google {
    const LONGEST: usize = 64;

    fn is_legal(character: char) -> bool {
        character.is_ascii_alphanumeric() || matches!(character, '_' | '.' | '-')
    }

    fn may_begin(character: char) -> bool {
        character.is_ascii_alphabetic() || character == '_'
    }
}

/// The name under which a tool goes over the wire.
pub(crate) fn on_the_wire(name: &str) -> Cow<'_, str> {
    tool_names::on_the_wire::<Google>(name)
}

/// The name in a call: Gemini sometimes puts the module of its own prompt before it.
pub(crate) fn called(name: &str) -> &str {
    let bare = ["default_api:", "default_api."].iter().find_map(|module| name.strip_prefix(module));
    bare.filter(|bare| !bare.is_empty()).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::{called, on_the_wire};

    #[test]
    fn dots_are_legal_and_digits_not_at_the_beginning() {
        assert_eq!(on_the_wire("_a.b-1"), "_a.b-1");
        let alias = on_the_wire("1 \u{fc}").into_owned();
        assert!(alias.starts_with("_1___"), "{alias}");
    }

    #[test]
    fn modules_are_left_out() {
        for (sent, name) in
            [("default_api:b", "b"), ("default_api.b", "b"), ("default_api:", "default_api:"), ("b", "b")]
        {
            assert_eq!(called(sent), name);
        }
    }
}
