//! Tool names that OpenAI refuses, such as long ones of MCP servers, go out under an alias and come back as they were.
//!
//! An alias depends on nothing but the name, so that the same tool has the same alias in the tool list, in the history and
//! in the next turn: providers' prompt caches stay warm, and nothing has to be remembered.

use crate::shared::fingerprint::Fingerprint;
use std::borrow::Cow;

/// `^[a-zA-Z0-9_-]{1,64}$` (OpenAI's API reference, `tools[].function.name`).
const LONGEST_NAME: usize = 64;

/// Length of what makes an alias differ from its neighbours: an underscore and 8 hexadecimal digits, so that two of a
/// thousand tools share one in one of ten thousand requests at most.
const MARK: usize = 9;

/// The name under which a tool goes over the wire.
pub(crate) fn on_the_wire(name: &str) -> Cow<'_, str> {
    if is_legal(name) { Cow::Borrowed(name) } else { Cow::Owned(alias(name)) }
}

fn is_legal(name: &str) -> bool {
    (1..=LONGEST_NAME).contains(&name.len()) && name.chars().all(is_legal_char)
}

fn is_legal_char(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_' || character == '-'
}

fn alias(name: &str) -> String {
    let legal = name.chars().map(|character| if is_legal_char(character) { character } else { '_' });
    let mut alias: String = legal.take(LONGEST_NAME - MARK).collect();
    // The low half of the hash is enough, see `MARK`.
    alias.push('_');
    alias.push_str(&Fingerprint::of(name).half());
    alias
}

#[cfg(test)]
mod tests {
    use super::{is_legal, on_the_wire};
    use proptest::prelude::*;

    #[test]
    fn legal_names_stay() {
        let longest = "a".repeat(64);
        for name in ["Bash", "mcp__server__do-it", "0", &longest] {
            assert_eq!(on_the_wire(name), name);
        }
    }

    #[test]
    fn long_names_that_begin_alike_stay_apart() {
        let name = "mcp__a_server_with_a_long_name__".repeat(4);
        let (one, two) = (format!("{name}read"), format!("{name}write"));
        assert_ne!(on_the_wire(&one), on_the_wire(&two));
        assert!(on_the_wire(&one).starts_with("mcp__a_server"));
    }

    proptest! {
        #[test]
        fn every_alias_is_legal_and_stable(name in ".{0,100}") {
            let alias = on_the_wire(&name).into_owned();
            prop_assert!(is_legal(&alias), "{alias}");
            prop_assert_eq!(on_the_wire(&alias), alias.clone());
            prop_assert_eq!(on_the_wire(&name), alias);
        }
    }
}
