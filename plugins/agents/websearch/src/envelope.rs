//! What the agent keeps in `encrypted_content` and `encrypted_index`: clients hold these dear and send them back, so an excerpt is
//! still there in a later turn. It is written openly; the name is Anthropic's. And how ids of its searches begin, by which it knows
//! them again.

use crate::text;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ccr_plugin::messages::json::{Document, Value, Writer};

/// Nothing of Anthropic's begins so: its own are base64, which has no colon.
const MARK: &str = "ccr1:websearch:";

/// How the ids of searches begin: Anthropic's prefix, and what tells those of this agent from others.
pub(crate) const ID: &str = "srvtoolu_ccr";

/// What was in an envelope.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) number: u64,
    pub(crate) text: String,
}

/// The `encrypted_content` of a result: its number and its excerpt.
pub(crate) fn of_result(number: u64, text: &str) -> String {
    seal(Writer::new().begin_object().key("n").number(number).key("text").string(text).end_object())
}

/// The `encrypted_index` of a citation: the number of its result.
pub(crate) fn of_citation(number: u64) -> String {
    seal(Writer::new().begin_object().key("n").number(number).end_object())
}

/// Reads either; `None` if it is not this agent's.
pub(crate) fn open(sealed: &str) -> Option<Kept> {
    let json = STANDARD.decode(sealed.strip_prefix(MARK)?).ok()?;
    let document = Document::parse(&json).ok()?;
    let number = document.root().get("n").and_then(Value::as_u64)?;
    Some(Kept { number, text: text::member(document.root(), "text") })
}

fn seal(json: &Writer) -> String {
    let mut sealed = String::from(MARK);
    STANDARD.encode_string(json.as_str(), &mut sealed);
    sealed
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::{Kept, of_citation, of_result, open};
    use proptest::prelude::*;

    #[test]
    fn what_is_not_ours_stays_closed() {
        for foreign in [
            "",
            "EqgfCioIARgBIiQ3YTAwMjY1Mi1mZjM5",
            "ccr1:gemini:AA==",
            "ccr1:websearch:",
            "ccr1:websearch:!",
            "ccr1:websearch:Zm9v",
        ] {
            assert_eq!(open(foreign), None, "{foreign}");
        }
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out(number: u64, text: String) {
            prop_assert_eq!(open(&of_result(number, &text)), Some(Kept { number, text }));
            prop_assert_eq!(open(&of_citation(number)), Some(Kept { number, text: String::new() }));
        }

        #[test]
        fn no_envelope_traps(text: String) {
            let _ = open(&["ccr1:websearch:", &text].concat());
        }
    }
}
