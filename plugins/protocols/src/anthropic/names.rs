//! Names and ids that Anthropic refuses go out under an alias.
//!
//! An alias depends on nothing but what it stands for, so that it is the same in the tool list, in the history and in the next
//! turn: prompt caches stay warm, and nothing has to be remembered.

use ccr_plugin::messages::anthropic::clean::{LONGEST_TOOL_NAME, is_legal_tool_id, is_legal_tool_name};
use ccr_plugin::messages::json::Str;

/// Length of what makes an alias differ from its neighbours: an underscore and 8 hexadecimal digits.
const MARK: usize = 9;

/// The alias of a tool's name; `None` if it can go as it is.
pub(crate) fn tool_alias(name: Str<'_>) -> Option<String> {
    (!is_legal_tool_name(name)).then(|| alias(&name.decode()))
}

/// The alias of a call's id; `None` if it can go as it is.
pub(crate) fn id_alias(id: Str<'_>) -> Option<String> {
    (!is_legal_tool_id(id)).then(|| alias(&id.decode()))
}

fn alias(text: &str) -> String {
    let legal = |character: char| if character.is_ascii_alphanumeric() || character == '-' { character } else { '_' };
    let mut alias: String = text.chars().take(LONGEST_TOOL_NAME - MARK).map(legal).collect();
    alias.push_str(&format!("_{:08x}", fingerprint(text)));
    alias
}

/// The low half of a 64-bit FNV-1a hash (its authors' parameters): enough to tell a request's tools, or a config's providers,
/// apart. It protects nothing.
pub(super) fn fingerprint(text: &str) -> u64 {
    let step = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, step) & 0xFFFF_FFFF
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_values_of_the_hash() {
        assert_eq!(fingerprint(""), 0x8422_2325);
        assert_eq!(fingerprint("foobar"), 0xf739_67e8);
    }

    proptest! {
        #[test]
        fn every_alias_is_legal_and_stable(name in "[^\"\\\\\\x00-\\x1f]{0,200}") {
            let quoted = format!("{name}\"");
            let (name, _) = Str::split_from(&quoted).unwrap();
            if let Some(alias) = tool_alias(name) {
                prop_assert_eq!(tool_alias(name).unwrap(), alias.clone());
                let quoted = format!("{alias}\"");
                let (alias, _) = Str::split_from(&quoted).unwrap();
                prop_assert!(is_legal_tool_name(alias));
                prop_assert!(is_legal_tool_id(alias));
            }
            prop_assert_eq!(id_alias(name).is_none(), is_legal_tool_id(name));
        }
    }
}
