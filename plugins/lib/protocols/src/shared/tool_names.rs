//! Tool names that a provider refuses, such as long ones of MCP servers, go out under an alias and come back as they were.
//!
//! An alias depends on nothing but the name, so that the same tool has the same alias in the tool list, in the history and
//! in the next turn: providers' prompt caches stay warm, and nothing has to be remembered.

use ccr_plugin::messages::fingerprint::Fingerprint;
use std::borrow::Cow;

/// Length of what makes an alias differ from its neighbours: an underscore and 8 hexadecimal digits, so that two of a
/// thousand tools share one in one of ten thousand requests at most.
const MARK: usize = 9;

/// Which names a provider takes; an underscore and hexadecimal digits must be legal. A type, not a value, so that reading a name
/// is a loop without calls.
pub(crate) trait Rule {
    /// In characters, which are bytes where they are legal.
    const LONGEST: usize;

    fn is_legal(character: char) -> bool;

    /// Whether a name may begin so.
    fn may_begin(character: char) -> bool {
        Self::is_legal(character)
    }
}

/// `^[a-zA-Z0-9_-]{1,64}$`: OpenAI's (its API reference, `tools[].function.name`) and Bedrock's (`ToolSpecification.name`).
#[derive(Debug)]
pub(crate) struct Usual;

impl Rule for Usual {
    const LONGEST: usize = 64;

    fn is_legal(character: char) -> bool {
        character.is_ascii_alphanumeric() || character == '_' || character == '-'
    }
}

/// The name under which a tool goes over the wire.
pub(crate) fn on_the_wire<R: Rule>(name: &str) -> Cow<'_, str> {
    if is_legal::<R>(name) { Cow::Borrowed(name) } else { Cow::Owned(alias::<R>(name)) }
}

fn is_legal<R: Rule>(name: &str) -> bool {
    name.len() <= R::LONGEST && name.starts_with(R::may_begin) && name.chars().all(R::is_legal)
}

/// A legal name that tells what it stands for.
pub(crate) fn alias<R: Rule>(name: &str) -> String {
    let mut alias = String::with_capacity(R::LONGEST);
    let mut legal = name.chars().map(|it| if R::is_legal(it) { it } else { '_' }).peekable();
    if legal.peek().is_some_and(|first| !R::may_begin(*first)) {
        alias.push('_');
    }
    alias.extend(legal.take(R::LONGEST - MARK - alias.len()));
    // The low half of the hash is enough, see `MARK`.
    alias.push('_');
    alias.push_str(&Fingerprint::of(name).half());
    alias
}

#[cfg(test)]
mod tests {
    use super::{Rule, Usual, is_legal, on_the_wire};
    use proptest::prelude::*;

    /// Names begin with a letter, and are so short that most need an alias.
    #[derive(Debug)]
    struct Strict;

    impl Rule for Strict {
        const LONGEST: usize = 16;

        fn is_legal(character: char) -> bool {
            Usual::is_legal(character)
        }

        fn may_begin(character: char) -> bool {
            character.is_ascii_alphabetic() || character == '_'
        }
    }

    #[test]
    fn legal_names_stay() {
        let longest = "a".repeat(64);
        for name in ["Bash", "mcp__server__do-it", "0", &longest] {
            assert_eq!(on_the_wire::<Usual>(name), name);
        }
        assert_eq!(on_the_wire::<Strict>("_a-b"), "_a-b");
    }

    #[test]
    fn long_names_that_begin_alike_stay_apart() {
        let name = "mcp__a_server_with_a_long_name__".repeat(4);
        let (one, two) = (format!("{name}read"), format!("{name}write"));
        assert_ne!(on_the_wire::<Usual>(&one), on_the_wire::<Usual>(&two));
        assert!(on_the_wire::<Usual>(&one).starts_with("mcp__a_server"));
    }

    fn check<R: Rule>(name: &str) -> Result<(), TestCaseError> {
        let alias = on_the_wire::<R>(name).into_owned();
        prop_assert!(is_legal::<R>(&alias), "{alias}");
        prop_assert_eq!(on_the_wire::<R>(&alias), alias.clone());
        prop_assert_eq!(on_the_wire::<R>(name), alias);
        Ok(())
    }

    proptest! {
        #[test]
        fn every_alias_is_legal_and_stable(name in ".{0,100}") {
            check::<Usual>(&name)?;
            check::<Strict>(&name)?;
        }
    }
}
