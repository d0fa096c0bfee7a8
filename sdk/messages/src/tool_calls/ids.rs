//! Gives every tool call an id that Anthropic's API accepts and that no other call of the conversation has.

use std::collections::HashSet;

/// Ids shorter than this are counters (`0`, `call_1`), which a provider uses again in its next answer.
/// The shortest random ids known, Gemini's, have eight characters and no mark among them, which counters of that length have.
const SHORTEST_RANDOM: usize = 8;

/// Longer ids are replaced: the longest that known providers send (an encrypted call reference) stays below it, and some
/// endpoints refuse requests whose ids are long.
const LONGEST: usize = 128;

/// Makes the ids of one answer.
#[derive(Debug)]
pub(super) struct Ids {
    /// What tells this answer's ids from those of the conversation's other answers.
    seed: String,
    given: HashSet<String>,
}

impl Ids {
    pub(super) fn new(seed: &str) -> Self {
        Self { seed: clean(seed), given: HashSet::new() }
    }

    /// The id for the call in `slot`, whatever the provider called it. The same input gives the same ids.
    pub(super) fn give(&mut self, sent: Option<&str>, slot: u32) -> String {
        let wanted = match sent {
            Some(id) if !id.is_empty() && id.len() <= LONGEST => self.legal(id),
            _ => format!("toolu_{}_{slot}", self.seed),
        };
        let mut id = wanted.clone();
        let mut copy = 2_u32;
        while !self.given.insert(id.clone()) {
            id = format!("{wanted}_{copy}");
            copy += 1;
        }
        id
    }

    fn legal(&self, id: &str) -> String {
        let marked = id.len() == SHORTEST_RANDOM && id.contains(['_', '-']);
        let counter = id.len() < SHORTEST_RANDOM || marked || id.contains(is_illegal);
        if counter {
            // Ids with other characters are made from the tool's name and a counter, as in `functions.Bash:0`.
            format!("{}_{}", clean(id), self.seed)
        } else {
            id.to_owned()
        }
    }
}

/// Anthropic's API accepts ids that match `^[a-zA-Z0-9_-]+$`.
fn is_illegal(character: char) -> bool {
    !(character.is_ascii_alphanumeric() || character == '_' || character == '-')
}

fn clean(id: &str) -> String {
    id.replace(is_illegal, "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_ids_stay() {
        let mut ids = Ids::new("s");
        assert_eq!(ids.give(Some("call_Zx81-aQ"), 0), "call_Zx81-aQ");
        assert_eq!(ids.give(Some("D681PevKs"), 1), "D681PevKs");
    }

    #[test]
    fn counters_and_foreign_characters_get_the_seed() {
        let mut ids = Ids::new("msg.7");
        assert_eq!(ids.give(Some("0"), 0), "0_msg_7");
        assert_eq!(ids.give(Some("functions.Bash:0"), 1), "functions_Bash_0_msg_7");
    }

    #[test]
    fn missing_empty_and_huge_ids_are_made_up() {
        let mut ids = Ids::new("s");
        assert_eq!(ids.give(None, 0), "toolu_s_0");
        assert_eq!(ids.give(Some(""), 1), "toolu_s_1");
        assert_eq!(ids.give(Some(&"x".repeat(LONGEST + 1)), 2), "toolu_s_2");
    }

    #[test]
    fn repeated_ids_get_a_suffix() {
        let mut ids = Ids::new("s");
        for expected in ["call_12345678", "call_12345678_2", "call_12345678_3"] {
            assert_eq!(ids.give(Some("call_12345678"), 0), expected);
        }
    }
}
