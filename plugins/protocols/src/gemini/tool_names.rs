//! Tool names that Gemini refuses, such as long ones of MCP servers, go out under an alias and come back as they were.
//!
//! An alias depends on nothing but the name, so that the same tool has the same alias in the tool list, in the history and
//! in the next turn: providers' prompt caches stay warm, and nothing has to be remembered.

use std::borrow::Cow;

/// A letter or underscore, then letters, digits, underscores, dots and dashes, 64 in all (Vertex's reference,
/// `FunctionDeclaration.name`; the Gemini API takes a little more).
const LONGEST_NAME: usize = 64;

/// Length of what makes an alias differ from its neighbours: an underscore and 8 hexadecimal digits, so that two of a
/// thousand tools share one in one of ten thousand requests at most.
const MARK: usize = 9;

/// The name under which a tool goes over the wire.
pub(crate) fn on_the_wire(name: &str) -> Cow<'_, str> {
    if is_legal(name) { Cow::Borrowed(name) } else { Cow::Owned(alias(name)) }
}

fn is_legal(name: &str) -> bool {
    name.len() <= LONGEST_NAME && name.starts_with(begins_legally) && name.chars().all(is_legal_char)
}

fn begins_legally(character: char) -> bool {
    character.is_ascii_alphabetic() || character == '_'
}

fn is_legal_char(character: char) -> bool {
    character.is_ascii_alphanumeric() || "_.-".contains(character)
}

fn alias(name: &str) -> String {
    let legal = name.chars().map(|character| if is_legal_char(character) { character } else { '_' });
    // Room for the mark, and for an underscore where the name begins illegally.
    let mut alias: String = legal.take(LONGEST_NAME - MARK - 1).collect();
    if !alias.starts_with(begins_legally) {
        alias.insert(0, '_');
    }
    alias.push_str(&format!("_{:08x}", fingerprint(name)));
    alias
}

/// 32-bit FNV-1a (its authors' parameters): tells names apart, protects nothing.
fn fingerprint(name: &str) -> u32 {
    name.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::{is_legal, on_the_wire};
    use proptest::prelude::*;

    #[test]
    fn legal_names_stay() {
        let longest = "a".repeat(64);
        for name in ["Bash", "mcp__server__do-it", "_a.b", &longest] {
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
