//! Names and ids that Anthropic refuses go out under an alias.
//!
//! An alias depends on nothing but what it stands for, so that it is the same in the tool list, in the history and in the next
//! turn: prompt caches stay warm, and nothing has to be remembered.

use crate::shared::tool_names::{Rule, Usual, alias};
use ccr_plugin::messages::anthropic::clean::{LONGEST_TOOL_NAME, is_legal_tool_id, is_legal_tool_name};
use ccr_plugin::messages::json::Str;

/// Letters, digits, underscores and dashes; an id may have as many as a name (`clean` in `ccr_messages`).
struct Own;

impl Rule for Own {
    const LONGEST: usize = LONGEST_TOOL_NAME;

    fn is_legal(character: char) -> bool {
        Usual::is_legal(character)
    }
}

/// The alias of a tool's name; `None` if it can go as it is.
pub(crate) fn tool_alias(name: Str<'_>) -> Option<String> {
    (!is_legal_tool_name(name)).then(|| alias::<Own>(&name.decode()))
}

/// The alias of a call's id; `None` if it can go as it is.
pub(crate) fn id_alias(id: Str<'_>) -> Option<String> {
    (!is_legal_tool_id(id)).then(|| alias::<Own>(&id.decode()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;
    use proptest::prelude::*;

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
